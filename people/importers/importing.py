"""From a file to a plan, and from a plan to the database, with every fault in one list."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from common.collecting import set_aside
from people.actions.employment import id_number_digest
from people.actions.import_plan import ImportOptions, ImportPlan, plan_import
from people.actions.imports import apply_plan
from people.importers.findings import RosterFile
from people.importers.messages import add_problems
from people.importers.roster_file import read_roster
from people.models import ImportBatch, User
from people.queries import column_mappings
from people.shapes import ImportCounts, ImportFault, Progress, no_progress

NOTHING: ImportCounts = {
    "rows": 0,
    "created": 0,
    "moved": 0,
    "terms": 0,
    "left": 0,
    "returned": 0,
    "unchanged": 0,
}
KEPT_FAULTS = 2_000  # with a batch; the file itself shows them all


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, what its sound rows would do or did, and what is wrong with the others."""

    file: RosterFile
    plan: ImportPlan
    batch: ImportBatch | None = None

    @property
    def faults(self) -> list[ImportFault]:
        """Return everything that is wrong, in the order of the file; the brake comes last."""
        if not self.plan.ending:
            return self.file.faults
        brake: ImportFault = {
            "sheet": "",
            "row": None,
            "column": "",
            "message": brake_message(self.plan.ending),
        }
        return [*self.file.faults, brake]

    @property
    def is_stopped(self) -> bool:
        """Tell whether a fault or the brake keeps everything out."""
        skips = self.plan.options.skip_faulty and self.can_skip_faulty
        return bool(self.plan.ending or (self.file.flaws and not skips))

    @property
    def can_skip_faulty(self) -> bool:
        """Tell whether the sound rows could be imported without the faulty ones."""
        has_sound = self.file.row_count > len(self.file.faulty)
        return bool(self.file.faulty) and has_sound and not self.file.is_broken

    @property
    def counts(self) -> ImportCounts:
        """Return the counts of what is done: with a fault that stops the file, only the rows are counted."""
        rows = self.file.row_count
        if self.is_stopped:
            return NOTHING | {"rows": rows}  # type: ignore[return-value]
        return self.plan.counts | {"rows": rows}  # type: ignore[return-value]


@set_aside()
def examine(
    path: Path,
    *,
    file_name: str,
    options: ImportOptions,
    source: str = "file",
    acting_user: User | None,
    now: dt.datetime,
    progress: Progress = no_progress,
) -> Examined:
    """Read a file and say what it would do now. Writes nothing."""
    mappings = column_mappings(source)
    today = localdate(now)
    file = read_roster(path, file_name=file_name, today=today, mappings=mappings, progress=progress)
    faulty = [
        (number, id_number_digest(id_number) if id_number else "")
        for number, id_number in file.faulty_people()
    ]
    plan = plan_import(
        rows=file.rows, options=options, acting_user=acting_user, on=today, faulty=faulty, progress=progress
    )
    add_problems(file, plan.diff.problems)
    return Examined(file, plan)


def import_file(
    path: Path,
    *,
    file_name: str,
    options: ImportOptions,
    source: str = "file",
    expected_fingerprint: str | None = None,
    acting_user: User | None,
    now: dt.datetime,
    progress: Progress = no_progress,
) -> Examined:
    """Read a file and apply it: all of it, or nothing if anything is wrong with it.

    With `options.skip_faulty` the rows with a fault are left out, and the rest is applied. Raises
    PreviewOutdated if it would no longer do what `expected_fingerprint` stands for, ImportStopped if the data
    changed while a long list was being written.
    """
    found = examine(
        path,
        file_name=file_name,
        options=options,
        source=source,
        acting_user=acting_user,
        now=now,
        progress=progress,
    )
    if found.is_stopped:
        return found
    with set_aside():
        batch = apply_plan(
            plan=found.plan,
            file_name=file_name,
            file_sha256=found.file.sha256,
            source=source,
            expected_fingerprint=expected_fingerprint,
            left_out=found.faults[:KEPT_FAULTS],
            acting_user=acting_user,
            now=now,
            progress=progress,
        )
    return Examined(found.file, found.plan, batch)


def brake_message(ending: int) -> str:
    """Return why a list was stopped that would end too many."""
    message = _(
        "按这份名单要给 %(count)d 名在册人员办理离职，超过一成，已停下；请核对状态、离职日期和“全员名单”选项，确认无误请明确允许这个人数"
    )
    return message % {"count": ending}
