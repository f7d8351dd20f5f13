"""What the answering page noted, checked for its shape. Unknown kinds and details are refused, not kept."""

import json
import re
from typing import Any

from exams.actions.integrity import MAX_BATCH, NotedEvent
from exams.errors import BadEvent
from exams.models import SERVER_KINDS, EventKind
from exams.shapes import EventDetail

MAX_BODY_BYTES = 20_000
_SOURCE = re.compile(r"[A-Za-z0-9_-]{8,24}")
_NUMBERS = {"slot": 500, "chars": 1_000_000}
_DAY_MS = 24 * 3600 * 1000
_MOST_NUMBER = 100_000


def parse_events(body: bytes) -> tuple[str, list[NotedEvent]]:
    """Read `{"page": …, "events": [{"n", "kind", "ago_ms", "slot", "chars"}]}`; raise BadEvent for all else."""
    if len(body) > MAX_BODY_BYTES:
        raise BadEvent("body")
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadEvent("body") from error
    if not isinstance(sent, dict):
        raise BadEvent("body")
    page, events = sent.get("page"), sent.get("events")
    if not isinstance(page, str) or not _SOURCE.fullmatch(page):
        raise BadEvent("page")
    if not isinstance(events, list) or len(events) > MAX_BATCH:
        raise BadEvent("events")
    return page, [_event(each, f"events[{place}]") for place, each in enumerate(events)]


def _event(sent: Any, field: str) -> NotedEvent:
    if not isinstance(sent, dict):
        raise BadEvent(field)
    kind = sent.get("kind")
    if not isinstance(kind, str) or kind not in EventKind.values or kind in SERVER_KINDS:
        raise BadEvent(f"{field}.kind")
    detail = EventDetail()
    for name, most in _NUMBERS.items():
        if name in sent:
            detail[name] = _whole(sent[name], most, f"{field}.{name}")  # type: ignore[literal-required]
    return NotedEvent(
        number=_whole(sent.get("n"), _MOST_NUMBER, f"{field}.n"),
        kind=EventKind(kind),
        ago_ms=min(_whole(sent.get("ago_ms", 0), 10 * _DAY_MS, f"{field}.ago_ms"), _DAY_MS),
        detail=detail,
    )


def _whole(value: Any, most: int, field: str) -> int:
    # bool is an int to Python; to a count it is nonsense.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadEvent(field)
    return value
