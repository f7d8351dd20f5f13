"""Spaced repetition: the pure rule and its properties."""

import datetime as dt
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exams import repetition
from exams.relevance import Practisable, Work, choose_for_check, weight
from exams.repetition import Candidate, State, after, choose, choose_set, streak

DAY0 = dt.date(2026, 6, 1)
ON = DAY0
answers = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=25)


def replay(history):
    """The state after answers given so many days apart, and the day of the last."""
    state, on = None, DAY0
    for is_right, later in history:
        on += dt.timedelta(days=later)
        state = after(state, is_right=is_right, on=on)
    return state, on


@settings(max_examples=60)
@given(answers)
def test_right_answers_lengthen_and_wrong_ones_shorten_the_interval(history):
    state, on = replay(history)
    due = max(state.due_on, on + dt.timedelta(days=1)) if state else on
    right, wrong = after(state, is_right=True, on=due), after(state, is_right=False, on=due)
    before = state.interval_days if state and state.repetitions else 0
    assert right.interval_days > before or right.interval_days == repetition.MOST_DAYS
    assert wrong.interval_days == 1 <= max(before, 1)
    assert right.due_on > due
    assert wrong.due_on == due + dt.timedelta(days=1)
    assert wrong.ease <= right.ease
    assert wrong.ease >= repetition.LEAST_EASE


@settings(max_examples=60)
@given(answers)
def test_the_wrong_answer_book_is_left_after_two_different_days_and_no_sooner(history):
    state, on = replay([*history, (False, 1)])
    assert state.in_wrong_book
    same_day = after(state, is_right=True, on=on)
    assert same_day.in_wrong_book
    assert same_day.right_days == 0
    first = after(same_day, is_right=True, on=on + dt.timedelta(days=1))
    again = after(first, is_right=True, on=on + dt.timedelta(days=1))
    assert first.in_wrong_book
    assert again.in_wrong_book
    assert again.right_days == 1
    assert not after(again, is_right=True, on=on + dt.timedelta(days=2)).in_wrong_book


def test_the_intervals_of_sm_2():
    state, lengths = None, []
    on = DAY0
    for _turn in range(6):
        state = after(state, is_right=True, on=on)
        lengths.append(state.interval_days)
        on = state.due_on
    assert lengths == [1, 6, 15, 37, 92, 180]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=12), st.text(max_size=3))
def test_no_question_starves(items, seed):
    """Whoever answers one question a day, always wrongly even, meets every question within a bounded time."""
    states: dict[int, State | None] = dict.fromkeys(range(1, len(items) + 1))
    met, on = set(), DAY0
    for turn in range(12 * len(items) + 12):
        candidates = [Candidate(key, items[key - 1][0], state) for key, state in states.items()]
        chosen = choose(candidates, on=on, turn=turn, seed=seed)
        assert chosen in states
        met.add(chosen)
        states[chosen] = after(states[chosen], is_right=items[chosen - 1][1], on=on)
        on += dt.timedelta(days=1)
    assert met == set(states)


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(1, 90), st.booleans(), st.text(max_size=3))
def test_a_hazard_of_the_post_comes_first(interval, waited, is_new, seed):
    ordinary = Practisable(1, 1, 1, 1, "single_choice", 3, False)
    dangerous = replace(ordinary, question_id=2, hazards=frozenset({"火灾"}))
    work = Work(post_id=7, hazards=frozenset({"火灾", "触电"}))
    state = None if is_new else State(due_on=ON - dt.timedelta(days=waited), interval_days=interval)
    both = [Candidate(item.question_id, weight(item, work), state) for item in (ordinary, dangerous)]
    assert choose(both, on=ON, turn=0, seed=seed) == 2
    assert choose_set(both, on=ON, count=2, seed=seed) == [2, 1]
    assert (
        weight(ordinary, work)
        < weight(dangerous, work)
        < weight(replace(dangerous, post_ids=frozenset({7})), work)
    )


def test_what_is_due_comes_before_what_is_new_and_later():
    due = Candidate(1, 1, State(due_on=ON))
    new, later = Candidate(2, 9), Candidate(3, 9, State(due_on=ON + dt.timedelta(days=3)))
    assert choose_set([later, new, due], on=ON, count=9, seed="") == [1, 2, 3]
    assert [choose([later, new, due], on=ON, turn=turn, seed="") for turn in range(3)] == [1, 1, 2]
    assert choose([later], on=ON, turn=0, seed="") == 3
    assert choose([], on=ON, turn=0, seed="") is None


def test_days_off_break_no_row():
    def days(*numbers):
        return [ON - dt.timedelta(days=n) for n in numbers]

    assert streak([], ON) == 0
    assert streak(days(0), ON) == 1
    assert streak(days(0, 1, 2), ON) == 3
    assert streak(days(1, 2), ON) == 2  # today is not over
    assert streak(days(3, 6), ON) == 2  # two days off each time
    assert streak(days(4, 5), ON) == 0
    assert streak(days(0, 4, 5), ON) == 1


def test_a_check_asks_what_the_post_must_know_first():
    plain = Practisable(1, 1, 1, 1, "single_choice", 3, False)
    must = replace(plain, question_id=2, must_know=True)
    post = replace(plain, question_id=3, post_ids=frozenset({7}))
    both = replace(plain, question_id=4, must_know=True, hazards=frozenset({"火灾"}), topic_id=9)
    work, items = Work(7, frozenset({"火灾"})), [plain, must, post, both]
    chosen = [item.question_id for item in choose_for_check(items, work, count=4, seed="x")]
    assert chosen == [4, 3, 2, 1]
    assert [item.question_id for item in choose_for_check(items, work, count=3, seed="x", avoid={4})] == [
        3,
        2,
        1,
    ]
    assert choose_for_check(items, work, count=3, seed="x", topic_ids={9}) == [both]
