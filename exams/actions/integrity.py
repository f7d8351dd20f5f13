"""Noting what happened during an attempt, beside the answers. Nothing here stands in the way of answering."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from exams.actions.attempts import EmployeeId
from exams.errors import AttemptClosed, AttemptMoved
from exams.models import Attempt, AttemptState, EventKind, IntegrityEvent
from exams.queries import is_due
from exams.shapes import EventDetail, Origin

MAX_EVENTS = 600  # of one attempt; the last one says that more was not kept
MAX_BATCH = 40
LIMIT_SOURCE = "limit"
_CAME = (EventKind.OPENED, EventKind.RELOADED)


@dataclass(frozen=True, slots=True)
class NotedEvent:
    """An event as the page noted it: its own count, its kind, how long ago, and what else is known."""

    number: int
    kind: EventKind
    ago_ms: int = 0
    detail: EventDetail | Mapping[str, object] = ()  # type: ignore[assignment]


def note_events(
    *,
    attempt_public_id: uuid.UUID,
    employee_id: EmployeeId,
    source: str,
    events: Sequence[NotedEvent],
    device: str,
    origin: Origin,
    now: dt.datetime,
) -> int:
    """Keep what a page noted during its own open attempt; return how many events are kept of this batch.

    Five statements at most, whatever the number of events. A repeated batch is kept once. An address that is
    another one than at the last event becomes an event of its own. Beyond MAX_EVENTS nothing is kept but that
    it is so. Args: `source` is the page's random name.
    Raises: Attempt.DoesNotExist (not this person's); AttemptClosed; AttemptMoved when another device holds it.
    """
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    attempt = Attempt.objects.defer("paper", "seed").get(public_id=attempt_public_id, **owner)
    if attempt.state != AttemptState.OPEN or is_due(attempt, now):
        raise AttemptClosed
    if attempt.device and attempt.device != device:
        raise AttemptMoved
    kept = IntegrityEvent.objects.filter(attempt=attempt)
    room = MAX_EVENTS - kept.count()
    rows = [
        IntegrityEvent(
            attempt=attempt,
            kind=event.kind,
            source=source,
            number=event.number,
            noted_at=now,
            ago_ms=_since_start(event.ago_ms, attempt, now),
            device=device,
            address=origin.address or None,
            agent=origin.agent if event.kind in _CAME else "",
            detail=_detail(event, origin),
        )
        for event in events[: max(room - 1, 0)]
    ]
    before = kept.exclude(address=None).order_by("-pk").values_list("address", flat=True).first()
    if before and origin.address and before != origin.address and room > 1:
        rows.insert(0, _moved_address(attempt, before, device, origin, now))
    if len(events) > max(room - 1, 0):
        rows.append(_full(attempt, device, now))
    with transaction.atomic():
        IntegrityEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return min(len(events), max(room - 1, 0))


def _since_start(ago_ms: int, attempt: Attempt, now: dt.datetime) -> int:
    """Return how long ago, but never before the attempt began: the page's clock is only believed that far."""
    return max(min(ago_ms, int((now - attempt.started_at).total_seconds() * 1000)), 0)


def _detail(event: NotedEvent, origin: Origin) -> dict[str, object]:
    detail = dict(event.detail)
    if event.kind in _CAME and origin.kiosk:
        detail["tablet"] = origin.kiosk
    return detail


def _moved_address(
    attempt: Attempt, before: str, device: str, origin: Origin, now: dt.datetime
) -> IntegrityEvent:
    return IntegrityEvent(
        attempt=attempt,
        kind=EventKind.ADDRESS,
        source="server",
        noted_at=now,
        device=device,
        address=origin.address,
        detail={"before": before},
    )


def _full(attempt: Attempt, device: str, now: dt.datetime) -> IntegrityEvent:
    return IntegrityEvent(
        attempt=attempt, kind=EventKind.LIMIT, source=LIMIT_SOURCE, number=1, noted_at=now, device=device
    )
