"""The order of a paper's questions: as written, shuffled within its sections, or across the whole paper."""

from collections import Counter
from decimal import Decimal
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.actions.paper_sources import Place, draw_forms, save_fixed_paper
from exams.actions.papers import draw_paper
from exams.drawing import Drawn, PoolItem, Row, new_seed, reordered
from exams.forms.delivery import DeliveryFields
from exams.models import PaperSource, QuestionOrder
from tests.factories.exams import NOW, make_bank, make_exam, question

KINDS = ("single_choice", "multiple_choice", "true_false")
papers = st.lists(st.sampled_from(KINDS), max_size=12).map(
    lambda kinds: [
        Drawn(PoolItem(n, n, 1, kind, 3, False), Row(1, kind, 1, Decimal(n)))
        for n, kind in enumerate(kinds, start=1)
    ]
)
seeds = st.text("0123456789abcdef", min_size=8, max_size=8)


def kinds_of(drawn):
    return [entry.item.kind for entry in drawn]


@given(papers, seeds, st.booleans())
@settings(max_examples=150, deadline=None)
def test_shuffled_it_is_the_same_paper_and_the_same_for_one_seed(drawn, seed, across):
    shuffled = reordered(drawn, seed, across=across)
    assert Counter(shuffled) == Counter(drawn), "no question lost, none twice, each with its points"
    assert shuffled == reordered(drawn, seed, across=across)


@given(papers, seeds)
@settings(max_examples=150, deadline=None)
def test_within_sections_each_section_keeps_its_place_and_its_questions(drawn, seed):
    shuffled = reordered(drawn, seed)
    assert kinds_of(shuffled) == kinds_of(drawn)
    start = 0
    for _kind, run in groupby(drawn, key=lambda entry: entry.item.kind):
        section = list(run)
        assert set(shuffled[start : start + len(section)]) == set(section)
        start += len(section)


def test_across_any_question_comes_to_stand_anywhere():
    drawn = [
        Drawn(PoolItem(n, n, 1, KINDS[n // 2], 3, False), Row(1, KINDS[n // 2], 1, Decimal(1)))
        for n in range(6)
    ]
    places = {
        (entry.item.question_id, place)
        for n in range(200)
        for place, entry in enumerate(reordered(drawn, f"{n}", across=True))
    }
    assert len(places) == 36


@pytest.mark.django_db
@pytest.mark.parametrize("source", PaperSource.values)
@pytest.mark.parametrize("order", QuestionOrder.values)
def test_an_exam_of_any_source_keeps_to_what_it_asks_for(source, order):
    bank = make_bank(singles=8, multiples=4, judgements=4)
    exam = make_exam(bank, paper_source=source, is_open=False, question_order=order)
    if source == PaperSource.FIXED:
        codes = ("S-0", "S-1", "S-2", "S-3", "M-0", "M-1", "T-0", "T-1")
        places = [Place(question(bank, code).pk, Decimal(5)) for code in codes]
        save_fixed_paper(exam=exam, places=places, acting_user=None)
    elif source == PaperSource.FORMS:
        draw_forms(exam=exam, count=2, acting_user=None, now=NOW)
    drawn = [draw_paper(exam, f"{n:064x}")["slots"] for n in range(12)]
    assert drawn[0] == draw_paper(exam, f"{0:064x}")["slots"]
    sections = {tuple(kind for kind, _run in groupby(slot["kind"] for slot in slots)) for slots in drawn}
    assert (len(sections) == 1) == (order != QuestionOrder.ACROSS)
    by_questions = {}
    for slots in drawn:
        ids = tuple(slot["question_id"] for slot in slots)
        by_questions.setdefault(frozenset(ids), set()).add(ids)
    if order == QuestionOrder.WRITTEN:
        assert all(len(orders) == 1 for orders in by_questions.values())
    elif source != PaperSource.BLUEPRINT:
        assert any(len(orders) > 1 for orders in by_questions.values())


@pytest.mark.django_db
@pytest.mark.parametrize("order", QuestionOrder.values)
def test_the_form_says_what_is_stored(order):
    exam = make_exam(question_order=order)
    exam.refresh_from_db()
    assert DeliveryFields.initial_of(exam)["question_order"] == order
    assert draw_paper(exam, new_seed())["slots"]
