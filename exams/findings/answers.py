"""Answer vectors that are more alike than chance explains.

For each pair: the likelihood ratio of "the one took over the other's answers" against "both answered by
themselves", given how well each did and how often others gave the same answer. Under the second its mean is 1,
so it exceeds x with a chance of at most 1/x (Markov); it is held against the number of pairs. The idea is that
of the omega and GBT indices (Wollack 1997; van der Linden and Sotaridona 2006), the bound that of e-values
(Vovk and Wang 2021).

That bound is some ten to a hundred times too high, which is what able pairs lack who share few wrong answers. So
where the ratio alone is not enough but near, the chance itself is computed (exams.findings.copying) and held
against the number of pairs.
"""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from exams.findings.copying import Chance, log_chance

CHANCE = 0.01  # how often an exam without any irregularity may show a similar pair at all
COPIED = (0.6, 0.95)  # shares of answers taken over that are tried
LEAST_COMMON = 8  # questions two people must have in common to be compared
TAKEN_OVER = 0.9  # the share by which agreement is weighed where its chance is computed
# Ratios below this share of what would be enough alone are left: hardly a chance is that much smaller than its bound.
NEAR = 10.0**-3
_LOST = tuple(math.log(1 - copied) for copied in COPIED)  # what an answer of one's own takes away
LOWEST_P, HIGHEST_P = 0.02, 0.98
RIGHT = "right"
Answer = Hashable  # RIGHT, or what was answered instead


class EqualAnswer(TypedDict):
    """A question both answered alike: its version, and how seldom others answered so."""

    version: int
    right: bool
    share_pct: float


class SimilarAnswers(TypedDict):
    """Evidence of two answer vectors: of those who answer by themselves one pair in 10 to the `odds` is so alike."""

    type: Literal["similar_answers"]
    common: int
    same: int
    same_wrong: int
    odds: float
    pairs: int
    equal: list[EqualAnswer]


@dataclass(frozen=True, slots=True)
class Vector:
    """What somebody answered: version → RIGHT or the answer given instead. What was left out is not in it."""

    attempt: int
    person: int
    answers: Mapping[int, Answer]


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two attempts that answered alike more than chance explains."""

    one: int
    other: int
    evidence: SimilarAnswers


class _Chances:
    """How likely each person was to give each answer by themselves."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        given: dict[int, Counter[Answer]] = defaultdict(Counter)
        for vector in vectors:
            for version, answer in vector.answers.items():
                given[version][answer] += 1
        self.given = given
        self.n = {version: counts.total() for version, counts in given.items()}
        right = sum(counts[RIGHT] for counts in given.values())
        self.overall = _logit(_share(right, sum(self.n.values())))
        self.easiness = {
            version: _logit(_share(counts[RIGHT], counts.total())) for version, counts in given.items()
        }

    def ability(self, vector: Vector) -> float:
        right = sum(answer == RIGHT for answer in vector.answers.values())
        mean = sum(self.easiness[version] for version in vector.answers) / max(len(vector.answers), 1)
        # How this person did, beyond what the questions they had explain.
        return _logit(_share(right, len(vector.answers))) - mean

    def of(self, ability: float, version: int, answer: Answer) -> float:
        """Return the chance of an answer for a person of this ability."""
        right = min(max(1 / (1 + math.exp(-ability - self.easiness[version])), LOWEST_P), HIGHEST_P)
        if answer == RIGHT:
            return right
        counts = self.given[version]
        wrong = self.n[version] - counts[RIGHT]
        kinds = max(len(counts) - (RIGHT in counts), 3)
        # Half an answer of each kind is added: one seen once is not for that impossible.
        return (1 - right) * (counts[answer] + 0.5) / (wrong + 0.5 * kinds)

    def share(self, version: int, answer: Answer) -> float:
        return self.given[version][answer] / self.n[version]


def _share(part: int, whole: int) -> float:
    return (part + 0.5) / (whole + 1)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


class _Side:
    """One attempt, ready to be compared: what an equal answer tells about it, by its place in the masks."""

    def __init__(
        self,
        vector: Vector,
        chances: _Chances,
        bits: Mapping[tuple[int, Answer], int],
        versions: Mapping[int, int],
    ) -> None:
        self.vector = vector
        self.chances = chances
        self.ability = chances.ability(vector)
        self.p = {
            version: chances.of(self.ability, version, answer) for version, answer in vector.answers.items()
        }
        # What an equal answer adds, for each share that is tried.
        self.gains = {
            version: tuple(math.log(copied / p + 1 - copied) for copied in COPIED)
            for version, p in self.p.items()
        }
        self.mask = self.asked = 0
        for version, answer in vector.answers.items():
            self.mask |= 1 << bits[version, answer]
            self.asked |= 1 << versions[version]

    def least_same(self, most_common: int, threshold: float) -> list[int]:
        """Return by questions in common (up to `most_common`) how many equal answers it takes to reach the threshold.

        However well they fall: no pair with fewer has such a ratio. More than there are in common: none has.
        """
        best = [
            list(itertools.accumulate(sorted(gains, reverse=True), initial=0.0))
            for gains in zip(*self.gains.values(), strict=True)
        ]

        def reaches(common: int, same: int) -> bool:
            return any(
                sums[same] + (common - same) * lost >= threshold
                for sums, lost in zip(best, _LOST, strict=True)
            )

        least, same = [], 0
        for common in range(most_common + 1):
            # One more in common that is not equal takes away: never fewer are enough than before.
            while same <= common and not reaches(common, same):
                same += 1
            least.append(same if common >= LEAST_COMMON else common + 1)
        return least

    def log_ratio(self, other: "_Side") -> float:
        """Return the log of the likelihood ratio that this one was taken from the other."""
        mine, theirs = self.vector.answers, other.vector.answers
        common = differing = 0
        totals = [0.0] * len(COPIED)
        for version, answer in mine.items():
            if version not in theirs:
                continue
            common += 1
            if theirs[version] != answer:
                differing += 1
                continue
            for place, gain in enumerate(self.gains[version]):
                totals[place] += gain
        if common < LEAST_COMMON:
            return -math.inf
        return _log_mean([total + differing * lost for total, lost in zip(totals, _LOST, strict=True)])

    def log_chance(self, other: "_Side") -> float:
        """Return the log of the chance to agree with the other's answers as much, answering by oneself."""
        mine, theirs = self.vector.answers, other.vector.answers
        chances, agreement = [], 0.0
        for version, answer in mine.items():
            right = self.chances.of(self.ability, version, RIGHT)
            if version not in theirs:
                chances.append(Chance(right))
                continue
            same = self.chances.of(self.ability, version, theirs[version])
            weighs = math.log1p(TAKEN_OVER / ((1 - TAKEN_OVER) * same))
            chances.append(
                Chance(right, weighs) if theirs[version] == RIGHT else Chance(right, 0.0, same, weighs)
            )
            agreement += weighs * (theirs[version] == answer)
        return log_chance(chances, right=list(mine.values()).count(RIGHT), agreement=agreement)


