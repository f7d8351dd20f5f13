"""What a list would do, small enough to show on a page and to keep with a job."""

from itertools import islice
from typing import Any, TypedDict

from people.importers.importing import Examined
from people.models import EventKind
from people.roster import Change, EventName, Outcome
from people.shapes import ImportCounts, ImportFault

SHOWN_ROWS = 200
SHOWN_FAULTS = 500
KEPT_ENDING = 5_000  # people a full roster would end, to be looked through page by page


class SummaryLine(TypedDict):
    """One person on the preview."""

    employee_no: str
    name: str
    events: str
    place_before: str
    place_after: str
    day: str


class Summary(TypedDict):
    """The preview of a list; the lists are cut at SHOWN_ROWS and SHOWN_FAULTS."""

    file_name: str
    counts: ImportCounts
    details: int
    lines: dict[str, list[SummaryLine]]
    faults: list[ImportFault]
    fault_count: int
    notes: list[str]
    new_units: list[str]
    new_posts: list[str]
    ending: int
    missing: int
    missing_people: list[SummaryLine]
    faulty_rows: int
    sound_rows: int
    can_skip: bool
    unnamed: int
    needs_columns: list[str]
    mapped_sheets: list[str]
    changes_anything: bool
    fingerprint: str


def summarise(examined: Examined) -> Summary:
    """Return the preview of an examined list. Counts are of the sound rows, so that they can be checked."""
    plan = examined.plan
    lines: dict[str, list[SummaryLine]] = {}
    for change in plan.diff.changes:
        if change.line == 0:
            continue  # shown by themselves
        key = "details" if change.is_detail_only else change.outcome.value
        if change.outcome is not Outcome.UNCHANGED or change.is_detail_only:
            shown = lines.setdefault(key, [])
            if len(shown) < SHOWN_ROWS:
                shown.append(summary_line(change))
    missing = (change for change in plan.diff.changes if change.line == 0)
    return {
        "file_name": examined.file.file_name,
        "counts": plan.counts | {"rows": examined.file.row_count},
        "details": sum(change.is_detail_only for change in plan.diff.changes),
        "lines": lines,
        "faults": examined.file.faults[:SHOWN_FAULTS],
        "fault_count": examined.file.flaw_count,
        "notes": examined.file.notes,
        "new_units": list(plan.new_units) + list(plan.new_employers),
        "new_posts": list(plan.new_posts),
        "ending": plan.ending,
        "missing": sum(1 for change in plan.diff.changes if change.line == 0),
        "missing_people": [summary_line(change) for change in islice(missing, KEPT_ENDING)],
        "faulty_rows": len(examined.file.faulty),
        "sound_rows": examined.file.row_count - len(examined.file.faulty),
        "can_skip": examined.can_skip_faulty,
        "unnamed": plan.unnamed,
        "needs_columns": examined.file.needs_columns,
        "mapped_sheets": examined.file.mapped_sheets,
        "changes_anything": plan.changes_anything,
        "fingerprint": plan.fingerprint,
    }


def summary_line(change: Change) -> SummaryLine:
    """Return what one change does to one person."""
    person = change.after or change.before
    assert person is not None
    before, after = change.before, change.after
    gone = not change.events or change.events[0].name in (EventName.LEFT, EventName.LEFT_POST)
    labels = dict(EventKind.choices)
    return {
        "employee_no": change.employee_no,
        "name": person.name,
        "events": "、".join(str(labels[event.name.value]) for event in change.events),
        "place_before": f"{before.unit} {before.post}".strip() if before else "",
        "place_after": "" if gone or after is None else f"{after.unit} {after.post}",
        "day": change.events[0].effective_on.isoformat() if change.events else "",
    }


def as_json(summary: Summary) -> dict[str, Any]:
    """Return a summary as the JSON a job keeps."""
    return dict(summary)
