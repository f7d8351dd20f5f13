"""What happened during one attempt, for somebody who may see its result. Never the key, never what was answered."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exams.models import (
    AnswerStep,
    Attempt,
    AttemptChange,
    ChangeKind,
    EventKind,
    IntegrityEvent,
    LateAnswer,
)
from exams.timeline import Drawing, Moment, draw_timeline, pair_spans

SERIOUS = frozenset(
    {EventKind.TAKE_OVER, EventKind.ADDRESS, EventKind.PASTE, EventKind.PRINT, EventKind.FAST, EventKind.COPY}
)
_SPANS = {
    EventKind.HIDDEN: EventKind.SHOWN,
    EventKind.BLUR: EventKind.FOCUS,
    EventKind.OFFLINE: EventKind.ONLINE,
}
_ENDS = frozenset(_SPANS.values())


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """When a question was answered: how often, first and last, from how many devices."""

    slot: int
    times: int
    first: dt.datetime
    last: dt.datetime
    devices: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """An attempt's moments in their order, drawn, and by question."""

    moments: tuple[Moment, ...]
    drawing: Drawing
    slots: tuple[SlotTimes, ...]
    unanswered: tuple[int, ...]
    away_s: int
    counts: tuple[tuple[str, int], ...]


def timeline_of(attempt: Attempt) -> Timeline:
    """Return what happened during an attempt (four statements). Whoever asks must have been let to the attempt."""
    steps = list(AnswerStep.objects.filter(attempt=attempt).order_by("saved_at", "seq"))
    events = list(IntegrityEvent.objects.filter(attempt=attempt).order_by("pk"))
    ends = attempt.submitted_at or max(
        [attempt.started_at, *(step.saved_at for step in steps), *(event.noted_at for event in events)]
    )
    spans = _spans(events, ends)
    begins, *closed = _around(attempt)
    moments = [
        begins,
        *_answered(steps),
        *(_event(event, spans.get(event.pk)) for event in events if event.kind not in _ENDS),
        *_addresses(steps),
        *_changes(attempt, ends),
        *closed,
        *_late(attempt),
    ]
    moments.sort(key=lambda moment: moment.at)
    away = [_event(event, spans[event.pk]) for event in events if event.kind == EventKind.HIDDEN]
    counted = Counter(EventKind(event.kind) for event in events if event.kind not in _ENDS)
    return Timeline(
        moments=tuple(moments),
        # What came in after the end is drawn, too, in its distance.
        drawing=draw_timeline(attempt.started_at, max([ends, *(each.at for each in moments)]), moments),
        slots=_by_slot(steps),
        unanswered=tuple(
            sorted(set(range(1, len(attempt.paper["slots"]) + 1)) - {step.slot for step in steps})
        ),
        away_s=round(sum((each.until - each.at).total_seconds() for each in away if each.until)),
        counts=tuple((str(kind.label), n) for kind, n in counted.most_common()),
    )


def happened_at(event: IntegrityEvent) -> dt.datetime:
    """Return when an event happened, by the server's clock as far as it can know."""
    return event.noted_at - dt.timedelta(milliseconds=event.ago_ms)


def _spans(events: list[IntegrityEvent], last: dt.datetime) -> dict[int, dt.datetime]:
    found: dict[int, dt.datetime] = {}
    for begins, stops in _SPANS.items():
        starts = [(happened_at(event), event.pk) for event in events if event.kind == begins]
        ends = [
            (happened_at(event), event.pk)
            for event in events
            if event.kind in (stops, EventKind.RELOADED, EventKind.OPENED)
        ]
        found |= dict(pair_spans(starts, ends, last))
    return found


def _answered(steps: list[AnswerStep]) -> list[Moment]:
    seen: Counter[int] = Counter()
    moments = []
    for step in steps:
        seen[step.slot] += 1
        if not step.response:
            what = _("第 %(slot)s 题收回作答")
        elif seen[step.slot] > 1:
            what = _("第 %(slot)s 题改答")
        else:
            what = _("第 %(slot)s 题作答")
        moments.append(Moment(step.saved_at, "answer", what % {"slot": step.slot}, step.slot))
    return moments


