"""What a list would do to the data of this moment. Reads only."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from people.actions.places_in_use import closed_above
from people.models import EmploymentType, Post, UnitKind, User
from people.permissions import Capability, Scope, scope_for
from people.queries import UnitEntry, known_people, unit_directory
from people.roster import (
    CLEAR,
    Change,
    Outcome,
    Person,
    Places,
    Problem,
    RosterDiff,
    Row,
    Standing,
    brake_ending,
    diff_roster,
    ends,
    resolve_place,
)
from people.roster.places import Found
from people.shapes import ImportCounts, Progress, no_progress

EMPLOYER_KINDS = {EmploymentType.CONTRACTOR.value: UnitKind.CONTRACTOR}
REPORTED_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a list is to be read.

    `create_missing` None means: only while the organisation is still empty. `full_roster` says that whoever
    is not named has left; `allow_ending` is how many people a list may end past the brake. `skip_faulty` leaves
    out the rows with a fault; without it one fault keeps everything out.
    """

    create_missing: bool | None = None
    full_roster: bool = False
    allow_ending: int = 0
    skip_faulty: bool = False


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What the sound rows of a list would do, and what is wrong with the others."""

    rows: Sequence[Row]
    options: ImportOptions
    diff: RosterDiff
    new_units: tuple[str, ...]
    new_employers: Mapping[str, UnitKind]
    new_posts: tuple[str, ...]
    ending: int  # people over the brake; 0: it may go ahead
    # Faulty rows that name nobody who can be told. While there is one, nobody is taken to be missing.
    unnamed: int
    fingerprint: str

    @property
    def counts(self) -> ImportCounts:
        """Return the counts of the sound rows."""
        counts = dict.fromkeys(Outcome, 0)
        for change in self.diff.changes:
            counts[change.outcome] += 1
        return {
            "rows": len(self.rows) - len({problem.line for problem in self.diff.problems} - {0}),
            "created": counts[Outcome.CREATED],
            "moved": counts[Outcome.MOVED],
            "terms": counts[Outcome.TERMS],
            "left": counts[Outcome.LEFT],
            "returned": counts[Outcome.RETURNED],
            "unchanged": counts[Outcome.UNCHANGED],
        }

    @property
    def changes_anything(self) -> bool:
        """Tell whether applying it would write a row."""
        return bool(self.new_units or self.new_posts) or any(map(writes, self.diff.changes))


def writes(change: Change) -> bool:
    """Tell whether a change needs a row to be written."""
    return change.after is not None and (bool(change.events) or change.before != change.after)


def plan_import(
    *,
    rows: Sequence[Row],
    options: ImportOptions,
    acting_user: User | None,
    on: dt.date,
    faulty: Iterable[tuple[str, str]] = (),
    progress: Progress = no_progress,
) -> ImportPlan:
    """Return what a list would do on the day `on`. Reads only; a fixed number of queries.

    `rows` carry the texts of the file as units and posts. Rows that name an unknown place, reach outside the
    scope of `acting_user` (None: no limit) or contradict what is known come back as problems of the diff, and
    change nothing in it. `faulty` holds the employee number and the digest of the identity number ("" where
    unreadable) of each row left out before: their people are named, so a full roster does not miss them.
    `progress` is told the rows compared.
    """
    directory = unit_directory()
    known = known_people(directory, on=on)
    finder = _Finder(directory, known, options)
    sound, problems = finder.resolve(rows)
    scope = scope_for(acting_user, Capability.MANAGE_PEOPLE, on) if acting_user else Scope(everything=True)
    paths = {entry.full_name: entry.path for entry in reversed(directory.values())}
    missing, unnamed = _missing(finder, rows, faulty, scope, paths) if options.full_roster else ([], 0)
    diff = diff_roster(known, _reported(sound, progress), on, missing_have_left=missing)
    problems += diff.problems
    if not scope.everything:
        problems += _out_of_scope(diff, scope, paths)
        problems += [Problem(row.line, "employer", "out_of_scope", {"name": row.employer})
                     for row in sound if row.employer in finder.new_employers]  # fmt: skip
    diff = _without_faulty(diff, problems)
    # In the order of the list, which is the order people know their workshops in.
    used = dict.fromkeys(change.after.unit for change in diff.changes if change.after)
    used_posts = dict.fromkeys(change.after.post for change in diff.changes if change.after)
    employers = {change.after.employer for change in diff.changes if change.after}
    return ImportPlan(
        rows=rows,
        options=options,
        diff=diff,
        new_units=tuple(name for name in used if name in finder.new_units),
        new_employers={name: kind for name, kind in finder.new_employers.items() if name in employers},
        new_posts=tuple(name for name in used_posts if name in finder.new_posts),
        ending=_ending(known, diff, options, scope, paths, is_empty=not rows),
        unnamed=unnamed,
        fingerprint=_fingerprint(diff),
    )


def _ending(
    known: Mapping[str, Person],
    diff: RosterDiff,
    options: ImportOptions,
    scope: Scope,
    paths: Mapping[str, str],
    *,
    is_empty: bool,
) -> int:
    """Return how many people over the brake a list would end: a share of those it can speak of.

    A roster of nobody is a wrong file however few it would end.
    """
    if is_empty:
        ending = sum(map(ends, diff.changes))
        return ending if ending > options.allow_ending else 0
    if not scope.everything:
        known = {number: one for number, one in known.items() if _inside(scope, paths, one.unit)}
    return brake_ending(known, diff, allowed=options.allow_ending)


def _reported(rows: Sequence[Row], progress: Progress) -> Iterator[Row]:
    for index, row in enumerate(rows):
        if index % REPORTED_ROWS == 0:
            progress("check", index, len(rows))
        yield row


def _without_faulty(diff: RosterDiff, problems: list[Problem]) -> RosterDiff:
    bad = {problem.line for problem in problems}
    changes = diff.changes
    if bad:
        changes = tuple(change for change in changes if change.line not in bad)
    return RosterDiff(changes, tuple(sorted(problems, key=lambda problem: problem.line)))


def _fingerprint(diff: RosterDiff) -> str:
    """Return a digest of what a plan does, by which a confirmed plan is known again."""
    digest = hashlib.sha256()
    for change in diff.changes:
        if writes(change):
            digest.update(repr(change).encode())
    for problem in diff.problems:
        digest.update(repr(problem).encode())
    return digest.hexdigest()


def _missing(
    finder: "_Finder",
    rows: Sequence[Row],
    faulty: Iterable[tuple[str, str]],
    scope: Scope,
    paths: Mapping[str, str],
) -> tuple[list[str], int]:
    """Return whom a full roster does not name, and how many faulty rows might name any of them."""
    named: set[str] = set()
    unnamed = 0
    for number, digest in chain(((row.employee_no, row.id_digest) for row in rows), faulty):
        # Whoever the number or the identity number may mean: a row that lost its zeros still names a person.
        owner = finder.digests.get(digest, "")
        named |= {number, owner, finder.unpadded.get(number, "")}
        unnamed += not number and not owner
    if unnamed:
        return [], unnamed
    return [
        number
        for number, person in finder.known.items()
        if number not in named and (scope.everything or _inside(scope, paths, person.unit))
    ], 0


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
        posts = list(Post.objects.values_list("code", "name", "archived_on"))
        codes = {code: name for code, name, _archived in posts if code}
        names = frozenset(name for _code, name, _archived in posts)
        self.archived = {name for _code, name, archived_on in posts if archived_on}
        self.posts = Places(names, codes, may_create=create, is_tree=False)
        self.digests = {person.id_digest: number for number, person in known.items() if person.id_digest}
        self.unpadded = {number.lstrip("0"): number for number in known if number.startswith("0")}
        self.taken_usernames = set(
            User.objects.filter(employee__isnull=True).values_list("username", flat=True)
        )
        self.new_units: set[str] = set()
        self.new_posts: set[str] = set()
        self.new_employers: dict[str, UnitKind] = {}

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
                if place.name != text:
                    found[field] = place.name
                if place.is_new:
                    new.add(place.name)
                flaws += self._place_flaws(row, field, text, place)
        before = self.known.get(row.employee_no)
        kind = row.employment_type or (before.employment_type if before else EmploymentType.OWN.value)
        if row.employer not in ("", CLEAR) and kind != EmploymentType.OWN:
            place = resolve_place(self.units, row.employer)
            if place.name != row.employer:
                found["employer"] = place.name
            if place.is_new:
                self.new_employers.setdefault(place.name, EMPLOYER_KINDS.get(kind, UnitKind.DISPATCH_FIRM))
            flaws += self._place_flaws(row, "employer", row.employer, place)
        return replace(row, **found) if found else row, flaws  # type: ignore[arg-type]

    def _place_flaws(self, row: Row, field: str, text: str, place: Found) -> list[Problem]:
        if place.why_not:
            detail = {"name": text, "near": "、".join(place.near)}
            return [Problem(row.line, field, f"{place.why_not}_{field}", detail)]
        if row.standing is Standing.LEFT and row.employee_no in self.known:
            return []  # a list may go on naming where somebody worked
        if field == "post":
            code, gone = "archived_post", place.name if place.name in self.archived else ""
        else:
            code, gone = "closed_unit", closed_above(place.name, self.closed) if self.closed else ""
        return [Problem(row.line, field, code, {"name": gone})] if gone else []


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
