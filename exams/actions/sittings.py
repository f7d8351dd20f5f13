"""A sitting from its planning to its end. Each step is a fact with who did it and when."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from exams.actions.sitting_notices import TOLD_OF, tell_cancelled, tell_changed
from exams.errors import SittingRefused
from exams.models import (
    OVER,
    Attempt,
    AttemptState,
    Exam,
    PreparedPaper,
    Seat,
    SeatState,
    Sitting,
    SittingEvent,
    SittingEventKind,
    SittingState,
)
from exams.permissions import require_invigilator
from people.audit import record_audit
from people.models import Employee, OrgUnit, User
from people.permissions import Capability, allows

MAX_TEXT = 500
JUST_BEGUN = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingDraft:
    """A sitting as its planner gives it. Times in minutes."""

    exam: Exam
    title: str
    unit: OrgUnit
    place: str
    doors_at: dt.datetime
    planned_at: dt.datetime
    late_min: int = 15
    late_full_time: bool = False
    admission_needed: bool = True
    bring: str = ""
    invigilators: Collection[User] = ()


def note(
    sitting: Sitting,
    kind: SittingEventKind,
    *,
    acting_user: User | None,
    now: dt.datetime,
    employee: Employee | None = None,
    text: str = "",
    **data: Any,
) -> SittingEvent:
    """Add a fact to a sitting's record. For the actions on sittings, inside their transactions."""
    return SittingEvent.objects.create(
        sitting=sitting, kind=kind, employee=employee, text=text[:MAX_TEXT], data=data, by=acting_user, at=now
    )


def locked(sitting_id: int, acting_user: User | None) -> Sitting:
    """Return a sitting, locked, for somebody who runs it. Raises PermissionDenied; Sitting.DoesNotExist."""
    sitting = (
        Sitting.objects.select_for_update(of=("self",)).select_related("exam", "unit").get(pk=sitting_id)
    )
    require_invigilator(acting_user, sitting)
    return sitting


