from collections import Counter
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.drawing import (
    InfeasibleBlueprint,
    PoolItem,
    Row,
    check_feasible,
    draw,
    make_paper,
    new_seed,
)
from exams.shapes import Option, PaperPolicy

POLICY = PaperPolicy(pass_pct=80, must_know_fails=False, duration_s=600, grace_s=5)
KINDS = ["single_choice", "multiple_choice", "true_false"]


def item(number, *, topic=1, kind="single_choice", difficulty=3, must_know=False):
    return PoolItem(number, number + 1000, topic, kind, difficulty, must_know)


def row(position, count, **demand):
    demand.setdefault("kind", "single_choice")
    return Row(position=position, count=count, points=Decimal(5), **demand)


items = st.builds(
    lambda topic, kind, difficulty, must_know: (topic, kind, difficulty, must_know),
    st.integers(1, 3),
    st.sampled_from(KINDS[:2]),
    st.integers(1, 5),
    st.booleans(),
)
pools = st.lists(items, max_size=14).map(
    lambda facts: [
        item(number, topic=topic, kind=kind, difficulty=difficulty, must_know=must_know)
        for number, (topic, kind, difficulty, must_know) in enumerate(facts, start=1)
    ]
)
demands = st.builds(
    lambda topic, kind, low, high, must_know, count: {
        "topic_id": topic,
        "kind": kind,
        "difficulty_min": min(low, high),
        "difficulty_max": max(low, high),
        "must_know_only": must_know,
        "count": count,
    },
    st.none() | st.integers(1, 3),
    st.sampled_from(KINDS[:2]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    st.integers(1, 4),
)
blueprints = st.lists(demands, min_size=1, max_size=5).map(
    lambda facts: [row(place, **fact) for place, fact in enumerate(facts, start=1)]
)


def hall_holds(rows, pool):
    """Hall's theorem, by brute force: every set of rows finds enough questions."""
    return all(
        sum(each.count for each in some) <= sum(any(each.admits(one) for each in some) for one in pool)
        for size in range(1, len(rows) + 1)
        for some in combinations(rows, size)
    )


@given(blueprints, pools, st.text("0123456789abcdef", min_size=8, max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_paper_is_drawn_exactly_when_there_is_one(rows, pool, seed):
    if not hall_holds(rows, pool):
        with pytest.raises(InfeasibleBlueprint):
            draw(rows, pool, seed)
        return
    drawn = draw(rows, pool, seed)
    assert Counter(entry.row.position for entry in drawn) == Counter(
        {one.position: one.count for one in rows}
    )
    assert all(entry.row.admits(entry.item) for entry in drawn)
    assert len({entry.item.question_id for entry in drawn}) == len(drawn)
    assert [entry.row.position for entry in drawn] == sorted(entry.row.position for entry in drawn)
    assert draw(rows, pool, seed) == drawn
    assert draw(rows, list(reversed(pool)), seed) == drawn


@given(blueprints, pools)
@settings(max_examples=300, deadline=None)
def test_the_first_row_that_cannot_be_met_is_named_with_what_is_missing(rows, pool):
    def met(count_of_rows):
        return hall_holds(rows[:count_of_rows], pool)

    first_short = next((index for index in range(len(rows)) if not met(index + 1)), None)
    if first_short is None:
        check_feasible(rows, pool)
        return
    with pytest.raises(InfeasibleBlueprint) as caught:
        check_feasible(rows, pool)
    named = caught.value
    assert named.row == rows[first_short]
    assert named.eligible == sum(named.row.admits(one) for one in pool)
    # Asking for exactly that many fewer works, and for one fewer than that does not.
    less = Row(**{**_fields(named.row), "count": named.row.count - named.missing})
    assert hall_holds([*rows[:first_short], less], pool)
    more = Row(**{**_fields(named.row), "count": named.row.count - named.missing + 1})
    assert not hall_holds([*rows[:first_short], more], pool)


def _fields(one):
    return {name: getattr(one, name) for name in Row.__slots__}


def test_overlapping_rows_give_way_to_each_other():
    pool = [item(1, topic=1), item(2, topic=2)]
    rows = [row(1, 1), row(2, 1, topic_id=1)]  # the first row could take the only question of the second
    for seed in range(50):
        by_row = {entry.row.position: entry.item.question_id for entry in draw(rows, pool, str(seed))}
        assert by_row == {1: 2, 2: 1}


def test_every_question_gets_its_turn():
    pool = [item(number) for number in range(1, 11)]
    seen = Counter(
        entry.item.question_id for seed in range(2000) for entry in draw([row(1, 3)], pool, str(seed))
    )
    # 600 each is expected; 5 standard deviations (about 20.5 each) leave no room for chance.
    assert all(500 < seen[number] < 700 for number in range(1, 11))


def test_must_know_questions_come_in_their_share():
    pool = [item(number, must_know=number <= 8) for number in range(1, 21)]  # 8 of 20
    counts = {
        sum(entry.item.must_know for entry in draw([row(1, 10)], pool, str(seed))) for seed in range(100)
    }
    assert counts == {4}


def paper(seed, pool=None):
    pool = pool or [item(number) for number in range(1, 6)]
    drawn = draw([row(1, 3)], pool, seed)
    options = {one.version_id: [Option(id=letter, text=letter) for letter in "ABCD"] for one in pool}
    return make_paper(drawn, options, POLICY, seed)


def test_paper_is_frozen_with_tokens_in_the_order_shown():
    frozen = paper("0" * 64)
    assert frozen == paper("0" * 64)
    assert frozen["policy"] == POLICY
    for slot in frozen["slots"]:
        assert sorted(slot["option_ids"]) == list("ABCD")
        assert len(set(slot["tokens"])) == 4
        assert slot["points"] == "5"


def test_tokens_of_two_candidates_are_disjoint():
    seen = set()
    for _ in range(200):
        tokens = {token for slot in paper(new_seed())["slots"] for token in slot["tokens"]}
        assert len(tokens) == 12
        assert not tokens & seen
        seen |= tokens


def test_true_false_keeps_its_order():
    pool = [item(1, kind="true_false")]
    options = {1001: [Option(id="true", text="正确"), Option(id="false", text="错误")]}
    for seed in range(20):
        drawn = draw([row(1, 1, kind="true_false")], pool, str(seed))
        assert make_paper(drawn, options, POLICY, str(seed))["slots"][0]["option_ids"] == ["true", "false"]


def test_the_right_answer_stands_anywhere():
    """Chi-square over 500 attempts, 4 positions: 16.27 is the 99.9th percentile at 3 degrees of freedom."""
    places = Counter()
    tokens_sorted = Counter()
    for seed in range(500):
        slot = paper(f"{seed:064x}")["slots"][0]
        place = slot["option_ids"].index("C")
        places[place] += 1
        tokens_sorted[sorted(slot["tokens"]).index(slot["tokens"][place])] += 1
    for counts in (places, tokens_sorted):
        assert sum((counts[place] - 125) ** 2 / 125 for place in range(4)) < 16.27
