"""From a directory to a plan, and from a plan to the database: dry run, brake, report."""

import datetime as dt
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypedDict

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from people.actions.directories import Bindings, access_to, apply_directory
from people.actions.imports import ImportOptions, ImportPlan, plan_import
from people.directories import Directory, DirectoryError, DirectoryMember, DirectoryUnit, open_directory
from people.errors import PreviewOutdated, TooManyEndings
from people.importers.directory_matching import Matching, match_directory
from people.importers.messages import problem_message
from people.importers.summary import SHOWN_FAULTS, SHOWN_ROWS, SummaryLine, summary_line
from people.models import DirectorySource, DirectoryState, ImportBatch, User
from people.roster import Outcome, ends
from people.roster.diff import BRAKE_COUNT, BRAKE_SHARE_PCT
from people.shapes import DirectoryFault, DirectoryReport, ImportCounts

REPORT_EVERY = 200  # members between two words about the progress
SHOWN_NOTES = 50

Progress = Callable[[int, str], None]  # steps done, what is being done


class DirectorySummary(TypedDict):
    """What a run would do, small enough for a page and a job."""

    counts: ImportCounts
    details: int
    lines: dict[str, list[SummaryLine]]
    faults: list[DirectoryFault]
    fault_count: int
    notes: list[str]
    new_units: list[str]
    new_posts: list[str]
    ending: int
    missing: int
    changes_anything: bool
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ExaminedDirectory:
    """A directory, what it would do, and who cannot be taken over. `ending`: people over the brake."""

    plan: ImportPlan
    options: ImportOptions
    matching: Matching
    ending: int

    @property
    def changes_anything(self) -> bool:
        """Tell whether applying it would change people or places."""
        return self.plan.changes_anything

    @property
    def state(self) -> DirectoryState:
        """Return what a run that went through is called."""
        return DirectoryState.PARTLY if self.matching.faults else DirectoryState.DONE

    @property
    def report(self) -> DirectoryReport:
        """Return what is kept of a run."""
        return {
            "counts": self.plan.counts,
            "faults": self.matching.faults[:SHOWN_FAULTS],
            "fault_count": len(self.matching.faults),
            "notes": self.matching.notes[:SHOWN_NOTES],
            "ending": self.ending,
        }


def read_source(
    source: DirectorySource, progress: Progress
) -> tuple[list[DirectoryUnit], list[DirectoryMember]]:
    """Ask a directory for everything. Raises DirectoryError, also for one that shows nobody at all."""
    directory: Directory = open_directory(access_to(source))
    with closing(directory):
        progress(0, _("正在读取部门"))
        units = list(directory.departments())
        members: list[DirectoryMember] = []
        for member in directory.members():
            members.append(member)
            if len(members) % REPORT_EVERY == 0:
                progress(1, _("已读取 %(count)d 人") % {"count": len(members)})
    if not members:
        raise DirectoryError(
            _("目录里一个人也看不到，什么也没有改：请检查应用的可见范围、起始部门或筛选条件"), "empty"
        )
    progress(2, _("正在比对 %(count)d 人") % {"count": len(members)})
    return units, members


def examine_directory(
    source: DirectorySource, units: list[DirectoryUnit], members: list[DirectoryMember], *, now: dt.datetime
) -> ExaminedDirectory:
    """Say what a directory would do now; whoever cannot be taken over is left out with the reason."""
    on = localdate(now)
    matching = match_directory(source, units, members, on)
    # A directory has a brake of its own, over the people it keeps.
    options = ImportOptions(create_missing=source.creates_missing, allow_ending=len(matching.rows))
    plan = plan_import(rows=matching.rows, options=options, acting_user=None, on=on)
    if plan.diff.problems:
        _leave_out(matching, plan)
        plan = plan_import(rows=matching.rows, options=options, acting_user=None, on=on)
    return ExaminedDirectory(plan, options, matching, _over_the_brake(source, plan, matching))


def _leave_out(matching: Matching, plan: ImportPlan) -> None:
    """Make faults of the rows that contradict what is known, and go on without them."""
    numbers = {row.line: row.employee_no for row in matching.rows}
    for problem in plan.diff.problems:
        member = matching.members.get(problem.line)
        if member is not None:
            matching.fault(member, numbers[problem.line], problem_message(problem))
    bad = {problem.line for problem in plan.diff.problems}
    matching.rows = [row for row in matching.rows if row.line not in bad]
    for line in bad:
        matching.identities.pop(line, None)


def _over_the_brake(source: DirectorySource, plan: ImportPlan, matching: Matching) -> int:
    """Return how many people would leave, if that is too many of those this directory keeps; else 0."""
    ending = sum(1 for change in plan.diff.changes if ends(change))
    too_many = ending > BRAKE_COUNT and ending * 100 > matching.employed * BRAKE_SHARE_PCT
    return ending if too_many and ending > source.allow_ending else 0


def apply_examined(
    source: DirectorySource,
    examined: ExaminedDirectory,
    *,
    expected_fingerprint: str = "",
    allow_ending: int = 0,
    acting_user: User | None,
    now: dt.datetime,
) -> ImportBatch | None:
    """Apply what was examined; return the batch, None if everything was already so.

    Raises TooManyEndings over the brake unless `allow_ending` says that many; PreviewOutdated if it is no
    longer what `expected_fingerprint` stands for, or the data changed meanwhile.
    """
    if examined.ending > allow_ending:
        raise TooManyEndings(examined.ending)
    if expected_fingerprint and expected_fingerprint != examined.plan.fingerprint:
        raise PreviewOutdated
    matching = examined.matching
    used = {change.after.unit for change in examined.plan.diff.changes if change.after}
    return apply_directory(
        source=source,
        plan=examined.plan,
        options=examined.options,
        sha256=hashlib.sha256(repr(examined.plan.rows).encode()).hexdigest(),
        bindings=Bindings(
            people=list(matching.identities.values()),
            units={own: path for own, path in matching.unit_paths.items() if path in used},
            missing=matching.missing,
        ),
        acting_user=acting_user,
        now=now,
    )


def summarise_directory(examined: ExaminedDirectory) -> DirectorySummary:
    """Return what a dry run shows; lists are cut at SHOWN_ROWS and SHOWN_FAULTS."""
    plan, matching = examined.plan, examined.matching
    lines: dict[str, list[SummaryLine]] = {}
    for change in plan.diff.changes:
        key = "details" if change.is_detail_only else change.outcome.value
        if change.outcome is not Outcome.UNCHANGED or change.is_detail_only:
            shown = lines.setdefault(key, [])
            if len(shown) < SHOWN_ROWS:
                shown.append(summary_line(change))
    return {
        "counts": plan.counts,
        "details": sum(change.is_detail_only for change in plan.diff.changes),
        "lines": lines,
        "faults": matching.faults[:SHOWN_FAULTS],
        "fault_count": len(matching.faults),
        "notes": matching.notes[:SHOWN_NOTES],
        "new_units": list(plan.new_units),
        "new_posts": list(plan.new_posts),
        "ending": examined.ending,
        "missing": sum(1 for change in plan.diff.changes if change.line == 0),
        "changes_anything": examined.changes_anything,
        "fingerprint": plan.fingerprint,
    }


def stopped_report(ending: int) -> dict[str, Any]:
    """Return the report of a run the brake stopped."""
    message = _(
        "目录里不再有的、停用的共 %(count)d 人会被办理离职，超过了刹车，已停下，什么也没有改。"
        "请先试运行，核对后确认这个人数"
    )
    return {"message": message % {"count": ending}, "ending": ending}
