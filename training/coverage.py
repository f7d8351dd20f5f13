"""The arithmetic of coverage: counts per unit, added up the tree. Pure.

A person counts as owing when at least one obligation is in force on the day asked for, as covered when all of
them were done by then, as overdue when one was still open after its due date. A person of a contractor or
dispatch firm counts under the unit of the work and under the firm, and once under what lies above both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of people: all, owing training, all of it done, overdue, and not cleared to work.

    `tasks` and `tasks_done` count obligations instead: a person with three of four done is not covered yet,
    but the third one moved something, and that must be seen.
    """

    people: int = 0
    owed: int = 0
    done: int = 0
    overdue: int = 0
    blocked: int = 0
    tasks: int = 0
    tasks_done: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.people + other.people,
            self.owed + other.owed,
            self.done + other.done,
            self.overdue + other.overdue,
            self.blocked + other.blocked,
            self.tasks + other.tasks,
            self.tasks_done + other.tasks_done,
        )

    @property
    def fraction(self) -> float | None:
        """Return the share of those owing whose training is done (0 to 1), or None where nobody owes any."""
        return self.done / self.owed if self.owed else None

    @property
    def task_fraction(self) -> float | None:
        """Return the share of the obligations that is done (0 to 1), or None where there is none."""
        return self.tasks_done / self.tasks if self.tasks else None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit of the tree. `path` is its materialised path: a unit lies below another whose path begins its own."""

    id: int
    path: str
    depth: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A unit with the counts of everyone in it and below; `level` is 0 for the topmost unit shown."""

    unit_id: int
    name: str
    kind: str
    level: int
    has_children: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class Place:
    """Where people count: the unit they stand in and the firm that employs them, each by id."""

    unit: int
    firm: int | None = None


def roll_up(units: Iterable[UnitFacts], own: Mapping[Place, Counts], steplen: int) -> list[CoverageRow]:
    """Return a row per unit in tree order, each with its own people and those of all units below.

    `own` maps a place to the counts of the people there. `steplen` is the number of path characters per level.
    Units whose parent is not among `units` are the topmost ones.
    """
    ordered = sorted(units, key=lambda unit: unit.path)
    totals = {unit.path: Counts() for unit in ordered}
    paths = {unit.id: unit.path for unit in ordered}
    for place, counts in own.items():
        for path in _paths_above((paths.get(place.unit), paths.get(place.firm or 0)), totals, steplen):
            totals[path] += counts
    parents = {unit.path[:-steplen] for unit in ordered} & totals.keys()
    levels: dict[str, int] = {}
    for unit in ordered:
        parent = unit.path[:-steplen]
        levels[unit.path] = levels[parent] + 1 if parent in levels else 0
    return [
        CoverageRow(
            unit_id=unit.id,
            name=unit.name,
            kind=unit.kind,
            level=levels[unit.path],
            has_children=unit.path in parents,
            counts=totals[unit.path],
        )
        for unit in ordered
    ]


def _paths_above(starts: Iterable[str | None], shown: Mapping[str, Counts], steplen: int) -> set[str]:
    """Return the shown paths at or above any of `starts`, each once."""
    found: set[str] = set()
    for start in starts:
        path = start or ""
        while path in shown and path not in found:
            found.add(path)
            path = path[:-steplen]
    return found


def total(own: Mapping[Place, Counts]) -> Counts:
    """Return the counts of everyone, each person once."""
    return sum(own.values(), Counts())


def by_kind(
    units: Iterable[UnitFacts], own: Mapping[Place, Counts], order: Iterable[str]
) -> list[tuple[str, Counts]]:
    """Return, for each kind of unit in `order`, the counts of people standing directly in units of that kind.

    This shows where the water stops: a plant's figure is not hidden in its teams' figures and vice versa. The
    people of a firm are in the figure of firms as well as in that of the units they work in.
    """
    kinds = {unit.id: unit.kind for unit in units}
    sums: dict[str, Counts] = {}
    for place, counts in own.items():
        for kind in {kinds.get(place.unit), kinds.get(place.firm or 0)} - {None}:
            sums[str(kind)] = sums.get(str(kind), Counts()) + counts
    return [(kind, sums[kind]) for kind in order if kind in sums and sums[kind].owed]
