"""What the door of an exam has to know: its rules, the person's earlier attempts, extra time, wrong passwords."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from common.addresses import in_ranges
from common.prepared import Prepared
from exams.admission import ExtraTime, Past, Rules, Window
from exams.models import AttemptMark, AttemptState, Exam, ExtraTimeGrant, PasswordMiss

PASSWORD_TRIES = 5
PASSWORD_PAUSE = dt.timedelta(minutes=10)


def rules_of(exam: Exam, window: Window | None = None) -> Rules:
    """Return an exam's rules for the door; `window` (a sitting's) stands for the exam's own."""
    own = Window(
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        late_after_s=exam.late_after_s,
        cuts=exam.window_cuts,
    )
    return Rules(
        duration_s=exam.duration_s,
        attempts_allowed=exam.attempts_allowed,
        is_open=exam.is_open,
        window=window or own,
        cool_down_s=exam.cool_down_s,
        resit_failed_only=exam.resit_failed_only,
        resit_from=exam.resit_from,
        resit_after_study=exam.resit_after_study,
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """An attempt of a person at an exam, as far as the door needs it."""

    pk: int
    public_id: uuid.UUID
    purpose: str
    number: int
    state: str
    deadline_at: dt.datetime
    submitted_at: dt.datetime | None
    next_check_at: dt.datetime | None
    passed: bool | None

    @property
    def ended_at(self) -> dt.datetime:
        """Return when it was handed in, or when its time is over."""
        return self.submitted_at or self.deadline_at

    def is_due(self, now: dt.datetime) -> bool:
        """Tell whether it is open past its deadline and grace."""
        return self.next_check_at is not None and now > self.next_check_at


@dataclass(frozen=True, slots=True)
class Door:
    """A person before an exam: all their attempts at it, the first first, and their extra time."""

    attempts: tuple[Earlier, ...]
    extra: ExtraTime

    def running(self) -> Earlier | None:
        """Return the attempt that is open, due or not."""
        return next((attempt for attempt in self.attempts if attempt.state == AttemptState.OPEN), None)

    def for_purpose(self, purpose: str) -> tuple[Earlier, ...]:
        """Return the attempts for one purpose, void ones too."""
        return tuple(attempt for attempt in self.attempts if attempt.purpose == purpose)


def door_of(exam_id: int, employee_id: int) -> Door:
    """Return what the door of an exam knows of a person. One statement."""
    rows = _door.all(exam_id=exam_id, employee_id=employee_id)
    extra = ExtraTime(rows[0][-2] or 0, rows[0][-1] or 0) if rows else ExtraTime()
    return Door(tuple(Earlier(*row[:-2]) for row in rows if row[0] is not None), extra)


def _door_rows(exam_id: Any, employee_id: Any) -> QuerySet[Exam, Any]:
    mark = AttemptMark.objects.filter(attempt=OuterRef("own__pk")).order_by("-number")
    grant = _grants(employee_id, exam_id)
    return (
        Exam.objects.filter(pk=exam_id)
        .annotate(
            own=FilteredRelation("attempts", condition=Q(attempts__employee_id=employee_id)),
            passed=Subquery(mark.values("passed")[:1]),
            extra_pct=Subquery(grant.values("extra_pct")[:1]),
            extra_s=Subquery(grant.values("extra_s")[:1]),
        )
        .order_by("own__pk")
        .values_list(
            "own__pk", "own__public_id", "own__purpose", "own__number", "own__state",
            "own__deadline_at", "own__submitted_at", "own__next_check_at", "passed", "extra_pct", "extra_s",
        )
    )  # fmt: skip


_door: Prepared[Any] = Prepared(_door_rows, exam_id=BigIntegerField(), employee_id=BigIntegerField())


def counted_attempts(attempts: Iterable[Earlier]) -> tuple[Earlier, ...]:
    """Return those that use up what the exam allows: all but void ones."""
    return tuple(attempt for attempt in attempts if attempt.state != AttemptState.VOID)


def past_of(attempts: Iterable[Earlier]) -> tuple[Past, ...]:
    """Return attempts as the door's rules see them."""
    return tuple(
        # A mark of an attempt that goes back to a person does not count yet.
        Past(each.ended_at, each.passed if each.state == AttemptState.GRADED else None)
        for each in attempts
    )


def _grants(employee_id: Any, exam_id: Any) -> QuerySet[ExtraTimeGrant]:
    """Return the extra time in force of a person at an exam: what was granted for it before what holds in general."""
    mine = ExtraTimeGrant.objects.filter(employee_id=employee_id, withdrawn_at__isnull=True)
    return mine.filter(Q(exam_id=exam_id) | Q(exam__isnull=True)).order_by(F("exam_id").desc(nulls_last=True))


def extra_time_of(exam_id: int, employee_id: int) -> ExtraTime:
    """Return the extra time of a person at an exam: granted for it, else in general. One statement."""
    found = _grants(employee_id, exam_id).values_list("extra_pct", "extra_s").first()
    return ExtraTime(*found) if found else ExtraTime()


def password_locked(exam_id: int, employee_id: int, now: dt.datetime) -> bool:
    """Tell whether a person got the exam's password wrong too often within the last ten minutes. One statement."""
    misses = PasswordMiss.objects.filter(
        exam_id=exam_id, employee_id=employee_id, tried_at__gt=now - PASSWORD_PAUSE
    )
    return misses.count() >= PASSWORD_TRIES


def in_network(exam: Exam, address: str) -> bool:
    """Tell whether an address lies in the networks an exam is bound to, if it is bound to any."""
    return not exam.networks or in_ranges(address, exam.networks)
