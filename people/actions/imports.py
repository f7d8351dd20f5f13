"""Apply an HR list: all of it or nothing."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.timezone import localdate

from people.actions.employment_rows import Origin, PlaceIds, record_changes
from people.actions.organisation import ensure_posts, ensure_unit_paths
from people.audit import record_audit
from people.errors import PreviewOutdated, TooManyEndings
from people.models import EmploymentType, ImportBatch, OrgUnit, Post, UnitKind, User
from people.permissions import Capability, Scope, scope_for
from people.queries import UnitEntry, known_people, unit_directory
from people.roster import (
    Outcome,
    Person,
    Places,
    Problem,
    RosterDiff,
    Row,
    brake_ending,
    diff_roster,
    resolve_place,
)
from people.roster.places import Found
from people.shapes import ImportCounts

EMPLOYER_KINDS = {EmploymentType.CONTRACTOR.value: UnitKind.CONTRACTOR}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a list is to be read.

    `create_missing` None means: only while the organisation is still empty. `full_roster` says that whoever
    is not named has left; `allow_ending` is how many people that may end past the brake.
    """

    create_missing: bool | None = None
    full_roster: bool = False
    allow_ending: int = 0


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a list would do to the data of this moment."""

    rows: tuple[Row, ...]
    diff: RosterDiff
    new_units: tuple[str, ...]
    new_employers: Mapping[str, UnitKind]
    new_posts: tuple[str, ...]
    ending: int  # people over the brake; 0: it may go ahead
    fingerprint: str

    @property
    def counts(self) -> ImportCounts:
        """Return the counts of the sound rows."""
        return {
            "rows": len(self.rows),
            "created": self.diff.count(Outcome.CREATED),
            "moved": self.diff.count(Outcome.MOVED),
            "left": self.diff.count(Outcome.LEFT),
            "returned": self.diff.count(Outcome.RETURNED),
            "unchanged": self.diff.count(Outcome.UNCHANGED),
        }

    @property
    def changes_anything(self) -> bool:
        """Tell whether applying it would write a row."""
        changed = any(change.before != change.after for change in self.diff.changes)
        return changed or bool(self.new_units or self.new_posts)


def plan_import(
    *, rows: Sequence[Row], options: ImportOptions, acting_user: User | None, on: dt.date
) -> ImportPlan:
    """Return what a list would do on the day `on`. Reads only; a fixed number of queries.

    `rows` carry the texts of the file as units and posts. Rows that name an unknown place, reach outside the
    scope of `acting_user` (None: no limit) or contradict what is known come back as problems of the diff.
    """
    directory = unit_directory()
    known = known_people(directory)
    finder = _Finder(directory, known, options)
    sound, problems = finder.resolve(rows)
    scope = scope_for(acting_user, Capability.MANAGE_PEOPLE, on) if acting_user else Scope(everything=True)
    paths = {entry.full_name: entry.path for entry in reversed(directory.values())}
    missing = [
        number for number, person in known.items() if scope.everything or _inside(scope, paths, person.unit)
    ]
    diff = diff_roster(known, sound, on, missing_have_left=missing if options.full_roster else ())
    problems += diff.problems
    if not scope.everything:
        problems += _out_of_scope(diff, scope, paths)
        problems += [Problem(line, "employer", "out_of_scope", {"name": name})
                     for name, line in finder.employer_lines.items()]  # fmt: skip
    diff = RosterDiff(diff.changes, tuple(sorted(problems, key=lambda problem: problem.line)))
    # In the order of the list, which is the order people know their workshops in.
    used = dict.fromkeys(change.after.unit for change in diff.changes if change.after)
    used_posts = dict.fromkeys(change.after.post for change in diff.changes if change.after)
    return ImportPlan(
        rows=tuple(rows),
        diff=diff,
        new_units=tuple(name for name in used if name in finder.new_units),
        new_employers=finder.new_employers,
        new_posts=tuple(name for name in used_posts if name in finder.new_posts),
        ending=brake_ending(known, diff, allowed=options.allow_ending) if options.full_roster else 0,
        fingerprint=hashlib.sha256(repr(diff).encode()).hexdigest(),
    )


@transaction.atomic
def apply_import(
    *,
    rows: Sequence[Row],
    options: ImportOptions,
    file_name: str,
    file_sha256: str,
    expected_fingerprint: str | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[ImportPlan, ImportBatch | None]:
    """Apply a list and return what it did with its batch; None if nothing was written.

    Nothing is written if the plan has problems, or if everything is already so.
    Locks: the roots of the organisation, so that two lists are applied one after the other.
    Raises: TooManyEndings for a full roster over the brake; PreviewOutdated if `expected_fingerprint` (of the
    plan somebody confirmed) is not that of the plan made now.
    """
    list(OrgUnit.objects.select_for_update().filter(depth=1).order_by("pk").values_list("pk"))
    plan = plan_import(rows=rows, options=options, acting_user=acting_user, on=localdate(now))
    if plan.diff.problems:
        return plan, None
    if plan.ending:
        raise TooManyEndings(plan.ending)
    if expected_fingerprint is not None and plan.fingerprint != expected_fingerprint:
        raise PreviewOutdated
    if not plan.changes_anything:
        return plan, None
    places = _ensure_places(plan, acting_user, now)
    batch = ImportBatch.objects.create(
        source="file",
        file_name=file_name,
        file_sha256=file_sha256,
        counts=plan.counts,
        applied_by=acting_user,
        applied_at=now,
    )
    record_changes(
        changes=plan.diff.changes,
        places=places,
        id_numbers={row.employee_no: row.id_number for row in rows if row.id_number},
        origin=Origin(acting_user, now, batch),
    )
    record_audit(batch, "people.import.apply", acting_user, {"counts": plan.counts, "sha256": file_sha256})
    return plan, batch


def _ensure_places(plan: ImportPlan, acting_user: User | None, now: dt.datetime) -> PlaceIds:
    units = ensure_unit_paths(
        paths=[*plan.new_employers, *plan.new_units],
        kinds=plan.new_employers,
        acting_user=acting_user,
        now=now,
    )
    return PlaceIds(units, ensure_posts(names=plan.new_posts, acting_user=acting_user, now=now))


class _Finder:
    """Finds the units, posts, employers and identities a list names among those that exist."""

    def __init__(
        self, directory: Mapping[int, UnitEntry], known: Mapping[str, Person], options: ImportOptions
    ) -> None:
        create = options.create_missing if options.create_missing is not None else not directory
        self.known = known
        self.closed = {entry.full_name for entry in directory.values() if entry.closed_on}
        self.units = Places(
            frozenset(entry.full_name for entry in directory.values()),
            {entry.code: entry.full_name for entry in directory.values() if entry.code},
            may_create=create,
        )
        codes = {code: name for code, name in Post.objects.values_list("code", "name") if code}
        names = frozenset(Post.objects.values_list("name", flat=True))
        self.posts = Places(names, codes, may_create=create, is_tree=False)
        self.digests = {person.id_digest: number for number, person in known.items() if person.id_digest}
        self.unpadded = {number.lstrip("0"): number for number in known if number.startswith("0")}
        self.taken_usernames = set(
            User.objects.filter(employee__isnull=True).values_list("username", flat=True)
        )
        self.new_units: set[str] = set()
        self.new_posts: set[str] = set()
        self.new_employers: dict[str, UnitKind] = {}
        self.employer_lines: dict[str, int] = {}

    def resolve(self, rows: Iterable[Row]) -> tuple[list[Row], list[Problem]]:
        """Return the rows with full names in place of the file's texts, and the problems of the others."""
        sound: list[Row] = []
        problems: list[Problem] = []
        for row in rows:
            flaws = self._identity_flaws(row)
            resolved, place_flaws = self._places(row)
            if flaws or place_flaws:
                problems += [*flaws, *place_flaws]
            else:
                sound.append(resolved)
        return sound, problems

    def _identity_flaws(self, row: Row) -> list[Problem]:
        flaws: list[Problem] = []
        is_new = row.employee_no not in self.known
        if is_new and row.is_number_cell and row.employee_no in self.unpadded:
            padded = self.unpadded[row.employee_no]
            flaws.append(Problem(row.line, "employee_no", "zeros_lost", {"known": padded}))
        if is_new and row.employee_no in self.taken_usernames:
            flaws.append(Problem(row.line, "employee_no", "account_taken", {"name": row.employee_no}))
        owner = self.digests.get(row.id_digest, row.employee_no) if row.id_digest else row.employee_no
        if owner != row.employee_no:
            flaws.append(Problem(row.line, "id_number", "id_number_taken", {"known": owner}))
        return flaws

    def _places(self, row: Row) -> tuple[Row, list[Problem]]:
        flaws: list[Problem] = []
        found: dict[str, str] = {}
        for field, places, new in (
            ("unit", self.units, self.new_units),
            ("post", self.posts, self.new_posts),
        ):
            text = getattr(row, field)
            if text:
                place = resolve_place(places, text)
                found[field] = place.name
                if place.is_new:
                    new.add(place.name)
                flaws += _place_flaws(row, field, text, place, self.closed)
        before = self.known.get(row.employee_no)
        kind = row.employment_type or (before.employment_type if before else EmploymentType.OWN.value)
        if row.employer and kind != EmploymentType.OWN:
            place = resolve_place(self.units, row.employer)
            found["employer"] = place.name
            if place.is_new:
                self.new_employers.setdefault(place.name, EMPLOYER_KINDS.get(kind, UnitKind.DISPATCH_FIRM))
                self.employer_lines.setdefault(place.name, row.line)
            flaws += _place_flaws(row, "employer", row.employer, place, self.closed)
        return replace(row, **found) if found else row, flaws  # type: ignore[arg-type]


def _place_flaws(row: Row, field: str, text: str, place: Found, closed: set[str]) -> list[Problem]:
    if place.why_not:
        detail = {"name": text, "near": "、".join(place.near)}
        return [Problem(row.line, field, f"{place.why_not}_{field}", detail)]
    if field != "post" and place.name in closed:
        return [Problem(row.line, field, "closed_unit", {"name": place.name})]
    return []


def _inside(scope: Scope, paths: Mapping[str, str], unit: str) -> bool:
    """Tell whether a unit, or for one still to be made its nearest existing ancestor, lies in the scope."""
    while unit and unit not in paths:
        unit = unit.rpartition("/")[0]
    return bool(unit) and scope.includes_path(paths[unit])


def _out_of_scope(diff: RosterDiff, scope: Scope, paths: Mapping[str, str]) -> list[Problem]:
    problems = []
    for change in diff.changes:
        if change.before == change.after:
            continue
        for person in (change.before, change.after):
            if person is not None and not _inside(scope, paths, person.unit):
                problems.append(Problem(change.line, "unit", "out_of_scope", {"name": person.unit}))
                break
    return problems
