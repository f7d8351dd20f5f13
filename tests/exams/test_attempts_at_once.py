"""Two calls at once on one attempt."""

import threading

import pytest

from exams.actions.attempts import close_expired_attempts
from exams.actions.starting import start_attempt
from exams.errors import AttemptClosed, ExamError, SeqTaken
from exams.models import Attempt, AttemptMark, AttemptState
from tests.exams.saving import SECOND, save, stored
from tests.factories.exams import DEVICE, NOW, make_attempt, make_exam, right_response, submit, wrong_response
from tests.factories.people import EmployeeFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls together, each in a thread, and return what each returned or refused with."""
    barrier = threading.Barrier(len(calls))

    def together(call):
        def run():
            barrier.wait()
            try:
                return call()
            except ExamError as error:
                return error

        return run

    return in_threads(*[together(call) for call in calls])


def test_two_starts_at_once_make_one_attempt():
    exam, employee = make_exam(), EmployeeFactory()

    def start():
        return start_attempt(exam=exam, employee=employee, purpose="p", device=DEVICE, now=NOW)

    results = at_once(start, start, start)
    assert {result.pk for result in results} == {Attempt.objects.get().pk}


def test_two_hand_ins_at_once_make_one_mark():
    attempt = make_attempt()
    results = at_once(*[lambda: submit(attempt)] * 3)
    assert {result.state for result in results} == {"graded"}
    assert AttemptMark.objects.count() == 1


def test_hand_in_and_sweep_at_once_agree():
    attempt = make_attempt()
    due = attempt.next_check_at + SECOND
    at_once(lambda: submit(attempt, now=attempt.deadline_at), lambda: close_expired_attempts(now=due))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    assert attempt.submitted_at == attempt.deadline_at
    assert AttemptMark.objects.count() == 1


def test_twin_saves_and_a_hand_in_lose_no_acknowledged_answer():
    attempt = make_attempt()
    step = (1, 1, right_response(attempt, 1))
    first, second, _ = at_once(
        lambda: save(attempt, step), lambda: save(attempt, step), lambda: submit(attempt)
    )
    mark = AttemptMark.objects.get()
    acknowledged = [one for one in (first, second) if not isinstance(one, Exception)]
    assert all(isinstance(one, AttemptClosed) for one in (first, second) if isinstance(one, Exception))
    assert mark.points == (10 if acknowledged else 0)


def test_different_answers_under_one_number_at_once_are_not_both_acknowledged():
    attempt = make_attempt()
    answers = [right_response(attempt, 1), wrong_response(attempt, 1)]
    results = at_once(*[lambda response=response: save(attempt, (1, 1, response)) for response in answers])
    refused = [result for result in results if isinstance(result, SeqTaken)]
    assert len(refused) == 1
    kept = answers[1 - results.index(refused[0])]
    assert stored(attempt) == {1: kept}
