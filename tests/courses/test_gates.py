"""The order inside courses and courses that come before others, as the server decides them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from courses import errors
from courses.actions.study import open_session
from courses.models import (
    CourseLesson,
    CoursePage,
    CoursePrerequisite,
    LessonContent,
    PlaySession,
    StudyRecord,
)
from courses.ordering import circle, first_undone
from courses.queries import gate_of, pinned_content, prerequisites_of
from tests.factories.courses import (
    CourseFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    shelf,
)
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def learner(client):
    employee = EmployeeFactory()
    client.force_login(employee.user)
    return employee


@pytest.fixture
def lessons():
    return [PolicySpeechFactory(title=f"第{number}课") for number in (1, 2, 3)]


def done(employee, *lessons):
    for lesson in lessons:
        StudyRecord.objects.create(
            employee=employee,
            lesson_id=lesson.pk,
            lesson_title=lesson.title,
            content_sha256=pinned_content(lesson).content_sha256,
            started_at=NOW,
            completed_at=NOW,
        )


def before(course, *needed):
    for place, one in enumerate(needed):
        CoursePrerequisite.objects.create(course=course, needed=one, sort_order=place)


class TestCircle:
    @pytest.mark.parametrize(
        ("needs", "way"),
        [
            ({}, []),
            ({1: {2}, 2: {3}}, []),
            ({1: {1}}, [1, 1]),
            ({1: {2}, 2: {1}}, [1, 2, 1]),
            ({1: {2}, 2: {3}, 3: {1}}, [1, 2, 3, 1]),
            ({1: {2}, 2: {3}, 3: {2}}, []),  # a circle elsewhere is not this one's
        ],
    )
    def test_is_the_way_round(self, needs, way):
        assert circle(1, needs) == way

    def test_first_undone_keeps_the_order(self):
        assert first_undone([3, 1, 2], {3}) == 1
        assert first_undone([3, 1], {1, 3}) is None


class TestOrder:
    def test_opens_one_lesson_after_the_other(self, learner, lessons):
        course = CourseFactory(lessons=lessons)
        assert gate_of(learner, lessons[0]) is None
        gate = gate_of(learner, lessons[2])
        assert (gate.course, gate.lesson.pk, gate.missing) == (course, lessons[0].pk, ())
        done(learner, lessons[0])
        assert gate_of(learner, lessons[1]) is None
        assert gate_of(learner, lessons[2]).lesson.pk == lessons[1].pk

    def test_free_order_and_no_course_hold_nobody(self, learner, lessons):
        assert gate_of(learner, lessons[2]) is None
        CourseFactory(lessons=lessons, order_enforced=False)
        assert gate_of(learner, lessons[2]) is None

    def test_what_was_done_once_stays_open(self, learner, lessons):
        CourseFactory(lessons=lessons)
        done(learner, lessons[2])
        assert gate_of(learner, lessons[2]) is None
        lessons[2].body = [("text", "<p>新内容。</p>")]
        lessons[2].save_revision().publish()
        assert gate_of(learner, lessons[2]) is None

    def test_the_next_edition_of_a_rule_signed_for_is_open(self, learner, lessons):
        old = OperatingRuleFactory()
        new = OperatingRuleFactory(supersedes=old, body=[("text", "<p>改过的一条。</p>")])
        CourseFactory(lessons=[lessons[0], new])
        assert gate_of(learner, new).lesson.pk == lessons[0].pk
        session = open_session(employee=learner, lesson=old, device="", now=NOW)
        done(learner, old)
        LessonContent.objects.create(
            lesson_id=old.pk, content_sha256=session.progress.content_sha256, title=old.title, kept_at=NOW
        )
        assert gate_of(learner, new) is None

    def test_an_earlier_lesson_changed_since_comes_first_again_where_the_newest_is_due(
        self, learner, lessons
    ):
        course = CourseFactory(lessons=lessons)
        done(learner, lessons[0])
        lessons[0].body = [("text", "<p>新内容。</p>")]
        lessons[0].save_revision().publish()
        assert gate_of(learner, lessons[1]) is None
        CourseLesson.objects.filter(course=course).update(is_newest_due=True)
        assert gate_of(learner, lessons[1]).lesson.pk == lessons[0].pk

    def test_one_course_that_opens_it_is_enough(self, learner, lessons):
        strict = CourseFactory(lessons=lessons)
        other = CourseFactory(lessons=[lessons[1], lessons[2]])
        assert gate_of(learner, lessons[1]) is None, "it is the first of the other course"
        assert gate_of(learner, lessons[2]).course == strict
        assert gate_of(learner, lessons[2], course_id=other.pk).lesson.pk == lessons[1].pk
        CourseFactory(lessons=lessons, order_enforced=False)
        assert gate_of(learner, lessons[2]) is None

    def test_a_draft_course_asks_for_nothing(self, learner, lessons):
        CourseFactory(lessons=lessons, live=False)
        assert gate_of(learner, lessons[2]) is None

    def test_nobody_waits_for_what_they_cannot_study(self, learner, lessons):
        lessons[0].unpublish()
        lessons[1].view_restrictions.create(restriction_type="groups")
        CourseFactory(lessons=lessons)
        assert gate_of(learner, lessons[2]) is None
        assert gate_of(EmployeeFactory(user=None), lessons[2]) is None

    @pytest.mark.parametrize("count", [1, 3])
    def test_costs_the_same_however_many(self, learner, lessons, count):
        for _ in range(count):
            course = CourseFactory(lessons=lessons)
            before(course, *(CourseFactory(lessons=[PolicySpeechFactory()]) for _ in range(count)))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert gate_of(learner, lessons[2]) is not None
        assert len(seen) <= 8


class TestPrerequisites:
    def test_open_the_course_when_finished(self, learner, lessons):
        first, second = lessons[:2]
        basic = CourseFactory(title="基础", lessons=[first])
        course = CourseFactory(lessons=[second])
        before(course, basic)
        gate = gate_of(learner, second)
        assert (gate.course, gate.missing, gate.lesson) == (course, (basic,), None)
        assert [(one.course, one.is_done) for one in prerequisites_of(learner, course)] == [(basic, False)]
        assert [(one.course, one.is_done) for one in prerequisites_of(None, course)] == [(basic, False)]
        done(learner, first)
        assert gate_of(learner, second) is None
        assert prerequisites_of(learner, course)[0].is_done

    def test_hold_in_free_order_too(self, learner, lessons):
        course = CourseFactory(lessons=lessons[1:], order_enforced=False)
        before(course, CourseFactory(lessons=lessons[:1]))
        assert gate_of(learner, lessons[2]).missing

    def test_a_course_that_cannot_be_done_is_not_asked_for(self, learner, lessons):
        draft = CourseFactory(lessons=[PolicySpeechFactory()], live=False)
        empty = CourseFactory(lessons=[])
        closed = CourseFactory(lessons=[PolicySpeechFactory()])
        closed.view_restrictions.create(restriction_type="groups")
        course = CourseFactory(lessons=lessons[:1])
        before(course, draft, empty, closed)
        assert gate_of(learner, lessons[0]) is None

    def test_a_circle_that_slipped_in_locks_nobody_out(self, learner, lessons):
        one, two = CourseFactory(lessons=lessons[:1]), CourseFactory(lessons=lessons[1:2])
        before(one, two)
        before(two, one)
        assert gate_of(learner, lessons[0]) is None
        assert gate_of(learner, lessons[1]) is None


class TestStudy:
    def test_a_session_is_refused_and_names_what_comes_first(self, client, learner, lessons):
        CourseFactory(lessons=lessons)
        with pytest.raises(errors.LessonNotOpen, match="第1课"):
            open_session(employee=learner, lesson=lessons[1], device="", now=NOW)
        answer = client.post(reverse("courses:session-open", args=[lessons[1].pk]))
        assert (answer.status_code, answer.json()["error"]) == (409, "not_open")
        assert "第1课" in answer.json()["message"]
        assert not PlaySession.objects.exists(), "without a session no beat is taken"

    def test_a_session_is_refused_before_the_prerequisite(self, learner, lessons):
        course = CourseFactory(lessons=lessons[1:])
        before(course, CourseFactory(title="基础课", lessons=lessons[:1]))
        with pytest.raises(errors.LessonNotOpen, match="基础课"):
            open_session(employee=learner, lesson=lessons[1], device="", now=NOW)

    def test_beats_of_an_open_lesson_do_not_reach_a_later_one(self, client, learner, lessons):
        CourseFactory(lessons=lessons)
        session = open_session(employee=learner, lesson=lessons[0], device="", now=NOW)
        assert session.progress.lesson_id == lessons[0].pk
        for name in ("beat", "check", "confirm"):
            unknown = reverse(f"courses:{name}", args=["00000000-0000-0000-0000-000000000001"])
            assert client.post(unknown, {"seq": 1}).status_code in (400, 404)


class TestPages:
    def test_the_address_of_a_later_lesson_says_what_comes_first(self, client, learner, lessons):
        course = CourseFactory(lessons=lessons)
        for query in ({}, {"from": course.pk}, {"from": "x"}):
            answer = client.get(lessons[2].url, query)
            html = answer.content.decode()
            assert answer.status_code == 403
            assert f'href="{lessons[0].url}?from={course.pk}"' in html
            assert "先学：第1课" in html
            assert "data-study" not in html
            assert "从业人员不得上岗" not in html, "the text of the lesson is not there"

    def test_a_missing_course_is_named(self, client, learner, lessons):
        basic, course = CourseFactory(title="基础课", lessons=lessons[:1]), CourseFactory(lessons=lessons[1:])
        before(course, basic)
        html = client.get(lessons[1].url).content.decode()
        assert f'href="{basic.url}"' in html
        assert "去学：基础课" in html
        html = client.get(course.url).content.decode()
        assert "先学课程：基础课" in html
        assert "学完先修课程后开放" in html
        assert f"{lessons[1].url}?from" not in html
        done(learner, lessons[0])
        html = client.get(course.url).content.decode()
        assert f"{lessons[1].url}?from={course.pk}" in html
        assert "先学课程" not in html

    def test_a_rule_can_be_looked_up_on_its_wall_card(self, client, learner, lessons):
        rule = OperatingRuleFactory()
        CourseFactory(lessons=[lessons[0], rule])
        answer = client.get(rule.url)
        assert answer.status_code == 403
        assert reverse("courses:wall-card", args=[rule.pk]) in answer.content.decode()

    def test_who_edits_may_look_but_not_study(self, client, learner, lessons):
        CourseFactory(lessons=lessons)
        learner.user.is_superuser = True
        learner.user.save()
        assert client.get(lessons[2].url).status_code == 200
        with pytest.raises(errors.LessonNotOpen):
            open_session(employee=learner, lesson=lessons[2], device="", now=NOW)

    def test_people_who_are_no_employees_read_on(self, client, lessons):
        CourseFactory(lessons=lessons)
        client.force_login(UserFactory())
        assert client.get(lessons[2].url).status_code == 200


class TestEditing:
    @pytest.fixture(autouse=True)
    def editor(self, client):
        client.force_login(UserFactory(superuser=True))

    def form(self, lesson, *needed, **more):
        return nested_form_data(
            {
                "title": "新课程",
                "slug": "xin-kecheng",
                "hours": "1.0",
                "order_enforced": "on",
                "course_lessons": inline_formset([{"lesson": lesson.pk}]),
                "prerequisites": inline_formset([{"needed": one.pk} for one in needed]),
                **more,
            }
        )

    def test_prerequisites_are_kept(self, client, lessons):
        basic = CourseFactory()
        address = reverse("wagtailadmin_pages:add", args=["courses", "coursepage", shelf().pk])
        answer = client.post(address, self.form(lessons[0], basic) | {"action-publish": "1"})
        assert answer.status_code == 302, answer.context_data["form"].errors
        page = CoursePage.objects.get(title="新课程")
        assert [entry.needed for entry in page.prerequisites.all()] == [basic]

    @pytest.mark.parametrize("is_draft", [False, True])
    def test_a_circle_is_refused_with_its_way(self, client, lessons, is_draft):
        here, there = CourseFactory(title="甲"), CourseFactory(title="乙", lessons=lessons[1:2])
        if is_draft:
            there.prerequisites = [CoursePrerequisite(needed=here)]
            there.save_revision()
        else:
            before(there, here)
        address = reverse("wagtailadmin_pages:edit", args=[here.pk])
        answer = client.post(address, self.form(lessons[0], there, title="甲", slug="jia"))
        assert answer.status_code == 200
        assert "甲 → 乙 → 甲" in answer.content.decode()
        assert not CoursePrerequisite.objects.filter(course=here).exists()

    def test_a_course_does_not_wait_for_itself(self, client, lessons):
        here = CourseFactory(title="甲")
        answer = client.post(
            reverse("wagtailadmin_pages:edit", args=[here.pk]),
            self.form(lessons[0], here, title="甲", slug="jia"),
        )
        assert "甲 → 甲" in answer.content.decode()
