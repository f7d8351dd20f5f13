"""Pushing a case: who owes it, who may push, what happens to those who come and go."""

import datetime as dt
import uuid
from contextlib import contextmanager

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from courses.actions.study import open_session
from courses.errors import LessonNotOpen
from courses.models import StudyRecord
from courses.queries import pinned_content
from courses.signals import StudyCompleted, study_completed
from exams.actions.bank import save_questions
from jobs.models import Job, JobState
from jobs.queue import run_pending_jobs
from notices.models import Notice
from people.actions.employment import hire, leave, leave_post, transfer
from people.models import Assignment, Employee, EmploymentType, EventKind, HazardStandard, Role, WorkFeature
from people.permissions import Scope
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import BankFactory, TopicFactory, single_choice, true_false
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, org_path
from tests.factories.training import EmploymentEventFactory, at, make_case, post_with, push_to_all
from training.actions.push_joiners import follow_employment
from training.actions.pushes import Quiz, end_push, push_case, spread_push
from training.errors import PushRefused
from training.models import CasePush, Obligation, ObligationState, PushEnd, TrainingRecord
from training.queries.obligations import explain, obligation_steps
from training.queries.pushes import criteria_for, get_push_for, preview, pushes_for

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")
DUE = dt.date(2026, 6, 8)
HAZARD = "机械伤害试验"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def team():
    return org_path("总厂/一车间/甲班")


@pytest.fixture
def post():
    return post_with(HAZARD, name="冲压工")


@pytest.fixture
def case():
    return make_case([HAZARD], title="手被卷入")


def worker(unit, post, **fields):
    return EmployeeFactory(assigned__unit=unit, assigned__post=post, **fields)


def owing(push):
    return set(
        Obligation.objects.filter(push=push, state=ObligationState.OPEN).values_list("employee_id", flat=True)
    )


def studied(employee, case, when=NOW):
    record = StudyRecord.objects.create(
        employee=employee,
        lesson_id=case.pk,
        lesson_title=case.title,
        revision_id=case.live_revision_id,
        content_sha256=pinned_content(case).content_sha256,
        started_at=when - dt.timedelta(minutes=9),
        completed_at=when,
    )
    study_completed.send(sender=None, event=StudyCompleted(record.pk, employee.pk, case.pk, when))
    return record


def test_those_in_concerned_posts_owe_it_and_nobody_else(case, team, post):
    hit = worker(team, post)
    feature = WorkFeature.objects.create(kind="equipment", name="冲床")
    case.work_features.add(feature)
    named, equipped = PostFactory(name="班长"), PostFactory(name="模具工")
    case.posts.add(named)
    feature.posts.add(equipped)
    case.save()
    also = {worker(team, named).pk, worker(team, equipped).pk}
    worker(team, PostFactory(name="文员"))
    worker(team, post, left=True)
    over = worker(team, post)
    Assignment.objects.filter(employee=over).update(ends_before=dt.date(2026, 6, 1))

    push = push_case(lesson=case, due_on=DUE, acting_user=None, now=NOW)
    assert not Obligation.objects.exists()
    run_pending_jobs()

    assert owing(push) == {hit.pk} | also
    job = Job.objects.get(task="training.tasks.spread_push")
    assert (job.state, job.done, job.total, job.result) == (JobState.DONE, 3, 3, {"made": 3})
    obligation = Obligation.objects.get(employee=hit)
    assert (obligation.rule, obligation.before_work, obligation.due_on) == (None, False, DUE)
    assert push.criteria["hazards"] == [HAZARD]
    assert push.content_sha256 == pinned_content(case).content_sha256
    assert Notice.objects.get(recipient=hit.user).title == "请学习：手被卷入"


def test_the_category_of_the_accident_counts_as_a_hazard(team, post):
    case = make_case([], title="无标签", category=post.hazards.get())
    hit = worker(team, post)
    assert owing(push_to_all(case, now=NOW)) == {hit.pk}


def test_the_same_category_of_another_standard_counts(team, case):
    twin = post_with("x").hazards.get()
    twin.name, twin.standard_id = HAZARD, HazardStandard.objects.exclude(code=twin.standard_id).first().code
    twin.save()
    post = PostFactory()
    post.hazards.set([twin])
    hit = worker(team, post)
    assert owing(push_to_all(case, now=NOW)) == {hit.pk}


