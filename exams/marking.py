"""Marking a frozen paper. Pure: replaying it on the same answers and keys always gives the same mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from exams.shapes import Paper, PaperSlot, Response, SlotMark
from exams.types import type_of

CENT = Decimal("0.01")


class UnknownToken(Exception):
    """A stored response holds a token that is not on the paper: the data is damaged, nothing is guessed."""


@dataclass(frozen=True, slots=True)
class PaperMark:
    """What a paper earned. `score_pct` is 0 to 100 with two places."""

    points: Decimal
    max_points: Decimal
    score_pct: Decimal
    passed: bool
    missed_must_know: int
    per_slot: tuple[SlotMark, ...]


def _decimal(value: Fraction) -> Decimal:
    """Round half up to two places; exact, because the division happens on integers."""
    cents = value * 100
    whole, rest = divmod(cents.numerator, cents.denominator)
    return (Decimal(whole + (2 * rest >= cents.denominator)) * CENT).quantize(CENT, ROUND_HALF_UP)


def chosen_options(slot: PaperSlot, response: Response) -> list[str]:
    """Return the option ids a response stands for; raise UnknownToken for a token not in this slot."""
    meaning = dict(zip(slot["tokens"], slot["option_ids"], strict=True))
    unknown = set(response) - set(meaning)
    if unknown:
        raise UnknownToken(f"version {slot['version_id']}: {sorted(unknown)}")
    return [meaning[token] for token in response]


def mark_paper(
    paper: Paper, responses: Mapping[int, Response], keys: Mapping[int, Sequence[str]]
) -> PaperMark:
    """Mark a paper.

    Shapes: `responses` maps slot (from 1) to the latest response; a missing one earns nothing. `keys` maps
    version id to the right option ids.
    Passing: the score as it is printed, rounded half up to two places, reaches the pass line; and, where the
    exam says so, no must-know question is wrong or left out.
    Raises: KeyError for a version without a key; UnknownToken for a response that is not of this paper.
    """
    points = Fraction(0)
    max_points = Fraction(0)
    missed_must_know = 0
    per_slot: list[SlotMark] = []
    for number, slot in enumerate(paper["slots"], start=1):
        response = responses.get(number, [])
        fraction = type_of(slot["kind"]).mark(chosen_options(slot, response), keys[slot["version_id"]])
        earned = fraction * Fraction(slot["points"])
        points += earned
        max_points += Fraction(slot["points"])
        missed_must_know += slot["must_know"] and fraction < 1
        per_slot.append(
            SlotMark(
                slot=number,
                fraction=str(_decimal(fraction)),
                points=str(_decimal(earned)),
                answered=bool(response),
            )
        )
    score_pct = _decimal(points / max_points * 100)
    reaches = score_pct >= paper["policy"]["pass_pct"]
    spoiled = paper["policy"]["must_know_fails"] and missed_must_know > 0
    return PaperMark(
        points=_decimal(points),
        max_points=_decimal(max_points),
        score_pct=score_pct,
        passed=reaches and not spoiled,
        missed_must_know=missed_must_know,
        per_slot=tuple(per_slot),
    )
