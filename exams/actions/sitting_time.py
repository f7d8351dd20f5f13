"""Time and devices of a whole sitting, or of one seat of it: the actions on running attempts, within its papers."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.deadlines import extend_attempts, pause_attempts, release_devices, resume_attempts
from exams.actions.sittings import locked, note
from exams.errors import SittingRefused
from exams.models import Attempt, Seat, Sitting, SittingEventKind, SittingState
from people.models import User


def _running(sitting_id: int, acting_user: User | None) -> Sitting:
    sitting = locked(sitting_id, acting_user)
    if sitting.state != SittingState.RUNNING:
        raise SittingRefused("not_running", _("不在考试中，不能操作答卷。"))
    return sitting


def _change(
    sitting: Sitting, seat: Seat | None, reason: str, acting_user: User | None, now: dt.datetime
) -> dict[str, Any]:
    """Return what the actions on attempts take: those of the sitting, or of one seat."""
    return {
        "exam": sitting.exam,
        "reason": reason,
        "acting_user": acting_user,
        "now": now,
        "within": Attempt.objects.filter(seat=seat)
        if seat
        else Attempt.objects.filter(seat__sitting=sitting),
    }


def _fact(
    sitting: Sitting,
    kind: SittingEventKind,
    seat: Seat | None,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    **data: Any,
) -> None:
    employee = seat.employee if seat else None
    note(sitting, kind, acting_user=acting_user, now=now, employee=employee, text=reason.strip(), **data)


@transaction.atomic
def extend_sitting(
    *,
    sitting_id: int,
    seconds: int,
    reason: str,
    seat: Seat | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> int:
    """Give everybody, or one seat, so many seconds more; return how many papers it reached.

    Given to everybody, the common end moves for those who start later, too.
    Raises: SittingRefused (`not_running`); BadChange without a reason or for a time out of bounds.
    """
    sitting = _running(sitting_id, acting_user)
    changed = extend_attempts(seconds=seconds, **_change(sitting, seat, reason, acting_user, now))
    if seat is None:
        sitting.extended_s += seconds
        sitting.save(update_fields=["extended_s"])
    _fact(sitting, SittingEventKind.EXTENDED, seat, reason, acting_user, now, seconds=seconds, papers=changed)
    return changed


@transaction.atomic
def pause_sitting(
    *, sitting_id: int, reason: str, seat: Seat | None = None, acting_user: User | None, now: dt.datetime
) -> int:
    """Let the clock of everybody, or of one seat, stand; return how many papers it reached.

    While all stand, nobody starts. Again: no change. Raises: SittingRefused (`not_running`); BadChange.
    """
    sitting = _running(sitting_id, acting_user)
    changed = pause_attempts(**_change(sitting, seat, reason, acting_user, now))
    if seat is None and sitting.paused_at is None:
        sitting.paused_at = now
        sitting.save(update_fields=["paused_at"])
    elif not changed:
        return 0
    _fact(sitting, SittingEventKind.PAUSED, seat, reason, acting_user, now, papers=changed)
    return changed


@transaction.atomic
def resume_sitting(
    *, sitting_id: int, reason: str, seat: Seat | None = None, acting_user: User | None, now: dt.datetime
) -> int:
    """Let the clock of everybody, or of one seat, go on; return how many papers it reached.

    The common end moves by as long as all stood. Raises: SittingRefused (`not_running`); BadChange.
    """
    sitting = _running(sitting_id, acting_user)
    changed = resume_attempts(**_change(sitting, seat, reason, acting_user, now))
    if seat is None and sitting.paused_at is not None:
        sitting.extended_s += int((now - sitting.paused_at).total_seconds())
        sitting.paused_at = None
        sitting.save(update_fields=["extended_s", "paused_at"])
    elif not changed:
        return 0
    _fact(sitting, SittingEventKind.RESUMED, seat, reason, acting_user, now, papers=changed)
    return changed


@transaction.atomic
def release_seat(
    *, sitting_id: int, seat: Seat, reason: str, acting_user: User | None, now: dt.datetime
) -> None:
    """Let the next device that opens or saves hold the paper: the phone broke or its battery is empty.

    Raises: SittingRefused (`not_running`; `not_held`: no open paper that a device holds); BadChange.
    """
    sitting = _running(sitting_id, acting_user)
    if not release_devices(**_change(sitting, seat, reason, acting_user, now)):
        message = _("%(name)s 没有被设备占住的试卷，不用解除。") % {"name": seat.employee.name}
        raise SittingRefused("not_held", message)
    _fact(sitting, SittingEventKind.RELEASED, seat, reason, acting_user, now)