def test_narrowed_by_unit_and_terms(case, team, post):
    other = org_path("总厂/二车间")
    far = worker(other, post)
    agency = worker(team, post, employment_type=EmploymentType.DISPATCHED)
    own = worker(team, post)
    push = push_to_all(case, now=NOW, units=[org_path("总厂/一车间")], employment_types=["own"])
    assert owing(push) == {own.pk}
    assert push.criteria["unit_names"] == ["一车间"]
    second = push_to_all(case, now=NOW, employment_types=["dispatched"])
    assert owing(second) == {agency.pk}
    assert far.pk not in owing(push) | owing(second)


def test_preview_says_how_many_where_and_why_before_anything_is_saved(case, team, post):
    for _ in range(3):
        worker(team, post)
    worker(org_path("总厂/二车间"), post)
    shown = preview(criteria_for(case, [], []), Scope(everything=True), NOW.date())
    assert shown.total == 4
    assert [(row.name, row.level, row.counts.people) for row in shown.rows] == [
        ("总厂", 0, 4), ("一车间", 1, 3), ("甲班", 2, 3), ("二车间", 1, 1),
    ]  # fmt: skip
    assert [(item.name, item.shares, item.people) for item in shown.posts] == [("冲压工", HAZARD, 4)]
    assert not CasePush.objects.exists()


@pytest.mark.parametrize("people", [1, 3])
def test_preview_costs_the_same_for_one_and_three_people(case, team, post, people, django_assert_num_queries):
    for _ in range(people):
        worker(team, post)
    stored = criteria_for(case, [team], [])
    with django_assert_num_queries(8):
        assert preview(stored, Scope(everything=True), NOW.date()).total == people


def test_refusals_say_what_to_do(case, team, post):
    with pytest.raises(PushRefused, match="所选范围内没有人"):
        push_case(lesson=case, due_on=DUE, acting_user=None, now=NOW)
    worker(team, post)
    with pytest.raises(PushRefused, match="没有标注"):
        push_case(lesson=make_case([]), due_on=DUE, acting_user=None, now=NOW)
    for due in (dt.date(2026, 5, 31), dt.date(2027, 7, 1)):
        with pytest.raises(PushRefused, match="截止日"):
            push_case(lesson=case, due_on=due, acting_user=None, now=NOW)
    case.unpublish()
    case.refresh_from_db()
    with pytest.raises(PushRefused, match="还没有发布"):
        push_case(lesson=case, due_on=DUE, acting_user=None, now=NOW)
    assert not CasePush.objects.exists()


def test_a_quiz_is_drawn_from_a_bank(case, team, post):
    worker(team, post)
    bank, topic = BankFactory(), TopicFactory()
    save_questions(
        bank=bank, drafts=[single_choice(topic, "S-1"), true_false(topic, "T-1")], acting_user=None, now=NOW
    )
    with pytest.raises(PushRefused, match="只有 2 道"):
        push_case(lesson=case, due_on=DUE, quiz=Quiz(bank, 3), acting_user=None, now=NOW)
    push = push_case(lesson=case, due_on=DUE, quiz=Quiz(bank, 2), acting_user=None, now=NOW)
    kinds = list(push.programme.components.values_list("kind", flat=True))
    assert kinds == ["lesson", "exam", "reflection"]
    exam = push.programme.components.get(kind="exam").exam
    assert sum(row.count for row in exam.blueprint_rows.all()) == 2


def test_the_same_key_again_is_the_same_push(case, team, post):
    worker(team, post)
    key = uuid.uuid4()
    first = push_case(lesson=case, due_on=DUE, key=key, acting_user=None, now=NOW)
    again = push_case(lesson=case, due_on=DUE, key=key, acting_user=None, now=NOW)
    assert first.pk == again.pk
    assert Job.objects.count() == 1


def test_spreading_again_adds_nobody_twice(case, team, post):
    worker(team, post)
    push = push_to_all(case, now=NOW)
    assert spread_push(push=push, now=NOW) == 0
    late = worker(team, post)
    assert spread_push(push=push, now=NOW) == 1
    assert late.pk in owing(push)


