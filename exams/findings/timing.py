"""Rhythms of answering that two people share, and answers that came before they could be read."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from exams.findings.answers import CHANCE

LEAST_INTERVALS = 8
SAME_S, SAME_SHARE = 0.75, 0.05  # two intervals are alike within this many seconds, or this share of them
NEAR_TOTAL = 0.1


class SimilarTiming(TypedDict):
    """Evidence of two rhythms: compared intervals, how many alike, and what chance would do over all pairs."""

    type: Literal["similar_timing"]
    intervals: int
    alike: int
    chance_pct: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When somebody first answered each slot: (slot, seconds since the start), in the order of answering.

    Slots stored in one message have one time and are left out: what a telephone sent together after a dead
    network says nothing of a rhythm.
    """

    attempt: int
    person: int
    answered: tuple[tuple[int, float], ...]

    def intervals(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Return the slots that were answered alone, in order, and the seconds each took."""
        often = Counter(at for _slot, at in self.answered)
        alone = [(slot, at) for slot, at in self.answered if often[at] == 1]
        slots = tuple(slot for slot, _at in alone)
        return slots, tuple(later[1] - earlier[1] for earlier, later in itertools.pairwise(alone))


@dataclass(frozen=True, slots=True)
class TimedPair:
    """Two attempts answered in one order at one rhythm."""

    one: int
    other: int
    evidence: SimilarTiming


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= max(SAME_S, SAME_SHARE * min(one, other))


_Entry = tuple[
    float, Rhythm, tuple[float, ...]
]  # the seconds of all intervals together, whose, and each of them


def _is_near(total: float, other_total: float) -> bool:
    """Tell whether two took about the same time in all, `other_total` being the longer one."""
    return other_total <= total * (1 + NEAR_TOTAL) + SAME_S


class _SameOrder:
    """The people who answered in one order, from the quickest on, ready to be compared all with all.

    A set of them is a whole number whose bit n stands for the n-th of them. Everybody's neighbours in speed are a
    stretch of that order, and whoever has an interval alike is a stretch of the order by that interval: so two
    million pairs of 20 intervals are some thousand operations on such numbers each, and none on a pair.
    """

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: entry[0])
        self.intervals = len(entries[0][2])
        self.near = self._neighbours()
        # The number of intervals alike of all the pairs of one person: plane k holds bit k of each number.
        self._planes: list[list[int]] = [[] for _ in entries]
        self.hits = sum(self._compare(place) for place in range(self.intervals))

    @property
    def seen(self) -> int:
        """Return how many intervals were compared."""
        return self.intervals * sum(others.bit_count() for others in self.near)

    def _neighbours(self) -> list[int]:
        """Return for each the others of about the same speed who come after, so that each pair is there once."""
        by_person: dict[int, int] = defaultdict(int)
        for index, (_total, rhythm, _times) in enumerate(self.entries):
            by_person[rhythm.person] |= 1 << index
        near, end = [], 0
        for index, (total, rhythm, _times) in enumerate(self.entries):
            while end < len(self.entries) and _is_near(total, self.entries[end][0]):
                end += 1
            stretch = ((1 << end) - 1) & ~((2 << index) - 1)
            near.append(stretch & ~by_person[rhythm.person])
        return near

    def _compare(self, place: int) -> int:
        """Count one interval for all pairs; return how many were alike."""
        times = [entry[2][place] for entry in self.entries]
        order = sorted(range(len(times)), key=times.__getitem__)
        up_to = [0]  # the first n of the order, as a set
        for index in order:
            up_to.append(up_to[-1] | 1 << index)
        begin = end = hits = 0
        for index in order:
            while not _alike(times[order[begin]], times[index]):
                begin += 1
            while end < len(order) and _alike(times[order[end]], times[index]):
                end += 1
            alike = (up_to[end] ^ up_to[begin]) & self.near[index]
            hits += alike.bit_count()
            self._add(self._planes[index], alike)
        return hits

    @staticmethod
    def _add(planes: list[int], ones: int) -> None:
        """Add one to the numbers of a set."""
        for level, plane in enumerate(planes):
            planes[level], ones = plane ^ ones, plane & ones
            if not ones:
                return
        if ones:
            planes.append(ones)

    def pairs_alike(self, least: int) -> Iterator[tuple[int, int]]:
        """Yield the pairs with `least` intervals alike or more (at least one), by their places in `entries`."""
        for index, planes in enumerate(self._planes):
            more, equal = 0, self.near[index]
            for level in reversed(range(max(len(planes), least.bit_length()))):
                plane = planes[level] if level < len(planes) else 0
                if least >> level & 1:
                    equal &= plane
                else:
                    more |= equal & plane
                    equal &= ~plane
            found = more | equal
            while found:
                lowest = found & -found
                yield index, lowest.bit_length() - 1
                found ^= lowest


def similar_timing(rhythms: Iterable[Rhythm], *, chance: float = CHANCE) -> list[TimedPair]:
    """Return the pairs of different people who answered in one order with nearly equal intervals.

    How often two people of about the same speed have one interval alike is taken from the exam itself; the
    binomial chance of as many as were found is held against the number of pairs.
    """
    by_order: dict[tuple[int, ...], list[_Entry]] = defaultdict(list)
    for rhythm in rhythms:
        slots, times = rhythm.intervals()
        if len(times) >= LEAST_INTERVALS:
            by_order[slots].append((sum(times), rhythm, times))
    same_orders = [_SameOrder(entries) for entries in by_order.values()]
    seen = sum(each.seen for each in same_orders)
    hits = sum(each.hits for each in same_orders)
    n = sum(len(each.entries) for each in same_orders)
    pairs = n * (n - 1) // 2
    p = min((hits + 1) / (seen + 2), 0.6) if seen else 0.5
    # Few comparisons say little of how often intervals agree: then at least the usual share is assumed.
    p = max(p, 0.25) if seen < 1000 else p
    return [
        _timed_pair(same_order.entries[one], same_order.entries[other], p, pairs)
        for same_order in same_orders
        for one, other in same_order.pairs_alike(_least_alike(same_order.intervals, p, pairs, chance))
    ]


def _least_alike(of: int, p: float, pairs: int, chance: float) -> int:
    """Return from how many intervals alike on a pair is more than chance explains; `of` + 1 where none is."""
    return next((k for k in range(1, of + 1) if _at_least(k, of, p) * pairs <= chance), of + 1)


def _timed_pair(one: _Entry, other: _Entry, p: float, pairs: int) -> TimedPair:
    evidence = SimilarTiming(
        type="similar_timing",
        intervals=len(one[2]),
        alike=sum(map(_alike, one[2], other[2])),
        chance_pct=round(100 * p, 1),
        pairs=pairs,
    )
    return TimedPair(one[1].attempt, other[1].attempt, evidence)


def _at_least(hits: int, of: int, p: float) -> float:
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(hits, of + 1))


# Speed

CHARS_A_SECOND = 25.0  # well beyond the quickest silent reading of Chinese (about 10 to 15 a second)
LEAST_FAST = 5
LEAST_SHARE_FAST = 0.4


class TooFast(TypedDict):
    """Evidence of speed: `quick` right answers given before they could be read, and the whole against reading."""

    type: Literal["too_fast"]
    answers: int
    quick: int
    took_s: float
    reading_s: float
    slots: list[int]


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer that came alone: its slot, the seconds since the one before, how long its text is, whether right."""

    slot: int
    took_s: float
    chars: int
    right: bool

    @property
    def is_quick(self) -> bool:
        """Tell whether it was right and came before its text could be read."""
        return self.right and self.took_s < self.chars / CHARS_A_SECOND


def too_fast(answers: Sequence[Timed]) -> TooFast | None:
    """Return the evidence that somebody knew the answers before reading the questions, or None.

    Wrong answers given quickly are guesses and no sign of anything. Somebody who reads all questions first and
    then answers them was slow over all, so the whole must be quicker than reading, too.
    """
    quick = [answer for answer in answers if answer.is_quick]
    took = sum(answer.took_s for answer in answers)
    reading = sum(answer.chars for answer in answers) / CHARS_A_SECOND
    if len(quick) < LEAST_FAST or len(quick) < LEAST_SHARE_FAST * len(answers) or took >= reading:
        return None
    return TooFast(
        type="too_fast",
        answers=len(answers),
        quick=len(quick),
        took_s=round(took, 1),
        reading_s=round(reading, 1),
        slots=[answer.slot for answer in quick],
    )
