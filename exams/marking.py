"""Marking a frozen paper. Pure: replaying it on the same answers and keys always gives the same mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from exams.shapes import Body, Key, Paper, PaperSlot, Response, SlotMark
from exams.types import type_of

CENT = Decimal("0.01")


class UnknownToken(Exception):
    """A stored response holds a token that is not on the paper: the data is damaged, nothing is guessed."""


@dataclass(frozen=True, slots=True)
class PaperMark:
    """What a paper earned. `score_pct` is 0 to 100 with two places.

    `pending` are the slots a person has still to mark: while there are any, they count as nothing and the
    mark is not final.
    """

    points: Decimal
    max_points: Decimal
    score_pct: Decimal
    passed: bool
    missed_must_know: int
    per_slot: tuple[SlotMark, ...]
    pending: tuple[int, ...] = ()


_points = lru_cache(maxsize=1024)(Fraction)  # of a text such as "5.00": reading it takes longer than the sum


@lru_cache(maxsize=4096)
def _decimal(value: Fraction) -> Decimal:
    """Round half up to two places; exact, because the division happens on integers."""
    cents = value * 100
    whole, rest = divmod(cents.numerator, cents.denominator)
    return (Decimal(whole + (2 * rest >= cents.denominator)) * CENT).quantize(CENT, ROUND_HALF_UP)


def chosen_options(slot: PaperSlot, response: Response) -> list[str]:
    """Return a response with option ids for tokens; raise UnknownToken for a token not in this slot.

    Responses without tokens (typed texts, places on a picture) are themselves; empty texts keep their place.
    """
    if not type_of(slot["kind"]).uses_tokens:
        return response
    meaning = dict(zip(slot["tokens"], slot["option_ids"], strict=True))
    meaning[""] = ""
    unknown = set(response) - set(meaning)
    if unknown:
        raise UnknownToken(f"version {slot['version_id']}: {sorted(unknown)}")
    return [meaning[token] for token in response]


def mark_paper(
    paper: Paper,
    responses: Mapping[int, Response],
    keys: Mapping[int, Key],
    *,
    bodies: Mapping[int, Body] = MappingProxyType({}),
    hand_marks: Mapping[int, Fraction] = MappingProxyType({}),
) -> PaperMark:
    """Mark a paper.

    Shapes: `responses` maps slot (from 1) to the latest response; a missing one earns nothing. `keys` and
    `bodies` map version id to the stored key and body; `hand_marks` maps slot to the fraction, 0 to 1, that a
    person gave. A slot that needs a person and has no such mark is pending.
    Passing: the score as it is printed, rounded half up to two places, reaches the pass line; and, where the
    exam says so, no must-know question is wrong or left out.
    Raises: KeyError for a version without a key; UnknownToken for a response that is not of this paper.
    """
    points = Fraction(0)
    max_points = Fraction(0)
    missed_must_know = 0
    per_slot: list[SlotMark] = []
    pending: list[int] = []
    for number, slot in enumerate(paper["slots"], start=1):
        response = responses.get(number, [])
        kind, version_id = type_of(slot["kind"]), slot["version_id"]
        found = kind.mark(chosen_options(slot, response), bodies.get(version_id, {}), keys[version_id])
        if found is None:
            found = hand_marks.get(number)
        if found is None:
            pending.append(number)
        fraction = found or Fraction(0)
        worth = _points(slot["points"])
        earned = fraction * worth
        points += earned
        max_points += worth
        missed_must_know += slot["must_know"] and fraction < 1 and number not in pending
        per_slot.append(
            SlotMark(
                slot=number,
                fraction=str(_decimal(fraction)),
                points=str(_decimal(earned)),
                answered=kind.is_answer(response),
            )
        )
    score_pct = _decimal(points / max_points * 100)
    # A resit may count for so much at most: never less than the pass line, so nobody fails by it.
    cap_pct = paper["policy"].get("cap_pct")
    if cap_pct is not None:
        score_pct = min(score_pct, Decimal(cap_pct).quantize(CENT))
    reaches = score_pct >= paper["policy"]["pass_pct"]
    spoiled = paper["policy"]["must_know_fails"] and missed_must_know > 0
    return PaperMark(
        points=_decimal(points),
        max_points=_decimal(max_points),
        score_pct=score_pct,
        passed=reaches and not spoiled and not pending,
        missed_must_know=missed_must_know,
        per_slot=tuple(per_slot),
        pending=tuple(pending),
    )


def mark_typed(paper: Paper, points: Decimal, per_slot: Sequence[Decimal]) -> PaperMark:
    """Return the mark of a paper whose points a person typed from a sheet; `per_slot` is empty for the total alone.

    With the total alone nothing is said of single questions. Passing is as in `mark_paper`; whoever calls has
    asked for points per question where the exam fails people for a must-know question.
    """
    slots = paper["slots"]
    max_points = sum((Fraction(slot["points"]) for slot in slots), Fraction(0))
    entries = [
        SlotMark(
            slot=number,
            fraction=str(_decimal(Fraction(earned) / Fraction(slot["points"]))),
            points=str(_decimal(Fraction(earned))),
            answered=True,
        )
        for number, (slot, earned) in enumerate(zip(slots, per_slot, strict=False), start=1)
    ]
    missed = sum(
        slot["must_know"] and earned < Decimal(slot["points"])
        for slot, earned in zip(slots, per_slot, strict=False)
    )
    score_pct = _decimal(Fraction(points) / max_points * 100)
    spoiled = paper["policy"]["must_know_fails"] and missed > 0
    return PaperMark(
        points=_decimal(Fraction(points)),
        max_points=_decimal(max_points),
        score_pct=score_pct,
        passed=score_pct >= paper["policy"]["pass_pct"] and not spoiled,
        missed_must_know=missed,
        per_slot=tuple(entries),
    )
