"""When the marks people gave for one answer settle it, and on what. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Rule = Literal["mean", "first", "higher", "lower"]


@dataclass(frozen=True, slots=True)
class Given:
    """What one person gave: the share of each point of the rubric, in percent of the question."""

    per_point: tuple[int, ...]
    comment: str = ""

    @property
    def total(self) -> int:
        """Return the share of the question, in percent."""
        return sum(self.per_point)


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts. `per_point` may hold halves."""

    fraction: Fraction
    per_point: tuple[float, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is not settled: `moderation` tells whether a third person has to say."""

    moderation: bool = False


def settle(given: Sequence[Given], *, markers: int, most_apart_pct: int, rule: Rule) -> Settled | Waiting:
    """Say what the marks given so far, in their order, come to.

    With one marker the first mark counts. With two, marks further apart than `most_apart_pct` of the question
    wait for a third person, whose mark then counts alone; closer ones are joined by `rule`.
    """
    if len(given) < markers:
        return Waiting()
    if markers == 1:
        return _alone(given[0])
    if len(given) > markers:
        return _alone(given[-1])
    first, second = given[0], given[1]
    if abs(first.total - second.total) > most_apart_pct:
        return Waiting(moderation=True)
    comment = "；".join(dict.fromkeys(each.comment for each in given if each.comment))
    if rule == "mean":
        joined = tuple(
            (one + other) / 2 for one, other in zip(first.per_point, second.per_point, strict=True)
        )
        return Settled(Fraction(first.total + second.total, 200), joined, comment)
    low, high = sorted((first, second), key=lambda each: each.total)
    counts = {"first": first, "higher": high, "lower": low}[rule]
    return Settled(_alone(counts).fraction, _alone(counts).per_point, comment)


def _alone(mark: Given) -> Settled:
    return Settled(Fraction(mark.total, 100), tuple(float(share) for share in mark.per_point), mark.comment)
