"""Study that was counted already, on the clock: what a class entered late may not give once more."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from courses.models import StudyRecord
from training.hours import CountedTime, Entry, Mode
from training.models import ComponentDone, ComponentKind, ObligationState, RecordKind, TrainingRecord
from training.queries.study_times import STUDY, Span, study_spans, touches

STUDY_KINDS = (ComponentKind.COURSE, ComponentKind.LESSON)
_SETTLED = Q(component__kind=ComponentKind.HOURS) | Q(
    component__kind__in=STUDY_KINDS, component__hours__gt=0, obligation__state=ObligationState.DONE
)


@dataclass(frozen=True, slots=True)
class CountedStudy:
    """A study within a stretch of the clock that was counted for something settled.

    `seq` is the number of the ledger row of what it settled; None while other parts of that are still open.
    """

    title: str
    times: tuple[Span, ...]
    counted_at: dt.datetime
    seq: int | None


def counted_study(
    windows: Mapping[int, Sequence[Span]], known_at: dt.datetime | None = None
) -> dict[int, list[CountedStudy]]:
    """Return, by person, the study within the person's stretches of the clock that was counted for something settled.

    Settled is a requirement of hours that is full, or training that is closed and asked for hours online. Where
    somebody corrected the ledger row of what was settled, a person has decided already, and it is left out. Four
    queries at most, five with packages.
    """
    if not windows:
        return {}
    begin = min(start for own in windows.values() for start, _end in own)
    end = max(end for own in windows.values() for _start, end in own)
    done = ComponentDone.objects.filter(
        _SETTLED,
        Q(done_at__lt=known_at) if known_at else Q(),
        obligation__employee_id__in=windows,
        done_at__gt=begin,
    ).values_list("obligation_id", "done_at", "evidence")
    by_record: dict[int, tuple[dt.datetime, int]] = {}
    for obligation_id, done_at, evidence in done:
        for pk in evidence.get("study_record_ids", ()):
            first = by_record.get(pk)
            if first is None or done_at < first[0]:
                by_record[pk] = done_at, obligation_id
    if not by_record:
        return {}
    studied = StudyRecord.objects.filter(
        employee_id__in=windows, started_at__lt=end, completed_at__gt=begin
    ).order_by("completed_at", "pk")
    records = [
        record
        for record in studied
        if record.pk in by_record and touches(record, windows[record.employee_id])
    ]
    spans = study_spans(records, windows)
    rows, corrected = _rows({by_record[record.pk][1] for record in records if spans.get(record.pk)}, known_at)
    found: dict[int, list[CountedStudy]] = defaultdict(list)
    for record in records:
        counted_at, obligation_id = by_record[record.pk]
        times = spans.get(record.pk)
        if times and obligation_id not in corrected:
            found[record.employee_id].append(
                CountedStudy(record.lesson_title, tuple(sorted(times)), counted_at, rows.get(obligation_id))
            )
    return found


def _rows(obligation_ids: Collection[int], known_at: dt.datetime | None) -> tuple[dict[int, int], set[int]]:
    """Return the numbers of the ledger rows that closed these obligations, and which obligations' were corrected."""
    rows: dict[int, int] = {}
    corrected: set[int] = set()
    if not obligation_ids:
        return rows, corrected
    found = TrainingRecord.objects.filter(obligation_id__in=obligation_ids, kind=RecordKind.PROGRAMME)
    for obligation_id, seq, corrected_at in found.values_list(
        "obligation_id", "seq", "corrected_by__recorded_at"
    ):
        assert obligation_id is not None
        rows[obligation_id] = seq
        if corrected_at is not None and (known_at is None or corrected_at < known_at):
            corrected.add(obligation_id)
    return rows, corrected


def counted_before_classes(
    entries: Mapping[int, Sequence[Entry]],
    counted: Mapping[int, Mapping[str, dt.datetime]],
    known_at: dt.datetime | None = None,
) -> dict[int, list[CountedTime]]:
    """Return, by person, the clock times of study counted before a class of that time was entered.

    `counted` are the keys of proofs counted before and when, by person. Looked up only for those with a class during
    which, or after which and before it was entered, study was counted: four or five queries, and none where nobody
    has one.
    """
    late: dict[int, list[Span]] = defaultdict(list)
    for employee_id, own in entries.items():
        at = [when for key, when in counted.get(employee_id, {}).items() if key.startswith(STUDY)]
        for item in own if at else ():
            if item.mode == Mode.HELD and item.recorded_at is not None:
                entered = item.recorded_at
                if any(item.started_at < when < entered for when in at):
                    late[employee_id].append((item.started_at, item.ended_at))
    return {
        employee_id: [CountedTime(start, end, one.counted_at) for one in own for start, end in one.times]
        for employee_id, own in counted_study(late, known_at).items()
    }