@transaction.atomic
def save_sitting(
    *, draft: SittingDraft, sitting_id: int | None = None, acting_user: User | None, now: dt.datetime
) -> Sitting:
    """Plan a sitting, or change one whose doors are not open yet; its people are told of another time or place.

    Raises: SittingRefused (`doors_open`: too late to change; `times`; `exam` changed with a roster);
    PermissionDenied out of reach.
    """
    if acting_user is not None and not allows(acting_user, Capability.INVIGILATE, draft.unit):
        raise PermissionDenied(_("你没有在这个单位组织考试场次的权限。"))
    if draft.doors_at > draft.planned_at:
        raise SittingRefused("times", _("开门时间不能晚于开考时间。"))
    if not draft.late_full_time and draft.late_min * 60 >= draft.exam.duration_s:
        message = _("迟到者与全场同时结束时，入场期限必须短于考试时长（%(n)s 分钟）。")
        raise SittingRefused("times", message % {"n": draft.exam.duration_s // 60})
    sitting = Sitting(created_by=acting_user, created_at=now) if sitting_id is None else None
    if sitting is None:
        assert sitting_id is not None
        sitting = locked(sitting_id, acting_user)
        if sitting.state != SittingState.PLANNED:
            raise SittingRefused("doors_open", _("已经开门候考，不能再修改场次。"))
        if sitting.exam_id != draft.exam.pk and sitting.seats.exists():
            raise SittingRefused("exam", _("名单里已经有人，不能换考试。请另建一个场次。"))
    before = [getattr(sitting, name) for name in TOLD_OF]
    for name in (
        "exam", "title", "unit", "place", "doors_at", "planned_at", "late_min", "late_full_time",
        "admission_needed", "bring",
    ):  # fmt: skip
        setattr(sitting, name, getattr(draft, name))
    sitting.save()
    sitting.invigilators.set(draft.invigilators)
    kind = SittingEventKind.PLANNED if sitting_id is None else SittingEventKind.CHANGED
    text = f"{draft.exam.title}，{draft.place}"
    event = note(sitting, kind, acting_user=acting_user, now=now, text=text)
    if sitting_id is not None and before != [getattr(sitting, name) for name in TOLD_OF]:
        tell_changed(event=event, now=now)
    record_audit(sitting, "exams.sitting.save", acting_user)
    return sitting


def _step(sitting: Sitting, *, from_states: Collection[str], changes: dict[str, Any]) -> bool:
    """Change the state by compare-and-swap; tell whether this call did it."""
    changed = Sitting.objects.filter(pk=sitting.pk, state__in=from_states).update(**changes)
    for name, value in changes.items():
        setattr(sitting, name, value)
    return bool(changed)


def _refuse_over(sitting: Sitting) -> None:
    if sitting.state in OVER:
        message = _("这个场次%(state)s，不能再操作。") % {"state": sitting.get_state_display()}
        raise SittingRefused("over", message)


@transaction.atomic
def open_doors(*, sitting_id: int, acting_user: User | None, now: dt.datetime) -> Sitting:
    """Let people into the lobby. Again: no change. Raises SittingRefused (`over`, `nobody`)."""
    sitting = locked(sitting_id, acting_user)
    _refuse_over(sitting)
    if not sitting.seats.exists():
        raise SittingRefused("nobody", _("名单里还没有人。请先编排名单，再开门。"))
    changes = {"state": SittingState.DOORS_OPEN, "doors_opened_at": now}
    if sitting.state == SittingState.PLANNED and _step(
        sitting, from_states=[SittingState.PLANNED], changes=changes
    ):
        note(sitting, SittingEventKind.DOORS, acting_user=acting_user, now=now)
    return sitting


@transaction.atomic
def open_sitting(*, sitting_id: int, acting_user: User | None, now: dt.datetime) -> Sitting:
    """Ring the bell: whoever was admitted may start. Again: no change.

    Raises SittingRefused (`over`; `doors_closed` before the doors are open).
    """
    sitting = locked(sitting_id, acting_user)
    _refuse_over(sitting)
    if sitting.state == SittingState.PLANNED:
        raise SittingRefused("doors_closed", _("还没有开门候考。请先开门，让考生入场。"))
    changes = {"state": SittingState.RUNNING, "opened_at": now}
    if sitting.state == SittingState.DOORS_OPEN and _step(
        sitting, from_states=[SittingState.DOORS_OPEN], changes=changes
    ):
        note(sitting, SittingEventKind.OPENED, acting_user=acting_user, now=now)
    return sitting


def end_sitting(*, sitting_id: int, acting_user: User | None, now: dt.datetime) -> int:
    """End a sitting; return how many papers were still being written. Again: 0 and no change.

    Their time ends now, with the exam's grace for answers on their way; they are handed in by the sweep, or by
    whoever looks next, with what was saved. Who never started is absent, and papers prepared for them are
    discarded. Raises SittingRefused (`not_running`; `over` when cancelled).
    """
    with transaction.atomic():
        sitting = locked(sitting_id, acting_user)
        if sitting.state == SittingState.ENDED:
            return 0
        _refuse_over(sitting)
        if sitting.state != SittingState.RUNNING:
            raise SittingRefused("not_running", _("还没有开考，不能结束。不考了请取消场次。"))
        _step(
            sitting,
            from_states=[SittingState.RUNNING],
            changes={"state": SittingState.ENDED, "ended_at": now},
        )
        # Whoever is just starting holds the seat: wait, and then the new attempt is seen below.
        seats = list(Seat.objects.select_for_update(of=("self",)).filter(sitting=sitting).order_by("pk"))
        writing = _stop_writing(sitting, now)
        note(sitting, SittingEventKind.ENDED, acting_user=acting_user, now=now, still_writing=writing)
        absent = [seat.pk for seat in seats if seat.attempt_id is None]
        _mark_absent(sitting, absent, acting_user, now)
        discard_papers(sitting, acting_user, now)
        record_audit(sitting, "exams.sitting.end", acting_user, {"still_writing": writing})
    return writing


def _stop_writing(sitting: Sitting, now: dt.datetime) -> int:
    """Let the time of every open paper of the sitting end now."""
    still_open = Attempt.objects.filter(seat__sitting=sitting, state=AttemptState.OPEN)
    grace = dt.timedelta(seconds=sitting.exam.grace_s + settings.EXAM_ARRIVAL_GRACE_S)
    early = still_open.filter(Q(deadline_at__gt=now) | Q(paused_at__isnull=False), started_at__lt=now)
    stopped = Attempt.objects.filter(pk__in=list(early.values_list("pk", flat=True))).update(
        deadline_at=now, next_check_at=now + grace, paused_at=None
    )
    # A paper begun while this waited for its seat keeps a second, or its deadline would not lie behind its start.
    just_begun = still_open.filter(started_at__gte=now)
    ends_at = F("started_at") + JUST_BEGUN
    return stopped + Attempt.objects.filter(pk__in=list(just_begun.values_list("pk", flat=True))).update(
        deadline_at=ends_at, next_check_at=ends_at + grace, paused_at=None
    )


def _mark_absent(sitting: Sitting, seat_ids: list[int], acting_user: User | None, now: dt.datetime) -> None:
    absent = Seat.objects.filter(pk__in=seat_ids).select_related("employee").order_by("number")
    numbers = [seat.employee.employee_no for seat in absent]
    if not numbers:
        return
    Seat.objects.filter(pk__in=seat_ids).update(state=SeatState.ABSENT)
    note(sitting, SittingEventKind.ABSENT, acting_user=acting_user, now=now, employee_nos=numbers)


def discard_papers(sitting: Sitting, acting_user: User | None, now: dt.datetime) -> int:
    """Throw away the prepared papers of a sitting; those of people who never started are noted."""
    prepared = PreparedPaper.objects.filter(seat__sitting=sitting)
    unused = list(
        prepared.filter(seat__attempt=None)
        .order_by("seat__number")
        .values_list("seat__employee__employee_no", flat=True)
    )
    prepared.delete()
    if unused:
        note(sitting, SittingEventKind.DISCARDED, acting_user=acting_user, now=now, employee_nos=unused)
    return len(unused)


@transaction.atomic
def cancel_sitting(*, sitting_id: int, reason: str, acting_user: User | None, now: dt.datetime) -> Sitting:
    """Call a sitting off before it was opened. Raises SittingRefused (`running`, `over`, `reason`)."""
    sitting = locked(sitting_id, acting_user)
    if sitting.state == SittingState.CANCELLED:
        return sitting
    _refuse_over(sitting)
    if sitting.state == SittingState.RUNNING:
        raise SittingRefused("running", _("已经开考，不能取消。请结束考试。"))
    if not reason.strip():
        raise SittingRefused("reason", _("请写明取消的原因。"))
    _step(
        sitting,
        from_states=[SittingState.PLANNED, SittingState.DOORS_OPEN],
        changes={"state": SittingState.CANCELLED, "ended_at": now},
    )
    Seat.objects.filter(sitting=sitting).update(ticket_digest=None)
    discard_papers(sitting, acting_user, now)
    event = note(sitting, SittingEventKind.CANCELLED, acting_user=acting_user, now=now, text=reason.strip())
    tell_cancelled(event=event, now=now)
    record_audit(sitting, "exams.sitting.cancel", acting_user, {"reason": reason.strip()})
    return sitting


@transaction.atomic
def note_incident(
    *,
    sitting_id: int,
    text: str,
    employee: Employee | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> SittingEvent:
    """Note what happened in the room; it is never changed. Raises SittingRefused (`text`) if nothing is said."""
    sitting = locked(sitting_id, acting_user)
    if not text.strip():
        raise SittingRefused("text", _("请写明发生了什么。"))
    return note(
        sitting,
        SittingEventKind.INCIDENT,
        acting_user=acting_user,
        now=now,
        employee=employee,
        text=text.strip(),
    )


def end_finished_sittings(*, now: dt.datetime) -> int:
    """End the running sittings in which nobody writes and nobody may start any more; return how many.

    Run every minute behind the sweep that closes expired attempts.
    """
    writing = Attempt.objects.filter(seat__sitting=OuterRef("pk"), state=AttemptState.OPEN)
    running = Sitting.objects.filter(~Exists(writing), state=SittingState.RUNNING)
    ended = 0
    for sitting in running:
        if sitting.late_until is not None and sitting.late_until < now:
            end_sitting(sitting_id=sitting.pk, acting_user=None, now=now)
            ended += 1
    return ended
