"""Reading attempts: whose they are, what was answered, how they were marked."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState, Exam
from exams.shapes import Response
from people.models import Employee, User


def own_employee_id(user: User) -> QuerySet[Employee, int]:
    """Return the id of the employee behind an account, as a subquery: it costs no statement of its own."""
    return Employee.objects.filter(user_id=user.pk).values_list("pk", flat=True)


def get_attempt_for(user: User, public_id: uuid.UUID) -> Attempt:
    """Return an attempt the user sits or sat, with its exam; raise Attempt.DoesNotExist for all others."""
    return Attempt.objects.select_related("exam").get(
        public_id=public_id, employee_id__in=own_employee_id(user)
    )


def get_open_exam_for(user: User, code: str) -> tuple[Exam, Employee]:
    """Return an exam an employee may start by themselves; raise Exam.DoesNotExist or Employee.DoesNotExist."""
    return Exam.objects.get(code=code, is_open=True), Employee.objects.get(user_id=user.pk)


def with_latest_mark(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Add `score_pct` and `passed` of each attempt's latest mark (None while unmarked)."""
    latest = AttemptMark.objects.filter(attempt=OuterRef("pk")).order_by("-number")
    return attempts.annotate(
        score_pct=Subquery(latest.values("score_pct")[:1]), passed=Subquery(latest.values("passed")[:1])
    )


def attempts_for(employee_id: int, exam_id: int, purpose: str) -> QuerySet[Attempt]:
    """Return a person's attempts at an exam for a purpose, the first first, with `score_pct` and `passed`."""
    attempts = Attempt.objects.filter(employee_id=employee_id, exam_id=exam_id, purpose=purpose)
    return with_latest_mark(attempts).defer("paper").order_by("number")


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
    return AttemptMark.objects.filter(attempt=attempt).order_by("-number").first()


def latest_steps(attempt_id: int) -> dict[int, tuple[int, Response]]:
    """Return slot → (seq, response) of the latest step of each slot (one statement)."""
    newest = AnswerStep.objects.filter(attempt_id=attempt_id, slot=OuterRef("slot")).order_by("-seq")
    steps = AnswerStep.objects.filter(attempt_id=attempt_id, seq=Subquery(newest.values("seq")[:1]))
    return {slot: (seq, response) for slot, seq, response in steps.values_list("slot", "seq", "response")}


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
class ExamIntro:
    """What a person should know before starting."""

    title: str
    question_count: int
    duration_min: int
    pass_pct: int
    attempts_allowed: int
    attempts_left: int
    must_know_fails: bool
    next_start_at: dt.datetime | None
    open_attempt: uuid.UUID | None

    @property
    def can_start(self) -> bool:
        """Tell whether a new attempt may be started now, or an open one continued."""
        return self.open_attempt is not None or (self.attempts_left > 0 and self.next_start_at is None)


def exam_intro(exam: Exam, employee_id: int, purpose: str, now: dt.datetime) -> ExamIntro:
    """Return the rules of an exam and where this person stands in it (two statements)."""
    attempts = list(attempts_for(employee_id, exam.pk, purpose).exclude(state=AttemptState.VOID))
    still_open = next(
        (attempt for attempt in attempts if attempt.state == AttemptState.OPEN and not is_due(attempt, now)),
        None,
    )
    return ExamIntro(
        title=exam.title,
        question_count=sum(exam.blueprint_rows.values_list("count", flat=True)),
        duration_min=exam.duration_s // 60,
        pass_pct=exam.pass_pct,
        attempts_allowed=exam.attempts_allowed,
        attempts_left=max(exam.attempts_allowed - len(attempts), 0),
        must_know_fails=exam.must_know_fails,
        next_start_at=next_start_at(exam, attempts, now),
        open_attempt=still_open.public_id if still_open else None,
    )
