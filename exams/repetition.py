"""When a question is asked again, and which one today. Pure.

Spaced repetition by SuperMemo 2 (P. A. Woźniak, "Optimization of learning", 1990, §3.2, algorithm SM-2), with two
changes: a machine marks, so there are only two grades, right (SM-2's 4, after a lapse 3) and wrong (2); and an
interval never passes half a year, for operating rules change. SM-2: first interval 1 day, second 6, then the last
times the easiness factor; a wrong answer begins anew and lowers the factor, never below 1.3.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

FIRST_EASE, LEAST_EASE = 250, 130  # hundredths
EASE_OF_WRONG, EASE_AFTER_LAPSE = -32, -14  # SM-2's change of the factor for grades 2 and 3, in hundredths
FIRST_DAYS, SECOND_DAYS, MOST_DAYS = 1, 6, 180
RIGHT_DAYS_NEEDED = 2  # a question leaves the wrong-answer book once right on so many days
REST_DAYS = 2  # people have days off: so many without an answer break no row
NEW_EVERY = 3  # every third daily question is one the person has never met


@dataclass(frozen=True, slots=True)
class State:
    """How well a person knows a question. `ease` in hundredths; days are those at the place of work."""

    due_on: dt.date
    ease: int = FIRST_EASE
    repetitions: int = 0
    interval_days: int = 0
    in_wrong_book: bool = False
    right_days: int = 0
    last_right_on: dt.date | None = None
    last_wrong_on: dt.date | None = None
    last_answered_on: dt.date | None = None


def after_right(state: State | None, on: dt.date) -> State:
    """Return the state after a right answer.

    A second right answer of the same day proves nothing new: neither the interval grows nor does it count
    for leaving the wrong-answer book. On the day of a wrong answer, a right one repeats what was just read.
    """
    state = state or State(due_on=on)
    if state.last_right_on == on or state.last_wrong_on == on:
        return replace(state, last_answered_on=on)
    if state.repetitions == 0:
        days = FIRST_DAYS
    elif state.repetitions == 1:
        days = SECOND_DAYS
    else:
        days = max(state.interval_days + 1, state.interval_days * state.ease // 100)
    lapsed = state.repetitions == 0 and state.last_wrong_on is not None
    ease = max(LEAST_EASE, state.ease + (EASE_AFTER_LAPSE if lapsed else 0))
    right_days = state.right_days + 1 if state.in_wrong_book else 0
    leaves = right_days >= RIGHT_DAYS_NEEDED
    days = min(days, MOST_DAYS)
    return State(
        due_on=on + dt.timedelta(days=days),
        ease=ease,
        repetitions=state.repetitions + 1,
        interval_days=days,
        in_wrong_book=state.in_wrong_book and not leaves,
        right_days=0 if leaves else right_days,
        last_right_on=on,
        last_wrong_on=state.last_wrong_on,
        last_answered_on=on,
    )


def after_wrong(state: State | None, on: dt.date) -> State:
    """Return the state after a wrong answer: into the wrong-answer book, and again tomorrow."""
    state = state or State(due_on=on)
    return State(
        due_on=on + dt.timedelta(days=FIRST_DAYS),
        ease=state.ease if state.last_wrong_on == on else max(LEAST_EASE, state.ease + EASE_OF_WRONG),
        repetitions=0,
        interval_days=FIRST_DAYS,
        in_wrong_book=True,
        right_days=0,
        last_right_on=state.last_right_on,
        last_wrong_on=on,
        last_answered_on=on,
    )


def after(state: State | None, *, is_right: bool, on: dt.date) -> State:
    """Return the state after an answer."""
    return after_right(state, on) if is_right else after_wrong(state, on)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be asked today. `weight` is 1 or more (exams.relevance); no state: never met."""

    question_id: int
    weight: int
    state: State | None = None


def _tie(seed: str, question_id: int) -> str:
    return hashlib.sha256(f"{seed}:{question_id}".encode()).hexdigest()


def _pressing(candidate: Candidate, on: dt.date) -> float:
    """Return how urgent a question met before is: days waited, by its interval, times its weight."""
    assert candidate.state is not None
    waited = (on - candidate.state.due_on).days + 1
    return candidate.weight * waited / max(candidate.state.interval_days, 1)


def choose(candidates: Sequence[Candidate], *, on: dt.date, turn: int, seed: str) -> int | None:
    """Return the question of the day, or None without candidates.

    Of those due, the one that waited longest for its interval, weighted; every third `turn` a new one, the
    heaviest first; without either, what falls due next. Nobody starves: what is due grows more urgent each day
    without bound, and new ones have turns of their own. `seed` breaks ties, so colleagues get different ones.
    """
    new = [one for one in candidates if one.state is None]
    due = [one for one in candidates if one.state is not None and one.state.due_on <= on]
    if new and (not due or turn % NEW_EVERY == NEW_EVERY - 1):
        return min(new, key=lambda one: (-one.weight, _tie(seed, one.question_id))).question_id
    if due:
        return min(due, key=lambda one: (-_pressing(one, on), _tie(seed, one.question_id))).question_id
    met = [
        (one.state.due_on, -one.weight, _tie(seed, one.question_id), one) for one in candidates if one.state
    ]
    return min(met, key=lambda entry: entry[:3])[3].question_id if met else None


def choose_set(candidates: Sequence[Candidate], *, on: dt.date, count: int, seed: str) -> list[int]:
    """Return up to `count` questions to practise now: those due, then new ones, then what falls due next."""

    def key(one: Candidate) -> tuple[int, float, str]:
        if one.state is None:
            return 1, -one.weight, _tie(seed, one.question_id)
        if one.state.due_on <= on:
            return 0, -_pressing(one, on), _tie(seed, one.question_id)
        return 2, (one.state.due_on - on).days, _tie(seed, one.question_id)

    return [one.question_id for one in sorted(candidates, key=key)[:count]]


def streak(days: Iterable[dt.date], on: dt.date) -> int:
    """Return on how many days in a row somebody answered, up to `on`. Up to two days off break no row."""
    count, before = 0, on
    for day in sorted(set(days), reverse=True):
        if day > on:
            continue
        if (before - day).days > REST_DAYS + 1:
            break
        count, before = count + 1, day
    return count
