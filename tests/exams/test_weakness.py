"""Where knowledge is weak: the sums, where people stood, whose figures a reader sees, the page and the workbook."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.marks import mark_attempt
from exams.actions.scores import keep_topic_scores
from exams.models import AttemptState, KeyCorrection, TopicScore
from exams.queries.weakness import weaknesses
from exams.tasks import keep_all_topic_scores
from exams.weakness import Sum, TopicSum, rows_of, weakness_table
from people.models import Role
from people.permissions import Scope
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    question,
    right_response,
    single_choice,
    sit,
    submit,
    wrong_response,
)
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
)

DAY = NOW.date()
EVERYTHING = Scope(everything=True)


@given(
    st.lists(
        st.builds(
            TopicSum,
            st.integers(1, 3),
            st.lists(st.integers(0, 3), min_size=1, max_size=1).map(tuple),
            st.builds(
                Sum, st.integers(1, 9), st.integers(0, 10).map(Decimal), st.integers(10, 20).map(Decimal)
            ),
        )
    )
)
def test_rows_and_topics_add_up(sums):
    table = weakness_table(sums, enough=5)
    whole = sum((each.sum for each in sums), Sum())
    assert sum(table.row_sums.values(), Sum()) == whole
    assert sum(table.topic_sums.values(), Sum()) == whole
    assert sum(table.cells.values(), Sum()) == whole
    known = [table.topic_sums[topic] for topic in table.topics if table.topic_sums[topic].attempts >= 5]
    assert known == sorted(known, key=lambda each: each.share)


def test_a_person_of_a_firm_counts_under_both():
    rows = [(1, "0001"), (2, "0002")]
    assert rows_of("00010003", "0002", rows) == (1, 2)
    assert rows_of("00010003", "", rows) == (1,)
    assert rows_of("0009", "", rows) == ()


@pytest.fixture
def topics():
    return TopicFactory(name="动火作业"), TopicFactory(name="有限空间")


@pytest.fixture
def exam(topics):
    """Two questions, one of each topic, ten points each."""
    bank = BankFactory()
    drafts = [single_choice(topic, f"S-{place}") for place, topic in enumerate(topics)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [RowDraft(kind="single_choice", count=1, points=Decimal(10), topic=topic) for topic in topics]
    return make_exam(bank, rows, attempts_allowed=3)


def worker(unit, post=None):
    employee = EmployeeFactory()
    stay = {"post": post} if post else {}
    AssignmentFactory(employee=employee, unit=unit, starts_on=DAY - dt.timedelta(days=90), **stay)
    return employee


def half_right(exam, employee):
    """The first topic right, the second wrong."""
    attempt = make_attempt(exam, employee=employee)
    answer(attempt, {1: right_response(attempt, 1), 2: wrong_response(attempt, 2)})
    return submit(attempt)


def asked(scope=EVERYTHING, **more):
    return weaknesses(scope, **{"unit": None, "since": DAY, "until": DAY, **more})


@pytest.mark.django_db
def test_scores_follow_the_mark_and_a_second_run_finds_nothing(exam, topics):
    unit = OrgUnitFactory()
    attempt = half_right(exam, worker(unit))
    assert keep_topic_scores() == 1
    scores = {score.topic: score for score in TopicScore.objects.filter(attempt=attempt)}
    assert [scores[topic].earned for topic in topics] == [10, 0]
    assert {score.unit for score in scores.values()} == {unit}
    assert keep_topic_scores() == 0
    assert keep_all_topic_scores() == {"attempts": 0}


@pytest.mark.django_db
def test_a_regrade_replaces_the_scores(exam, topics):
    attempt = half_right(exam, worker(OrgUnitFactory()))
    keep_topic_scores()
    slot = attempt.paper["slots"][1]
    chosen = slot["option_ids"][slot["tokens"].index(wrong_response(attempt, 2)[0])]
    corrected = single_choice(topics[1], "S-1", correct=[chosen])
    save_questions(bank=exam.bank, drafts=[corrected], acting_user=None, now=NOW)
    KeyCorrection.objects.create(
        version_id=slot["version_id"],
        by_version=question(exam.bank, "S-1").current_version,
        reason="答案更正",
        made_at=NOW,
    )
    mark_attempt(attempt_id=attempt.pk, now=NOW, reason="答案更正", regrade=True)
    assert keep_topic_scores() == 1
    assert set(TopicScore.objects.filter(attempt=attempt).values_list("earned", "mark__number")) == {(10, 2)}


@pytest.mark.django_db
def test_a_void_attempt_and_a_resit_do_not_count(exam):
    unit = OrgUnitFactory()
    employee = worker(unit)
    sit(exam, employee, right=False)
    sit(exam, employee, right=True)
    void = half_right(exam, worker(unit))
    keep_topic_scores()
    type(void).objects.filter(pk=void.pk).update(state=AttemptState.VOID)
    found = asked()
    assert {(each.attempts, each.share) for each in found.by_post.cells.values()} == {(1, 0.0)}


@pytest.mark.django_db
def test_a_later_move_does_not_carry_the_weakness_along(exam, topics):
    plant = OrgUnitFactory()
    old, new = OrgUnitFactory(parent=plant), OrgUnitFactory(parent=plant)
    employee = worker(old)
    half_right(exam, employee)
    employee.assignments.update(ends_before=DAY + dt.timedelta(days=1))
    AssignmentFactory(employee=employee, unit=new, starts_on=DAY + dt.timedelta(days=1))
    keep_topic_scores()
    found = asked(unit=plant)
    assert {row for row, _topic in found.by_unit.cells} == {old.pk}
    assert found.by_unit.cells[old.pk, topics[1].pk].share == 0
    assert found.by_unit.topics[0] == topics[1].pk


@pytest.mark.django_db
@pytest.mark.parametrize("people", [1, 3])
def test_the_statements_do_not_grow(exam, people, django_assert_num_queries):
    plant = OrgUnitFactory()
    for _ in range(people):
        half_right(exam, worker(OrgUnitFactory(parent=plant), PostFactory()))
    with django_assert_num_queries(10):
        keep_topic_scores()
    with django_assert_num_queries(4):
        asked()


@pytest.fixture
def reader(client):
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    return client, user


@pytest.mark.django_db
def test_a_reader_sees_the_own_part_of_the_tree_only(reader, exam, time_machine):
    client, user = reader
    time_machine.move_to(NOW, tick=False)
    mine, other = OrgUnitFactory(name="一车间"), OrgUnitFactory(name="二车间")
    RoleGrantFactory(user=user, role=Role.SAFETY_OFFICER, unit=mine)
    post = PostFactory(name="焊工")
    for unit in (mine, other):
        for _ in range(5):
            half_right(exam, worker(unit, post))
    keep_topic_scores()
    address = reverse("exams_office:weakness")
    text = client.get(address).content.decode()
    assert "有限空间" in text
    assert "二车间" not in text
    assert client.get(address, {"unit": other.pk}).status_code == 404
    assert "一车间" in client.get(address, {"unit": mine.pk}).content.decode()
    assert (
        "没有评过分的答卷"
        in client.get(address, {"until": "2020-01-01", "since": "2019-01-01"}).content.decode()
    )
    assert (
        "早于开始日期" in client.get(address, {"until": "2019-01-01", "since": "2020-01-01"}).content.decode()
    )
    book = load_workbook(io.BytesIO(client.get(reverse("exams_office:weakness-workbook")).content))
    rows = [row for row in book["按岗位"].values if row[0] == "焊工"]
    assert rows == [("焊工", "有限空间", 5, 0, 50, 0), ("焊工", "动火作业", 5, 50, 50, 1)]


@pytest.mark.django_db
def test_those_who_see_no_results_are_refused(reader):
    client, user = reader
    RoleGrantFactory(user=user, role=Role.EDITOR, unit=OrgUnitFactory())
    assert client.get(reverse("exams_office:weakness")).status_code in {302, 403}
