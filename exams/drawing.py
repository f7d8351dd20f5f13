"""Drawing a paper from a blueprint. Pure: the same rows, pool and seed always give the same paper.

Rows of a blueprint may overlap (a row "any topic" beside a row "hot work"), so they can compete for the same
questions. Whether all can be met is a flow between rows and questions; it is solved by augmenting paths, so a
paper is found whenever there is one.

Exposure: a question that stood in too many of the last papers is left aside as long as the rows can be met
without it. Where they cannot, the least used ones are taken: sets of questions that can meet the rows together
are the independent sets of a matroid, so taking the least used first gives the least use there can be
(J. Edmonds, Math. Programming 1, 1971). A start never fails for it.
"""

import base64
import hmac
import math
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from random import Random

from exams.shapes import Option, Paper, PaperPolicy, PaperSlot
from exams.types import type_of

PAPER_FORMAT = 1
SEED_BYTES = 32
TOKEN_BYTES = 10  # 80 bits: enough that two candidates never share a token


@dataclass(frozen=True, slots=True)
class Row:
    """One demand: `count` questions of this kind, at `points` each. `topic_id` None means any topic."""

    position: int
    kind: str
    count: int
    points: Decimal
    topic_id: int | None = None
    difficulty_min: int = 1
    difficulty_max: int = 5
    must_know_only: bool = False

    def admits(self, item: "PoolItem") -> bool:
        """Tell whether a question meets this demand."""
        return (
            item.kind == self.kind
            and (self.topic_id is None or item.topic_id == self.topic_id)
            and self.difficulty_min <= item.difficulty <= self.difficulty_max
            and (item.must_know or not self.must_know_only)
        )


