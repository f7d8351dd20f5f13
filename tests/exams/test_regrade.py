"""Regrading against a corrected key: looked at first, then added, never rewritten."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from exams.actions.bank import save_question, save_questions
from exams.actions.exams import RowDraft
from exams.actions.marks import record_hand_mark
from exams.actions.regrade import plan_regrade, regrade_exam, start_regrade
from exams.errors import NotRegradable
from exams.models import AttemptMark, KeyCorrection
from exams.queries import marking_of, result_for_display
from exams.queries.corrections import correctable_versions
from exams.signals import attempt_graded
from jobs.models import JobState
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.exams.test_marking_queue import sat, written_exam
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    question,
    single_choice,
    submit,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def exam(unit):
    """Two questions of ten points; the key of S-1 says C."""
    bank, topic = BankFactory(owner=unit), TopicFactory()
    save_questions(
        bank=bank,
        drafts=[single_choice(topic, "S-1"), single_choice(topic, "S-2")],
        acting_user=None,
        now=NOW,
    )
    row = RowDraft(kind="single_choice", count=2, points=Decimal(10))
    return make_exam(bank, [row], pass_pct=80)


def sit_with(exam, first, **person):
    """A sitting in which S-1 is answered with option `first` and S-2 rightly."""
    attempt = make_attempt(exam, employee=EmployeeFactory(**person), now=NOW)
    version = question(exam.bank, "S-1").versions.order_by("number").first()
    responses = {}
    for place, slot in enumerate(attempt.paper["slots"], start=1):
        tokens = dict(zip(slot["option_ids"], slot["tokens"], strict=True))
        responses[place] = [tokens[first if slot["version_id"] == version.pk else "C"]]
    answer(attempt, responses)
    return submit(attempt)


def correct(exam, **changes):
    """Change the key of S-1 to A: a new version. Return the correction to try."""
    stored = question(exam.bank, "S-1")
    old = stored.current_version_id
    draft = replace(single_choice(stored.topic, "S-1"), correct=["A"], **changes)
    saved = save_question(bank=exam.bank, draft=draft, acting_user=None, now=NOW)
    return {old: saved.current_version_id}


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    attempt_graded.connect(hear)
    yield events
    attempt_graded.disconnect(hear)


def scores(exam):
    marks = AttemptMark.objects.filter(attempt__exam=exam).order_by("attempt_id", "number")
    return list(marks.values_list("attempt_id", "number", "score_pct", "passed"))


def test_a_dry_run_says_who_changes_and_stores_nothing(exam, heard):
    loser, winner = sit_with(exam, "C"), sit_with(exam, "A")
    unmoved = sit_with(exam, "B")
    pairs = correct(exam)
    before = scores(exam)
    assert [list({c.version.pk: c.by_version.pk}.items()) for c in correctable_versions(exam.pk)] == [
        list(pairs.items())
    ]
    heard.clear()
    plan = plan_regrade(exam=exam, corrections=pairs, acting_user=None)
    found = {
        change.attempt_id: (change.before_pct, change.after_pct, change.passed_after) for change in plan.flips
    }
    assert found == {loser.pk: (100, 50, False), winner.pk: (50, 100, True)}
    assert unmoved.pk not in found
    assert (plan.checked, plan.failed, scores(exam), heard) == (3, [], before, [])
    assert not KeyCorrection.objects.exists()
    assert plan_regrade(exam=exam, corrections={}, acting_user=None).changes == []


def test_a_regrade_adds_marks_sends_events_and_does_so_once(exam, heard):
    loser, winner = sit_with(exam, "C"), sit_with(exam, "A")
    pairs = correct(exam)
    heard.clear()
    job = start_regrade(exam=exam, corrections=pairs, reason="第 1 题答案错了", acting_user=None, now=NOW)
    run_pending_jobs()
    job.refresh_from_db()
    assert (job.state, job.result["changed"], job.result["flipped"], job.done) == (JobState.DONE, 2, 2, 2)
    assert scores(exam) == [
        (loser.pk, 1, 100, True),
        (loser.pk, 2, 50, False),
        (winner.pk, 1, 50, False),
        (winner.pk, 2, 100, True),
    ]
    assert [(event.attempt_id, event.passed) for event in heard] == [(loser.pk, False), (winner.pk, True)]
    assert set(AttemptMark.objects.filter(number=2).values_list("reason", flat=True)) == {"第 1 题答案错了"}
    again = regrade_exam(exam_id=exam.pk, reason="又一次", now=NOW)
    assert (again.checked, again.changed, len(heard)) == (2, 0, 2)
    # Asked for again, the correction in force is not stored twice, and it is offered no more.
    start_regrade(exam=exam, corrections=pairs, reason="再来", acting_user=None, now=NOW)
    assert KeyCorrection.objects.count() == 1
    assert correctable_versions(exam.pk) == []


def test_what_is_marked_later_and_what_is_shown_follow_the_correction(exam):
    pairs = correct(exam)
    wrong = next(iter(pairs))
    open_one = make_attempt(exam, employee=EmployeeFactory(), now=NOW)
    assert wrong not in [slot["version_id"] for slot in open_one.paper["slots"]]
    late = sit_with(exam, "A")  # the new version, its own key
    assert scores(exam)[-1][0] == late.pk
    start_regrade(exam=exam, corrections=pairs, reason="错了", acting_user=None, now=NOW)
    assert marking_of([wrong])[0] == {wrong: ["A"]}


def test_the_review_shows_the_corrected_key(exam):
    attempt = sit_with(exam, "A")
    pairs = correct(exam, explanation="更正后的解析")
    start_regrade(exam=exam, corrections=pairs, reason="错了", acting_user=None, now=NOW)
    run_pending_jobs()
    attempt = type(attempt).objects.select_related("exam").get(pk=attempt.pk)
    shown = result_for_display(attempt, NOW)
    item = next(each for each in shown.review if each.explanation == "更正后的解析")
    assert item.correct


@pytest.mark.parametrize("changes", [{"options": True}, {"kind": True}])
def test_a_version_with_other_options_corrects_nothing(exam, changes):
    sit_with(exam, "C")
    stored = question(exam.bank, "S-1")
    old = stored.current_version_id
    draft = single_choice(stored.topic, "S-1")
    if "options" in changes:
        draft = replace(draft, options=list(draft.options)[:3])
    else:
        draft = replace(draft, kind="multiple_choice", correct=["A", "C"])
    saved = save_question(bank=exam.bank, draft=draft, acting_user=None, now=NOW)
    assert correctable_versions(exam.pk) == []
    for action in (
        lambda pairs: plan_regrade(exam=exam, corrections=pairs, acting_user=None),
        lambda pairs: start_regrade(exam=exam, corrections=pairs, reason="错", acting_user=None, now=NOW),
    ):
        with pytest.raises(NotRegradable):
            action({old: saved.current_version_id})


def test_a_changed_hand_mark_is_a_regrade_of_its_own(unit):
    exam = written_exam(unit)
    attempt = sat(exam, unit)
    for shares in ([60, 40], [0, 0]):
        record_hand_mark(attempt_id=attempt.pk, slot=1, per_point=shares, acting_user=None, now=NOW)
    assert [row[2:] for row in scores(exam)] == [(100, True), (50, False)]
    assert plan_regrade(exam=exam, corrections={}, acting_user=None).changes == []


def staff(unit, role=Role.EXAMINER):
    return RoleGrantFactory(user=UserFactory(), role=role, unit=unit).user


@pytest.mark.parametrize(("role", "at_home"), [(Role.EXAMINER, False), (Role.MARKER, True)])
def test_who_may_not_regrades_nothing(exam, unit, role, at_home):
    user = staff(unit if at_home else OrgUnitFactory(), role)
    with pytest.raises(PermissionDenied):
        plan_regrade(exam=exam, corrections={}, acting_user=user)
    with pytest.raises(PermissionDenied):
        start_regrade(exam=exam, corrections={}, reason="错", acting_user=user, now=NOW)


def test_the_page_tries_it_out_names_people_in_reach_and_queues_it(exam, unit):
    sit_with(exam, "C", name="钱多多", assigned__unit=unit)
    sit_with(exam, "A", name="外单位的人")
    pairs = correct(exam)
    value = "-".join(str(pk) for pk in next(iter(pairs.items())))
    client = Client()
    client.force_login(staff(unit))
    address = reverse("exams_office:exam-regrade", args=[exam.pk])
    assert "S-1" in client.get(address).content.decode()
    assert client.post(address, {"corrections": value, "step": "run"}).status_code == 422
    data = {"corrections": value, "reason": "第 1 题答案错了"}
    page = client.post(address, {**data, "step": "preview"}).content.decode()
    assert "2 份的成绩会变" in page
    assert "钱多多" in page
    assert "变为不合格" in page
    assert "外单位的人" not in page
    assert "另有 1 份没有列出" in page
    reply = client.post(address, {**data, "step": "run"})
    assert reply.status_code == 302
    run_pending_jobs()
    assert AttemptMark.objects.filter(number=2).count() == 2
    assert "已完成" in client.get(reply.url).content.decode()


def test_the_statements_do_not_grow_with_the_attempts(exam, django_assert_max_num_queries):
    counts = []
    sit_with(exam, "C")
    pairs = correct(exam)
    for _ in range(2):
        with django_assert_max_num_queries(20) as queries:
            plan_regrade(exam=exam, corrections=pairs, acting_user=None)
        counts.append(len(queries))
        for _more in range(2):
            sit_with(exam, "B")
    assert counts[0] == counts[1]
