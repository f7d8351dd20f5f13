"""Where knowledge is weak: topics across units and posts. Pure: sums in, a table out, the weakest first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Sum:
    """What `attempts` attempts earned of what was to be had."""

    attempts: int = 0
    earned: Decimal = Decimal(0)
    possible: Decimal = Decimal(0)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.attempts + other.attempts, self.earned + other.earned, self.possible + other.possible)

    @property
    def share(self) -> float | None:
        """Return the share earned, 0 to 1; None where nothing was to be had."""
        return float(self.earned / self.possible) if self.possible else None


@dataclass(frozen=True, slots=True)
class TopicSum:
    """A sum for one topic; `rows` are the rows of the table it counts in (a person of a firm counts twice)."""

    topic_id: int
    rows: tuple[int, ...]
    sum: Sum


@dataclass(frozen=True, slots=True)
class WeaknessTable:
    """Rows by id and topics, each the weakest first; `cells` by (row, topic), `row_sums` and `topic_sums` beside."""

    rows: tuple[int, ...]
    topics: tuple[int, ...]
    cells: dict[tuple[int, int], Sum]
    row_sums: dict[int, Sum]
    topic_sums: dict[int, Sum]

    def weakest(self, enough: int, count: int) -> list[tuple[int, int, Sum]]:
        """Return up to `count` cells of at least `enough` attempts as (row, topic, sum), the weakest first."""
        known = [
            (row, topic, found) for (row, topic), found in self.cells.items() if found.attempts >= enough
        ]
        return sorted(known, key=lambda cell: (cell[2].share or 0, -cell[2].attempts, cell[:2]))[:count]


def weakness_table(sums: Iterable[TopicSum], enough: int) -> WeaknessTable:
    """Add sums up into a table. Rows and topics of fewer than `enough` attempts come last: they say little."""
    cells: dict[tuple[int, int], Sum] = defaultdict(Sum)
    row_sums: dict[int, Sum] = defaultdict(Sum)
    topic_sums: dict[int, Sum] = defaultdict(Sum)
    for each in sums:
        topic_sums[each.topic_id] += each.sum
        for row in each.rows:
            cells[row, each.topic_id] += each.sum
            row_sums[row] += each.sum
    return WeaknessTable(
        rows=_weakest_first(row_sums, enough),
        topics=_weakest_first(topic_sums, enough),
        cells=dict(cells),
        row_sums=dict(row_sums),
        topic_sums=dict(topic_sums),
    )


def rows_of(path: str, firm_path: str, rows: Sequence[tuple[int, str]]) -> tuple[int, ...]:
    """Return the rows (id, path of a unit) under which somebody in these places counts."""
    return tuple(
        pk for pk, start in rows if path.startswith(start) or (firm_path and firm_path.startswith(start))
    )


def _weakest_first(sums: dict[int, Sum], enough: int) -> tuple[int, ...]:
    return tuple(
        sorted(sums, key=lambda pk: (sums[pk].attempts < enough, sums[pk].share or 0, pk)),
    )
