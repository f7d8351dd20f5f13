"""Checks during a film: no more is taken back than was at stake, and no client can know the moment."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.attention import (
    POLICY,
    Attention,
    credited,
    is_due,
    question_at,
    schedule,
    settled,
    subtract,
    taken_back,
)
from courses.watching import add, total

SPANS = st.tuples(st.integers(0, 900), st.integers(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def interval_sets(draw):
    result = ()
    for start, end in draw(st.lists(SPANS, max_size=8)):
        result = add(result, (float(start), float(end)))
    return result


def seconds(intervals):
    return {second for start, end in intervals for second in range(int(start), int(end))}


@given(interval_sets(), interval_sets())
def test_subtract_is_the_difference_of_sets(left, right):
    result = subtract(left, right)
    assert seconds(result) == seconds(left) - seconds(right)
    assert all(end > start for start, end in result)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(result))


@given(st.lists(SPANS, min_size=1, max_size=12), st.integers(0, 11))
def test_an_unanswered_check_takes_back_what_came_since_the_last(beats, answered_after):
    watched, state, at_answer = (), Attention(due_s=1.0), ()
    for number, (start, end) in enumerate(beats):
        before = watched
        watched = add(watched, (float(start), float(end)))
        state = credited(state, before, watched)
        if number == answered_after:
            state, at_answer = settled(state, 1.0), watched
    assert seconds(taken_back(watched, state)) == seconds(at_answer)


@given(st.floats(0, 7200), st.integers(0, 50), st.floats(0, 7200), st.floats(0, 1, exclude_max=True))
def test_a_check_falls_inside_the_film_and_after_what_is_credited(film_s, asked, credited_s, roll):
    due = schedule(film_s, asked, credited_s, roll)
    if due is None:
        return
    assert 0 < due <= film_s * 0.9
    if film_s > POLICY.short_film_s:
        assert POLICY.least_gap_s - 1e-6 <= due - credited_s <= POLICY.most_gap_s + 1e-6
    else:
        assert asked == 0


@pytest.mark.parametrize(
    ("film_s", "asked", "credited_s", "roll", "expected"),
    [
        (59, 0, 0, 0.5, None),  # too short to ask
        (80, 0, 0, 0.0, 24.0),
        (80, 1, 24, 0.0, None),  # once is enough
        (600, 0, 0, 0.0, 180.0),
        (600, 1, 180, 0.5, 480.0),
        (600, 1, 300, 0.99, None),  # would fall into the end
    ],
)
def test_schedule(film_s, asked, credited_s, roll, expected):
    assert schedule(film_s, asked, credited_s, roll) == expected


def test_is_due_by_credited_seconds_not_by_position():
    state = Attention(due_s=30.0)
    assert not is_due(state, ((500.0, 520.0),))
    assert is_due(state, ((0.0, 20.0), (500.0, 510.0)))
    assert not is_due(Attention(due_s=None), ((0.0, 900.0),))


@pytest.mark.parametrize(
    ("moments", "stake", "expected"),
    [
        ([], ((0.0, 100.0),), None),
        ([50.0], ((60.0, 100.0),), None),  # shown long ago: that was another check's
        ([20.0, 70.0, 90.0, 130.0], ((0.0, 100.0),), 2),
        ([100.0], ((0.0, 100.0),), 0),
    ],
)
def test_question_shown_last_is_asked(moments, stake, expected):
    assert question_at(moments, stake) == expected


def test_total_shrinks_by_what_was_at_stake():
    watched = ((0.0, 300.0),)
    state = Attention(asked=1, due_s=400.0, stake=((180.0, 300.0),))
    assert total(taken_back(watched, state)) == 180.0
