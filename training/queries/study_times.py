"""On the clock: when people studied, where that may lie within a class they sat in."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.db.models import OuterRef, Subquery

from courses.models import PackageReport, StudyBeat, StudyRecord
from training.hours import Entry, Mode
from training.queries.parts import AT_ONCE

STUDY = "study:"
Span = tuple[dt.datetime, dt.datetime]
Text = tuple[int, int, str]  # person, lesson, digest of the text


def study_ids(key: str) -> list[int]:
    """Return the study records an online entry stands for, as its key names them."""
    return [int(pk) for pk in key.removeprefix(STUDY).split("+") if pk]


def with_study_times(entries: Mapping[int, Sequence[Entry]]) -> dict[int, list[Entry]]:
    """Return the entries by person, online ones with the clock times of study that may lie within a class.

    Beats and reports are read only where a record of study touches the time of a class, which is rare. Three queries
    at most for any number of people (more by the 10,000 records); none where nobody has both.
    """
    found = {employee_id: list(own) for employee_id, own in entries.items()}
    classes = {
        employee_id: [item for item in own if item.mode == Mode.HELD]
        for employee_id, own in found.items()
        if any(item.mode == Mode.HELD for item in own)
        and any(item.mode == Mode.ONLINE and item.key.startswith(STUDY) for item in own)
    }
    records = _records(
        [
            pk
            for employee_id in classes
            for item in found[employee_id]
            if item.mode == Mode.ONLINE
            for pk in study_ids(item.key)
        ]
    )
    windows = {
        employee_id: [(item.started_at, item.ended_at) for item in own]
        for employee_id, own in classes.items()
    }
    near = [record for record in records.values() if touches(record, windows[record.employee_id])]
    spans = study_spans(near, windows)
    for employee_id in {record.employee_id for record in near}:
        found[employee_id] = [
            _with_spans(item, records, spans) if item.mode == Mode.ONLINE else item
            for item in found[employee_id]
        ]
    return found


def _records(ids: Sequence[int]) -> dict[int, StudyRecord]:
    found: dict[int, StudyRecord] = {}
    for start in range(0, len(ids), AT_ONCE):
        found |= StudyRecord.objects.in_bulk(ids[start : start + AT_ONCE])
    return found


def touches(record: StudyRecord, windows: Iterable[Span]) -> bool:
    """Tell whether a study may lie within one of these stretches of the clock."""
    return any(start < record.completed_at and record.started_at < end for start, end in windows)


def study_spans(
    records: Sequence[StudyRecord], windows: Mapping[int, Sequence[Span]]
) -> dict[int, list[Span]]:
    """Return when these texts were in front of people, by record, as far as it touches the windows of each person.

    One query if there is anything, and one more if a package is among it.
    """
    if not records:
        return {}
    by_text = {(record.employee_id, record.lesson_id, record.content_sha256): record.pk for record in records}
    own = [window for record in records for window in windows[record.employee_id]]
    begin, end = min(start for start, _end in own), max(end for _start, end in own)
    found = _beat_spans(by_text, begin, end)
    packaged = {
        key: pk for key, pk in by_text.items() if pk in {one.pk for one in records if one.package_sha256}
    }
    for pk, spans in _report_spans(packaged, windows, begin, end).items():
        found[pk] += spans
    return found


def _beat_spans(by_text: Mapping[Text, int], begin: dt.datetime, end: dt.datetime) -> dict[int, list[Span]]:
    """Return the paid beats by study record: each was earned in the seconds before it arrived."""
    found: dict[int, list[Span]] = defaultdict(list)
    beats = StudyBeat.objects.filter(
        session__employee_id__in={employee_id for employee_id, _lesson, _sha in by_text},
        session__progress__lesson_id__in={lesson_id for _employee, lesson_id, _sha in by_text},
        credited_s__gt=0,
        arrived_at__gt=begin,
        arrived_at__lte=end + dt.timedelta(minutes=2),
    )
    for employee_id, lesson_id, sha256, arrived_at, credited_s, rate in beats.values_list(
        "session__employee_id",
        "session__progress__lesson_id",
        "session__progress__content_sha256",
        "arrived_at",
        "credited_s",
        "rate",
    ):
        pk = by_text.get((employee_id, lesson_id, sha256))
        if pk is not None:
            # A film at double speed earns two seconds in one.
            passed = dt.timedelta(seconds=credited_s / (rate or 1))
            found[pk].append((arrived_at - passed, arrived_at))
    return found


def _report_spans(
    by_text: Mapping[Text, int],
    windows: Mapping[int, Sequence[Span]],
    begin: dt.datetime,
    end: dt.datetime,
) -> dict[int, list[Span]]:
    """Return what packages reported as time within people's windows, by study record.

    A package sends no beats. What it was credited for lies between the report before, or the opening, and the
    report that earned it; where in between is not known. So as much of it as can lie in a window does.
    """
    found: dict[int, list[Span]] = defaultdict(list)
    if not by_text:
        return found
    before = PackageReport.objects.filter(session=OuterRef("session"), seq=OuterRef("seq") - 1)
    reports = PackageReport.objects.filter(
        session__employee_id__in={employee_id for employee_id, _lesson, _sha in by_text},
        progress__lesson_id__in={lesson_id for _employee, lesson_id, _sha in by_text},
        credited_s__gt=0,
        arrived_at__gt=begin,
        session__opened_at__lt=end,
    ).annotate(previous_at=Subquery(before.values("arrived_at")[:1]))
    for employee_id, lesson_id, sha256, opened_at, previous_at, arrived_at, credited_s in reports.values_list(
        "session__employee_id",
        "progress__lesson_id",
        "progress__content_sha256",
        "session__opened_at",
        "previous_at",
        "arrived_at",
        "credited_s",
    ):
        pk = by_text.get((employee_id, lesson_id, sha256))
        if pk is not None:
            credited = dt.timedelta(seconds=credited_s)
            since = max(min(previous_at or opened_at, arrived_at - credited), opened_at)
            found[pk] += placed_within((since, arrived_at), credited, windows[employee_id])
    return found


def placed_within(interval: Span, spent: dt.timedelta, windows: Iterable[Span]) -> list[Span]:
    """Return stretches of the windows, inside an interval and together no longer than the time spent in it."""
    found: list[Span] = []
    reached = interval[0]
    for start, end in sorted(windows):
        begin, until = max(start, reached), min(end, interval[1])
        taken = min(until - begin, spent)
        if taken > dt.timedelta(0):
            found.append((begin, begin + taken))
            spent -= taken
            reached = until
    return found


def _with_spans(
    entry: Entry, records: Mapping[int, StudyRecord], spans: Mapping[int, Sequence[Span]]
) -> Entry:
    own = [records[pk] for pk in study_ids(entry.key) if pk in records]
    times = [span for record in own for span in spans.get(record.pk, ())]
    return replace(entry, times=tuple(sorted(times)), studied_s=sum(seconds_of(record) for record in own))


def seconds_of(record: StudyRecord) -> int:
    """Return all the seconds a study was credited with: watched, read, and spent in a package."""
    parts = record.package_result.get("parts", {}).values()
    return record.watched_s + record.read_s + int(sum(part["total_s"] for part in parts))
