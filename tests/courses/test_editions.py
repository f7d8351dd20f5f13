"""A new edition of an operating rule: who signed for the last one reads the difference and confirms it."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db.utils import DatabaseError

from courses.actions.study import beat_mac, confirm_read, open_session, take_beat
from courses.models import LessonContent, OperatingRulePage, StudyRecord, WarningCasePage
from courses.queries import content_studied_before, course_progress, pinned_content
from courses.watching import Beat
from tests.factories.courses import (
    CourseFactory,
    FilmFactory,
    OperatingRuleFactory,
    WarningCaseFactory,
    simple_body,
)
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def employee():
    return EmployeeFactory()


@pytest.fixture
def rule():
    return OperatingRuleFactory(edition="A/1", forbidden_acts="戴手套操作")


def study(employee, lesson, start=T0):
    """Do everything a lesson asks this person for, and confirm."""
    session = open_session(employee=employee, lesson=lesson, device="phone", now=start)
    now, seq, needs = start, 0, session.progress.needs
    parts = [("film", needs["film_s"])] if needs["film_s"] else []
    parts += [(f"section:{name}", need) for name, need in needs["sections"].items()]
    for part, need in parts:
        done = 0.0
        while done < need:
            step = min(10.0, need - done)
            now, seq = now + dt.timedelta(seconds=step), seq + 1
            beat = Beat(seq, part, round(done * 1000), round((done + step) * 1000))
            take_beat(
                session_public_id=session.public_id,
                employee_id=employee.pk,
                beat=beat,
                signature=beat_mac(session.nonce, session.public_id, beat),
                now=now,
            )
            done += step
    confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=now)
    return session


def publish(page, **fields):
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def with_new_line(text="砂轮每班检查一次。"):
    return [*simple_body(), ("text", f"<p>{text}</p>")]


class TestFacts:
    def test_fields_are_read_like_sections(self, rule):
        assert rule.facts == [{"name": "forbidden_acts", "text": "戴手套操作"}]
        assert pinned_content(rule).needs["sections"]["fact-forbidden_acts"] == 3.0

    def test_a_changed_field_is_other_content(self, rule):
        before = pinned_content(rule).content_sha256
        publish(rule, forbidden_acts="戴手套操作\n带病运转")
        assert pinned_content(rule).content_sha256 != before

    def test_a_bare_lesson_keeps_the_facts_of_its_kind(self, rule):
        bare = rule.lessonpage_ptr
        bare.save()
        rule.refresh_from_db()
        assert rule.facts == [{"name": "forbidden_acts", "text": "戴手套操作"}]

    def test_search_finds_the_words_of_fields(self):
        case = WarningCaseFactory(direct_causes="未检测可燃气体即点火")
        assert "未检测可燃气体即点火" in WarningCasePage.objects.get(pk=case.pk).search_text


class TestKeptContent:
    def test_what_was_signed_for_stays_readable(self, employee, rule):
        study(employee, rule)
        publish(rule, edition="A/2", body=with_new_line())
        kept = LessonContent.objects.get()
        record = StudyRecord.objects.get()
        assert (kept.lesson_id, kept.content_sha256) == (record.lesson_id, record.content_sha256)
        assert (kept.edition, kept.facts[0]["text"]) == ("A/1", "戴手套操作")

    def test_a_second_person_adds_no_second_copy(self, rule):
        study(EmployeeFactory(), rule)
        study(EmployeeFactory(), rule)
        assert LessonContent.objects.count() == 1

    def test_it_cannot_be_changed(self, employee, rule):
        study(employee, rule)
        with pytest.raises(DatabaseError):
            LessonContent.objects.update(title="另一份")


class TestDifference:
    def test_only_what_changed_is_asked_for(self, employee, rule):
        study(employee, rule)
        publish(rule, edition="A/2", body=with_new_line(), forbidden_acts="戴手套操作\n带病运转")
        session = study(employee, rule, T0 + dt.timedelta(days=30))
        assert set(session.progress.needs["sections"]) == {"s2", "fact-forbidden_acts"}
        assert StudyRecord.objects.count() == 2

    def test_a_film_seen_before_need_not_be_seen_again(self, employee):
        rule = OperatingRuleFactory(film=FilmFactory(duration=20.0))
        study(employee, rule)
        publish(rule, body=with_new_line())
        assert study(employee, rule, T0 + dt.timedelta(days=1)).progress.needs["film_s"] == 0

    def test_a_new_film_is_to_be_seen(self, employee):
        rule = OperatingRuleFactory(film=FilmFactory(duration=20.0))
        study(employee, rule)
        publish(rule, film=FilmFactory(duration=10.0))
        session = study(employee, rule, T0 + dt.timedelta(days=1))
        assert session.progress.needs["film_s"] == 10
        assert session.progress.needs["sections"] == {}

    def test_somebody_new_reads_everything(self, employee, rule):
        study(EmployeeFactory(), rule)
        publish(rule, body=with_new_line())
        assert content_studied_before(employee.pk, rule) is None
        session = open_session(employee=employee, lesson=rule, device="", now=T0)
        assert len(session.progress.needs["sections"]) == 4

    def test_a_rule_that_supersedes_another_is_compared_with_it(self, employee, rule):
        study(employee, rule)
        newer = OperatingRuleFactory(
            edition="B/1", supersedes=rule, body=with_new_line(), forbidden_acts="戴手套操作"
        )
        assert content_studied_before(employee.pk, newer).edition == "A/1"
        session = study(employee, newer, T0 + dt.timedelta(days=1))
        assert set(session.progress.needs["sections"]) == {"s2"}
        assert content_studied_before(employee.pk, newer) is None

    def test_a_warning_case_is_read_whole_again(self, employee):
        case = WarningCaseFactory()
        study(employee, case)
        publish(case, body=with_new_line())
        assert content_studied_before(employee.pk, case) is None

    def test_the_page_shows_it_until_it_is_confirmed(self, client, employee, rule):
        study(employee, rule)
        publish(rule, edition="A/2", body=with_new_line("砂轮<每班>检查。".replace("<", "&lt;")))
        client.force_login(employee.user)
        shown = client.get(rule.url).content.decode()
        assert "和你上次学的有什么不同" in shown
        assert "“A/1”" in shown
        assert "<ins>砂轮&lt;每班&gt;检查。</ins>" in shown
        study(employee, rule, T0 + dt.timedelta(days=1))
        assert "和你上次学的有什么不同" not in client.get(rule.url).content.decode()

    def test_a_rule_cannot_supersede_itself(self, rule):
        second = OperatingRuleFactory(supersedes=rule)
        rule.supersedes = second
        with pytest.raises(ValidationError, match="不能代替它自己"):
            rule.full_clean()
        rule.supersedes = OperatingRulePage.objects.get(pk=rule.pk)
        with pytest.raises(ValidationError, match="不能代替它自己"):
            rule.full_clean()


class TestNewestDue:
    def test_a_course_may_ask_for_the_content_in_force(self, employee, rule):
        course = CourseFactory(lessons=[rule])
        study(employee, rule)
        publish(rule, body=with_new_line())
        assert course_progress(employee.pk, course).is_done
        course.course_lessons.update(is_newest_due=True)
        assert not course_progress(employee.pk, course).is_done
        study(employee, rule, T0 + dt.timedelta(days=1))
        assert course_progress(employee.pk, course).is_done
