"""Reading attempts: whose they are, what was answered, how they were marked."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import BigIntegerField, CharField, OuterRef, QuerySet, Subquery, UUIDField

from common.prepared import Prepared
from exams.models import (
    AnswerStep,
    Attempt,
    AttemptMark,
    AttemptState,
    ChangeKind,
    Exam,
    HandMark,
    Navigation,
)
from exams.shapes import Response
from people.models import Employee, User


@dataclass(frozen=True, slots=True)
class OwnEmployee:
    """The employee behind an account, not looked up yet: see `own_employee_id`."""

    user_id: int


def own_employee_id(user: User) -> QuerySet[Employee, int]:
    """Return the id of the employee behind an account, as a subquery: it costs no statement of its own."""
    return Employee.objects.filter(user_id=user.pk).values_list("pk", flat=True)


def get_attempt_for(user: User, public_id: uuid.UUID) -> Attempt:
    """Return an attempt the user sits or sat, with its exam; raise Attempt.DoesNotExist for all others."""
    found = _own_attempt.first(public_id=public_id, user_id=user.pk)
    if found is None:
        raise Attempt.DoesNotExist
    return found


_own_attempt = Prepared(
    lambda public_id, user_id: Attempt.objects.select_related("exam").filter(
        public_id=public_id, employee__user_id=user_id
    ),
    public_id=UUIDField(),
    user_id=BigIntegerField(),
)


def get_open_exam_for(user: User, code: str) -> tuple[Exam, Employee]:
    """Return an exam an employee may start by themselves; raise Exam.DoesNotExist or Employee.DoesNotExist."""
    exam = _open_exam.first(code=code)
    if exam is None:
        raise Exam.DoesNotExist
    employee = _employee.first(user_id=user.pk)
    if employee is None:
        raise Employee.DoesNotExist
    return exam, employee


_open_exam = Prepared(
    lambda code: Exam.objects.select_related("guard").filter(code=code, is_open=True), code=CharField()
)
_employee = Prepared(lambda user_id: Employee.objects.filter(user_id=user_id), user_id=BigIntegerField())


def with_latest_mark(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Add `score_pct` and `passed` of each attempt's latest mark (None while unmarked, and of a void one)."""
    latest = AttemptMark.objects.filter(attempt=OuterRef("pk")).exclude(attempt__state=AttemptState.VOID)
    latest = latest.order_by("-number")
    return attempts.annotate(
        score_pct=Subquery(latest.values("score_pct")[:1]), passed=Subquery(latest.values("passed")[:1])
    )


def attempts_for(employee_id: int, exam_id: int, purpose: str) -> QuerySet[Attempt]:
    """Return a person's attempts at an exam for a purpose, the first first, with `score_pct` and `passed`."""
    attempts = Attempt.objects.filter(employee_id=employee_id, exam_id=exam_id, purpose=purpose)
    return with_latest_mark(attempts).defer("paper").order_by("number")


_siblings = Prepared(
    lambda employee_id, exam_id, purpose: attempts_for(employee_id, exam_id, purpose).exclude(
        state=AttemptState.VOID
    ),
    employee_id=BigIntegerField(),
    exam_id=BigIntegerField(),
    purpose=CharField(),
)


def siblings_of(attempt: Attempt) -> list[Attempt]:
    """Return the person's attempts for the same purpose as `attempts_for` gives them, itself too, void ones not."""
    return _siblings.all(employee_id=attempt.employee_id, exam_id=attempt.exam_id, purpose=attempt.purpose)


def passing_mark(employee_id: int, exam_id: int, purpose: str) -> AttemptMark | None:
    """Return the mark with which the person passed first, going by each attempt's latest mark."""
    latest = AttemptMark.objects.filter(attempt=OuterRef("attempt")).order_by("-number").values("number")[:1]
    return (
        AttemptMark.objects.filter(
            attempt__employee_id=employee_id,
            attempt__exam_id=exam_id,
            attempt__purpose=purpose,
            attempt__state=AttemptState.GRADED,
            number=Subquery(latest),
            passed=True,
        )
        .select_related("attempt")
        .order_by("attempt__number")
        .first()
    )


def latest_mark(attempt: Attempt) -> AttemptMark | None:
    """Return the mark that counts, or None."""
    return _latest_mark.first(attempt_id=attempt.pk)


_latest_mark = Prepared(
    lambda attempt_id: AttemptMark.objects.filter(attempt_id=attempt_id).order_by("-number")[:1],
    attempt_id=BigIntegerField(),
)


def latest_steps(attempt_id: int) -> dict[int, tuple[int, Response]]:
    """Return slot → (seq, response) of the latest step of each slot (one statement)."""
    return {slot: (seq, response) for slot, seq, response in _latest_steps.all(attempt_id=attempt_id)}


def _newest_of_each_slot(attempt_id: Any) -> QuerySet[AnswerStep, Any]:
    newest = AnswerStep.objects.filter(attempt_id=attempt_id, slot=OuterRef("slot")).order_by("-seq")
    steps = AnswerStep.objects.filter(attempt_id=attempt_id, seq=Subquery(newest.values("seq")[:1]))
    return steps.values_list("slot", "seq", "response")


_latest_steps: Prepared[tuple[int, int, Response]] = Prepared(
    _newest_of_each_slot, attempt_id=BigIntegerField()
)


def hand_marks_of(attempt_id: int) -> dict[int, Fraction]:
    """Return slot → the fraction a person gave it last (one statement)."""
    rows = HandMark.objects.filter(attempt_id=attempt_id).order_by("number")
    return {slot: Fraction(fraction) for slot, fraction in rows.values_list("slot", "fraction")}


def is_due(attempt: Attempt, now: dt.datetime) -> bool:
    """Tell whether an open attempt is past its deadline and grace."""
    return attempt.next_check_at is not None and now > attempt.next_check_at


def next_start_at(exam: Exam, attempts: Iterable[Attempt], now: dt.datetime) -> dt.datetime | None:
    """Return when the cool-down after the last attempt ends, or None if it is over."""
    ends = [attempt.submitted_at or attempt.deadline_at for attempt in attempts]
    if not ends:
        return None
    until = max(ends) + dt.timedelta(seconds=exam.cool_down_s)
    return until if now < until and exam.cool_down_s else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an attempt stands, for the page that shows it: cheap to ask, no paper is read."""

    state: str
    deadline_at: dt.datetime
    paused_at: dt.datetime | None
    device: str
    at_slot: int


def standing_of(user: User, public_id: uuid.UUID) -> Standing:
    """Return how the user's own attempt stands (one statement). Raises Attempt.DoesNotExist for any other."""
    found = (
        Attempt.objects.filter(public_id=public_id, employee_id__in=own_employee_id(user))
        .values_list("state", "deadline_at", "paused_at", "device", "at_slot")
        .first()
    )
    if found is None:
        raise Attempt.DoesNotExist
    return Standing(*found)


def reason_of_pause(attempt: Attempt) -> str:
    """Return why an attempt is paused, as the invigilator wrote it (one statement)."""
    pauses = attempt.changes.filter(kind=ChangeKind.PAUSED).order_by("-pk")
    return pauses.values_list("reason", flat=True).first() or ""


def is_one_way(attempt: Attempt) -> bool:
    """Tell whether a question of this attempt that was left stays left."""
    return attempt.paper["policy"].get("navigation") == Navigation.ONE_WAY
