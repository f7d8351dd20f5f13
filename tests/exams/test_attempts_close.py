"""Handing in, and closing what nobody handed in."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError

from exams.actions.attempts import close_expired_attempts, settle_attempt, submit_attempt
from exams.actions.exams import RowDraft
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState
from exams.shapes import Step
from exams.signals import attempt_graded
from exams.tasks import close_expired_attempts as sweep_task
from tests.exams.saving import SECOND, save, statements, stored
from tests.factories.exams import (
    DEVICE,
    NOW,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    right_response,
    submit,
)

pytestmark = pytest.mark.django_db


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


def test_a_result_nobody_above_can_note_does_not_hold_up_the_others():
    exam = make_exam()
    unlucky, sound = make_attempt(exam), make_attempt(exam)

    def refuse(event, **_):
        if event.attempt_id == unlucky.pk:
            raise IntegrityError("no row for this one")

    attempt_graded.connect(refuse)
    try:
        swept = close_expired_attempts(now=unlucky.next_check_at + SECOND)
    finally:
        attempt_graded.disconnect(refuse)
    assert (swept.closed, swept.marked, swept.failed) == (2, 1, (unlucky.pk,))
    sound.refresh_from_db()
    assert sound.state == AttemptState.GRADED
    assert close_expired_attempts(now=unlucky.next_check_at + SECOND).marked == 1


def test_an_attempt_does_not_end_before_it_began_when_the_clock_is_set_back():
    attempt = make_attempt()
    submit(attempt, now=attempt.started_at - dt.timedelta(hours=1))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == (AttemptState.GRADED, attempt.started_at)


def test_the_task_sweeps_by_the_clock(time_machine):
    attempt = make_attempt()
    time_machine.move_to(attempt.next_check_at + SECOND, tick=False)
    assert sweep_task() == {"closed": 1, "marked": 1, "failed": [], "sittings_ended": 0}


def test_whoever_looks_closes_an_attempt_that_is_due():
    attempt = make_attempt()
    assert settle_attempt(attempt=attempt, now=attempt.next_check_at).state == AttemptState.OPEN
    settled = settle_attempt(attempt=attempt, now=attempt.next_check_at + SECOND)
    assert (settled.state, settled.submitted_at) == (AttemptState.GRADED, attempt.deadline_at)
