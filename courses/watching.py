"""What counts as studied: pure rules over what a client says and what the server's clock allows.

A client reports beats: «from 40 s to 50 s of the film», «from 3 s to 9 s of section s2». Nothing it says is
believed further than time has really passed. Every second credited is paid for from one clock per session:
`paid_until` is the moment up to which passed time has already been turned into credit. A person therefore
cannot watch and read at once, and no sequence of beats earns more than the time between opening the session
and now. Time not paid for can be carried over only up to `StudyPolicy.carry_s`, so that a pause cannot be
saved up and spent as study.

Seconds are floats here; beats carry integers in milliseconds, because their signature needs one spelling.
"""

import datetime as dt
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Interval = tuple[float, float]
Intervals = tuple[Interval, ...]

FILM = "film"
SECTION = "section:"


@dataclass(frozen=True, slots=True)
class StudyPolicy:
    """The figures of study proof.

    `first_view_rate`: seconds of study one second of clock can earn. 1.0, because a course's hours (学时)
    stand for time really spent; the player offers no other speed before the film has been seen.
    `review_rates`: the speeds offered to who sees a film again, in ascending order; a faster beat is refused.
    `beat_s`: how often the client reports. `carry_s`: how much unpaid time is kept: one beat and 15 s of
    slack, so a report that is 15 s late on a bad network loses nothing. `jump_s`: how far past the frontier
    a beat may start (players round positions). `end_s`: how near the end counts as the end.
    `chars_per_minute`: a fast reader's speed, generous so that nobody is held up; a section still needs
    `min_section_s`.
    """

    first_view_rate: float = 1.0
    review_rates: tuple[float, ...] = (1.0, 1.25, 1.5, 2.0)
    beat_s: float = 10.0
    carry_s: float = 25.0
    jump_s: float = 2.0
    end_s: float = 1.0
    chars_per_minute: int = 600
    min_section_s: float = 3.0


POLICY = StudyPolicy()


class Verdict(enum.StrEnum):
    """What became of a beat."""

    CREDITED = "credited"
    PARTLY = "partly"  # less than claimed: the clock had no more to give
    NOTHING_NEW = "nothing_new"  # seen or read before
    WRONG_SEQ = "wrong_seq"
    BAD_INTERVAL = "bad_interval"
    UNKNOWN_PART = "unknown_part"
    HIDDEN = "hidden"
    TOO_FAST = "too_fast"
    JUMPED = "jumped"
    CHECK_OPEN = "check_open"  # a check waits for its answer (courses.attention)
    CHECK_MISSED = "check_missed"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a lesson asks for: seconds of film, the share of it to be seen, seconds for each section."""

    film_s: float = 0.0
    watch_pct: int = 100
    sections: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudyState:
    """Where one session and the progress behind it stand."""

    paid_until: dt.datetime
    last_seq: int = 0
    watched: Intervals = ()
    read_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beat:
    """One report: `part` is `film` or `section:ID`; `from_ms` and `to_ms` are positions in that part."""

    seq: int
    part: str
    from_ms: int
    to_ms: int
    rate_pct: int = 100
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Credit:
    """The answer to a beat: the state after it, what it earned in seconds, and why."""

    state: StudyState
    credited_s: float
    verdict: Verdict


def add(intervals: Intervals, new: Interval) -> Intervals:
    """Return the union of `intervals` and `new`, sorted and disjoint; an empty interval adds nothing."""
    if new[1] <= new[0]:
        return intervals
    start, end = new
    kept: list[Interval] = []
    for left, right in intervals:
        if right < start or left > end:
            kept.append((left, right))
        else:
            start, end = min(start, left), max(end, right)
    return tuple(sorted([*kept, (start, end)]))


def union(*sets: Intervals) -> Intervals:
    """Return the union of interval sets."""
    result: Intervals = ()
    for one in sets:
        for interval in one:
            result = add(result, interval)
    return result


def total(intervals: Intervals) -> float:
    """Return the length of a disjoint set in seconds."""
    return sum(right - left for left, right in intervals)


def clamp(intervals: Intervals, start: float, end: float) -> Intervals:
    """Return the part of a set that lies between `start` and `end`."""
    cut = ((max(left, start), min(right, end)) for left, right in intervals)
    return tuple((left, right) for left, right in cut if right > left)


def frontier(intervals: Intervals) -> float:
    """Return how far the film has been seen, in seconds from its beginning."""
    return intervals[-1][1] if intervals else 0.0


def seconds_needed(readable_chars: int, policy: StudyPolicy = POLICY) -> float:
    """Return the least time a section of that many characters must be in view, in seconds."""
    return max(policy.min_section_s, round(readable_chars * 60 / policy.chars_per_minute, 1))


def is_film_done(watched: Intervals, needs: Needs, policy: StudyPolicy = POLICY) -> bool:
    """Tell whether enough of the film was seen and its end was reached; true where there is no film."""
    if needs.film_s <= 0:
        return True
    # A film of a few seconds must not be finished by its tolerance alone.
    slack = min(policy.end_s, needs.film_s / 10)
    goal = min(needs.film_s * needs.watch_pct / 100, needs.film_s - slack)
    return total(clamp(watched, 0, needs.film_s)) >= goal and frontier(watched) >= needs.film_s - slack


def unread_sections(read_s: Mapping[str, float], needs: Needs) -> list[str]:
    """Return the sections that still need time, in the lesson's order."""
    return [name for name, needed in needs.sections.items() if read_s.get(name, 0.0) < needed]


