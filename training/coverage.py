"""The arithmetic of coverage: counts per unit, added up the tree. Pure.

A person counts as owing when at least one obligation is in force on the day asked for, as covered when all of
them were done by then, as overdue when one was still open after its due date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of people: all, owing training, all of it done, overdue, and blocked at present.

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


def roll_up(units: Iterable[UnitFacts], own: Mapping[int, Counts], steplen: int) -> list[CoverageRow]:
    """Return a row per unit in tree order, each with its own people and those of all units below.

    `own` maps a unit's id to the counts of people standing directly in it. `steplen` is the number of path
    characters per level. Units whose parent is not among `units` are the topmost ones.
    """
    ordered = sorted(units, key=lambda unit: unit.path)
    totals = {unit.path: own.get(unit.id, Counts()) for unit in ordered}
    parents: set[str] = set()
    for unit in sorted(ordered, key=lambda item: item.depth, reverse=True):
        parent = unit.path[:-steplen]
        if parent in totals:
            totals[parent] += totals[unit.path]
            parents.add(parent)
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


def total(rows: Iterable[CoverageRow]) -> Counts:
    """Return the counts of all people shown: the topmost rows hold everyone below them."""
    return sum((row.counts for row in rows if row.level == 0), Counts())


def by_kind(
    units: Iterable[UnitFacts], own: Mapping[int, Counts], order: Iterable[str]
) -> list[tuple[str, Counts]]:
    """Return, for each kind of unit in `order`, the counts of people standing directly in units of that kind.

    This shows where the water stops: a plant's figure is not hidden in its teams' figures and vice versa.
    """
    sums: dict[str, Counts] = {}
    for unit in units:
        if unit.id in own:
            sums[unit.kind] = sums.get(unit.kind, Counts()) + own[unit.id]
    return [(kind, sums[kind]) for kind in order if kind in sums and sums[kind].owed]
