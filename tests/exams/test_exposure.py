"""Exposure limits, parallel forms, how rows fare while they are edited, and whose typed mark counts."""

from collections import Counter
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.double_entry import Entry, Standing, standing
from exams.drawing import Exposure, InfeasibleBlueprint, chosen_of, draw, draw_least_used, fits, reordered
from exams.pacing import expected_min
from exams.parallel import make_forms
from tests.exams.test_drawing import blueprints, item, pools, row

uses = st.dictionaries(st.integers(1, 14), st.integers(0, 5), max_size=14)


def costs(drawn, over):
    return sorted((over.get(entry.item.question_id, 0) for entry in drawn), reverse=True)


@settings(max_examples=60, deadline=None)
@given(blueprints, pools, uses)
def test_the_least_used_paper_there_can_be_is_drawn(demands, pool, over):
    pool = pool[:9]
    wanted = sum(demand.count for demand in demands)
    possible = [
        sorted((over.get(entry.question_id, 0) for entry in chosen), reverse=True)
        for chosen in combinations(pool, wanted)
        if not any(fit.missing for fit in fits(demands, chosen))
    ]
    if not possible:
        with pytest.raises(InfeasibleBlueprint):
            draw_least_used(demands, pool, over, "seed")
        return
    drawn = draw_least_used(demands, pool, over, "seed")
    assert costs(drawn, over) == min(possible)
    assert len({entry.item.question_id for entry in drawn}) == wanted
    assert Counter(entry.row.position for entry in drawn) == {
        demand.position: demand.count for demand in demands
    }
    assert all(entry.row.admits(entry.item) for entry in drawn)


@settings(max_examples=60, deadline=None)
@given(blueprints, pools, uses, st.integers(1, 4))
def test_a_limit_is_held_wherever_it_can_be(demands, pool, counted, most):
    exposure = Exposure(counted, most)
    fresh = [entry for entry in pool if not exposure.over(entry)]
    try:
        drawn = draw(demands, pool, "seed", exposure)
    except InfeasibleBlueprint:
        assert any(fit.missing for fit in fits(demands, pool))
        return
    worn = [entry for entry in drawn if exposure.over(entry.item)]
    if not any(fit.missing for fit in fits(demands, fresh)):
        assert worn == []
    assert draw(demands, pool, "seed", exposure) == drawn


def test_over_many_papers_no_question_stands_in_more_than_the_share():
    pool = [item(number) for number in range(1, 21)]
    counted: Counter[int] = Counter()
    for number in range(60):
        exposure = Exposure.of(counted, max_pct=30, papers=number)
        drawn = draw([row(1, 5)], pool, f"seed{number}", exposure)
        counted.update(entry.item.question_id for entry in drawn)
    assert max(counted.values()) <= 60 * 0.30 + 1


def test_a_share_of_the_papers_is_a_number_of_uses_and_never_none():
    assert Exposure.of({}, max_pct=20, papers=99).most == 20
    assert Exposure.of({}, max_pct=1, papers=0).most == 1
    assert Exposure.of({7: 20}, max_pct=20, papers=99).over(item(7)) == 1


@settings(max_examples=40, deadline=None)
@given(blueprints, pools)
def test_what_rows_lack_is_told_of_each(demands, pool):
    found = fits(demands, pool)
    assert [fit.row for fit in found] == list(demands)
    for fit in found:
        assert fit.eligible == sum(fit.row.admits(entry) for entry in pool)
        assert 0 <= fit.missing <= fit.row.count
    feasible = not any(fit.missing for fit in found)
    try:
        draw(demands, pool, "seed")
    except InfeasibleBlueprint as error:
        assert not feasible
        assert error.missing == next(fit.missing for fit in found if fit.missing)
    else:
        assert feasible


def bank(size, difficulties=(1, 2, 3, 4, 5)):
    return [
        item(n, difficulty=difficulties[n % len(difficulties)], must_know=n % 7 == 0) for n in range(1, size)
    ]


def test_forms_share_nothing_where_the_bank_is_large_enough_and_are_equally_hard():
    forms = make_forms([row(1, 6), row(2, 4, difficulty_min=3)], bank(60), 3, {}, "seed")
    ids = [entry.item.question_id for form in forms for entry in form.drawn]
    assert len(ids) == len(set(ids)) == 30
    assert [form.label for form in forms] == ["A", "B", "C"]
    hardness = [form.figures.hardness for form in forms]
    assert max(hardness) - min(hardness) <= 0.02
    assert all(form.figures.shared == 0 for form in forms)


def test_measured_questions_weigh_more_than_what_their_author_thought():
    measured = {number: (0.9 if number % 2 else 0.1) for number in range(1, 41)}
    forms = make_forms([row(1, 8)], bank(41, (3,)), 2, measured, "seed")
    assert abs(forms[0].figures.hardness - forms[1].figures.hardness) <= 0.02
    assert forms[0].figures.measured == 8


@settings(max_examples=25, deadline=None)
@given(blueprints, pools, st.integers(2, 4))
def test_every_form_is_a_paper_of_the_blueprint(demands, pool, count):
    if any(fit.missing for fit in fits(demands, pool)):
        with pytest.raises(InfeasibleBlueprint):
            make_forms(demands, pool, count, {}, "seed")
        return
    forms = make_forms(demands, pool, count, {}, "seed")
    for form in forms:
        assert len({entry.item.question_id for entry in form.drawn}) == len(form.drawn)
        assert [entry.row.position for entry in form.drawn] == [
            demand.position for demand in demands for _n in range(demand.count)
        ]
        assert all(entry.row.admits(entry.item) for entry in form.drawn)


def test_seeds_share_the_forms_out_and_keep_their_order():
    taken = Counter(chosen_of(f"seed{number}", 3) for number in range(600))
    assert set(taken) == {0, 1, 2}
    assert min(taken.values()) > 150
    drawn = draw([row(1, 5)], bank(20), "seed")
    assert sorted(entry.item.question_id for entry in reordered(drawn, "a")) == sorted(
        entry.item.question_id for entry in drawn
    )
    assert reordered(drawn, "a") == reordered(drawn, "a") != reordered(drawn, "b")


@pytest.mark.parametrize(
    ("typed", "second_entry", "expected"),
    [
        ([], False, (Standing.EMPTY, None)),
        ([(1, 80)], False, (Standing.COUNTS, 80)),
        ([(1, 80), (1, 85, "看错")], False, (Standing.COUNTS, 85)),
        ([(1, 80)], True, (Standing.SECOND_WANTED, None)),
        ([(1, 80), (1, 80)], True, (Standing.SECOND_WANTED, None)),
        ([(1, 80), (2, 80)], True, (Standing.COUNTS, 80)),
        ([(1, 80), (2, 90)], True, (Standing.DIFFERS, None)),
        ([(1, 80), (2, 90), (1, 90)], True, (Standing.COUNTS, 90)),
        ([(1, 80), (2, 90), (3, 90)], True, (Standing.COUNTS, 90)),
        ([(1, 80), (2, 80), (1, 70, "漏了一页")], True, (Standing.COUNTS, 70)),
    ],
)
def test_which_typed_mark_counts(typed, second_entry, expected):
    entries = [Entry(by, Decimal(points), (), *reason) for by, points, *reason in typed]
    where, counting = standing(entries, second_entry=second_entry)
    assert (where, counting.points if counting else None) == expected


def test_a_paper_takes_the_time_its_kinds_and_words_take():
    assert expected_min([("single_choice", 100)] * 20) == 15
    assert expected_min([]) == 0
