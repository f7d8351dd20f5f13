import datetime as dt
import threading
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from exams.actions.attempts import (
    Step,
    close_expired_attempts,
    save_answers,
    settle_attempt,
    start_attempt,
    submit_attempt,
    take_over,
)
from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.errors import (
    AttemptClosed,
    AttemptMoved,
    BadAnswer,
    CoolingDown,
    ExamError,
    ExamNotOpen,
    NoAttemptsLeft,
    OtherAttemptOpen,
    SeqTaken,
)
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState
from exams.queries import latest_steps
from exams.tasks import close_expired_attempts as sweep_task
from tests.factories.exams import (
    DEVICE,
    NOW,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    question,
    right_response,
    single_choice,
    sit,
    submit,
    wrong_response,
)
from tests.factories.people import EmployeeFactory
from tests.threads import in_threads

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


def statements(function):
    """Count statements other than those that begin, end or mark a transaction."""
    with CaptureQueriesContext(connection) as queries:
        function()
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return len([query for query in queries if not query["sql"].startswith(control)])


def save(attempt, *steps, device=DEVICE, now=NOW, employee_id=None):
    return save_answers(
        attempt_public_id=attempt.public_id,
        employee_id=employee_id or attempt.employee_id,
        steps=[Step(slot=slot, seq=seq, response=response) for slot, seq, response in steps],
        device=device,
        now=now,
    )


def stored(attempt):
    return {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}


# Starting


def test_start_freezes_the_paper_and_the_rules():
    exam = make_exam(duration_s=600, grace_s=7, pass_pct=75)
    attempt = make_attempt(exam)
    assert (attempt.number, attempt.state, attempt.started_at) == (1, AttemptState.OPEN, NOW)
    assert attempt.deadline_at == NOW + dt.timedelta(seconds=600)
    assert attempt.next_check_at == attempt.deadline_at + dt.timedelta(seconds=7)
    assert [slot["kind"] for slot in attempt.paper["slots"]] == ["single_choice"] * 2 + [
        "multiple_choice",
        "true_false",
    ]
    assert attempt.paper["policy"]["pass_pct"] == 75
    assert attempt.seed not in str(attempt.paper)


