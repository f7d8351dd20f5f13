import pytest

from exams.actions.marks import mark_attempt
from exams.errors import AttemptClosed, AttemptStillOpen
from exams.models import Attempt, AttemptMark, AttemptState
from exams.queries import passing_mark
from exams.signals import AttemptGraded, attempt_graded
from tests.factories.exams import NOW, answer, make_attempt, make_exam, right_response, sit, submit
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    attempt_graded.connect(hear)
    yield events
    attempt_graded.disconnect(hear)


def test_a_marking_is_announced_with_its_facts(heard):
    attempt = sit(make_exam(), EmployeeFactory(), right=True, purpose="obligation:7")
    mark = AttemptMark.objects.get(attempt=attempt)
    assert heard == [
        AttemptGraded(
            attempt_id=attempt.pk,
            mark_id=mark.pk,
            employee_id=attempt.employee_id,
            exam_id=attempt.exam_id,
            purpose="obligation:7",
            passed=True,
            score_pct=mark.score_pct,
            submitted_at=NOW,
            marked_at=NOW,
        )
    ]


def test_marking_again_adds_nothing_and_says_nothing(heard):
    attempt = sit(make_exam(), EmployeeFactory(), right=True)
    first = AttemptMark.objects.get()
    assert mark_attempt(attempt_id=attempt.pk, now=NOW) == first
    assert (AttemptMark.objects.count(), len(heard)) == (1, 1)


def test_a_regrade_adds_a_mark_that_counts_and_keeps_the_first(heard):
    attempt = sit(make_exam(), EmployeeFactory(), right=True)
    first = AttemptMark.objects.get()
    second = mark_attempt(attempt_id=attempt.pk, now=NOW, reason="更正第 1 题答案", regrade=True)
    assert (second.number, second.reason, second.score_pct) == (2, "更正第 1 题答案", first.score_pct)
    assert AttemptMark.objects.filter(pk=first.pk).exists()
    assert passing_mark(attempt.employee_id, attempt.exam_id, attempt.purpose) == second
    assert [event.mark_id for event in heard] == [first.pk, second.pk]


def test_open_and_void_attempts_are_not_marked():
    attempt = make_attempt()
    with pytest.raises(AttemptStillOpen):
        mark_attempt(attempt_id=attempt.pk, now=NOW)
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.VOID, next_check_at=None)
    with pytest.raises(AttemptClosed):
        mark_attempt(attempt_id=attempt.pk, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_takes_the_mark_back_but_not_the_hand_in():
    """What hears of a mark and the mark itself are true together; the sweep tries again."""
    attempt = make_attempt()
    answer(attempt, {1: right_response(attempt, 1)})

    def refuse(event, **_):
        raise RuntimeError("the room above is on fire")

    attempt_graded.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            submit(attempt)
    finally:
        attempt_graded.disconnect(refuse)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == (AttemptState.SUBMITTED, NOW)
    assert not AttemptMark.objects.exists()
    mark_attempt(attempt_id=attempt.pk, now=NOW)
    assert AttemptMark.objects.get().points == 10
