"""Whom a case concerns, which study counts, and the curve: pure rules."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.coverage import Counts, Place
from training.pushing import (
    Criteria,
    Owing,
    PostFacts,
    PushFacts,
    Shared,
    Standing,
    Study,
    concerned_posts,
    counts_on,
    proof_of,
    sampled_days,
    why_concerned,
)

DAY = dt.date(2026, 6, 1)
PUSHED = dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC)
CASE = Criteria(post_ids=frozenset({9}), hazards=frozenset({"机械伤害", "触电"}), feature_ids=frozenset({5}))


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (PostFacts(9), (Shared.POST,)),
        (PostFacts(1, frozenset({"触电", "淹溺"})), (Shared.HAZARD,)),
        (PostFacts(1, feature_ids=frozenset({5, 6})), (Shared.FEATURE,)),
        (PostFacts(9, frozenset({"机械伤害"}), frozenset({5})), (Shared.POST, Shared.HAZARD, Shared.FEATURE)),
        (PostFacts(1, frozenset({"淹溺"}), frozenset({6})), ()),
        (PostFacts(1), ()),
    ],
)
def test_what_a_post_shares_with_a_case(post, why):
    assert why_concerned(CASE, post) == why


@pytest.mark.parametrize(
    ("criteria", "is_empty"),
    [
        (Criteria(), True),
        (Criteria(unit_ids=frozenset({1}), employment_types=frozenset({"own"})), True),
        (Criteria(post_ids=frozenset({1})), False),
        (Criteria(hazards=frozenset({"触电"})), False),
        (Criteria(feature_ids=frozenset({1})), False),
    ],
)
def test_narrowing_alone_is_nothing_to_match_by(criteria, is_empty):
    assert criteria.is_empty is is_empty


ids = st.frozensets(st.integers(1, 6), max_size=4)
names = st.frozensets(st.sampled_from(["触电", "灼烫", "火灾", "坍塌"]))
posts = st.builds(PostFacts, id=st.integers(1, 6), hazards=names, feature_ids=ids)
criteria = st.builds(Criteria, post_ids=ids, hazards=names, feature_ids=ids)


@given(st.lists(posts, max_size=6, unique_by=lambda post: post.id), criteria, criteria)
def test_saying_more_about_a_case_never_concerns_fewer_posts(found, one, other):
    both = Criteria(
        one.post_ids | other.post_ids, one.hazards | other.hazards, one.feature_ids | other.feature_ids
    )
    assert concerned_posts(both, found) == concerned_posts(one, found) | concerned_posts(other, found)
    assert not concerned_posts(Criteria(), found)


def study(number, sha, days):
    return Study(number, sha, PUSHED + dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("studies", "proof"),
    [
        ([], None),
        ([study(1, "old", -3)], None),
        ([study(1, "pinned", -3)], 1),
        ([study(1, "newer", 2)], 1),
        ([study(1, "newer", 0)], 1),
        ([study(2, "newer", 2), study(1, "pinned", 1)], 1),
        ([study(1, "old", -3), study(2, "newer", 2)], 2),
        # The text went back to what it was: that person cannot prove it a second time.
        ([study(1, "pinned", -9), study(2, "between", -3)], 1),
    ],
)
def test_which_study_settles_a_push(studies, proof):
    found = proof_of(studies, "pinned", PUSHED)
    assert (found.id if found else None) == proof


@pytest.mark.parametrize(
    ("last", "most", "days"),
    [(0, 5, [0]), (1, 5, [0, 1]), (4, 5, [0, 1, 2, 3, 4]), (10, 3, [0, 5, 10]), (30, 4, [0, 10, 20, 30])],
)
def test_days_of_the_curve(last, most, days):
    assert sampled_days(DAY, DAY + dt.timedelta(days=last), most) == [
        DAY + dt.timedelta(days=day) for day in days
    ]


@given(st.integers(0, 400), st.integers(2, 40))
def test_days_are_in_order_and_hold_both_ends(span, most):
    last = DAY + dt.timedelta(days=span)
    days = sampled_days(DAY, last, most)
    assert days == sorted(set(days))
    assert (days[0], days[-1]) == (DAY, last)
    assert len(days) <= most


def on(day):
    return DAY + dt.timedelta(days=day)


PLACE = Place(1)


@pytest.mark.parametrize(
    ("owings", "day", "counts"),
    [
        ([Owing(1, on(1))], 0, None),
        ([Owing(1, on(0))], 0, Counts(people=1, owed=1, tasks=1)),
        ([Owing(1, on(0), done_on=on(2))], 1, Counts(people=1, owed=1, tasks=1)),
        ([Owing(1, on(0), done_on=on(2))], 2, Counts(people=1, owed=1, done=1, tasks=1, tasks_done=1)),
        ([Owing(1, on(0), cancelled_on=on(2))], 1, Counts(people=1, owed=1, tasks=1)),
        ([Owing(1, on(0), cancelled_on=on(2))], 2, None),
        ([Owing(1, on(0), due_on=on(3))], 3, Counts(people=1, owed=1, tasks=1)),
        ([Owing(1, on(0), due_on=on(3))], 4, Counts(people=1, owed=1, overdue=1, tasks=1)),
        # Let off, came back, did it.
        (
            [Owing(1, on(0), cancelled_on=on(2)), Owing(1, on(5), done_on=on(6))],
            6,
            Counts(people=1, owed=1, done=1, tasks=1, tasks_done=1),
        ),
    ],
)
def test_what_counts_on_a_day(owings, day, counts):
    facts = PushFacts(tuple(owings), {1: [Standing(PLACE, on(-100))]})
    assert counts_on(facts, on(day)) == ({PLACE: counts} if counts else {})


def test_people_count_where_they_stood_that_day():
    stays = [Standing(Place(1), on(-9), on(3)), Standing(Place(2), on(3))]
    facts = PushFacts((Owing(7, on(0)),), {7: stays})
    assert set(counts_on(facts, on(2))) == {Place(1)}
    assert set(counts_on(facts, on(3))) == {Place(2)}
