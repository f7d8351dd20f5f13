"""Starting an attempt: what is frozen, what is counted, what is in the way."""

import datetime as dt

import pytest
from django.db import IntegrityError

from exams.actions.bank import save_questions
from exams.errors import CoolingDown, ExamNotOpen, NoAttemptsLeft, OtherAttemptOpen
from exams.models import Attempt, AttemptMark, AttemptState
from tests.exams.saving import SECOND, statements
from tests.factories.exams import (
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
)
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db


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
    assert statements(lambda: make_attempt(exam, employee=employee)) <= 6


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