def statements(case, team, post, people):
    for _ in range(people):
        worker(team, post, user=None)
    push = push_case(lesson=case, due_on=DUE, acting_user=None, now=NOW)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        spread_push(push=push, now=NOW)
    assert len(owing(push)) == Employee.objects.count()
    return len(seen)


def test_one_and_three_people_cost_the_same(case, team, post):
    assert statements(case, team, post, 1) == statements(case, team, post, 2)


def test_three_thousand_people_cost_statements_by_the_thousand(case, team, post):
    one = statements(case, team, post, 1)
    people = Employee.objects.bulk_create(
        Employee(employee_no=f"M{n}", name="王", hired_on=dt.date(2026, 1, 1)) for n in range(3000)
    )
    Assignment.objects.bulk_create(
        Assignment(employee=person, unit=team, post=post, starts_on=dt.date(2026, 1, 1)) for person in people
    )
    # Four chunks, in each of which two statements (obligations: eleven columns) take two pieces more.
    assert statements(case, team, post, 0) <= 4 * one + 10


class TestWhoMayPush:
    def officer(self, role, unit):
        return RoleGrantFactory(role=role, unit=unit).user

    @pytest.mark.parametrize("role", [Role.SAFETY_OFFICER, Role.EDITOR])
    def test_officers_and_editors_within_their_part_of_the_tree(self, case, team, post, role):
        own, far = worker(team, post), worker(org_path("总厂/二车间"), post)
        user = self.officer(role, org_path("总厂/一车间"))
        push = push_to_all(case, now=NOW, acting_user=user)
        assert owing(push) == {own.pk}
        assert push.criteria["unit_names"] == ["一车间"]
        with pytest.raises(PermissionDenied):
            push_to_all(case, now=NOW, acting_user=user, units=[org_path("总厂/二车间")])
        assert not Obligation.objects.filter(employee=far).exists()

    @pytest.mark.parametrize("role", [Role.TEAM_LEADER, Role.HR_OFFICER, Role.TRAINER, Role.AUDITOR])
    def test_nobody_else(self, case, team, post, role):
        worker(team, post)
        with pytest.raises(PermissionDenied):
            push_to_all(case, now=NOW, acting_user=self.officer(role, team))

    def test_a_push_is_seen_where_it_reaches(self, case, team, post):
        worker(team, post)
        whole = push_to_all(case, now=NOW)
        near = push_to_all(case, now=NOW, units=[org_path("总厂/一车间")])
        leader = self.officer(Role.TEAM_LEADER, team)
        outside = self.officer(Role.TEAM_LEADER, org_path("总厂/二车间"))
        above = self.officer(Role.SAFETY_OFFICER, org_path("总厂"))
        assert set(pushes_for(leader)) == set(pushes_for(above)) == {whole, near}
        assert set(pushes_for(outside)) == {whole}
        with pytest.raises(CasePush.DoesNotExist):
            get_push_for(outside, near.public_id)
        assert not pushes_for(worker(team, post).user).exists()


class TestEnding:
    def test_takes_nobody_in_any_more_and_leaves_what_is_owed(self, case, team, post):
        first = worker(team, post)
        push = push_to_all(case, now=NOW)
        end_push(push=push, reason="期限已到", withdraw=False, acting_user=None, now=NOW)
        worker(team, post)
        assert spread_push(push=push, now=NOW) == 0
        assert owing(push) == {first.pk}
        with pytest.raises(PushRefused, match="已经结束"):
            end_push(push=push, reason="再来", withdraw=True, acting_user=None, now=NOW)

    def test_withdrawing_cancels_what_is_owed(self, case, team, post, django_assert_max_num_queries):
        worker(team, post)
        push = push_to_all(case, now=NOW)
        with pytest.raises(PushRefused, match="原因"):
            end_push(push=push, reason=" ", withdraw=True, acting_user=None, now=NOW)
        with django_assert_max_num_queries(10):
            end_push(push=push, reason="推错了", withdraw=True, acting_user=None, now=NOW)
        assert Obligation.objects.get().close_reason == "推送已撤回：推错了"

    def test_only_by_who_may_push_to_all_of_it(self, case, team, post):
        worker(team, post)
        push = push_to_all(case, now=NOW)
        part = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=team).user
        with pytest.raises(PermissionDenied):
            end_push(push=push, reason="x", withdraw=True, acting_user=part, now=NOW)
        whole = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=org_path("总厂")).user
        end_push(push=push, reason="x", withdraw=False, acting_user=whole, now=NOW)

    def test_facts_cannot_be_changed(self, case, team, post):
        worker(team, post)
        push = push_to_all(case, now=NOW)
        end_push(push=push, reason="x", withdraw=False, acting_user=None, now=NOW)
        for rows in (CasePush.objects.filter(pk=push.pk), PushEnd.objects.all()):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(id=999)