def _event(event: IntegrityEvent, until: dt.datetime | None) -> Moment:
    kind = EventKind(event.kind)
    at = happened_at(event)
    return Moment(
        at=at,
        lane="away" if kind in _SPANS else "other",
        what=str(kind.label),
        slot=int(event.detail.get("slot", 0)),
        note=_note(event.detail, at, until, event),
        until=max(until, at) if until else None,
        serious=kind in SERIOUS,
    )


def _note(detail: dict[str, Any], at: dt.datetime, until: dt.datetime | None, event: IntegrityEvent) -> str:
    if until is not None:
        seconds = max(round((until - at).total_seconds()), 0)
        return ngettext("%(n)s 秒", "%(n)s 秒", seconds) % {"n": seconds}
    if "chars" in detail:
        return ngettext("%(n)s 个字", "%(n)s 个字", detail["chars"]) % {"n": detail["chars"]}
    if event.kind == EventKind.ADDRESS:
        return f"{detail.get('before', '')} → {event.address or ''}"
    if "tablet" in detail:
        return _("共用平板")
    return event.address or "" if event.kind in (EventKind.OPENED, EventKind.RELOADED) else ""


def _addresses(steps: list[AnswerStep]) -> list[Moment]:
    """Return where answers began to come from another address: each answer keeps its own."""
    moments = []
    known = ""
    for step in steps:
        if step.address and known and step.address != known:
            note = f"{known} → {step.address}"
            moments.append(
                Moment(step.saved_at, "other", str(EventKind.ADDRESS.label), 0, note, serious=True)
            )
        known = step.address or known
    return moments


def _changes(attempt: Attempt, last: dt.datetime) -> list[Moment]:
    """Return what an invigilator did; a pause lasts until it was resumed."""
    changes = list(AttemptChange.objects.filter(attempt=attempt).select_related("made_by").order_by("pk"))
    paused = [(each.made_at, each.pk) for each in changes if each.kind == ChangeKind.PAUSED]
    resumed = [(each.made_at, each.pk) for each in changes if each.kind == ChangeKind.RESUMED]
    pauses = dict(pair_spans(paused, resumed, last))
    return [
        Moment(
            at=each.made_at,
            lane="away" if each.pk in pauses else "other",
            what=str(ChangeKind(each.kind).label),
            note=_said(each),
            until=pauses.get(each.pk),
        )
        for each in changes
    ]


def _said(change: AttemptChange) -> str:
    """Return why a change was made, whose it was, and what it made of the deadline."""
    parts = [change.reason, str(change.made_by) if change.made_by else _("系统")]
    if change.new_deadline != change.old_deadline:
        old, new = (f"{localtime(at):%H:%M:%S}" for at in (change.old_deadline, change.new_deadline))
        parts.append(_("截止 %(old)s → %(new)s") % {"old": old, "new": new})
    return " · ".join(parts)


def _late(attempt: Attempt) -> list[Moment]:
    """Return the answers that came after deadline and grace: kept, and not marked."""
    return [
        Moment(
            late.received_at,
            "other",
            _("第 %(slot)s 题迟到的作答") % {"slot": late.slot},
            late.slot,
            _("过了截止时间才到，没有计分"),
            serious=True,
        )
        for late in LateAnswer.objects.filter(attempt=attempt).defer("response").order_by("pk")
    ]


def _around(attempt: Attempt) -> list[Moment]:
    around = [Moment(attempt.started_at, "other", _("开始"))]
    if attempt.submitted_at:
        what = _("到时自动交卷") if attempt.submitted_by_deadline else _("交卷")
        around.append(Moment(attempt.submitted_at, "other", what))
    return around


def _by_slot(steps: list[AnswerStep]) -> tuple[SlotTimes, ...]:
    by_slot: dict[int, list[AnswerStep]] = {}
    for step in steps:
        by_slot.setdefault(step.slot, []).append(step)
    return tuple(
        SlotTimes(slot, len(own), own[0].saved_at, own[-1].saved_at, len({step.device for step in own}))
        for slot, own in sorted(by_slot.items())
    )
