"""What exams.findings looks at, from what is stored: eight statements, whatever the number of attempts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from common.text import squeeze
from exams.findings import RIGHT, Rhythm, Saved, Timed, Use, Vector
from exams.models import (
    PAPER_DEVICE,
    AnswerStep,
    Attempt,
    AttemptMark,
    AttemptState,
    EventKind,
    IntegrityEvent,
    QuestionVersion,
)
from exams.shapes import Paper, PaperSlot, Response, SlotMark
from exams.types import type_of

LEAST_WORDS = 12  # a written answer shorter than this is no sign by being equal


@dataclass(frozen=True, slots=True)
class _Step:
    slot: int
    response: Response
    device: str
    saved_at: dt.datetime


@dataclass(slots=True)
class FindingInputs:
    """The attempts of an exam as the finders take them; `up_to` is the newest marking among them."""

    attempts: int = 0
    up_to: dt.datetime | None = None
    vectors: list[Vector] = field(default_factory=list)
    rhythms: list[Rhythm] = field(default_factory=list)
    timed: dict[int, list[Timed]] = field(default_factory=dict)
    devices: list[Use] = field(default_factory=list)
    addresses: list[Use] = field(default_factory=list)
    saves: list[Saved] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A marked attempt: what was sat, by whom, and how each slot was marked."""

    pk: int
    person: int
    paper: Paper
    started_at: dt.datetime
    ended_at: dt.datetime
    marks: list[SlotMark]


def finding_inputs(exam_id: int) -> FindingInputs:
    """Return everything the finders need of an exam's marked attempts."""
    # What was sat on paper has no steps, and perhaps a total alone.
    marked = Attempt.objects.filter(exam_id=exam_id, state=AttemptState.GRADED).exclude(device=PAPER_DEVICE)
    marks: dict[int, list[SlotMark]] = {}
    found = FindingInputs()
    rows = AttemptMark.objects.filter(attempt__in=marked).order_by("number")
    for attempt_id, per_slot, marked_at in rows.values_list("attempt_id", "per_slot", "marked_at"):
        marks[attempt_id] = per_slot
        found.up_to = max(found.up_to or marked_at, marked_at)
    steps = _steps(marked.values("pk"))
    attempts = [
        _Marked(pk, person, paper, started_at, submitted_at or deadline_at, marks[pk])
        for pk, person, paper, started_at, submitted_at, deadline_at in marked.values_list(
            "pk", "employee_id", "paper", "started_at", "submitted_at", "deadline_at"
        )
        if pk in marks
    ]
    found.attempts = len(attempts)
    chars = _chars({slot["version_id"] for each in attempts for slot in each.paper["slots"]})
    opened = _opened(exam_id)
    for each in attempts:
        own = steps.get(each.pk, [])
        found.vectors.append(Vector(each.pk, each.person, _answers(each, own)))
        _note_times(found, each, own, chars)
        found.devices += _devices(each, own, opened.get(each.pk, []))
        found.addresses += _addresses(each, opened.get(each.pk, []))
        found.saves += [Saved(each.pk, each.person, step.device, step.saved_at.timestamp()) for step in own]
    found.saves += _saves_elsewhere(exam_id, attempts)
    return found


def _steps(attempt_ids: Any) -> dict[int, list[_Step]]:
    rows = AnswerStep.objects.filter(attempt__in=attempt_ids).order_by("attempt_id", "seq")
    steps: dict[int, list[_Step]] = defaultdict(list)
    wanted = rows.values_list("attempt_id", "slot", "response", "device", "saved_at")
    for attempt_id, slot, response, device, saved_at in wanted.iterator(chunk_size=5000):
        steps[attempt_id].append(_Step(slot, response, device, saved_at))
    return steps


def _chars(version_ids: Iterable[int]) -> dict[int, int]:
    """Return how many characters a candidate has to read, by version."""
    rows = QuestionVersion.objects.filter(pk__in=list(version_ids)).values_list("pk", "stem", "options")
    return {pk: len(stem) + sum(len(option["text"]) for option in options) for pk, stem, options in rows}


def _answers(attempt: _Marked, steps: list[_Step]) -> dict[int, object]:
    latest = {step.slot: step.response for step in steps}
    answers: dict[int, object] = {}
    for slot, mark in zip(attempt.paper["slots"], attempt.marks, strict=True):
        if mark["answered"]:
            said = _said(slot, mark, latest.get(mark["slot"], []))
            if said is not None:
                answers[slot["version_id"]] = said
    return answers


def _said(slot: PaperSlot, mark: SlotMark, response: Response) -> object:
    """Return what was answered in a form that can be compared across papers; None for nothing comparable."""
    kind = type_of(slot["kind"])
    if kind.by_hand:
        text = squeeze("".join(response))
        return text if len(text) >= LEAST_WORDS else None
    if float(mark["fraction"]) == 1:
        return RIGHT
    if kind.uses_tokens:
        meaning = dict(zip(slot["tokens"], slot["option_ids"], strict=True))
        chosen = [meaning.get(token, "") for token in response]
        return tuple(chosen if kind.ordered else sorted(chosen))
    return tuple(squeeze(text).lower() for text in response)