def test_an_edit_after_the_start_does_not_reach_the_attempt():
    bank = make_bank(singles=2, multiples=1, judgements=1)
    attempt = make_attempt(make_exam(bank))
    before = [slot["version_id"] for slot in attempt.paper["slots"]]
    topic = question(bank, "S-0").topic
    drafts = [single_choice(topic, f"S-{n}", correct=["A"], stem=f"改过的题干{n}") for n in range(2)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    attempt.refresh_from_db()
    assert [slot["version_id"] for slot in attempt.paper["slots"]] == before
    answer(attempt, {slot: right_response(attempt, slot) for slot in range(1, 5)})
    submit(attempt)
    assert AttemptMark.objects.get(attempt=attempt).score_pct == 100


def test_starting_again_returns_the_open_attempt():
    exam, employee = make_exam(), EmployeeFactory()
    first = make_attempt(exam, employee=employee)
    again = make_attempt(exam, employee=employee, device="another-device-0000000001")
    assert again == first
    assert Attempt.objects.count() == 1


def test_starting_again_after_the_time_is_over_closes_the_first_and_draws_anew():
    exam, employee = make_exam(), EmployeeFactory()
    first = make_attempt(exam, employee=employee)
    second = make_attempt(exam, employee=employee, now=first.next_check_at + SECOND)
    assert (second.number, second.state) == (2, AttemptState.OPEN)
    first.refresh_from_db()
    assert (first.state, first.submitted_by_deadline) == (AttemptState.GRADED, True)


def test_an_open_attempt_for_another_purpose_is_in_the_way():
    exam, employee = make_exam(), EmployeeFactory()
    make_attempt(exam, employee=employee, purpose="obligation:1")
    with pytest.raises(OtherAttemptOpen, match="请先交卷"):
        make_attempt(exam, employee=employee, purpose="obligation:2")


def test_attempts_are_counted_by_purpose():
    exam, employee = make_exam(attempts_allowed=2), EmployeeFactory()
    for _ in range(2):
        sit(exam, employee, right=False)
    with pytest.raises(NoAttemptsLeft, match="只允许参加 2 次"):
        make_attempt(exam, employee=employee)
    assert make_attempt(exam, employee=employee, purpose="obligation:2").number == 1


def test_a_void_attempt_does_not_count():
    exam, employee = make_exam(attempts_allowed=1), EmployeeFactory()
    first = sit(exam, employee, right=False)
    Attempt.objects.filter(pk=first.pk).update(state=AttemptState.VOID)
    assert make_attempt(exam, employee=employee).number == 2


def test_cool_down_runs_from_the_hand_in():
    exam, employee = make_exam(cool_down_s=3600), EmployeeFactory()
    sit(exam, employee, right=False)
    until = NOW + dt.timedelta(hours=1)
    with pytest.raises(CoolingDown, match="2026-05-11 10:00 以后可以再考") as caught:
        make_attempt(exam, employee=employee, now=until - SECOND)
    assert caught.value.until == until
    assert make_attempt(exam, employee=employee, now=until).number == 2


def test_a_closed_exam_takes_no_new_attempt_and_keeps_the_open_one():
    bank, employee = make_bank(), EmployeeFactory()
    attempt = make_attempt(make_exam(bank), employee=employee)
    exam = make_exam(bank, is_open=False)
    assert make_attempt(exam, employee=employee) == attempt
    with pytest.raises(ExamNotOpen):
        make_attempt(exam)


@pytest.mark.parametrize("singles", [2, 40])
def test_start_costs_at_most_eight_statements(singles):
    exam, employee = make_exam(make_bank(singles=singles)), EmployeeFactory()
    assert statements(lambda: make_attempt(exam, employee=employee)) == 5


# Saving


def test_a_receipt_names_what_is_stored():
    attempt = make_attempt()
    response = right_response(attempt, 1)
    receipt = save(attempt, (1, 1, response), (2, 2, []))
    assert (receipt.attempt, receipt.saved) == (attempt.public_id, ((1, 1), (2, 2)))
    assert (receipt.server_time, receipt.deadline) == (NOW, attempt.deadline_at)
    assert stored(attempt) == {1: response, 2: []}


def test_a_save_costs_two_statements():
    attempt = make_attempt()
    steps = [(slot, slot, right_response(attempt, slot)) for slot in (1, 2, 3, 4)]
    assert statements(lambda: save(attempt, *steps)) == 2


def test_a_retry_gets_the_same_receipt_and_stores_nothing_new():
    attempt = make_attempt()
    step = (1, 1, right_response(attempt, 1))
    first = save(attempt, step)
    assert save(attempt, step, now=NOW + SECOND).saved == first.saved
    assert AnswerStep.objects.get(attempt=attempt).saved_at == NOW


def test_a_retry_together_with_new_steps_stores_the_new_ones():
    attempt = make_attempt()
    save(attempt, (1, 1, right_response(attempt, 1)))
    receipt = save(attempt, (1, 1, right_response(attempt, 1)), (2, 2, right_response(attempt, 2)))
    assert receipt.saved == ((1, 1), (2, 2))
    assert AnswerStep.objects.count() == 2


def test_a_late_older_step_does_not_overwrite_the_newer_one():
    attempt = make_attempt()
    newer, older = right_response(attempt, 1), wrong_response(attempt, 1)
    save(attempt, (1, 5, newer))
    assert save(attempt, (1, 4, older)).saved == ((1, 4),)
    assert stored(attempt) == {1: newer}


def test_another_answer_under_a_used_number_is_refused_not_acknowledged():
    attempt = make_attempt()
    save(attempt, (1, 3, right_response(attempt, 1)))
    with pytest.raises(SeqTaken) as caught:
        save(attempt, (2, 4, right_response(attempt, 2)), (1, 3, wrong_response(attempt, 1)))
    assert caught.value.next_seq == 4
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_two_answers_under_one_number_in_one_call_are_refused():
    attempt = make_attempt()
    with pytest.raises(SeqTaken):
        save(attempt, (1, 1, right_response(attempt, 1)), (1, 1, wrong_response(attempt, 1)))
    assert stored(attempt) == {}


def test_an_empty_save_is_a_question_for_the_time():
    attempt = make_attempt()
    assert save(attempt, now=NOW + SECOND).server_time == NOW + SECOND


def test_wrong_places_and_tokens_are_refused_with_the_field():
    attempt, other = make_attempt(), make_attempt()
    tokens = attempt.paper["slots"][0]["tokens"]
    cases = [
        ((0, 1, []), "steps[0].slot"),
        ((5, 1, []), "steps[0].slot"),
        ((1, 0, []), "steps[0].seq"),
        ((1, 1_000_001, []), "steps[0].seq"),
        ((1, 1, ["C"]), "steps[0].response"),
        ((1, 1, ["\x00"]), "steps[0].response"),
        ((1, 1, tokens[:2]), "steps[0].response"),
        ((1, 1, [tokens[0], tokens[0]]), "steps[0].response"),
        ((1, 1, right_response(other, 1)), "steps[0].response"),
        ((1, 1, right_response(attempt, 2)), "steps[0].response"),
    ]
    save(attempt, (1, 1, right_response(attempt, 1)))
    for step, field in cases:
        with pytest.raises(BadAnswer) as caught:
            save(attempt, step)
        assert caught.value.field == field
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_answers_count_up_to_the_end_of_the_grace_and_not_after():
    attempt = make_attempt(make_exam(grace_s=5))
    step = (1, 1, right_response(attempt, 1))
    last_moment = attempt.deadline_at + dt.timedelta(seconds=5)
    assert save(attempt, step, now=last_moment).saved == ((1, 1),)
    with pytest.raises(AttemptClosed):
        save(attempt, (1, 2, wrong_response(attempt, 1)), now=last_moment + dt.timedelta(microseconds=1))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == (AttemptState.GRADED, attempt.deadline_at)
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_nothing_is_saved_after_the_hand_in():
    attempt = make_attempt()
    submit(attempt)
    with pytest.raises(AttemptClosed):
        save(attempt, (1, 1, right_response(attempt, 1)))


def test_another_person_finds_no_attempt():
    attempt, stranger = make_attempt(), EmployeeFactory()
    for call in (save_answers, submit_attempt):
        with pytest.raises(Attempt.DoesNotExist):
            call(
                attempt_public_id=attempt.public_id,
                employee_id=stranger.pk,
                steps=[],
                device=DEVICE,
                now=NOW,
            )
    with pytest.raises(Attempt.DoesNotExist):
        take_over(attempt_public_id=attempt.public_id, employee_id=stranger.pk, device=DEVICE, now=NOW)
    with pytest.raises(Attempt.DoesNotExist):
        take_over(attempt_public_id=uuid4(), employee_id=attempt.employee_id, device=DEVICE, now=NOW)


# Devices


def test_a_second_device_is_refused_until_it_takes_over():
    attempt = make_attempt()
    step = (1, 1, right_response(attempt, 1))
    with pytest.raises(AttemptMoved):
        save(attempt, step, device="second")
    take_over(attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device="second", now=NOW)
    assert save(attempt, step, device="second").saved == ((1, 1),)
    with pytest.raises(AttemptMoved):
        save(attempt, step)
    with pytest.raises(AttemptMoved):
        submit_attempt(
            attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device=DEVICE, now=NOW
        )


def test_the_first_device_that_saves_holds_an_attempt_nobody_holds():
    attempt = make_attempt(device="")
    save(attempt, (1, 1, right_response(attempt, 1)), device="first")
    with pytest.raises(AttemptMoved):
        save(attempt, (1, 2, []), device="second")


def test_a_closed_attempt_cannot_be_taken_over():
    attempt = make_attempt()
    with pytest.raises(AttemptClosed):
        take_over(
            attempt_public_id=attempt.public_id,
            employee_id=attempt.employee_id,
            device="second",
            now=attempt.next_check_at + SECOND,
        )
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    with pytest.raises(AttemptClosed):
        take_over(attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device="2", now=NOW)


# Handing in


def test_handing_in_marks_at_once_and_twice_is_once():
    attempt = make_attempt()
    answer(attempt, {slot: right_response(attempt, slot) for slot in (1, 2, 3)})
    handed_in = submit(attempt)
    assert (handed_in.state, handed_in.submitted_at) == (AttemptState.GRADED, NOW)
    again = submit(attempt, now=NOW + SECOND)
    assert again.submitted_at == NOW
    mark = AttemptMark.objects.get(attempt=attempt)
    assert (mark.points, mark.max_points, mark.score_pct) == (25, 30, Decimal("83.33"))
    assert (mark.passed, mark.number) == (True, 1)


def test_handing_in_brings_the_last_answers_along():
    attempt = make_attempt()
    steps = [Step(slot=1, seq=1, response=right_response(attempt, 1))]
    for _ in range(2):  # the reply may be lost and the request repeated
        submit_attempt(
            attempt_public_id=attempt.public_id,
            employee_id=attempt.employee_id,
            device=DEVICE,
            now=NOW,
            steps=steps,
        )
    assert stored(attempt) == {1: right_response(attempt, 1)}
    assert AttemptMark.objects.get(attempt=attempt).points == 10


def test_handing_in_with_steps_that_were_saved_already():
    attempt = make_attempt()
    save(attempt, (1, 1, right_response(attempt, 1)))
    submit_attempt(
        attempt_public_id=attempt.public_id,
        employee_id=attempt.employee_id,
        device=DEVICE,
        now=NOW,
        steps=[Step(slot=1, seq=1, response=right_response(attempt, 1))],
    )
    assert AttemptMark.objects.get(attempt=attempt).points == 10


def test_handing_in_after_the_deadline_closes_with_what_was_saved():
    attempt = make_attempt()
    answer(attempt, {1: right_response(attempt, 1)})
    late = submit_attempt(
        attempt_public_id=attempt.public_id,
        employee_id=attempt.employee_id,
        device=DEVICE,
        now=attempt.next_check_at + SECOND,
        steps=[Step(slot=2, seq=2, response=right_response(attempt, 2))],
    )
    assert (late.submitted_by_deadline, late.submitted_at) == (True, attempt.deadline_at)
    assert AttemptMark.objects.get(attempt=attempt).points == 10


@pytest.mark.parametrize("singles", [2, 30])
def test_handing_in_costs_the_same_for_any_number_of_questions(singles):
    rows = [RowDraft(kind="single_choice", count=singles, points=Decimal(1))]
    attempt = make_attempt(make_exam(make_bank(singles=singles), rows))
    answer(attempt, {1: right_response(attempt, 1)})
    assert statements(lambda: submit(attempt)) == 7


# Closing


def test_the_sweep_closes_and_marks_what_is_due_and_nothing_else():
    exam = make_exam()
    early = [make_attempt(exam) for _ in range(3)]
    later = make_attempt(exam, now=NOW + dt.timedelta(minutes=10))
    for attempt in early:
        answer(attempt, {1: right_response(attempt, 1)})
    due = early[0].next_check_at
    assert close_expired_attempts(now=due).closed == 0
    swept = close_expired_attempts(now=due + SECOND)
    assert (swept.closed, swept.marked, swept.failed) == (3, 3, ())
    assert close_expired_attempts(now=due + SECOND).closed == 0
    assert set(Attempt.objects.exclude(pk=later.pk).values_list("state", "submitted_by_deadline")) == {
        ("graded", True)
    }
    assert set(AttemptMark.objects.values_list("points", flat=True)) == {10}
    later.refresh_from_db()
    assert later.state == AttemptState.OPEN


def test_the_sweep_goes_in_chunks(monkeypatch):
    monkeypatch.setattr("exams.actions.attempts.SWEEP_CHUNK", 2)
    exam = make_exam()
    attempts = [make_attempt(exam) for _ in range(5)]
    assert close_expired_attempts(now=attempts[0].next_check_at + SECOND).closed == 5


def test_the_sweep_marks_what_was_handed_in_and_left():
    attempt = make_attempt()
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.SUBMITTED, submitted_at=NOW, next_check_at=None
    )
    assert close_expired_attempts(now=NOW).marked == 1
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_by_deadline) == (AttemptState.GRADED, False)


