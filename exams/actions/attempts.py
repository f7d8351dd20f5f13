"""Sitting an exam: save answers, take over, hand in, close what is due.

Every statement of an action runs in one transaction; a receipt is returned only after its commit.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, F, Max, QuerySet, UUIDField
from django.utils.translation import gettext as _

from common.prepared import Prepared
from exams.actions.guards import require_seb
from exams.actions.late import MAX_SEQ, keep_late_answers
from exams.actions.marks import mark_attempt
from exams.errors import (
    AttemptClosed,
    AttemptMoved,
    AttemptPaused,
    BadAnswer,
    NotReleased,
    SeqTaken,
    SlotLeft,
)
from exams.models import AnswerStep, Attempt, AttemptState, EventKind, IntegrityEvent, TakeOver
from exams.queries import OwnEmployee, is_due, is_one_way
from exams.shapes import NO_ORIGIN, Origin, Step
from exams.types import type_of
from people.models import Employee

log = structlog.get_logger("anxue.exams")
MAX_STEPS = 200  # in one save; a client with more sends them in parts
SWEEP_CHUNK = 100
CLOSED_FIELDS = ("state", "submitted_at", "submitted_by_deadline", "next_check_at", "paused_at")
EmployeeId = int | QuerySet[Employee, int]
Whose = EmployeeId | OwnEmployee


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is stored for good. `saved` lists (slot, seq) of the steps the receipt is for."""

    attempt: uuid.UUID
    saved: tuple[tuple[int, int], ...]
    server_time: dt.datetime
    deadline: dt.datetime


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep did. `failed` are attempts that could not be marked; the next sweep tries them again."""

    closed: int
    marked: int
    failed: tuple[int, ...]


# Answering


def save_answers(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: Whose,
    steps: Sequence[Step],
    device: str,
    now: dt.datetime,
    arrived_at: dt.datetime | None = None,
    origin: Origin = NO_ORIGIN,
) -> Receipt:
    """Store answers and return the receipt, which is true once this function has returned.

    Two statements: the attempt is read and locked, the steps are inserted. A retry repeats (slot, seq) and
    gets the same receipt. All steps of a call are stored, or none. What comes after deadline and grace is kept
    as evidence and refused.
    Args: `employee_id` may be `queries.OwnEmployee(user_id)` or a subquery, so a request needs no extra statement;
    `arrived_at` is when the request reached the house, where a proxy's word for it counts (common.arrival).
    Raises: Attempt.DoesNotExist (not this person's); AttemptClosed after deadline and grace or when handed in;
    AttemptPaused; AttemptMoved when another device holds it; SebNeeded; BadAnswer; SlotLeft; SeqTaken.
    """
    arrived_at = arrived_at or now
    try:
        try:
            with transaction.atomic():
                attempt = _lock(attempt_public_id, employee_id)
                _admit(attempt, device, origin, now, arrived_at)
                _store(attempt, steps, device, origin, now, known=None)
        except (IntegrityError, SlotLeft):
            # Some of these steps are stored already: find out which, and whether they say the same.
            with transaction.atomic():
                attempt = _lock(attempt_public_id, employee_id)
                _admit(attempt, device, origin, now, arrived_at)
                _store(attempt, steps, device, origin, now, known=_stored_steps(attempt, steps))
    except _Late as late:
        settle_attempt(attempt=late.attempt, now=now)
        keep_late_answers(attempt=late.attempt, steps=steps, device=device, now=now)
        raise AttemptClosed from None
    return _receipt(attempt, steps, now)


class _Late(Exception):
    """An attempt was met past its time. Closing it, and keeping what came too late, needs its own transaction."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt


def _lock(attempt_public_id: uuid.UUID, employee_id: Whose) -> Attempt:
    if isinstance(employee_id, OwnEmployee):
        found = _own_locked.first(public_id=attempt_public_id, user_id=employee_id.user_id)
        if found is None:
            raise Attempt.DoesNotExist
        return found
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    return _locking().get(public_id=attempt_public_id, **owner)


def _locking() -> QuerySet[Attempt]:
    return Attempt.objects.select_for_update(no_key=True, of=("self",)).defer("seed")


_own_locked = Prepared(
    lambda public_id, user_id: _locking().filter(public_id=public_id, employee__user_id=user_id),
    public_id=UUIDField(),
    user_id=BigIntegerField(),
)


def _admit(attempt: Attempt, device: str, origin: Origin, now: dt.datetime, arrived_at: dt.datetime) -> None:
    """Let this device write into this attempt now, or raise."""
    if attempt.state != AttemptState.OPEN:
        raise _Late(attempt) if attempt.submitted_by_deadline else AttemptClosed
    if is_due(attempt, now):
        raise _Late(attempt)
    if attempt.paused_at is not None:
        raise AttemptPaused
    if is_late(attempt, arrived_at):
        raise _Late(attempt)
    if attempt.device and attempt.device != device:
        raise AttemptMoved
    require_seb(attempt, origin)
    if not attempt.device and device:
        attempt.device = device
        attempt.save(update_fields=["device"])


def is_late(attempt: Attempt, arrived_at: dt.datetime) -> bool:
    """Tell whether what arrived then is past deadline and grace."""
    grace = dt.timedelta(seconds=attempt.paper["policy"]["grace_s"])
    return arrived_at > attempt.deadline_at + grace


def _store(
    attempt: Attempt,
    steps: Sequence[Step],
    device: str,
    origin: Origin,
    now: dt.datetime,
    *,
    known: dict[tuple[int, int], list[str]] | None,
) -> None:
    """Insert the steps that are not `known`; an unknown clash raises IntegrityError."""
    fresh: dict[tuple[int, int], list[str]] = {}
    for place, step in enumerate(steps):
        _check_step(attempt, step, f"steps[{place}]")
        name = (step["slot"], step["seq"])
        stored = fresh.get(name, (known or {}).get(name))
        if stored is not None and stored != step["response"]:
            raise SeqTaken(step["slot"], _next_seq(attempt))
        if known is None or name not in known:
            if is_one_way(attempt):
                _check_place(attempt, step, f"steps[{place}]")
            fresh[name] = step["response"]
    AnswerStep.objects.bulk_create(
        AnswerStep(
            attempt=attempt,
            slot=slot,
            seq=seq,
            response=response,
            device=device,
            address=origin.address or None,
            saved_at=now,
        )
        for (slot, seq), response in fresh.items()
    )


def _check_step(attempt: Attempt, step: Step, field: str) -> None:
    slots = attempt.paper["slots"]
    if not 1 <= step["slot"] <= len(slots):
        raise BadAnswer(f"{field}.slot", _("试卷没有第 %(slot)s 题。") % {"slot": step["slot"]})
    if not 1 <= step["seq"] <= MAX_SEQ:
        raise BadAnswer(f"{field}.seq", _("作答编号 %(seq)s 超出范围。") % {"seq": step["seq"]})
    slot = slots[step["slot"] - 1]
    if not type_of(slot["kind"]).accepts(step["response"], slot["tokens"]):
        raise BadAnswer(
            f"{field}.response",
            _("第 %(slot)s 题的作答与试卷不符。请刷新页面后再答。") % {"slot": step["slot"]},
        )


def _check_place(attempt: Attempt, step: Step, field: str) -> None:
    """On a one-way paper, take answers to the question the person is at alone."""
    if step["slot"] < attempt.at_slot:
        raise SlotLeft(step["slot"])
    if step["slot"] > attempt.at_slot:
        raise BadAnswer(f"{field}.slot", _("还没有到第 %(slot)s 题。") % {"slot": step["slot"]})


def _stored_steps(attempt: Attempt, steps: Sequence[Step]) -> dict[tuple[int, int], list[str]]:
    rows = AnswerStep.objects.filter(attempt=attempt, seq__in={step["seq"] for step in steps})
    return {(slot, seq): response for slot, seq, response in rows.values_list("slot", "seq", "response")}


def _next_seq(attempt: Attempt) -> int:
    highest = AnswerStep.objects.filter(attempt=attempt).aggregate(highest=Max("seq"))["highest"]
    return (highest or 0) + 1


def _receipt(attempt: Attempt, steps: Sequence[Step], now: dt.datetime) -> Receipt:
    return Receipt(
        attempt=attempt.public_id,
        saved=tuple(dict.fromkeys((step["slot"], step["seq"]) for step in steps)),
        server_time=now,
        deadline=attempt.deadline_at,
    )


def take_over(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: Whose,
    device: str,
    now: dt.datetime,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Let this device hold the attempt from now on; the other one is refused with AttemptMoved.

    Also while it is paused: a broken phone is a usual reason for a pause.
    Raises: Attempt.DoesNotExist; AttemptClosed; SebNeeded; NotReleased where the invigilator has to let the other one go.
    """
    try:
        with transaction.atomic():
            attempt = _lock(attempt_public_id, employee_id)
            if attempt.state != AttemptState.OPEN:
                raise AttemptClosed
            if is_due(attempt, now):
                raise _Late(attempt)
            asks = attempt.paper["policy"].get("take_over") == TakeOver.RELEASED
            if asks and attempt.device not in ("", device):
                raise NotReleased
            require_seb(attempt, origin)
            if attempt.device not in ("", device):
                _note_take_over(attempt, device, origin, now)
            attempt.device = device
            attempt.save(update_fields=["device"])
    except _Late as late:
        settle_attempt(attempt=late.attempt, now=now)
        raise AttemptClosed from None
    return attempt


def _note_take_over(attempt: Attempt, device: str, origin: Origin, now: dt.datetime) -> None:
    IntegrityEvent.objects.create(
        attempt=attempt,
        kind=EventKind.TAKE_OVER,
        source="server",
        noted_at=now,
        device=device,
        address=origin.address or None,
        agent=origin.agent,
        detail={"before": attempt.device},
    )


def go_on(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: Whose,
    from_slot: int,
    steps: Sequence[Step],
    device: str,
    now: dt.datetime,
    arrived_at: dt.datetime | None = None,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Leave a question of a one-way paper for good, with its last answer if any, and be at the next one.

    A repeated call changes nothing: whoever is past `from_slot` already stays there.
    Raises: what `save_answers` raises; BadAnswer on the last question, or where the paper may be leafed through.
    """
    save_answers(
        attempt_public_id=attempt_public_id,
        employee_id=employee_id,
        steps=steps,
        device=device,
        now=now,
        arrived_at=arrived_at,
        origin=origin,
    )
    with transaction.atomic():
        attempt = _lock(attempt_public_id, employee_id)
        if attempt.state != AttemptState.OPEN:
            raise AttemptClosed
        if not is_one_way(attempt) or not 1 <= from_slot < len(attempt.paper["slots"]):
            raise BadAnswer("slot", _("这里没有下一题。"))
        if attempt.at_slot == from_slot:
            attempt.at_slot = from_slot + 1
            attempt.save(update_fields=["at_slot"])
    return attempt


# Handing in and closing


def submit_attempt(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: Whose,
    device: str,
    now: dt.datetime,
    steps: Sequence[Step] = (),
    arrived_at: dt.datetime | None = None,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Hand an attempt in, with its last answers if any, and mark it at once as far as no person is needed.

    Handing in commits first and marking follows in a transaction of its own, so that nothing in marking can
    undo it; the sweep marks what was left. A second call changes nothing and returns the same attempt. Past
    the deadline the attempt is closed with what was saved, and `steps` are kept as evidence only.
    Raises: Attempt.DoesNotExist; AttemptPaused; AttemptMoved; SebNeeded; BadAnswer; SlotLeft; SeqTaken.
    """
    sent = (attempt_public_id, employee_id, device, origin, now, arrived_at or now, steps)
    try:
        try:
            attempt = _hand_in(*sent, careful=False)
        except (IntegrityError, SlotLeft):
            attempt = _hand_in(*sent, careful=True)
    except _Late as late:
        attempt = late.attempt
        if attempt.state == AttemptState.OPEN:
            # Past its time, whether or not the moment has come at which the sweep would close it.
            _close(Attempt.objects.filter(pk=attempt.pk))
            attempt.refresh_from_db(fields=CLOSED_FIELDS)
        keep_late_answers(attempt=attempt, steps=steps, device=device, now=now)
    return settle_attempt(attempt=attempt, now=now)


@transaction.atomic
def _hand_in(
    attempt_public_id: uuid.UUID,
    employee_id: Whose,
    device: str,
    origin: Origin,
    now: dt.datetime,
    arrived_at: dt.datetime,
    steps: Sequence[Step],
    *,
    careful: bool,
) -> Attempt:
    attempt = _lock(attempt_public_id, employee_id)
    if attempt.state != AttemptState.OPEN and not (steps and attempt.submitted_by_deadline):
        return attempt
    _admit(attempt, device, origin, now, arrived_at)
    if steps:
        _store(attempt, steps, device, origin, now, known=_stored_steps(attempt, steps) if careful else None)
    attempt.state = AttemptState.SUBMITTED
    # The server's clock may have been set back meanwhile: nothing ends before it began.
    attempt.submitted_at = max(now, attempt.started_at)
    attempt.next_check_at = None
    attempt.save(update_fields=["state", "submitted_at", "next_check_at"])
    return attempt


def settle_attempt(*, attempt: Attempt, now: dt.datetime) -> Attempt:
    """Close an attempt whose time is over and mark one that is handed in; leave any other as it is.

    Whoever meets an attempt calls this first, so a closed exam is closed for everyone who looks, sweep or no
    sweep. A second call changes nothing. Returns the attempt with its present state.
    """
    if is_due(attempt, now):
        _close(Attempt.objects.filter(pk=attempt.pk, next_check_at__lt=now))
        attempt.refresh_from_db(fields=CLOSED_FIELDS)
    if attempt.state == AttemptState.SUBMITTED:
        marked = mark_attempt(attempt_id=attempt.pk, now=now)
        attempt.state = AttemptState.GRADED if marked else AttemptState.MARKING
    return attempt


def _close(due: QuerySet[Attempt]) -> int:
    """Hand in attempts whose time is over, by compare-and-swap: one that was just handed in stays so."""
    return due.filter(state=AttemptState.OPEN).update(
        state=AttemptState.SUBMITTED,
        submitted_at=F("deadline_at"),
        submitted_by_deadline=True,
        next_check_at=None,
        paused_at=None,
    )


def close_expired_attempts(*, now: dt.datetime) -> Sweep:
    """Close all attempts past deadline and grace with what they hold, and mark all that wait for it.

    Closes 100 at a time, so no lock is held for long; candidates need not come back. Run every minute.
    An attempt that cannot be marked, or whose result cannot be noted, is reported and keeps nobody waiting.
    """
    closed = 0
    while True:
        with transaction.atomic():
            due = (
                Attempt.objects.select_for_update(skip_locked=True)
                .filter(next_check_at__lt=now)
                .order_by("next_check_at")
                .values_list("pk", flat=True)
            )
            ids = list(due[:SWEEP_CHUNK])
            closed += _close(Attempt.objects.filter(pk__in=ids))
        if len(ids) < SWEEP_CHUNK:
            break
    marked = 0
    failed: list[int] = []
    waiting = Attempt.objects.filter(state=AttemptState.SUBMITTED).order_by("submitted_at")
    for attempt_id in list(waiting.values_list("pk", flat=True)):
        try:
            marked += mark_attempt(attempt_id=attempt_id, now=now) is not None
        except Exception:  # whatever the rooms above make of one result, the others are marked
            log.exception("attempt_cannot_be_marked", attempt=attempt_id)
            failed.append(attempt_id)
    return Sweep(closed=closed, marked=marked, failed=tuple(failed))
