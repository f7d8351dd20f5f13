"""Whether a question changed: the interval agrees with SciPy, and chance alone is not reported."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from exams.drift import Tally, drift

shares = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=60)


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (30, 40), (1, 200)])
def test_the_interval_of_a_share_is_the_one_scipy_gives(right, n):
    tally = Tally.of([1.0] * right + [0.0] * (n - right))
    low, high = binomtest(right, n).proportion_ci(method="wilson")
    assert tally.interval() == pytest.approx((low, high), abs=1e-9)


def test_the_example_of_newcombes_paper():
    # R. G. Newcombe (1998), table II, (a) 56/70 − 48/80, method 10.
    found = drift(Tally.of([1.0] * 48 + [0.0] * 32), Tally.of([1.0] * 56 + [0.0] * 14), enough=20)
    assert found.change == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(shares, shares)
def test_the_change_lies_in_its_interval_and_turns_with_the_times(before, after):
    there = drift(Tally.of(before), Tally.of(after), enough=1)
    back = drift(Tally.of(after), Tally.of(before), enough=1)
    assert -1 <= there.low <= there.change + 1e-9
    assert there.change - 1e-9 <= there.high <= 1
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_few_answers_say_nothing():
    assert drift(Tally(), Tally.of([1.0] * 50), enough=0) is None
    assert drift(Tally.of([1.0] * 19), Tally.of([0.0] * 50), enough=20) is None


def test_a_leak_is_marked_and_chance_is_not():
    chance = Random(5)
    same = [
        drift(
            Tally.of(float(chance.random() < 0.6) for _ in range(100)),
            Tally.of(float(chance.random() < 0.6) for _ in range(100)),
            enough=20,
        ).is_marked(0.15)
        for _ in range(500)
    ]
    assert sum(same) <= 25  # at most the 5 % the interval allows
    leaked = drift(Tally.of([1.0] * 45 + [0.0] * 55), Tally.of([1.0] * 92 + [0.0] * 8), enough=20)
    assert leaked.is_marked(0.15)
    assert not leaked.is_marked(0.5)
