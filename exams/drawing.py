"""Drawing a paper from a blueprint. Pure: the same rows, pool and seed always give the same paper.

Rows of a blueprint may overlap (a row "any topic" beside a row "hot work"), so they can compete for the same
questions. Whether all can be met is a flow between rows and questions; it is solved by augmenting paths, so a
paper is found whenever there is one.
"""

import base64
import hmac
import math
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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


def draw(rows: Sequence[Row], pool: Sequence[PoolItem], seed: str) -> tuple[Drawn, ...]:
    """Draw a paper: rows in order of position, questions of a row in random order, none twice.

    Raises InfeasibleBlueprint if the pool cannot meet the rows.
    """
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
    by_row: dict[int, list[int]] = {index: [] for index in choices}
    for place in sorted(assignment.owner):
        by_row[assignment.owner[place]].append(place)
    drawn: list[Drawn] = []
    for index, row in enumerate(ordered):
        random.shuffle(by_row[index])
        drawn += [Drawn(item=pool[place], row=row) for place in by_row[index]]
    return tuple(drawn)


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
                kind=entry.item.kind,
                must_know=entry.item.must_know,
                points=str(entry.row.points),
                option_ids=option_ids,
                tokens=[option_token(seed, number, option_id) for option_id in option_ids],
            )
        )
    return Paper(format=PAPER_FORMAT, slots=slots, policy=policy)
