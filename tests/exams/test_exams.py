from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from exams.actions.bank import retire_question, save_questions
from exams.actions.exams import ExamDraft, RowDraft, save_exam
from exams.errors import BlueprintEmpty, BlueprintNotFeasible
from exams.models import BlueprintRow, Exam
from exams.queries.office import exams_for
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    make_attempt,
    make_bank,
    make_exam,
    question,
    single_choice,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def row(count, **demand):
    return RowDraft(**{"kind": "single_choice", "count": count, "points": Decimal(5), **demand})


def test_an_exam_is_saved_with_its_rows_numbered():
    exam = make_exam(rows=[row(2), row(1, kind="true_false")], pass_pct=90, duration_s=600)
    assert (exam.pass_pct, exam.duration_s) == (90, 600)
    assert list(exam.blueprint_rows.values_list("position", "kind", "count")) == [
        (1, "single_choice", 2),
        (2, "true_false", 1),
    ]


def test_saving_again_by_code_replaces_the_rows():
    bank = make_bank()
    first = make_exam(bank, [row(2), row(1, kind="true_false")])
    again = make_exam(bank, [row(3)], title="新名称")
    assert (again.pk, Exam.objects.count(), BlueprintRow.objects.count()) == (first.pk, 1, 1)
    assert again.title == "新名称"


def test_an_exam_needs_a_row():
    with pytest.raises(BlueprintEmpty):
        save_exam(draft=ExamDraft(code="e", title="e", bank=make_bank(), rows=[]), acting_user=None)


def test_a_row_that_cannot_be_met_is_named_with_what_it_lacks():
    bank = make_bank(singles=3)
    with pytest.raises(BlueprintNotFeasible) as caught:
        make_exam(bank, [row(1, kind="true_false"), row(5)])
    assert (caught.value.position, caught.value.missing) == (2, 2)
    assert str(caught.value) == (
        f"组卷规则第 2 行（单选题·不限知识点）要 5 题，题库“{bank.name}”里符合的有 3 题，还差 2 题。"
        "请补充试题，或减少这一行的题数、放宽条件。"
    )
    assert not Exam.objects.exists()


def test_the_message_counts_what_other_rows_need():
    bank, fire, power = BankFactory(), TopicFactory(name="消防"), TopicFactory(name="用电")
    drafts = [single_choice(fire, "F-1", must_know=True), single_choice(power, "P-1")]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    with pytest.raises(BlueprintNotFeasible) as caught:
        make_exam(bank, [row(2), row(1, topic=fire, difficulty_min=2, difficulty_max=4, must_know_only=True)])
    assert "第 2 行（单选题·消防·难度 2–4·必知）要 1 题" in str(caught.value)
    assert "符合的有 1 题，其中 1 题要留给其他行，还差 1 题" in str(caught.value)


def test_an_exam_whose_questions_were_retired_names_the_row_at_the_start():
    bank = make_bank(singles=2)
    exam = make_exam(bank, [row(2)])
    retire_question(question=question(bank, "S-0"), acting_user=None, now=NOW)
    with pytest.raises(BlueprintNotFeasible) as caught:
        make_attempt(exam)
    assert (caught.value.position, caught.value.missing) == (1, 1)


def test_only_an_examiner_may_save():
    draft = ExamDraft(code="e", title="e", bank=make_bank(), rows=[row(1)])
    with pytest.raises(PermissionDenied):
        save_exam(draft=draft, acting_user=UserFactory())


def test_the_list_of_exams_costs_one_statement(django_assert_num_queries):
    for _ in range(3):
        make_attempt(make_exam())
    reader = UserFactory(superuser=True)
    with django_assert_num_queries(1):
        listed = [(exam.bank.name, exam.question_count, exam.attempt_count) for exam in exams_for(reader)]
    assert [figures[1:] for figures in listed] == [(4, 1)] * 3
