"""Ranking units: shares, not sums; neither size nor luck wins."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exams.campaign_ranking import UnitFacts, rank, reading_time_s

DAYS, CAP = 10, 5


def unit(unit_id, people, part, right):
    """A unit in which this share of person-days was used and this share of answers right."""
    days = round(people * DAYS * part)
    return UnitFacts(unit_id, people, days, days * CAP, round(days * CAP * right))


def order(*units):
    return [entry.facts.unit_id for entry in rank(units, days=DAYS, daily_cap=CAP)]


def test_size_does_not_win():
    assert order(unit(1, 500, 0.5, 0.8), unit(2, 40, 0.8, 0.8)) == [2, 1]


def test_neither_does_luck_of_a_handful():
    lucky, steady, usual = unit(1, 1, 1.0, 1.0), unit(2, 60, 0.9, 0.95), unit(3, 400, 0.4, 0.7)
    assert order(lucky, steady, usual)[0] == 2


def test_equals_share_a_place_and_the_empty_are_left_out():
    ranked = rank(
        [unit(1, 20, 0.5, 0.5), unit(2, 20, 0.5, 0.5), unit(3, 20, 0.1, 0.5), UnitFacts(4, 0, 0, 0, 0)],
        days=DAYS,
        daily_cap=CAP,
    )
    assert [(entry.facts.unit_id, entry.place) for entry in ranked] == [(1, 1), (2, 1), (3, 3)]


def test_nobody_answered():
    assert [entry.score for entry in rank([UnitFacts(1, 5, 0, 0, 0)], days=DAYS, daily_cap=CAP)] == [0.0]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 300), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_scores_are_shares_and_doing_more_never_harms(given_units):
    units = [unit(number, *facts) for number, facts in enumerate(given_units)]
    ranked = {entry.facts.unit_id: entry for entry in rank(units, days=DAYS, daily_cap=CAP)}
    assert all(0 <= entry.score <= 100 for entry in ranked.values())
    first = units[0]
    if first.right < first.answered:
        better = [replace(first, right=first.answered), *units[1:]]
        again = {entry.facts.unit_id: entry for entry in rank(better, days=DAYS, daily_cap=CAP)}
        assert again[0].score >= ranked[0].score
        assert again[0].place <= ranked[0].place


def test_reading_takes_time():
    assert [reading_time_s(n) for n in (0, 10, 60, 120, 4000)] == [2, 2, 5, 10, 20]