def is_studied(watched: Intervals, read_s: Mapping[str, float], needs: Needs) -> bool:
    """Tell whether only the confirmation is missing."""
    return is_film_done(watched, needs) and not unread_sections(read_s, needs)


def is_complete(
    watched: Intervals, read_s: Mapping[str, float], needs: Needs, *, read_confirmed: bool
) -> bool:
    """Tell whether a lesson is proved: film seen, every section read, and the person said so."""
    return read_confirmed and is_studied(watched, read_s, needs)


def done_pct(watched: Intervals, read_s: Mapping[str, float], needs: Needs) -> int:
    """Return how much of the asked time is earned, 0 to 100; 100 only when all of it is."""
    film_goal = needs.film_s * needs.watch_pct / 100
    goal = film_goal + sum(needs.sections.values())
    if is_studied(watched, read_s, needs):
        return 100
    have = min(total(clamp(watched, 0, needs.film_s)), film_goal)
    have += sum(min(read_s.get(name, 0.0), needed) for name, needed in needs.sections.items())
    return min(99, int(have * 100 / goal)) if goal else 0


def credit_beat(
    state: StudyState, beat: Beat, now: dt.datetime, *, needs: Needs, policy: StudyPolicy = POLICY
) -> Credit:
    """Decide what a beat earns.

    A refused beat earns nothing and leaves the clock as it is, so an honest client may report again from
    where it really is. A hidden page loses the time it was hidden. Only WRONG_SEQ leaves `last_seq` alone.
    """
    if beat.seq != state.last_seq + 1:
        return Credit(state, 0.0, Verdict.WRONG_SEQ)
    state = replace(state, last_seq=beat.seq)
    refusal = _refusal(state, beat, needs, policy)
    if refusal is Verdict.HIDDEN:
        return Credit(replace(state, paid_until=max(state.paid_until, now)), 0.0, refusal)
    if refusal:
        return Credit(state, 0.0, refusal)
    return _pay(state, beat, now, needs, policy)


def _refusal(state: StudyState, beat: Beat, needs: Needs, policy: StudyPolicy) -> Verdict | None:
    limit, reached, free = _part(state, beat.part, needs, policy)
    if limit is None:
        return Verdict.UNKNOWN_PART
    start, end = beat.from_ms / 1000, beat.to_ms / 1000
    if start < 0 or end <= start or (beat.part == FILM and end > limit + policy.end_s):
        return Verdict.BAD_INTERVAL
    if not beat.visible:
        return Verdict.HIDDEN
    if beat.rate_pct > (policy.review_rates[-1] if free else policy.first_view_rate) * 100:
        return Verdict.TOO_FAST
    if start > reached + policy.jump_s and not free:
        return Verdict.JUMPED
    return None


def _part(
    state: StudyState, part: str, needs: Needs, policy: StudyPolicy
) -> tuple[float | None, float, bool]:
    """Return a part's length (None: no such part), how far it is done, and whether it may be moved in freely."""
    if part == FILM:
        length = needs.film_s if needs.film_s > 0 else None
        return length, frontier(state.watched), is_film_done(state.watched, needs, policy)
    name = part.removeprefix(SECTION)
    if not part.startswith(SECTION) or name not in needs.sections:
        return None, 0.0, False
    return needs.sections[name], state.read_s.get(name, 0.0), False


def _pay(state: StudyState, beat: Beat, now: dt.datetime, needs: Needs, policy: StudyPolicy) -> Credit:
    limit, reached, free = _part(state, beat.part, needs, policy)
    start, end = beat.from_ms / 1000, min(beat.to_ms / 1000, limit or 0.0)
    if not free:
        # A beat that starts a little past the frontier starts at it: rounding leaves no holes.
        start = min(start, reached)
    clock_s = (now - state.paid_until).total_seconds()
    purse_s = max(0.0, min(clock_s, policy.carry_s)) * policy.first_view_rate
    # The clock pays for what was claimed, new or not: time spent on a repeat is not there for something else.
    spent_s = min(beat.to_ms / 1000 - start, purse_s)
    kept_s = (purse_s - spent_s) / policy.first_view_rate
    after = replace(state, paid_until=max(state.paid_until, now - dt.timedelta(seconds=kept_s)))
    reachable = math.floor((start + spent_s) * 1000 + 1e-6) / 1000
    got = min(end, reachable)
    if beat.part == FILM:
        after = replace(after, watched=add(state.watched, (start, got)))
        earned = total(after.watched) - total(state.watched)
    else:
        name = beat.part.removeprefix(SECTION)
        have = max(reached, got)
        earned = have - reached
        after = replace(after, read_s={**state.read_s, name: have})
    earned = max(0.0, round(earned, 3))
    if got + 0.001 < end:
        return Credit(after, earned, Verdict.PARTLY)
    return Credit(after, earned, Verdict.CREDITED if earned else Verdict.NOTHING_NEW)