def _note_times(found: FindingInputs, attempt: _Marked, steps: list[_Step], chars: dict[int, int]) -> None:
    """Note when each slot was first answered, and what those that came alone took."""
    first: dict[int, dt.datetime] = {}
    together: dict[dt.datetime, int] = defaultdict(int)
    before: dict[dt.datetime, dt.datetime] = {}
    last = attempt.started_at
    ordered = sorted(steps, key=lambda step: step.saved_at)
    for step in ordered:
        if step.saved_at not in before:
            before[step.saved_at], last = last, step.saved_at
        together[step.saved_at] += 1
        if step.slot not in first:
            first[step.slot] = step.saved_at
    times = sorted(((slot, at) for slot, at in first.items()), key=lambda entry: (entry[1], entry[0]))
    started = attempt.started_at
    answered = tuple((slot, (at - started).total_seconds()) for slot, at in times)
    found.rhythms.append(Rhythm(attempt.pk, attempt.person, answered))
    found.timed[attempt.pk] = [
        Timed(
            slot=slot,
            took_s=(at - before[at]).total_seconds(),
            chars=chars.get(attempt.paper["slots"][slot - 1]["version_id"], 0),
            right=float(attempt.marks[slot - 1]["fraction"]) == 1,
        )
        for slot, at in times
        if together[at] == 1
    ]


@dataclass(frozen=True, slots=True)
class _Opened:
    device: str
    address: str
    agent: str
    tablet: bool


def _opened(exam_id: int) -> dict[int, list[_Opened]]:
    rows = IntegrityEvent.objects.filter(
        attempt__exam=exam_id, kind__in=(EventKind.OPENED, EventKind.RELOADED, EventKind.TAKE_OVER)
    ).order_by("pk")
    opened: dict[int, list[_Opened]] = defaultdict(list)
    for attempt_id, device, address, agent, detail in rows.values_list(
        "attempt_id", "device", "address", "agent", "detail"
    ):
        opened[attempt_id].append(_Opened(device, address or "", agent, bool(detail.get("tablet"))))
    return opened


def _devices(attempt: _Marked, steps: list[_Step], opened: list[_Opened]) -> list[Use]:
    """Return the devices an attempt was answered on. Holding it without answering is not using it."""
    spans: dict[str, list[dt.datetime]] = defaultdict(list)
    for step in steps:
        spans[step.device].append(step.saved_at)
    tablets = {each.device for each in opened if each.tablet}
    seen = {each.device: each for each in opened}
    return [
        Use(
            attempt=attempt.pk,
            person=attempt.person,
            place=device,
            begins=min(times).timestamp(),
            ends=max(times).timestamp(),
            address=seen[device].address if device in seen else "",
            agent=seen[device].agent if device in seen else "",
            is_shared_tablet=device in tablets,
        )
        for device, times in spans.items()
    ]


def _addresses(attempt: _Marked, opened: list[_Opened]) -> list[Use]:
    """Return the one place an attempt was opened at; somebody who moved about says nothing of a row."""
    places = {(each.address, each.agent) for each in opened if each.address and each.agent}
    if len(places) != 1:
        return []
    address, agent = places.pop()
    return [
        Use(
            attempt=attempt.pk,
            person=attempt.person,
            place=f"{address} {agent}",
            begins=attempt.started_at.timestamp(),
            ends=attempt.ended_at.timestamp(),
            address=address,
            agent=agent,
            is_shared_tablet=any(each.tablet for each in opened),
        )
    ]


def _saves_elsewhere(exam_id: int, attempts: list[_Marked]) -> list[Saved]:
    """Return the answers of the same people in other exams within the time of these attempts."""
    if not attempts:
        return []
    begins, ends = min(each.started_at for each in attempts), max(each.ended_at for each in attempts)
    people = Attempt.objects.filter(exam_id=exam_id, state=AttemptState.GRADED).values("employee")
    rows = AnswerStep.objects.filter(
        attempt__employee__in=people, saved_at__gte=begins, saved_at__lte=ends
    ).exclude(attempt__exam_id=exam_id)
    return [
        Saved(attempt_id, person, device, at.timestamp())
        for attempt_id, person, device, at in rows.values_list(
            "attempt_id", "attempt__employee_id", "device", "saved_at"
        )
    ]


def first_answers(attempt_id: int) -> list[tuple[int, dt.datetime]]:
    """Return when each slot of an attempt was first answered, the earliest first (one statement)."""
    first: dict[int, dt.datetime] = {}
    rows = AnswerStep.objects.filter(attempt_id=attempt_id).order_by("saved_at", "seq")
    for slot, at in rows.values_list("slot", "saved_at"):
        first.setdefault(slot, at)
    return sorted(first.items(), key=lambda entry: (entry[1], entry[0]))
