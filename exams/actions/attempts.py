"""Sitting an exam: start, save answers, take over, hand in, close what is due.

Every statement of an action runs in one transaction; a receipt is returned only after its commit.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from exams.actions.exams import require_feasible, row_of
from exams.actions.marks import UNMARKABLE, mark_attempt
from exams.drawing import InfeasibleBlueprint, draw, make_paper, new_seed
from exams.errors import (
    AttemptClosed,
    AttemptMoved,
    BadAnswer,
    CoolingDown,
    ExamNotOpen,
    NoAttemptsLeft,
    OtherAttemptOpen,
    SeqTaken,
)
from exams.models import AnswerStep, Attempt, AttemptState, Exam
from exams.queries import is_due, next_start_at, options_of, pool_of
from exams.shapes import Paper, PaperPolicy
from exams.types import type_of
from people.models import Employee

log = structlog.get_logger("anxue.exams")
MAX_SEQ = 1_000_000
MAX_STEPS = 200  # in one save; a client with more sends them in parts
SWEEP_CHUNK = 100
EmployeeId = int | QuerySet[Employee, int]


class Step(TypedDict):
    """An answer as the client sends it. `response` is a list of option tokens; empty takes the answer back."""

    slot: int
    seq: int
    response: list[str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is stored for good. `saved` lists (slot, seq) of the steps the receipt is for."""

    attempt: uuid.UUID
    saved: tuple[tuple[int, int], ...]
    server_time: dt.datetime
    deadline: dt.datetime


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep did. `failed` are attempts whose paper or answers cannot be marked."""

    closed: int
    marked: int
    failed: tuple[int, ...]


# Starting


def start_attempt(*, exam: Exam, employee: Employee, purpose: str, device: str, now: dt.datetime) -> Attempt:
    """Draw a paper and start an attempt, or return the one this person has open for the same purpose.

    Five statements, whatever the number of questions. `device` may be empty: the first device that saves
    then holds the attempt.
    Raises: ExamNotOpen; OtherAttemptOpen; NoAttemptsLeft; CoolingDown; BlueprintNotFeasible.
    """
    try:
        return _start(exam, employee, purpose, device, now)
    except IntegrityError:
        # Two starts at once: a unique constraint let one through. That one is the answer for both.
        return _start(exam, employee, purpose, device, now)


def _start(exam: Exam, employee: Employee, purpose: str, device: str, now: dt.datetime) -> Attempt:
    earlier = _earlier_attempts(exam, employee)
    running = next((attempt for attempt in earlier if attempt.state == AttemptState.OPEN), None)
    if running is not None and is_due(running, now):
        settle_attempt(attempt=running, now=now)
        earlier = _earlier_attempts(exam, employee)
        running = None
    if running is not None:
        if running.purpose != purpose:
            raise OtherAttemptOpen(exam.title)
        return running
    if not exam.is_open:
        raise ExamNotOpen(exam.title)
    same = [attempt for attempt in earlier if attempt.purpose == purpose]
    counted = [attempt for attempt in same if attempt.state != AttemptState.VOID]
    if len(counted) >= exam.attempts_allowed:
        raise NoAttemptsLeft(exam.title, exam.attempts_allowed)
    until = next_start_at(exam, counted, now)
    if until is not None:
        raise CoolingDown(exam.title, until)
    seed = new_seed()
    deadline_at = now + dt.timedelta(seconds=exam.duration_s)
    with transaction.atomic():
        return Attempt.objects.create(
            exam=exam,
            employee=employee,
            purpose=purpose,
            number=max((attempt.number for attempt in same), default=0) + 1,
            paper=_draw_paper(exam, seed),
            seed=seed,
            device=device,
            started_at=now,
            deadline_at=deadline_at,
            next_check_at=deadline_at + dt.timedelta(seconds=exam.grace_s),
        )


def _earlier_attempts(exam: Exam, employee: Employee) -> list[Attempt]:
    return list(Attempt.objects.filter(exam=exam, employee=employee).defer("paper").order_by("pk"))


def _draw_paper(exam: Exam, seed: str) -> Paper:
    stored = list(exam.blueprint_rows.select_related("topic"))
    try:
        drawn = draw([row_of(row) for row in stored], pool_of(exam.bank_id), seed)
    except InfeasibleBlueprint:
        # Questions were retired since the exam was saved; say which row lacks what.
        require_feasible(stored, exam.bank)
        raise
    policy = PaperPolicy(
        pass_pct=exam.pass_pct,
        must_know_fails=exam.must_know_fails,
        duration_s=exam.duration_s,
        grace_s=exam.grace_s,
    )
    return make_paper(drawn, options_of(entry.item.version_id for entry in drawn), policy, seed)


# Answering


def save_answers(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: EmployeeId,
    steps: Sequence[Step],
    device: str,
    now: dt.datetime,
) -> Receipt:
    """Store answers and return the receipt, which is true once this function has returned.

    Two statements: the attempt is read and locked, the steps are inserted. A retry repeats (slot, seq) and
    gets the same receipt. All steps of a call are stored, or none.
    Args: `employee_id` may be a subquery (`queries.own_employee_id(user)`), so a request needs no extra one.
    Raises: Attempt.DoesNotExist (not this person's); AttemptClosed after deadline and grace or when handed in;
    AttemptMoved when another device holds it; BadAnswer; SeqTaken.
    """
    try:
        with transaction.atomic():
            attempt = _lock(attempt_public_id, employee_id)
            _admit(attempt, device, now)
            _store(attempt, steps, device, now, known=None)
    except IntegrityError:
        # Some of these steps are stored already: find out which, and whether they say the same.
        with transaction.atomic():
            attempt = _lock(attempt_public_id, employee_id)
            _admit(attempt, device, now)
            _store(attempt, steps, device, now, known=_stored_steps(attempt, steps))
    except _Due as due:
        settle_attempt(attempt=due.attempt, now=now)
        raise AttemptClosed from None
    return _receipt(attempt, steps, now)


class _Due(Exception):
    """An open attempt was met past its time. Closing it needs its own transaction."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt


def _lock(attempt_public_id: uuid.UUID, employee_id: EmployeeId) -> Attempt:
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    return (
        Attempt.objects.select_for_update(no_key=True, of=("self",))
        .defer("seed")
        .get(public_id=attempt_public_id, **owner)
    )


def _admit(attempt: Attempt, device: str, now: dt.datetime) -> None:
    """Let this device write into this attempt now, or raise."""
    if attempt.state != AttemptState.OPEN:
        raise AttemptClosed
    if is_due(attempt, now):
        raise _Due(attempt)
    if attempt.device and attempt.device != device:
        raise AttemptMoved
    if not attempt.device and device:
        attempt.device = device
        attempt.save(update_fields=["device"])


def _store(
    attempt: Attempt,
    steps: Sequence[Step],
    device: str,
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
            fresh[name] = step["response"]
    AnswerStep.objects.bulk_create(
        AnswerStep(attempt=attempt, slot=slot, seq=seq, response=response, device=device, saved_at=now)
        for (slot, seq), response in fresh.items()
    )


def _check_step(attempt: Attempt, step: Step, field: str) -> None:
    slots = attempt.paper["slots"]
    if not 1 <= step["slot"] <= len(slots):
        raise BadAnswer(f"{field}.slot", _("试卷没有第 %(slot)s 题。") % {"slot": step["slot"]})
    if not 1 <= step["seq"] <= MAX_SEQ:
        raise BadAnswer(f"{field}.seq", _("作答编号 %(seq)s 超出范围。") % {"seq": step["seq"]})
    slot = slots[step["slot"] - 1]
    if not set(step["response"]) <= set(slot["tokens"]) or not type_of(slot["kind"]).accepts(
        step["response"]
    ):
        raise BadAnswer(
            f"{field}.response",
            _("第 %(slot)s 题的作答与试卷不符。请刷新页面后再答。") % {"slot": step["slot"]},
        )


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
    *, attempt_public_id: uuid.UUID, employee_id: EmployeeId, device: str, now: dt.datetime
) -> Attempt:
    """Let this device hold the attempt from now on; the other one is refused with AttemptMoved.

    Raises: Attempt.DoesNotExist; AttemptClosed.
    """
    try:
        with transaction.atomic():
            attempt = _lock(attempt_public_id, employee_id)
            if attempt.state != AttemptState.OPEN:
                raise AttemptClosed
            if is_due(attempt, now):
                raise _Due(attempt)
            attempt.device = device
            attempt.save(update_fields=["device"])
    except _Due as due:
        settle_attempt(attempt=due.attempt, now=now)
        raise AttemptClosed from None
    return attempt


# Handing in and closing


def submit_attempt(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: EmployeeId,
    device: str,
    now: dt.datetime,
    steps: Sequence[Step] = (),
) -> Attempt:
    """Hand an attempt in, with its last answers if any, and mark it at once (all questions are objective).

    Handing in commits first and marking follows in a transaction of its own, so that nothing in marking can
    undo it; the sweep marks what was left. A second call changes nothing and returns the same attempt. Past
    the deadline the attempt is closed with what was saved, and `steps` are not stored.
    Raises: Attempt.DoesNotExist; AttemptMoved; BadAnswer; SeqTaken.
    """
    try:
        attempt = _hand_in(attempt_public_id, employee_id, device, now, steps, careful=False)
    except IntegrityError:
        attempt = _hand_in(attempt_public_id, employee_id, device, now, steps, careful=True)
    return settle_attempt(attempt=attempt, now=now)


@transaction.atomic
def _hand_in(
    attempt_public_id: uuid.UUID,
    employee_id: EmployeeId,
    device: str,
    now: dt.datetime,
    steps: Sequence[Step],
    *,
    careful: bool,
) -> Attempt:
    attempt = _lock(attempt_public_id, employee_id)
    if attempt.state != AttemptState.OPEN or is_due(attempt, now):
        return attempt
    _admit(attempt, device, now)
    if steps:
        _store(attempt, steps, device, now, known=_stored_steps(attempt, steps) if careful else None)
    attempt.state = AttemptState.SUBMITTED
    attempt.submitted_at = now
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
        attempt.refresh_from_db(fields=["state", "submitted_at", "submitted_by_deadline", "next_check_at"])
    if attempt.state == AttemptState.SUBMITTED:
        mark_attempt(attempt_id=attempt.pk, now=now)
        attempt.state = AttemptState.GRADED
    return attempt


def _close(due: QuerySet[Attempt]) -> int:
    """Hand in attempts whose time is over, by compare-and-swap: one that was just handed in stays so."""
    return due.filter(state=AttemptState.OPEN).update(
        state=AttemptState.SUBMITTED,
        submitted_at=F("deadline_at"),
        submitted_by_deadline=True,
        next_check_at=None,
    )


def close_expired_attempts(*, now: dt.datetime) -> Sweep:
    """Close all attempts past deadline and grace with what they hold, and mark all that wait for it.

    Closes 100 at a time, so no lock is held for long; candidates need not come back. Run every minute.
    An attempt that cannot be marked is reported and does not keep others waiting.
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
            mark_attempt(attempt_id=attempt_id, now=now)
            marked += 1
        except UNMARKABLE:
            log.exception("attempt_cannot_be_marked", attempt=attempt_id)
            failed.append(attempt_id)
    return Sweep(closed=closed, marked=marked, failed=tuple(failed))