class TestComingAndGoing:
    """People hired, moved, away, returned and gone while a push is open."""

    @pytest.fixture
    def push(self, case, team, post):
        worker(team, post)
        return push_to_all(case, now=NOW)

    def test_whoever_is_hired_into_a_concerned_post_owes_it_for_as_many_days(self, push, team, post):
        with day("2026-06-05") as now:
            new = hire(
                employee_no="N1",
                name="新人",
                unit=team,
                post=post,
                hired_on=now.date(),
                acting_user=None,
                now=now,
            )
        obligation = Obligation.objects.get(employee=new, push=push)
        assert (obligation.owed_from, obligation.due_on) == (dt.date(2026, 6, 5), dt.date(2026, 6, 12))
        assert obligation.event.kind == EventKind.HIRED
        follow_employment(event_ids=[obligation.event_id], now=at("2026-06-05"))
        assert Obligation.objects.filter(employee=new).count() == 1

    def test_a_hire_to_come_is_taken_in_on_its_day(self, push, team, post):
        with day("2026-06-03") as now:
            new = hire(
                employee_no="N1", name="新人", unit=team, post=post,
                hired_on=dt.date(2026, 6, 9), acting_user=None, now=now,
            )  # fmt: skip
        assert new.pk not in owing(push)
        event = new.events.get()
        with day("2026-06-09") as now:
            follow_employment(event_ids=[event.pk], now=now)
        assert new.pk in owing(push)

    def test_outside_its_limits_nobody_is_taken_in(self, case, team, post):
        worker(team, post)
        push = push_to_all(case, now=NOW, units=[org_path("总厂/一车间")])
        with day("2026-06-05") as now:
            hire(
                employee_no="N1", name="新人", unit=org_path("总厂/二车间"), post=post,
                hired_on=now.date(), acting_user=None, now=now,
            )  # fmt: skip
        assert Obligation.objects.filter(push=push).count() == 1

    def test_moving_away_lets_off_and_coming_back_asks_again(self, push, team, post):
        person = Employee.objects.get()
        clerk = PostFactory(name="文员")
        known(person, team, post)
        with day("2026-06-03") as now:
            transfer(
                employee=person, unit=team, post=clerk, effective_on=now.date(), acting_user=None, now=now
            )
        ended = Obligation.objects.get()
        assert (ended.state, ended.close_reason) == (ObligationState.CANCELLED, "已转岗，新岗位与案例无关")
        with day("2026-06-04") as now:
            transfer(
                employee=person, unit=team, post=post, effective_on=now.date(), acting_user=None, now=now
            )
        assert owing(push) == {person.pk}
        assert Obligation.objects.count() == 2
        # Told again: nothing more.
        for event in person.events.all():
            follow_employment(event_ids=[event.pk], now=at("2026-06-04"))
        assert Obligation.objects.count() == 2

    def test_moving_to_another_unit_is_no_way_out(self, case, team, post):
        person = worker(team, post)
        known(person, team, post)
        push = push_to_all(case, now=NOW, units=[team])
        with day("2026-06-03") as now:
            transfer(
                employee=person, unit=org_path("总厂/二车间"), post=post,
                effective_on=now.date(), acting_user=None, now=now,
            )  # fmt: skip
        assert owing(push) == {person.pk}

    def test_being_away_keeps_it_and_leaving_ends_it(self, push, team, post):
        person = Employee.objects.get()
        known(person, team, post)
        with day("2026-06-03") as now:
            leave_post(employee=person, effective_on=now.date(), acting_user=None, now=now)
        assert owing(push) == {person.pk}
        with day("2026-06-04") as now:
            leave(employee=person, left_on=now.date(), acting_user=None, now=now)
        assert Obligation.objects.get().close_reason == "已离职"

    def test_a_leaving_heard_late_ends_it_too(self, push, team, post):
        person = Employee.objects.get()
        known(person, team, post)
        with day("2026-06-03") as now:
            leave(employee=person, left_on=dt.date(2026, 5, 20), acting_user=None, now=now)
        assert owing(push) == set()

    def test_what_is_done_stays_done(self, push, case, team, post):
        person = Employee.objects.get()
        Obligation.objects.update(state=ObligationState.DONE, closed_at=NOW)
        known(person, team, post)
        with day("2026-06-03") as now:
            transfer(
                employee=person, unit=org_path("总厂/二车间"), post=post,
                effective_on=now.date(), acting_user=None, now=now,
            )  # fmt: skip
        assert Obligation.objects.get().state == ObligationState.DONE

    def test_without_pushes_an_event_costs_two_statements(self, django_assert_num_queries):
        with django_assert_num_queries(2):
            assert follow_employment(event_ids=[uuid.uuid4()], now=NOW) == 0


