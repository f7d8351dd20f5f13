"""The marking queue: anonymous, claimed, with a second marker and a decision where two differ."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.marking import claim_next, give_mark, put_back
from exams.actions.marks import mark_attempt, record_hand_mark
from exams.errors import BadHandMark
from exams.models import (
    AttemptMark,
    AttemptState,
    GivenMark,
    HandMark,
    MarkingState,
    MarkingTask,
)
from exams.queries.marking import waiting_questions
from exams.settling import Given, Settled, Waiting, settle
from exams.signals import attempt_graded
from people.models import Role
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    right_response,
    short_answer,
    single_choice,
    submit,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LATER = NOW + dt.timedelta(minutes=31)
SETTLED = {
    "one": ([(60, 40)], 1, 20, "mean", (Fraction(1), (60.0, 40.0))),
    "one of two": ([(60, 40)], 2, 20, "mean", Waiting()),
    "mean with halves": ([(60, 35), (50, 40)], 2, 20, "mean", (Fraction(185, 200), (55.0, 37.5))),
    "just close enough": ([(60, 40), (40, 40)], 2, 20, "mean", (Fraction(9, 10), (50.0, 40.0))),
    "too far apart": ([(60, 40), (40, 39)], 2, 20, "mean", Waiting(moderation=True)),
    "no difference allowed": ([(60, 40), (60, 39)], 2, 0, "mean", Waiting(moderation=True)),
    "first": ([(50, 30), (40, 35)], 2, 20, "first", (Fraction(4, 5), (50.0, 30.0))),
    "higher": ([(40, 35), (50, 30)], 2, 20, "higher", (Fraction(4, 5), (50.0, 30.0))),
    "lower": ([(40, 35), (50, 30)], 2, 20, "lower", (Fraction(3, 4), (40.0, 35.0))),
    "the third decides": ([(60, 40), (0, 0), (30, 0)], 2, 20, "mean", (Fraction(3, 10), (30.0, 0.0))),
}


@pytest.mark.parametrize("name", SETTLED)
def test_what_counts(name):
    shares, markers, most_apart, rule, expected = SETTLED[name]
    found = settle([Given(each) for each in shares], markers=markers, most_apart_pct=most_apart, rule=rule)
    if isinstance(found, Settled):
        found = (found.fraction, found.per_point)
    assert found == expected


@pytest.fixture
def at_now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def unit():
    return OrgUnitFactory()


def marker(unit, role=Role.MARKER):
    return RoleGrantFactory(user=UserFactory(), role=role, unit=unit, starts_on=NOW.date()).user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def written_exam(unit, *, media=None, **settings):
    bank, topic = BankFactory(owner=unit), TopicFactory()
    drafts = [short_answer(topic, media=media), single_choice(topic)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [
        RowDraft(kind="short_answer", count=1, points=Decimal(10)),
        RowDraft(kind="single_choice", count=1, points=Decimal(10)),
    ]
    return make_exam(bank, rows, **settings)


def sat(exam, unit, text="清理可燃物，监护人到场", **person):
    employee = EmployeeFactory(assigned__unit=unit, **person)
    attempt = make_attempt(exam, employee=employee, now=NOW)
    answer(attempt, {1: [text], 2: right_response(attempt, 2)})
    return submit(attempt)


def take(exam, user, now=NOW):
    version_id = MarkingTask.objects.filter(attempt__exam=exam).values_list("version_id", flat=True)[0]
    return claim_next(exam_id=exam.pk, version_id=version_id, acting_user=user, now=now)


def give(task, user, shares=(60, 40), now=NOW, **more):
    return give_mark(task_id=task.pk, per_point=shares, acting_user=user, now=now, **more)


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    attempt_graded.connect(hear)
    yield events
    attempt_graded.disconnect(hear)


def test_two_markers_get_different_answers_and_the_last_mark_marks_the_attempt(unit, heard):
    exam = written_exam(unit)
    first, second = sat(exam, unit), sat(exam, unit)
    anna, bela = marker(unit), marker(unit)
    one, other = take(exam, anna), take(exam, bela)
    assert {one.attempt, other.attempt} == {first, second}
    assert take(exam, anna) == one  # again: the one in hand
    assert take(exam, marker(unit)) is None
    give(one, anna, (30, 40), comment="缺监护人")
    assert take(exam, anna) is None
    first.refresh_from_db()
    assert first.state == AttemptState.GRADED
    mark = AttemptMark.objects.get(attempt=first)
    assert (mark.points, [event.attempt_id for event in heard]) == (Decimal(17), [first.pk])
    assert HandMark.objects.get().comment == "缺监护人"
    # The second call changes nothing.
    give(one, anna, (0, 0))
    assert (AttemptMark.objects.count(), GivenMark.objects.count(), len(heard)) == (1, 1, 1)
    with pytest.raises(BadHandMark, match="已经评完"):
        give(one, bela)


def test_a_claim_runs_out_and_can_be_given_up(unit):
    exam = written_exam(unit)
    sat(exam, unit)
    anna, bela = marker(unit), marker(unit)
    task = take(exam, anna)
    assert take(exam, bela) is None
    assert take(exam, bela, LATER) == task
    with pytest.raises(BadHandMark, match="认领的时间过了"):
        give(task, anna, now=LATER)
    put_back(task_id=task.pk, acting_user=bela)
    put_back(task_id=task.pk, acting_user=bela)
    # Nobody else has it: what was typed meanwhile is not lost.
    assert give(task, anna, now=LATER).state == MarkingState.DONE


def test_two_blind_marks_are_joined_by_the_exams_rule(unit):
    exam = written_exam(unit, markers=2, final_mark_rule="mean")
    attempt = sat(exam, unit)
    anna, bela = marker(unit), marker(unit)
    task = take(exam, anna)
    assert take(exam, bela) == task
    assert take(exam, marker(unit)) is None
    give(task, anna, (60, 30), comment="好")
    assert take(exam, anna) is None  # never twice by the same person
    assert not HandMark.objects.exists()
    give(task, bela, (60, 35), comment="可以")
    hand = HandMark.objects.get()
    assert (hand.fraction, hand.per_point, hand.comment) == (Decimal("0.925"), [60, 32.5], "好；可以")
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    with pytest.raises(BadHandMark):
        give(task, marker(unit))


def test_marks_too_far_apart_wait_for_a_third_person(unit):
    exam = written_exam(unit, markers=2, most_apart_pct=10)
    attempt = sat(exam, unit)
    anna, bela, cyra = marker(unit), marker(unit), marker(unit)
    task = take(exam, anna)
    give(task, anna, (60, 40), comment="全对")
    give(take(exam, bela), bela, (10, 0))
    task.refresh_from_db()
    attempt.refresh_from_db()
    assert (task.state, attempt.state) == (MarkingState.MODERATION, AttemptState.MARKING)
    assert (take(exam, anna), take(exam, bela)) == (None, None)
    with pytest.raises(BadHandMark, match="两人分别评分"):
        record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=[0, 0], acting_user=None, now=NOW)
    assert take(exam, cyra) == task
    page = client_of(cyra).get(url("marking-answer", task.pk)).content.decode()
    assert "由你裁定" in page
    assert "全对" in page
    give(task, cyra, (40, 0))
    assert HandMark.objects.get().fraction == Decimal("0.4")


def test_nobody_marks_their_own_answer(unit):
    exam = written_exam(unit)
    person = EmployeeFactory(assigned__unit=unit)
    RoleGrantFactory(user=person.user, role=Role.MARKER, unit=unit, starts_on=NOW.date())
    attempt = make_attempt(exam, employee=person, now=NOW)
    answer(attempt, {1: ["灭火器"]})
    submit(attempt)
    task = MarkingTask.objects.get()
    assert take(exam, person.user) is None
    assert waiting_questions(person.user, NOW) == []
    with pytest.raises(PermissionDenied):
        give(task, person.user)
    with pytest.raises(PermissionDenied):
        record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=[1, 1], acting_user=person.user, now=NOW)


@pytest.mark.parametrize("role", [Role.EXAMINER, Role.QUESTION_WRITER, Role.AUDITOR])
def test_who_does_not_mark_gets_no_answer(unit, role):
    exam = written_exam(unit)
    sat(exam, unit)
    user = marker(unit, role)
    assert take(exam, user) is None
    with pytest.raises(PermissionDenied):
        give(MarkingTask.objects.get(), user)
    far = marker(OrgUnitFactory())
    assert take(exam, far) is None
    assert client_of(far).get(url("marking-answer", MarkingTask.objects.get().pk)).status_code == 404


def test_shares_that_do_not_fit_are_refused(unit):
    exam = written_exam(unit)
    sat(exam, unit)
    anna = marker(unit)
    task = take(exam, anna)
    for shares in ((60,), (61, 0), (0, -1)):
        with pytest.raises(BadHandMark):
            give(task, anna, shares)
    assert not GivenMark.objects.exists()


def test_the_page_never_says_whose_answer_it_is(unit):
    exam = written_exam(unit)
    attempt = sat(exam, unit, text="先清理", name="欧阳建国", employee_no="E-77001")
    sat(exam, unit, name="欧阳建国二")
    anna = marker(unit)
    client = client_of(anna)
    queue = client.get(url("marking"))
    version = MarkingTask.objects.first().version_id
    reply = client.post(url("marking-next"), {"exam": exam.pk, "version": version})
    page = client.get(reply.url)
    task = MarkingTask.objects.get(attempt=attempt)
    assert reply.url == url("marking-answer", task.pk)
    again = client.post(reply.url, {"point_0": "60"})
    assert again.status_code == 422
    assert "请给这个得分点一个分" in again.content.decode()
    after = client.post(reply.url, {"point_0": "60", "point_1": "0", "comment": "好"}, follow=True)
    for seen in (queue, page, again, after):
        text = seen.content.decode()
        for told in ("欧阳建国", "E-77001", unit.name, attempt.device, str(attempt.public_id)):
            assert told not in text
    assert "先清理" in page.content.decode()
    # The next one came by itself, and with the last one the way back.
    assert after.redirect_chain[-1][0] == url("marking-answer", MarkingTask.objects.last().pk)
    assert "已评完 1 / 2" in after.content.decode()
    end = client.post(after.redirect_chain[-1][0], {"point_0": "1", "point_1": "1"}, follow=True)
    assert "没有等着评分的答案" in end.content.decode()


def test_an_answer_not_in_hand_leads_back_to_the_queue(unit):
    exam = written_exam(unit)
    sat(exam, unit)
    client = client_of(marker(unit))
    task = MarkingTask.objects.get()
    reply = client.get(url("marking-answer", task.pk))
    assert (reply.status_code, reply.url) == (302, url("marking"))
    assert client.get(url("marking-media", task.pk)).status_code == 404
    assert client.post(url("marking-put-back", task.pk)).status_code == 302
    for data in ({}, {"exam": "x", "version": "1"}):
        assert client.post(url("marking-next"), data).status_code == 404


def test_progress_and_the_cost_of_the_queue(unit, django_assert_num_queries):
    exam = written_exam(unit)
    sat(exam, unit)
    anna = marker(unit)
    with django_assert_num_queries(4):
        [row] = waiting_questions(anna, NOW)
    assert (row.total, row.done, row.open_to_me) == (1, 0, 1)
    for _ in range(2):
        sat(exam, unit)
    give(take(exam, anna), anna)
    with django_assert_num_queries(4):
        [row] = waiting_questions(anna, NOW)
    assert (row.total, row.done, row.open_to_me, row.done_pct) == (3, 1, 2, 33)
    # Marking again what waits puts nothing twice into the queue.
    task = take(exam, anna)
    assert mark_attempt(attempt_id=task.attempt_id, now=NOW) is None
    assert MarkingTask.objects.count() == 3
