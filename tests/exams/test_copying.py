"""The chance of an agreement, against counting all outcomes and against people who answered by themselves."""

import itertools
import math

import pytest

from exams.findings.answers import _Chances, _Side
from exams.findings.copying import Chance, log_chance
from tests.exams.cohort import CHEATERS, make_cohort

# The other had the first five right, the next four wrong, and was not asked the last three.
QUESTIONS = [
    *(Chance(p, math.log(9 / p)) for p in (0.35, 0.5, 0.6, 0.75, 0.9)),
    *(Chance(p, 0.0, (1 - p) * part, math.log(9 / (1 - p))) for p, part in zip((0.4, 0.55, 0.7, 0.8), (0.5, 0.2, 0.4, 0.3), strict=True)),
    *(Chance(p) for p in (0.3, 0.6, 0.8)),
]  # fmt: skip


def all_outcomes():
    """Yield (number right, agreement, chance) of every way to answer."""
    ways = [
        [(1, q.right_weighs, q.right), (0, q.wrong_weighs, q.wrong), (0, 0.0, 1 - q.right - q.wrong)]
        for q in QUESTIONS
    ]
    for way in itertools.product(*ways):
        yield sum(w[0] for w in way), sum(w[1] for w in way), math.prod(w[2] for w in way)


@pytest.fixture(scope="module")
def outcomes():
    return [each for each in all_outcomes() if each[2]]


@pytest.mark.parametrize("right", [4, 6, 8])
def test_the_chance_is_that_of_counting_all_outcomes(outcomes, right):
    same = sorted((agreement, p) for n, agreement, p in outcomes if n == right)
    whole = math.fsum(p for _agreement, p in same)
    for share in (0.1, 0.01, 0.001, 0.0001):
        tail, rows = 0.0, iter(reversed(same))
        while tail < share:
            agreement, p = next(rows)
            tail += p / whole
        found = math.exp(log_chance(QUESTIONS, right=right, agreement=agreement))
        assert tail / 2 <= found <= 2 * tail, (share, tail, found)


def test_a_complete_agreement_has_a_chance_too(outcomes):
    most = sum(q.right_weighs + q.wrong_weighs for q in QUESTIONS)
    right = [5, 6, 7, 8]
    for n in right:
        same = [(agreement, p) for each, agreement, p in outcomes if each == n]
        exact = sum(p for agreement, p in same if agreement >= most - 1e-9) / sum(p for _a, p in same)
        found = math.exp(log_chance(QUESTIONS, right=n, agreement=most))
        assert exact / 1.5 <= found <= 10 * exact


@pytest.mark.parametrize(("right", "agreement"), [(0, 20.0), (len(QUESTIONS), 20.0), (6, 1.0), (6, 0.0)])
def test_nothing_is_seldom_where_nothing_can_be_told(right, agreement):
    assert log_chance(QUESTIONS, right=right, agreement=agreement) == 0


def test_chances_of_people_who_answer_by_themselves_come_as_often_as_they_say():
    vectors = [vector for vector in make_cohort(5).vectors if vector.person >= CHEATERS]
    chances = _Chances(vectors)
    entries = {entry for vector in vectors for entry in vector.answers.items()}
    bits = {entry: place for place, entry in enumerate(sorted(entries, key=repr))}
    sides = [_Side(vector, chances, bits, dict.fromkeys(chances.n, 0)) for vector in vectors[:40]]
    logs = [one.log_chance(other) for one, other in itertools.permutations(sides, 2)]
    for share in (0.1, 0.03):
        seen = sum(each <= math.log(share) for each in logs) / len(logs)
        assert share / 3 <= seen <= 1.2 * share