@contextmanager
def day(date):
    now = at(date, "09:00")
    with time_machine.travel(now, tick=False):
        yield now


def known(employee, unit, post):
    """Give a person the hire their stay follows from."""
    EmploymentEventFactory(
        employee=employee, effective_on=employee.hired_on, to_unit=unit, to_post=post, employment_type="own"
    )


class TestDoing:
    """Study, quiz and reflection; the order of both ways round."""

    def test_what_was_studied_before_counts_at_once(self, case, team, post):
        person = worker(team, post)
        studied(person, case, NOW - dt.timedelta(days=30))
        push = push_to_all(case, now=NOW, reflection_min_chars=None)
        obligation = Obligation.objects.get(push=push)
        assert obligation.state == ObligationState.DONE
        assert TrainingRecord.objects.get().obligation == obligation

    def test_an_older_edition_does_not_count(self, case, team, post):
        person = worker(team, post)
        record = studied(person, case, NOW - dt.timedelta(days=30))
        case.body = [("text", "<p>改过的正文。</p>")]
        case.save_revision().publish()
        case.refresh_from_db()
        push = push_to_all(case, now=NOW, reflection_min_chars=None)
        assert owing(push) == {person.pk}
        new = studied(person, case)
        assert new.content_sha256 != record.content_sha256
        assert owing(push) == set()

    def test_steps_lead_from_the_lesson_to_the_reflection(self, case, team, post):
        person = worker(team, post)
        push = push_to_all(case, now=NOW)
        obligation = Obligation.objects.get(push=push)
        steps = obligation_steps(obligation)
        assert [(step.kind, step.state) for step in steps] == [("lesson", "next"), ("reflection", "locked")]
        assert steps[0].next_lesson.pk == case.pk
        studied(person, case)
        assert [step.state for step in obligation_steps(obligation)] == ["done", "next"]

    def test_why_do_i_have_this(self, case, team, post):
        worker(team, post)
        push_to_all(case, now=NOW)
        obligation = Obligation.objects.select_related("push", "rule", "event", "programme").get()
        text = explain(obligation)
        for words in ("2026-06-01", "手被卷入", HAZARD, "2026-06-08", "四不放过", "待核对原文"):
            assert words in text


def test_a_pushed_case_is_open_to_who_owes_it_wherever_its_courses_put_it(team, post, case):
    concerned, other = worker(team, post), EmployeeFactory()
    CourseFactory(title="入厂教育", lessons=[PolicySpeechFactory(title="第一课"), case])

    def opened_by(person):
        return open_session(employee=person, lesson=case, device="phone", now=NOW)

    with pytest.raises(LessonNotOpen, match="第一课"):
        opened_by(concerned)
    push = push_to_all(case, now=NOW)
    assert opened_by(concerned).employee == concerned
    with pytest.raises(LessonNotOpen, match="第一课"):
        opened_by(other)
    end_push(push=push, reason="推错了", withdraw=True, acting_user=None, now=NOW)
    with pytest.raises(LessonNotOpen, match="第一课"):
        opened_by(concerned)
