from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.marking import UnknownToken, mark_paper
from exams.shapes import Paper, PaperPolicy, PaperSlot


def slot(version_id, *, kind="single_choice", points="5", must_know=False, options="ABCD"):
    ids = ["true", "false"] if kind == "true_false" else list(options)
    return PaperSlot(
        version_id=version_id,
        kind=kind,
        must_know=must_know,
        points=points,
        option_ids=ids,
        tokens=[f"{version_id}-{option_id}" for option_id in ids],
    )


def paper(*slots, pass_pct=80, must_know_fails=False):
    policy = PaperPolicy(pass_pct=pass_pct, must_know_fails=must_know_fails, duration_s=600, grace_s=5)
    return Paper(format=1, slots=list(slots), policy=policy)


FIVE = paper(*[slot(number) for number in range(1, 6)])
KEYS = {number: ["B"] for number in range(1, 6)}


def right(*slots):
    return {number: [f"{number}-B"] for number in slots}


@pytest.mark.parametrize(
    ("responses", "points", "score_pct", "passed"),
    [
        ({}, "0.00", "0.00", False),
        (right(1, 2, 3, 4, 5), "25.00", "100.00", True),
        (right(1, 2, 3, 4), "20.00", "80.00", True),
        (right(1, 2, 3), "15.00", "60.00", False),
        (right(1, 2, 3) | {4: [], 5: ["5-A"]}, "15.00", "60.00", False),
    ],
    ids=["empty", "all", "exactly the line", "below", "taken back and wrong"],
)
def test_score_and_pass_line(responses, points, score_pct, passed):
    mark = mark_paper(FIVE, responses, KEYS)
    assert (mark.points, mark.max_points) == (Decimal(points), Decimal("25.00"))
    assert (mark.score_pct, mark.passed) == (Decimal(score_pct), passed)


def test_per_slot_tells_answered_and_earned():
    mark = mark_paper(FIVE, {1: ["1-B"], 2: ["2-A"], 3: []}, KEYS)
    assert [
        (entry["slot"], entry["fraction"], entry["points"], entry["answered"]) for entry in mark.per_slot
    ] == [
        (1, "1.00", "5.00", True),
        (2, "0.00", "0.00", True),
        (3, "0.00", "0.00", False),
        (4, "0.00", "0.00", False),
        (5, "0.00", "0.00", False),
    ]


@pytest.mark.parametrize(("must_know_fails", "passed"), [(False, True), (True, False)])
def test_a_missed_must_know_question_fails_where_the_exam_says_so(must_know_fails, passed):
    slots = [slot(number, must_know=number == 5) for number in range(1, 6)]
    mark = mark_paper(paper(*slots, must_know_fails=must_know_fails), right(1, 2, 3, 4), KEYS)
    assert (mark.score_pct, mark.missed_must_know, mark.passed) == (Decimal("80.00"), 1, passed)


def test_score_is_rounded_half_up_to_two_places():
    three = paper(slot(1), slot(2), slot(3), pass_pct=67)
    mark = mark_paper(three, right(1, 2), KEYS)
    assert (mark.score_pct, mark.passed) == (Decimal("66.67"), False)


def test_a_token_of_another_paper_is_not_guessed_at():
    with pytest.raises(UnknownToken):
        mark_paper(FIVE, {1: ["2-B"]}, KEYS)


def test_a_version_without_a_key_is_not_marked():
    with pytest.raises(KeyError):
        mark_paper(FIVE, {}, {1: ["B"]})


@st.composite
def sittings(draw):
    kinds = draw(
        st.lists(st.sampled_from(["single_choice", "multiple_choice", "true_false"]), min_size=1, max_size=8)
    )
    slots, keys, responses = [], {}, {}
    for number, kind in enumerate(kinds, start=1):
        points = draw(st.decimals("0.1", "20", places=1))
        entry = slot(number, kind=kind, points=str(points), must_know=draw(st.booleans()))
        slots.append(entry)
        size = draw(st.integers(2, 4)) if kind == "multiple_choice" else 1
        keys[number] = draw(st.permutations(entry["option_ids"]))[:size]
        limit = len(entry["tokens"]) if kind == "multiple_choice" else 1
        responses[number] = draw(st.lists(st.sampled_from(entry["tokens"]), max_size=limit, unique=True))
    exam = paper(*slots, pass_pct=draw(st.integers(1, 100)), must_know_fails=draw(st.booleans()))
    return exam, responses, keys


@given(sittings())
@settings(max_examples=200, deadline=None)
def test_marking_stays_in_bounds_and_replays_the_same(sitting):
    exam, responses, keys = sitting
    mark = mark_paper(exam, responses, keys)
    assert mark == mark_paper(exam, {slot: list(chosen) for slot, chosen in responses.items()}, dict(keys))
    assert 0 <= mark.score_pct <= 100
    assert mark.score_pct.as_tuple().exponent == -2
    assert 0 <= mark.points <= mark.max_points
    assert mark.points == sum(Decimal(entry["points"]) for entry in mark.per_slot)
    if mark.passed:
        assert mark.score_pct >= exam["policy"]["pass_pct"]
    nothing = mark_paper(exam, {}, keys)
    assert (nothing.points, nothing.score_pct) == (0, 0)
    assert nothing.passed is False
