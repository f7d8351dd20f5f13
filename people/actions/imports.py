"""Applying a whole list of people, piece by piece.

A list is checked as a whole before anything is written; then it is written in pieces, each a transaction of its
own with all that follows from it. SQLite has one writer: a list of 100,000 people in one transaction would keep
everybody else's answers waiting for a minute. A list of up to PIECE changes is one piece, and so all or nothing;
a longer one that is cut short is continued where it stopped, because a row applied twice changes nothing
(docs/adr/0008-imports-in-pieces.md).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from people.actions.employment_rows import Origin, PlaceIds, record_changes
from people.actions.import_plan import ImportOptions, ImportPlan, plan_import, writes
from people.actions.organisation import ensure_posts, ensure_unit_paths
from people.actions.stays import chunks
from people.actions.unit_rows import lock_tree
from people.audit import record_audit
from people.errors import ImportStopped, PreviewOutdated, TooManyEndings
from people.models import Employee, ImportBatch, ImportState, User
from people.queries import known_people, unit_directory
from people.roster import Change, Row
from people.shapes import ImportFault, Progress, no_progress

PIECE = 1_000  # changes in one transaction: about half a second
PLACES = 1_000  # new units in one transaction

__all__ = ["ImportOptions", "ImportPlan", "apply_import", "apply_plan", "plan_import"]


def apply_import(
    *,
    rows: Sequence[Row],
    options: ImportOptions,
    file_name: str,
    file_sha256: str,
    source: str = "file",
    expected_fingerprint: str | None = None,
    faulty: Sequence[tuple[str, str]] = (),
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[ImportPlan, ImportBatch | None]:
    """Plan a list and apply it; return the plan and the batch, None if nothing was written.

    `faulty` are the people of rows left out before, as `plan_import` takes them. Raises what `apply_plan`
    raises.
    """
    plan = plan_import(rows=rows, options=options, acting_user=acting_user, on=localdate(now), faulty=faulty)
    batch = apply_plan(
        plan=plan,
        file_name=file_name,
        file_sha256=file_sha256,
        source=source,
        expected_fingerprint=expected_fingerprint,
        acting_user=acting_user,
        now=now,
    )
    return plan, batch


def apply_plan(
    *,
    plan: ImportPlan,
    file_name: str,
    file_sha256: str,
    source: str = "file",
    expected_fingerprint: str | None = None,
    left_out: Sequence[ImportFault] = (),
    acting_user: User | None,
    now: dt.datetime,
    progress: Progress = no_progress,
) -> ImportBatch | None:
    """Write what a plan says and return its batch; None if nothing was written.

    Nothing is written if the plan has problems and does not leave faulty rows out, or if everything is already
    so. `left_out` is kept with the batch for people to read. A batch of the same file, options and user that was
    cut short is continued. `progress` is told the changes written, after each piece.
    Locks: the roots of the organisation for each piece, so that two lists are applied one after the other.
    Raises: TooManyEndings for a full roster over the brake; PreviewOutdated if `expected_fingerprint` (of the
    plan somebody confirmed) is not that of the plan, or the data changed since it was made; ImportStopped if it
    changed after the first piece was written.
    """
    if plan.diff.problems and not plan.options.skip_faulty:
        return None
    if plan.ending:
        raise TooManyEndings(plan.ending)
    batch = _cut_short(plan, file_sha256, source, acting_user)
    if batch is None and expected_fingerprint is not None and plan.fingerprint != expected_fingerprint:
        raise PreviewOutdated
    changes = [change for change in plan.diff.changes if writes(change)]
    if not plan.changes_anything:
        return _finished(batch)
    pieces: list[Sequence[Change]] = list(chunks(changes, PIECE)) or [()]
    places = _places_beforehand(plan, acting_user, now) if len(pieces) > 1 else None
    clear_numbers = {row.employee_no: row.id_number for row in plan.rows if row.id_number}
    for number, piece in enumerate(pieces, start=1):
        try:
            with transaction.atomic():
                lock_tree()
                _require_unchanged(piece, localdate(now))
                places = places or _places(plan, plan.new_units, acting_user, now)
                batch = batch or ImportBatch.objects.create(
                    source=source,
                    file_name=file_name,
                    file_sha256=file_sha256,
                    options=_kept_options(plan.options),
                    counts=plan.counts,
                    left_out=list(left_out),
                    state=ImportState.APPLYING,
                    changes_total=len(changes),
                    applied_by=acting_user,
                    applied_at=now,
                )
                record_changes(
                    changes=piece,
                    places=places,
                    id_numbers=_of_piece(piece, clear_numbers),
                    origin=Origin(acting_user, now, batch),
                )
                _note_piece(batch, len(piece), is_last=number == len(pieces))
                if number == len(pieces):
                    data = {"counts": batch.counts, "sha256": file_sha256}
                    record_audit(batch, "people.import.apply", acting_user, data)
        except PreviewOutdated:
            if batch is None or batch.pk is None or number == 1:
                raise
            _stop(batch)
            raise ImportStopped(batch.pk, batch.changes_done, batch.changes_total) from None
        progress("write", batch.changes_done, batch.changes_total)
    return batch


def _kept_options(options: ImportOptions) -> dict[str, Any]:
    return {
        "create_missing": options.create_missing,
        "full_roster": options.full_roster,
        "skip_faulty": options.skip_faulty,
    }


def _cut_short(plan: ImportPlan, sha256: str, source: str, acting_user: User | None) -> ImportBatch | None:
    """Return the batch that was begun with this file in this way and not finished, if there is one."""
    begun = ImportBatch.objects.filter(
        state=ImportState.APPLYING, file_sha256=sha256, source=source, applied_by=acting_user
    )
    return next((batch for batch in begun if batch.options == _kept_options(plan.options)), None)


def _finished(batch: ImportBatch | None) -> ImportBatch | None:
    """Close a batch of which nothing is left to write."""
    if batch is not None:
        batch.state, batch.changes_done = ImportState.DONE, batch.changes_total
        batch.save(update_fields=["state", "changes_done"])
    return batch


def _stop(batch: ImportBatch) -> None:
    ImportBatch.objects.filter(pk=batch.pk, state=ImportState.APPLYING).update(state=ImportState.STOPPED)


def _note_piece(batch: ImportBatch, written: int, *, is_last: bool) -> None:
    """Note that a piece is written. Raises PreviewOutdated if another process went on with the batch."""
    before = batch.changes_done
    done = batch.changes_total if is_last else min(before + written, batch.changes_total)
    state = ImportState.DONE if is_last else ImportState.APPLYING
    mine = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.APPLYING, changes_done=before)
    if not mine.update(changes_done=done, state=state):
        raise PreviewOutdated
    batch.changes_done, batch.state = done, state


def _of_piece(piece: Iterable[Change], clear_numbers: Mapping[str, str]) -> dict[str, str]:
    return {
        change.employee_no: clear_numbers[change.employee_no]
        for change in piece
        if change.employee_no in clear_numbers
    }


def _require_unchanged(piece: Sequence[Change], on: dt.date) -> None:
    """Raise PreviewOutdated unless the people of a piece are still as they were when it was planned."""
    numbers = [change.employee_no for change in piece]
    ids = list(Employee.objects.filter(employee_no__in=numbers).values_list("pk", flat=True))
    known = known_people(unit_directory(), ids, on=on) if ids else {}
    if any(known.get(change.employee_no) != change.before for change in piece):
        raise PreviewOutdated
    new = [change.employee_no for change in piece if change.before is None]
    digests = {
        change.after.id_digest: change.employee_no
        for change in piece
        if change.after is not None and change.after.id_digest
    }
    owners = Employee.objects.filter(id_number_digest__in=digests).values_list(
        "id_number_digest", "employee_no"
    )
    if any(digest and digests[digest] != number for digest, number in owners):
        raise PreviewOutdated
    if User.objects.filter(username__in=new).exists():
        raise PreviewOutdated


def _places_beforehand(plan: ImportPlan, acting_user: User | None, now: dt.datetime) -> PlaceIds:
    """Make the units of a long list in transactions of their own: there may be thousands."""
    for names in chunks(plan.new_units, PLACES):
        _places(plan, names, acting_user, now)
    return _places(plan, (), acting_user, now)


def _places(
    plan: ImportPlan, new_units: Sequence[str], acting_user: User | None, now: dt.datetime
) -> PlaceIds:
    units = ensure_unit_paths(
        paths=[*plan.new_employers, *new_units],
        kinds=plan.new_employers,
        acting_user=acting_user,
        now=now,
    )
    return PlaceIds(units, ensure_posts(names=plan.new_posts, acting_user=acting_user, now=now))