@dataclass(frozen=True, slots=True)
class PoolItem:
    """A question that may be drawn, as its current version."""

    question_id: int
    version_id: int
    topic_id: int
    kind: str
    difficulty: int
    must_know: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn question and the row it was drawn for."""

    item: PoolItem
    row: Row


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often questions (by id) stood in the last papers, and from how many uses on one is left aside."""

    uses: Mapping[int, int]
    most: int

    @classmethod
    def of(cls, uses: Mapping[int, int], *, max_pct: int, papers: int) -> "Exposure":
        """Return the limit "in at most `max_pct` percent of the papers", the next one counted; at least once."""
        return cls(uses, max(max_pct * (papers + 1) // 100, 1))

    def over(self, item: PoolItem) -> int:
        """Return by how many uses a question would be above the limit if it were drawn once more."""
        return max(self.uses.get(item.question_id, 0) + 1 - self.most, 0)


@dataclass(frozen=True, slots=True)
class RowFit:
    """How a row fares while all are edited: `eligible` fit it by themselves, `missing` lack it in the end."""

    row: Row
    eligible: int
    missing: int


class InfeasibleBlueprint(Exception):
    """The pool cannot meet a row, the rows before it being met.

    `eligible` questions fit the row by themselves; `missing` are needed beyond what is left for it.
    """

    def __init__(self, *, row: Row, eligible: int, missing: int) -> None:
        self.row = row
        self.eligible = eligible
        self.missing = missing
        super().__init__(f"row {row.position} lacks {missing} of {row.count} questions ({eligible} fit)")


def new_seed() -> str:
    """Return a new unguessable seed (64 hex digits)."""
    return secrets.token_hex(SEED_BYTES)


class _Assignment:
    """Which question is taken by which row, grown one augmenting path at a time."""

    def __init__(self, choices: Mapping[int, Sequence[int]]) -> None:
        self.choices = choices
        self.owner: dict[int, int] = {}

    def take_free(self, row: int, wanted: int) -> int:
        """Give the row up to `wanted` free questions, in its order of choice; return how many it got."""
        got = 0
        for question in self.choices[row]:
            if got == wanted:
                break
            if question not in self.owner:
                self.owner[question] = row
                got += 1
        return got

    def augment(self, start: int) -> bool:
        """Get the row one more question by moving others to questions they can use as well."""
        came_by: dict[int, tuple[int, int]] = {}
        seen = {start}
        queue = deque([start])
        while queue:
            row = queue.popleft()
            for question in self.choices[row]:
                holder = self.owner.get(question)
                if holder is None:
                    self._shift(start, row, question, came_by)
                    return True
                if holder not in seen:
                    seen.add(holder)
                    came_by[holder] = (question, row)
                    queue.append(holder)
        return False

    def _shift(self, start: int, row: int, free: int, came_by: Mapping[int, tuple[int, int]]) -> None:
        self.owner[free] = row
        while row != start:
            question, row = came_by[row]
            self.owner[question] = row

    def serve(self, row: int, wanted: int) -> int:
        """Get the row `wanted` questions if at all possible; return how many are missing."""
        missing = wanted - self.take_free(row, wanted)
        while missing and self.augment(row):
            missing -= 1
        return missing


def fits(rows: Sequence[Row], pool: Sequence[PoolItem]) -> tuple[RowFit, ...]:
    """Return how each row fares, in order of position: earlier rows are served first, as in `check_feasible`."""
    ordered = sorted(rows, key=lambda row: row.position)
    choices = {
        index: [place for place, item in enumerate(pool) if row.admits(item)]
        for index, row in enumerate(ordered)
    }
    assignment = _Assignment(choices)
    return tuple(
        RowFit(row, len(choices[index]), assignment.serve(index, row.count))
        for index, row in enumerate(ordered)
    )


def check_feasible(rows: Sequence[Row], pool: Sequence[PoolItem]) -> None:
    """Raise InfeasibleBlueprint naming the first row, in order of position, that cannot be met."""
    ordered = sorted(rows, key=lambda row: row.position)
    assignment = _Assignment(
        {
            index: [place for place, item in enumerate(pool) if row.admits(item)]
            for index, row in enumerate(ordered)
        }
    )
    for index, row in enumerate(ordered):
        missing = assignment.serve(index, row.count)
        if missing:
            raise InfeasibleBlueprint(row=row, eligible=len(assignment.choices[index]), missing=missing)


def _order_of_choice(row: Row, pool: Sequence[PoolItem], random: Random) -> list[int]:
    """Return the pool places a row can use, in the order it would like them.

    All at random, but with must-know questions first in their share of the pool, so that papers drawn from
    the same blueprint carry about the same number of them.
    """
    eligible = [place for place, item in enumerate(pool) if row.admits(item)]
    random.shuffle(eligible)
    must_know = [place for place in eligible if pool[place].must_know]
    others = [place for place in eligible if not pool[place].must_know]
    if not must_know or not others:
        return eligible
    share = row.count * len(must_know) / len(eligible)
    quota = math.floor(share) + (random.random() < share - math.floor(share))
    head = must_know[:quota] + others[: max(row.count - quota, 0)]
    chosen = set(head)
    return head + [place for place in eligible if place not in chosen]


class _Basis:
    """Questions taken one by one, each if the rows can still be met with it; rows give way to each other."""

    def __init__(self, rows: Sequence[Row], pool: Sequence[PoolItem]) -> None:
        self.rows = rows
        self.pool = pool
        self.held: list[list[int]] = [[] for _row in rows]
        self.missing = sum(row.count for row in rows)

    def take(self, question: int) -> bool:
        """Take a question if a row has room for it or can make some; tell whether it was taken."""
        came_by: dict[int, tuple[int, int]] = {}
        starts = [index for index, row in enumerate(self.rows) if row.admits(self.pool[question])]
        seen = set(starts)
        queue = deque(starts)
        while queue:
            row = queue.popleft()
            if len(self.held[row]) < self.rows[row].count:
                while row in came_by:
                    moved, before = came_by[row]
                    self.held[row].append(moved)
                    self.held[before].remove(moved)
                    row = before
                self.held[row].append(question)
                self.missing -= 1
                return True
            for held in self.held[row]:
                for other, wants in enumerate(self.rows):
                    if other not in seen and wants.admits(self.pool[held]):
                        seen.add(other)
                        came_by[other] = (held, row)
                        queue.append(other)
        return False


def draw_least_used(
    rows: Sequence[Row], pool: Sequence[PoolItem], over: Mapping[int, int], seed: str
) -> tuple[Drawn, ...]:
    """Draw a paper whose questions, by `over` (question id → cost), cost as little as any paper can.

    Among equals chance decides. Raises InfeasibleBlueprint if the pool cannot meet the rows.
    """
    random = Random(f"least:{seed}")  # noqa: S311 - as in draw
    pool = sorted(pool, key=lambda item: item.question_id)
    ordered = sorted(rows, key=lambda row: row.position)
    places = list(range(len(pool)))
    random.shuffle(places)
    places.sort(key=lambda place: over.get(pool[place].question_id, 0))
    basis = _Basis(ordered, pool)
    for place in places:
        if not basis.missing:
            break
        basis.take(place)
    if basis.missing:
        check_feasible(rows, pool)
        raise AssertionError("a feasible blueprint was not met")
    return _in_order(ordered, pool, basis.held, random)


def draw(
    rows: Sequence[Row], pool: Sequence[PoolItem], seed: str, exposure: Exposure | None = None
) -> tuple[Drawn, ...]:
    """Draw a paper: rows in order of position, questions of a row in random order, none twice.

    With `exposure`, without the questions that are above the limit if that can be; else with the least used.
    Raises InfeasibleBlueprint if the pool cannot meet the rows.
    """
    if exposure is not None:
        over = {item.question_id: exposure.over(item) for item in pool}
        fresh = [item for item in pool if not over[item.question_id]]
        if len(fresh) < len(pool):
            if any(fit.missing for fit in fits(rows, fresh)):
                return draw_least_used(rows, pool, over, seed)
            pool = fresh
    random = Random(f"draw:{seed}")  # noqa: S311 - seeded from 256 random bits that never leave the server
    # The pool's own order must not matter, or the database's order would be part of the seed.
    pool = sorted(pool, key=lambda item: item.question_id)
    ordered = sorted(rows, key=lambda row: row.position)
    choices = {index: _order_of_choice(row, pool, random) for index, row in enumerate(ordered)}
    assignment = _Assignment(choices)
    # The rows with the least to choose from go first: fewer later moves, so less bias.
    for index in sorted(choices, key=lambda index: len(choices[index]) - ordered[index].count):
        if assignment.serve(index, ordered[index].count):
            check_feasible(rows, pool)  # names the row as the author counts them
            raise AssertionError("a feasible blueprint was not met")
    by_row: list[list[int]] = [[] for _row in ordered]
    for place in sorted(assignment.owner):
        by_row[assignment.owner[place]].append(place)
    return _in_order(ordered, pool, by_row, random)


def _in_order(
    rows: Sequence[Row], pool: Sequence[PoolItem], by_row: Sequence[list[int]], random: Random
) -> tuple[Drawn, ...]:
    drawn: list[Drawn] = []
    for row, places in zip(rows, by_row, strict=True):
        shuffled = sorted(places)
        random.shuffle(shuffled)
        drawn += [Drawn(item=pool[place], row=row) for place in shuffled]
    return tuple(drawn)


def in_fixed_order(drawn: Sequence[Drawn]) -> tuple[Drawn, ...]:
    """Return what was drawn in the order of the rows, and within a row in the order the questions were written."""
    return tuple(sorted(drawn, key=lambda each: (each.row.position, each.item.question_id)))


def reordered(drawn: Sequence[Drawn], seed: str, *, across: bool = False) -> tuple[Drawn, ...]:
    """Return the questions of a paper in an order of this seed's own.

    The sections of the paper, questions of one kind that stand together, keep their places, and each its questions
    (一、单选题 二、多选题 …, as papers are in China); `across` them, any question may stand anywhere.
    """
    random = Random(f"order:{seed}")  # noqa: S311 - as in draw
    shuffled: list[Drawn] = []
    for _kind, run in groupby(drawn, key=lambda entry: None if across else entry.item.kind):
        alike = list(run)
        random.shuffle(alike)
        shuffled += alike
    return tuple(shuffled)


def chosen_of(seed: str, count: int) -> int:
    """Return which of `count` forms (from 0) a seed gets; over many seeds all get the same share."""
    return Random(f"form:{seed}").randrange(count)  # noqa: S311 - as in draw


def option_token(seed: str, slot: int, option_id: str) -> str:
    """Return the token that stands for an option in one attempt: it tells nothing without the seed."""
    digest = hmac.digest(seed.encode(), f"{slot}:{option_id}".encode(), "sha256")
    return base64.b32encode(digest[:TOKEN_BYTES]).decode().lower()


def make_paper(
    drawn: Sequence[Drawn],
    options: Mapping[int, Sequence[Option]],
    policy: PaperPolicy,
    seed: str,
) -> Paper:
    """Freeze a drawn paper. `options` gives each version's options by version id; slots count from 1."""
    slots: list[PaperSlot] = []
    for number, entry in enumerate(drawn, start=1):
        option_ids = [option["id"] for option in options[entry.item.version_id]]
        if type_of(entry.item.kind).shuffles:
            Random(f"options:{seed}:{number}").shuffle(option_ids)  # noqa: S311 - as in draw
        slots.append(
            PaperSlot(
                version_id=entry.item.version_id,
                question_id=entry.item.question_id,
                kind=entry.item.kind,
                must_know=entry.item.must_know,
                points=str(entry.row.points),
                option_ids=option_ids,
                tokens=[option_token(seed, number, option_id) for option_id in option_ids],
            )
        )
    return Paper(format=PAPER_FORMAT, slots=slots, policy=policy)