def test_one_damaged_attempt_is_reported_and_does_not_hold_up_the_others():
    exam = make_exam()
    damaged, sound = make_attempt(exam), make_attempt(exam)
    AnswerStep.objects.create(attempt=damaged, slot=1, seq=1, response=["not-a-token"], saved_at=NOW)
    swept = close_expired_attempts(now=damaged.next_check_at + SECOND)
    assert (swept.closed, swept.marked, swept.failed) == (2, 1, (damaged.pk,))
    sound.refresh_from_db()
    assert sound.state == AttemptState.GRADED


def test_the_task_sweeps_by_the_clock(time_machine):
    attempt = make_attempt()
    time_machine.move_to(attempt.next_check_at + SECOND, tick=False)
    assert sweep_task() == {"closed": 1, "marked": 1, "failed": []}


def test_whoever_looks_closes_an_attempt_that_is_due():
    attempt = make_attempt()
    assert settle_attempt(attempt=attempt, now=attempt.next_check_at).state == AttemptState.OPEN
    settled = settle_attempt(attempt=attempt, now=attempt.next_check_at + SECOND)
    assert (settled.state, settled.submitted_at) == (AttemptState.GRADED, attempt.deadline_at)


# Two at once


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


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_make_one_attempt():
    exam, employee = make_exam(), EmployeeFactory()

    def start():
        return start_attempt(exam=exam, employee=employee, purpose="p", device=DEVICE, now=NOW)

    results = at_once(start, start, start)
    assert {result.pk for result in results} == {Attempt.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_two_hand_ins_at_once_make_one_mark():
    attempt = make_attempt()
    results = at_once(*[lambda: submit(attempt)] * 3)
    assert {result.state for result in results} == {"graded"}
    assert AttemptMark.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_hand_in_and_sweep_at_once_agree():
    attempt = make_attempt()
    due = attempt.next_check_at + SECOND
    at_once(lambda: submit(attempt, now=attempt.deadline_at), lambda: close_expired_attempts(now=due))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    assert attempt.submitted_at == attempt.deadline_at
    assert AttemptMark.objects.count() == 1


@pytest.mark.django_db(transaction=True)
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


@pytest.mark.django_db(transaction=True)
def test_different_answers_under_one_number_at_once_are_not_both_acknowledged():
    attempt = make_attempt()
    answers = [right_response(attempt, 1), wrong_response(attempt, 1)]
    results = at_once(*[lambda response=response: save(attempt, (1, 1, response)) for response in answers])
    refused = [result for result in results if isinstance(result, SeqTaken)]
    assert len(refused) == 1
    kept = answers[1 - results.index(refused[0])]
    assert stored(attempt) == {1: kept}


def test_the_database_refuses_a_second_open_attempt():
    attempt = make_attempt()
    with pytest.raises(IntegrityError):
        Attempt.objects.create(
            exam=attempt.exam,
            employee=attempt.employee,
            purpose="another",
            number=1,
            paper=attempt.paper,
            seed=attempt.seed,
            started_at=NOW,
            deadline_at=attempt.deadline_at,
            next_check_at=attempt.next_check_at,
        )
