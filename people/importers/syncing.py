"""A list from another system: compared and applied like a file, and the answer to it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from people.actions.imports import ImportOptions, ImportPlan, apply_import, plan_import
from people.importers.api_rows import ApiRows, read_rows
from people.importers.importing import brake_message
from people.models import Employee, ImportBatch, User
from people.roster import Change, Outcome

__all__ = ["SyncOptions", "brake_message", "sync_rows"]
SHOWN_CHANGES, SHOWN_ERRORS = 500, 1_000


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a list of another system is to be read; `skip_faulty` applies the sound rows of a faulty list."""

    full_roster: bool = False
    create_missing: bool | None = None
    allow_ending: int = 0
    dry_run: bool = False
    skip_faulty: bool = False

    @property
    def of_import(self) -> ImportOptions:
        """Return what the comparison knows of this."""
        return ImportOptions(self.create_missing, self.full_roster, self.allow_ending)


def sync_rows(
    sent: Sequence[Mapping[str, str | None]],
    options: SyncOptions,
    *,
    source_name: str,
    body_sha256: str,
    acting_user: User,
    now: dt.datetime,
) -> dict[str, Any]:
    """Compare a list with what is known and apply it; return the answer (people.api.sync.SyncReply).

    All of it is applied or nothing, unless `skip_faulty`. Raises TooManyEndings for a full roster over the
    brake that is to be applied.
    """
    on = localdate(now)
    read = read_rows(sent, on)
    plan = plan_import(rows=read.rows, options=options.of_import, acting_user=acting_user, on=on)
    problems = list(plan.diff.problems)
    is_faulty = bool(read.faults or problems)
    if is_faulty:
        read = read.without(problems)
        plan = plan_import(
            rows=_rows_to_apply(read),
            options=options.of_import,
            acting_user=acting_user,
            on=on,
            faulty=read.faulty_people,
        )
    # Somebody behind an unreadable number would look missing, and be ended.
    is_blind = options.full_roster and any(not number for number in read.faulty_numbers.values())
    batch: ImportBatch | None = None
    may_apply = not options.dry_run and (not is_faulty or (options.skip_faulty and not is_blind))
    if may_apply:
        plan, batch = apply_import(
            rows=plan.rows,
            options=options.of_import,
            faulty=read.faulty_people,
            source="api",
            file_name=source_name,
            file_sha256=body_sha256,
            acting_user=acting_user,
            now=now,
        )
        if plan.diff.problems:
            # The data changed between the two comparisons.
            read, is_faulty, may_apply = read.without(plan.diff.problems), True, False
    return _reply(read, plan, batch, options, applied=may_apply, refused=is_faulty and not may_apply)


def _rows_to_apply(read: ApiRows) -> list[Any]:
    numbers = [number for number in read.faulty_numbers.values() if number]
    known: set[str] = set()
    for start in range(0, len(numbers), 1_000):
        piece = numbers[start : start + 1_000]
        known |= set(Employee.objects.filter(employee_no__in=piece).values_list("employee_no", flat=True))
    return read.with_faulty_left_alone(frozenset(known))


def _reply(
    read: ApiRows,
    plan: ImportPlan,
    batch: ImportBatch | None,
    options: SyncOptions,
    *,
    applied: bool,
    refused: bool,
) -> dict[str, Any]:
    changes = [
        change
        for change in plan.diff.changes
        if change.outcome is not Outcome.UNCHANGED or change.is_detail_only
    ]
    message = ""
    if refused and options.skip_faulty:
        message = _("全员名单里有的行看不清工号，跳过会把人误办离职，什么也没有保存；请先改正工号")
    elif refused:
        message = _("名单有 %(count)d 处错误，什么也没有保存") % {"count": len(read.faults)}
    return {
        "applied": applied,
        "dry_run": options.dry_run,
        "code": "rows_faulty" if refused else "",
        "message": message,
        "where": "rows" if refused else "",
        "counts": plan.counts
        | {"rows": read.row_count, "updated": sum(change.is_detail_only for change in changes)},
        "changes": [_change(change) for change in changes[:SHOWN_CHANGES]],
        "changes_total": len(changes),
        "new_units": [*plan.new_units, *plan.new_employers],
        "new_posts": list(plan.new_posts),
        "ending": plan.ending,
        "errors": sorted(read.faults, key=lambda fault: fault["row"] or 0)[:SHOWN_ERRORS],
        "errors_total": len(read.faults),
        "batch": batch.pk if batch else None,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "row": change.line or None,
        "employee_no": change.employee_no,
        "outcome": "updated" if change.is_detail_only else change.outcome.value,
        "events": [
            {
                "kind": event.name.value,
                "effective_on": event.effective_on.isoformat(),
                "from_unit": event.from_unit or None,
                "from_post": event.from_post or None,
                "to_unit": event.to_unit or None,
                "to_post": event.to_post or None,
                "days_away": event.days_away,
            }
            for event in change.events
        ],
    }