def _log_mean(logs: Sequence[float]) -> float:
    top = max(logs)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(each - top) for each in logs) / len(logs))


def similar_answers(vectors: Iterable[Vector], *, chance: float = CHANCE) -> list[SimilarPair]:
    """Return the pairs of different people who answered alike more than chance explains, the clearest first.

    Over all pairs together a false one appears with about the probability `chance`, as far as people answer
    independently given how well they know the subject. Common teaching of a wrong answer breaks that: hence
    the review by a person.
    """
    vectors = [vector for vector in vectors if len(vector.answers) >= LEAST_COMMON]
    pairs = len(vectors) * (len(vectors) - 1) // 2
    if not pairs:
        return []
    threshold = math.log(pairs / chance)
    near = threshold + math.log(NEAR)
    chances = _Chances(vectors)
    entries = {entry for vector in vectors for entry in vector.answers.items()}
    bits = {entry: place for place, entry in enumerate(sorted(entries, key=repr))}
    versions = {version: place for place, version in enumerate(chances.n)}
    sides = [_Side(vector, chances, bits, versions) for vector in vectors]
    found: dict[tuple[int, int], float] = {}
    masks = [(side.mask, side.asked) for side in sides]
    for place, side in enumerate(sides):
        (mine, asked), least = masks[place], side.least_same(len(side.p), near)
        # Most pairs end here: they cannot come near the threshold, and counting bits is quick.
        enough = [
            index
            for index, (theirs, also_asked) in enumerate(masks)
            if (theirs & mine).bit_count() >= least[(also_asked & asked).bit_count()]
        ]
        for index in enough:
            other = sides[index]
            key = (min(place, index), max(place, index))
            if index == place or key in found or other.vector.person == side.vector.person:
                continue
            odds = _log_mean([side.log_ratio(other), other.log_ratio(side)])
            if near <= odds < threshold:
                # Looked at from both sides, so the chance that either is so small is twice it.
                odds = max(odds, -min(side.log_chance(other), other.log_chance(side)) - math.log(2))
            if odds >= threshold:
                found[key] = odds
    ordered = sorted(found.items(), key=lambda entry: -entry[1])
    return [_pair(sides[one], sides[other], odds, pairs, chances) for (one, other), odds in ordered]


def _pair(one: _Side, other: _Side, odds: float, pairs: int, chances: _Chances) -> SimilarPair:
    mine, theirs = one.vector.answers, other.vector.answers
    common = [version for version in mine if version in theirs]
    same = [version for version in common if mine[version] == theirs[version]]
    equal = [
        EqualAnswer(
            version=version,
            right=mine[version] == RIGHT,
            share_pct=round(100 * chances.share(version, mine[version]), 1),
        )
        for version in same
    ]
    return SimilarPair(
        one=one.vector.attempt,
        other=other.vector.attempt,
        evidence=SimilarAnswers(
            type="similar_answers",
            common=len(common),
            same=len(same),
            same_wrong=sum(not each["right"] for each in equal),
            odds=round(odds / math.log(10), 1),
            pairs=pairs,
            equal=sorted(equal, key=lambda each: (each["right"], each["share_pct"])),
        ),
    )


def strength_of_odds(odds: float, pairs: int) -> int:
    """Return 1 to 3: how far beyond the number of pairs the odds of a similar pair reach."""
    beyond = odds - math.log10(max(pairs, 1))
    return 3 if beyond >= 6 else 2 if beyond >= 3.5 else 1


def groups(pairs: Iterable[tuple[int, int]]) -> list[frozenset[int]]:
    """Return the connected groups of pairs: whoever is alike with somebody of a group belongs to it."""
    parent: dict[int, int] = {}

    def root(each: int) -> int:
        while parent.setdefault(each, each) != each:
            parent[each] = parent[parent[each]]
            each = parent[each]
        return each

    for one, other in pairs:
        parent[root(one)] = root(other)
    members: dict[int, set[int]] = defaultdict(set)
    for each in parent:
        members[root(each)].add(each)
    return sorted((frozenset(group) for group in members.values()), key=min)
