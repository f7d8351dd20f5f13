"""Checks during a film: is somebody there, and did they follow? Pure.

The server chooses the moments; a client learns of a check only when it is asked. What was credited since the
last answered check is at stake: if the check is not answered in time, it is taken back, never more.
Source: mechanisms, study proof 4.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from courses.watching import Intervals, add, total


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """The figures of checks, in seconds.

    `least_gap_s` to `most_gap_s` of credited film lie between two checks. A film no longer than `short_film_s`
    is asked about once, one shorter than `least_film_s` never. `answer_s` is how long a person has: reading a
    question takes a moment, fetching a dropped phone another. `tries` wrong answers count as none.
    """

    least_film_s: float = 60.0
    short_film_s: float = 420.0
    least_gap_s: float = 180.0
    most_gap_s: float = 420.0
    answer_s: int = 120
    tries: int = 2


POLICY = CheckPolicy()


class Outcome(enum.StrEnum):
    """How a check ended."""

    ANSWERED = "answered"
    MISSED = "missed"  # no answer in time
    WRONG = "wrong"  # answered wrongly as often as one may


@dataclass(frozen=True, slots=True)
class Attention:
    """Where a person's progress stands: checks asked so far, when the next is due, what is at stake.

    `due_s` counts credited seconds of film; None: no further check.
    """

    asked: int = 0
    due_s: float | None = None
    stake: Intervals = field(default=())


def subtract(intervals: Intervals, taken: Intervals) -> Intervals:
    """Return `intervals` without `taken`; both sorted and disjoint, and so is the result."""
    left = list(intervals)
    for start, end in taken:
        left = [
            piece
            for begin, stop in left
            for piece in ((begin, min(stop, start)), (max(begin, end), stop))
            if piece[1] > piece[0]
        ]
    return tuple(left)


def schedule(
    film_s: float, asked: int, credited_s: float, roll: float, policy: CheckPolicy = POLICY
) -> float | None:
    """Return at how many credited seconds the next check falls, None for never.

    `asked` checks were asked before, `credited_s` is credited now, `roll` in [0, 1) is the server's secret
    choice. The last tenth of a film is left in peace.
    """
    if film_s < policy.least_film_s:
        return None
    if film_s <= policy.short_film_s:
        due = film_s * (0.3 + 0.5 * roll) if asked == 0 else None
    else:
        due = credited_s + policy.least_gap_s + roll * (policy.most_gap_s - policy.least_gap_s)
    return due if due is not None and due <= film_s * 0.9 else None


def credited(attention: Attention, before: Intervals, after: Intervals) -> Attention:
    """Put what a beat has just added to the film at stake."""
    stake = attention.stake
    for gained in subtract(after, before):
        stake = add(stake, gained)
    return replace(attention, stake=stake)


def is_due(attention: Attention, watched: Intervals) -> bool:
    """Tell whether a check is to be asked now."""
    return attention.due_s is not None and total(watched) >= attention.due_s


def settled(attention: Attention, due_s: float | None) -> Attention:
    """Begin anew after a check: nothing is at stake, the next falls at `due_s`."""
    return Attention(attention.asked + 1, due_s, ())


def taken_back(watched: Intervals, attention: Attention) -> Intervals:
    """Return what remains of the film seen once the stake is lost."""
    return subtract(watched, attention.stake)


def question_at(moments: Sequence[float], stake: Intervals) -> int | None:
    """Return the place of the question whose moment was shown last among what is at stake, None for none."""
    shown = [
        (moment, place)
        for place, moment in enumerate(moments)
        if any(start < moment <= end for start, end in stake)
    ]
    return max(shown)[1] if shown else None
