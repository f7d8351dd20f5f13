"""How units are ranked in a campaign. Pure.

A unit's score is the share of its person-days with a counted answer, times the share of counted answers that were
right; both from 0 to 1, shown as 0 to 100. Shares, so a big unit does not win by size. Each share is drawn towards
that of all units together as if `SMOOTHING` more people of average zeal belonged to the unit (an empirical Bayes
estimate, as for batting averages: B. Efron, C. Morris, 1975), so that a unit of two does not win by luck either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SMOOTHING = 5  # people of average zeal added to each unit
# Reading a text of Chinese aloud takes about 4 characters a second, silently about twice that; whoever answers in
# less than this share of it has not read the question.
CHARS_PER_S = 12
LEAST_S, MOST_LEAST_S = 2, 20


def reading_time_s(characters: int) -> int:
    """Return the shortest time in seconds in which a question of so many characters can be read and answered."""
    return min(max(LEAST_S, characters // CHARS_PER_S), MOST_LEAST_S)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What a unit did: `person_days` on which somebody answered, of `people` × `days`; answers counted and right."""

    unit_id: int
    people: int
    person_days: int
    answered: int
    right: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit with its place (equal scores share it) and its shares, 0 to 1; `score` 0 to 100, one decimal."""

    facts: UnitFacts
    place: int
    took_part: float
    correct: float
    score: float


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def rank(units: Sequence[UnitFacts], *, days: int, daily_cap: int) -> list[Ranked]:
    """Rank units after so many `days`, the best first; units without people are left out.

    The shares shown are the plain ones; the score is made of the smoothed ones.
    """
    present = [unit for unit in units if unit.people]
    possible = sum(unit.people for unit in present) * days
    usual_part = _share(sum(unit.person_days for unit in present), possible)
    usual_right = _share(sum(unit.right for unit in present), sum(unit.answered for unit in present))
    extra_answers = SMOOTHING * daily_cap
    scored: list[tuple[float, UnitFacts]] = []
    for unit in present:
        part = _share(unit.person_days + SMOOTHING * days * usual_part, (unit.people + SMOOTHING) * days)
        right = _share(unit.right + extra_answers * usual_right, unit.answered + extra_answers)
        scored.append((round(100 * part * right, 1), unit))
    scored.sort(key=lambda entry: (-entry[0], entry[1].unit_id))
    ranked: list[Ranked] = []
    for number, (score, unit) in enumerate(scored, start=1):
        place = ranked[-1].place if ranked and ranked[-1].score == score else number
        ranked.append(
            Ranked(
                facts=unit,
                place=place,
                took_part=_share(unit.person_days, unit.people * days),
                correct=_share(unit.right, unit.answered),
                score=score,
            )
        )
    return ranked
