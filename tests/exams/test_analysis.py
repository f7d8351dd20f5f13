"""The figures of item analysis agree with SciPy and NumPy, and say nothing where there is nothing to say."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import binomtest

from exams.analysis import (
    Finding,
    Thresholds,
    analyse,
    correlation,
    reliability,
    wilson,
)
from tests.exams.plain_analysis import Answered, answers_of, plain_alpha, plain_figures, sat

OPTIONS = {version: [("A", True), ("B", False), ("C", False), ("D", False)] for version in range(1, 60)}


def room(n, items, *, seed, partial=False, points=5.0):
    """A room of people whose ability decides, with noise, what they get right."""
    chance = random.Random(seed)
    papers = []
    for _ in range(n):
        ability = chance.gauss(0, 1)
        answers = []
        for version in range(1, items + 1):
            ease = ability + (items / 2 - version) / items * 2
            hit = chance.random() < 1 / (1 + math.exp(-ease))
            share = 1.0 if hit else (0.5 if partial and chance.random() < 0.3 else 0.0)
            chosen = ("A",) if hit else (chance.choice("BCD"),)
            answers.append(Answered(version, share, points, chosen, is_answered=True))
        share = sum(answer.share for answer in answers) / items
        papers.append(sat(answers, passed=share >= 0.6))
    return papers


def matrix(papers):
    return np.array([[answer.share * answer.max_points for answer in answers_of(paper)] for paper in papers])


@pytest.mark.parametrize("partial", [False, True], ids=["right or wrong", "partial credit"])
@pytest.mark.parametrize(("n", "items"), [(40, 5), (300, 20)])
def test_figures_agree_with_the_reference(n, items, partial):
    papers = room(n, items, seed=n, partial=partial)
    points = matrix(papers)
    totals = points.sum(axis=1)
    figures = analyse(papers, OPTIONS)
    assert figures.n == n
    assert figures.mean_pct == pytest.approx(100 * (totals / (5 * items)).mean())
    assert figures.sd_pct == pytest.approx(100 * (totals / (5 * items)).std(ddof=1))
    assert figures.median_pct == pytest.approx(100 * np.median(totals / (5 * items)))
    assert sum(figures.score_counts) == n
    group = round(n * 0.27)
    ranked = np.sort(totals)
    lower, upper = totals <= ranked[group - 1], totals >= ranked[-group]
    for place, item in enumerate(figures.items):
        share = points[:, place] / 5
        rest = (totals - points[:, place]) / (5 * (items - 1))
        assert item.facility == pytest.approx(share.mean())
        assert item.discrimination == pytest.approx(stats.pearsonr(share, rest).statistic)
        if not partial:
            assert item.discrimination == pytest.approx(stats.pointbiserialr(share, rest).statistic)
            interval = binomtest(int(share.sum()), n).proportion_ci(method="wilson")
            assert (item.facility_low, item.facility_high) == pytest.approx((interval.low, interval.high))
        assert item.upper_lower == pytest.approx(share[upper].mean() - share[lower].mean())
        assert sum(choice.taken for choice in item.choices) == n


@pytest.mark.parametrize("partial", [False, True])
def test_alpha_agrees_with_the_reference(partial):
    papers = room(250, 12, seed=3, partial=partial)
    points = matrix(papers)
    covariance = np.cov(points, rowvar=False)
    alpha = 12 / 11 * (1 - np.trace(covariance) / covariance.sum())
    found = reliability(papers)
    assert found.alpha == pytest.approx(alpha)
    assert (found.n, found.places, found.is_kr20) == (250, 12, not partial)
    assert found.low < found.alpha < found.high
    spread = stats.norm.ppf(0.975) * math.sqrt(2 * 12 / (11 * 248))
    assert found.low == pytest.approx(1 - (1 - alpha) * math.exp(spread))
    total = points.sum(axis=1)
    assert found.sem_pct == pytest.approx(100 * total.std(ddof=1) * math.sqrt(1 - alpha) / 60)
    if not partial:
        share = points / 5
        p = share.mean(axis=0)
        kr20 = 12 / 11 * (1 - (p * (1 - p)).sum() / share.sum(axis=1).var(ddof=0))
        assert found.alpha == pytest.approx(kr20)


def test_the_interval_of_alpha_holds_the_truth_about_as_often_as_it_says():
    """One true alpha, many rooms: a 95 % interval that held it in 60 % of them would be a wrong one."""
    rng = np.random.default_rng(7)
    places, loading = 8, 0.6
    true = places / (places - 1) * (1 - places / (places + places * (places - 1) * loading**2))
    held = 0
    for _ in range(300):
        ability = rng.normal(size=(60, 1))
        answers = loading * ability + math.sqrt(1 - loading**2) * rng.normal(size=(60, places))
        room_ = [
            sat([Answered(i, float(v), 1.0, (), is_answered=True) for i, v in enumerate(row)], passed=True)
            for row in answers
        ]
        found = reliability(room_)
        held += found.low <= true <= found.high
    assert 0.91 <= held / 300 <= 0.985


def one(share, *, chosen=("A",), version=1, is_answered=True):
    return Answered(version, share, 5.0, chosen, is_answered)


def small_room(rows):
    """`rows` are (share of item 1, its choice, share of items 2 and 3)."""
    return [sat([one(a, chosen=(c,)), one(b, version=2), one(b, version=3)], passed=True) for a, c, b in rows]


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        # The able take B: the key, which says A, is most likely wrong.
        ([(0.0, "B", 1.0)] * 20 + [(1.0, "A", 0.0)] * 20, Finding.NEGATIVE),
        ([(0.0, "B", 1.0)] * 20 + [(1.0, "A", 0.0)] * 20, Finding.STRONG_DISTRACTOR),
        ([(0.0, "B", 1.0), (0.0, "C", 0.0)] * 20, Finding.TOO_HARD),
        ([(1.0, "A", 1.0), (1.0, "A", 0.0)] * 200, Finding.TOO_EASY),
        ([(1.0, "A", 1.0), (0.0, "B", 0.0)] * 20, Finding.IDLE_DISTRACTOR),
        ([(1.0, "A", 1.0), (0.0, "B", 0.0), (1.0, "A", 0.0), (0.0, "C", 1.0)] * 10, Finding.WEAK),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_worth_a_second_look(rows, finding):
    first = analyse(small_room(rows), OPTIONS).items[0]
    assert finding in first.findings
    few = analyse(small_room(rows), OPTIONS, Thresholds(enough=len(rows) + 1)).items[0]
    assert few.findings == ()


def test_omitted_questions_are_told_apart_from_wrong_ones():
    papers = [sat([one(0.0, chosen=(), is_answered=False), one(1.0, version=2)], passed=True)] * 30
    first, second = analyse(papers, OPTIONS).items
    assert (first.omitted_share, second.omitted_share) == (1, 0)
    assert Finding.OFTEN_OMITTED in first.findings


def test_nothing_is_said_where_nothing_can_be_said():
    empty = analyse([], {})
    assert (empty.n, empty.mean_pct, empty.sd_pct, empty.pass_share, empty.reliability) == (0, *[None] * 4)
    alone = analyse([sat([one(1.0)], passed=True)], OPTIONS)
    assert alone.sd_pct is None
    item = alone.items[0]
    assert (item.discrimination, item.upper_lower) == (None, None)
    same = analyse([sat([one(1.0), one(1.0, version=2)], passed=True)] * 40, OPTIONS)
    assert same.reliability is None
    assert {item.discrimination for item in same.items} == {None}
    with pytest.raises(ValueError, match="without points"):
        analyse([sat([], passed=False)], {})
    with pytest.raises(ValueError, match="without a case"):
        wilson(0, 0)


def test_drawn_papers_count_each_question_only_where_it_was_asked():
    papers = room(120, 6, seed=9)
    drawn = [
        sat(answers_of(paper)[:3] if n % 2 else answers_of(paper)[3:], passed=paper.passed)
        for n, paper in enumerate(papers)
    ]
    figures = analyse(drawn, OPTIONS)
    assert [item.n for item in figures.items] == [60] * 6
    assert figures.reliability.places == 3
    assert figures.reliability.n == 120


shares = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@given(st.lists(st.tuples(shares, shares, shares), min_size=1, max_size=40), st.randoms())
@settings(max_examples=150)
def test_figures_stay_in_their_bounds_and_do_not_depend_on_the_order(rows, chance):
    papers = [
        sat([one(share, version=version) for version, share in enumerate(row, start=1)], passed=row[0] == 1)
        for row in rows
    ]
    figures = analyse(papers, OPTIONS)
    for item in figures.items:
        assert 0 <= item.facility_low <= item.facility + 1e-9
        assert item.facility - 1e-9 <= item.facility_high <= 1
        assert item.discrimination is None or -1 <= item.discrimination <= 1
        assert item.upper_lower is None or -1 <= item.upper_lower <= 1
    if figures.reliability:
        assert figures.reliability.low <= figures.reliability.alpha <= figures.reliability.high <= 1
    mixed = list(papers)
    chance.shuffle(mixed)
    again = analyse(mixed, OPTIONS)
    assert [item.findings for item in again.items] == [item.findings for item in figures.items]
    assert [item.facility for item in again.items] == pytest.approx([item.facility for item in figures.items])


parts = st.sampled_from([0.0, 1.0, 1 / 3, 0.1, 0.7])
answered = st.builds(
    Answered,
    version_id=st.integers(1, 6),
    share=parts,
    max_points=st.sampled_from([0.5, 1.0, 2.5, 3.3]),
    chosen=st.lists(st.sampled_from("ABCD"), unique=True, max_size=3).map(tuple),
    is_answered=st.booleans(),
)
drawn_papers = st.lists(
    st.lists(answered, min_size=1, max_size=5, unique_by=lambda answer: answer.version_id),
    min_size=1,
    max_size=30,
)


@given(drawn_papers)
@settings(max_examples=100)
def test_columns_say_what_the_plain_sums_say_to_the_last_digit(rows):
    found = analyse([sat(answers, passed=True) for answers in rows], OPTIONS).items
    plain = plain_figures(rows, OPTIONS)
    assert [{name: getattr(item, name) for name in plain[0]} for item in found] == plain


def test_alpha_by_columns_is_that_of_the_plain_sums_to_the_last_digit():
    papers = room(90, 7, seed=5, partial=True, points=3.3)
    assert reliability(papers).alpha == plain_alpha([answers_of(paper) for paper in papers])


def test_correlation_needs_three_pairs_that_vary():
    assert correlation([0, 1], [0, 1]) is None
    assert correlation([1, 1, 1], [0, 1, 2]) is None
    assert correlation([0, 1, 2], [0, 1, 2]) == pytest.approx(1)
    assert correlation([0, 1, 2], [2, 1, 0]) == pytest.approx(-1)
