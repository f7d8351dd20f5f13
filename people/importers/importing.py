"""From a file to a plan, and from a plan to the database, with every fault in one list."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from people.actions.imports import ImportOptions, ImportPlan, apply_import, plan_import
from people.errors import TooManyEndings
from people.importers.messages import add_problems
from people.importers.roster_file import RosterFile, read_roster
from people.models import ImportBatch, User
from people.shapes import ImportCounts, ImportFault

NOTHING: ImportCounts = {"rows": 0, "created": 0, "moved": 0, "left": 0, "returned": 0, "unchanged": 0}


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, what it would do or did, and what is wrong with it."""

    file: RosterFile
    plan: ImportPlan
    batch: ImportBatch | None = None

    @property
    def faults(self) -> list[ImportFault]:
        """Return everything that is wrong, in the order of the file."""
        return self.file.faults

    @property
    def counts(self) -> ImportCounts:
        """Return the counts of a sound file; with faults nothing happens, so only the rows are counted."""
        if self.faults:
            return NOTHING | {"rows": self.file.row_count}  # type: ignore[return-value]
        return self.plan.counts


def examine(
    path: Path, *, file_name: str, options: ImportOptions, acting_user: User | None, now: dt.datetime
) -> Examined:
    """Read a file and say what it would do now. Writes nothing."""
    file = read_roster(path, file_name=file_name, today=localdate(now))
    plan = plan_import(rows=file.rows, options=options, acting_user=acting_user, on=localdate(now))
    add_problems(file, plan.diff.problems)
    if plan.ending:
        file.fault(brake_message(plan.ending))
    return Examined(file, plan)


def import_file(
    path: Path,
    *,
    file_name: str,
    options: ImportOptions,
    expected_fingerprint: str | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Examined:
    """Read a file and apply it: all of it, or nothing if anything is wrong with it.

    Raises PreviewOutdated if it would no longer do what `expected_fingerprint` stands for.
    """
    file = read_roster(path, file_name=file_name, today=localdate(now))
    if file.faults:
        plan = plan_import(rows=file.rows, options=options, acting_user=acting_user, on=localdate(now))
        add_problems(file, plan.diff.problems)
        return Examined(file, plan)
    try:
        plan, batch = apply_import(
            rows=file.rows,
            options=options,
            file_name=file_name,
            file_sha256=file.sha256,
            expected_fingerprint=expected_fingerprint,
            acting_user=acting_user,
            now=now,
        )
    except TooManyEndings as stopped:
        file.fault(brake_message(stopped.ending))
        return Examined(
            file, plan_import(rows=file.rows, options=options, acting_user=acting_user, on=localdate(now))
        )
    add_problems(file, plan.diff.problems)
    return Examined(file, plan, batch)


def brake_message(ending: int) -> str:
    """Return why a full roster was stopped."""
    message = _(
        "名单里没有 %(count)d 名在册人员，按全员名单会把他们全部办理离职，已停下；确认无误请明确允许这个人数"
    )
    return message % {"count": ending}
