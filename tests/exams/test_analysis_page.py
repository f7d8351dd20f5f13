"""The figures of an exam in the back office, from real sittings."""

import datetime as dt
import io

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from openpyxl import load_workbook

from exams.actions.bank import save_questions
from exams.queries.analysis import exam_analysis
from people.models import Role
from tests.factories.exams import (
    NOW,
    TopicFactory,
    answer,
    make_attempt,
    make_bank,
    make_exam,
    right_response,
    single_choice,
    sit,
    submit,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    return make_exam(make_bank(), attempts_allowed=3)


@pytest.fixture
def examiner(client):
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    RoleGrantFactory(user=user, role=Role.EXAMINER, unit=OrgUnitFactory())
    client.force_login(user)
    return client


def page(client, exam, query=""):
    return client.get(reverse("exams_office:exam-analysis", args=[exam.pk]) + query)


def test_figures_come_from_the_marked_answers(exam):
    for right in (True, True, False):
        sit(exam, EmployeeFactory(), right=right)
    analysis = exam_analysis(exam)
    assert (analysis.figures.n, analysis.unmarked) == (3, 0)
    assert analysis.figures.pass_share == pytest.approx(2 / 3)
    assert analysis.figures.mean_pct == pytest.approx(200 / 3)
    assert sum(figures.n for _info, figures in analysis.items) == 12
    for info, figures in analysis.items:
        right = {option_id for option_id, _text, is_right in info.options if is_right}
        for choice in figures.choices:
            assert choice.is_right == (choice.option_id in right)
        if info.kind == "单选题":
            assert sum(choice.taken for choice in figures.choices) == figures.n


def test_an_answer_changed_counts_as_it_was_left(exam):
    attempt = make_attempt(exam)
    slots = range(1, 5)
    answer(attempt, {slot: attempt.paper["slots"][slot - 1]["tokens"][:1] for slot in slots}, seq=1)
    answer(attempt, {slot: right_response(attempt, slot) for slot in slots}, seq=2)
    submit(attempt)
    analysis = exam_analysis(exam)
    assert analysis.figures.mean_pct == 100
    for _info, figures in analysis.items:
        assert all(choice.taken == figures.n * choice.is_right for choice in figures.choices)


def test_resits_are_kept_apart(exam):
    employee = EmployeeFactory()
    sit(exam, employee, right=False)
    sit(exam, employee, right=True)
    assert exam_analysis(exam).figures.mean_pct == 0
    everything = exam_analysis(exam, first_only=False)
    assert (everything.figures.n, everything.figures.mean_pct) == (2, 50)


@pytest.mark.parametrize("people", [1, 3])
def test_it_takes_the_same_statements_for_any_number_of_people(exam, people, django_assert_num_queries):
    for _ in range(people):
        sit(exam, EmployeeFactory(), right=True)
    with django_assert_num_queries(7):
        exam_analysis(exam)


def test_the_page_says_what_is_there(examiner, exam):
    assert "还没有评过分的答卷" in page(examiner, exam).content.decode()
    for number in range(24):
        sit(exam, EmployeeFactory(), right=number % 3 > 0)
    text = page(examiner, exam).content.decode()
    assert "难度" in text
    assert "66.7<small>%</small>" in text
    assert "KR-20" in text
    assert "首次作答" in text
    assert "含补考" in page(examiner, exam, "?attempts=all").content.decode()


def test_the_workbook_holds_the_figures(examiner, exam):
    for right in (True, False):
        sit(exam, EmployeeFactory(), right=right)
    reply = examiner.get(reverse("exams_office:exam-workbook", args=[exam.pk]))
    book = load_workbook(io.BytesIO(reply.content))
    assert book.sheetnames == ["试题", "选项", "整场考试"]
    whole = {row[0]: row[1] for row in book["整场考试"].values}
    assert (whole["答卷份数"], whole["合格的比例"], whole["平均分"]) == (2, 0.5, 50)
    assert (whole["0–9 分的人数"], whole["90–100 分的人数"]) == (1, 1)
    assert whole["信度（α）"] is None, "two papers say nothing of it"
    rows = list(book["试题"].values)
    assert rows[0][:3] == ("题号", "版本", "题型")
    assert rows[-1][0].endswith("内部资料，用后销毁")
    listed = [row for row in rows[1:] if row[5]]
    assert sum(row[5] for row in listed) == 8


def test_others_exams_are_not_found(client, exam):
    learner = EmployeeFactory().user
    client.force_login(learner)
    assert page(client, exam).status_code in {302, 403}


def test_an_unknown_exam_is_not_found(examiner):
    assert examiner.get(reverse("exams_office:exam-analysis", args=[999])).status_code == 404


def test_a_question_that_became_easier_is_told_with_its_figures(examiner):
    exam = make_exam(make_bank(singles=2, multiples=1, judgements=1))
    for number in range(48):
        sit(exam, EmployeeFactory(), right=number >= 24, now=NOW + dt.timedelta(hours=number))
    analysis = exam_analysis(exam)
    assert analysis.drifts
    assert all(found.lately.change == 1 and found.from_version is None for found in analysis.drifts.values())
    text = page(examiner, exam).content.decode()
    assert "变容易了" in text
    assert "得分率 0% → 100%（+100 个百分点" in text


def test_exposure_counts_papers_and_names_what_was_never_drawn(exam):
    sit(exam, EmployeeFactory(), right=True)
    before = exam_analysis(exam).never_drawn
    save_questions(
        bank=exam.bank, drafts=[single_choice(TopicFactory(), code="S-99")], acting_user=None, now=NOW
    )
    analysis = exam_analysis(exam)
    assert analysis.never_drawn == before + 1
    assert all(analysis.exposure(figures) == 1 for _info, figures in analysis.items)
