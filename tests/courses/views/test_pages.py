import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory

from courses.actions.study import open_session
from courses.models import StudyRecord
from courses.queries import course_progress, lessons_of, pinned_content, study_records_of
from tests.factories.courses import (
    CourseFactory,
    FilmFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    WarningCaseFactory,
    learning_home,
    shelf,
)
from tests.factories.people import EmployeeFactory, HazardFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def learner(client):
    employee = EmployeeFactory()
    client.force_login(employee.user)
    return employee


def complete(employee, lesson, at=NOW):
    pinned = pinned_content(lesson)
    return StudyRecord.objects.create(
        employee=employee,
        lesson_id=lesson.pk,
        lesson_title=lesson.title,
        content_sha256=pinned.content_sha256,
        started_at=at,
        completed_at=at,
    )


def text(client, shown, **query):
    response = client.get(shown.url, query)
    assert response.status_code == 200
    return re.sub("</?mark>", "", response.content.decode())


class TestAccess:
    def test_pages_ask_to_sign_in_and_come_back(self, client):
        lesson = PolicySpeechFactory()
        for page in (lesson, shelf(), learning_home()):
            response = client.get(page.url, {"from": "3"})
            assert response.status_code == 302
            assert response["Location"].startswith("/")
            assert parse_qs(urlsplit(response["Location"]).query)["next"] == [f"{page.url}?from=3"]

    def test_a_draft_is_not_found(self, client, learner):
        lesson = PolicySpeechFactory(live=False)
        assert client.get(f"/learn/kejian/{lesson.slug}/").status_code == 404

    def test_a_closed_lesson_is_not_found(self, client, learner):
        lesson = PolicySpeechFactory()
        lesson.view_restrictions.create(restriction_type="groups")
        assert client.get(lesson.url).status_code == 404
        assert lesson.title not in text(client, shelf())
        assert lesson.title not in text(client, learning_home(), q=lesson.title[:4])

    def test_pages_are_kept_by_the_readers_browser_alone(self, client, learner):
        assert client.get(PolicySpeechFactory().url)["Cache-Control"] == "private, no-cache"


class TestLesson:
    def test_a_learner_gets_study_proof(self, client, learner):
        html = text(client, PolicySpeechFactory(film=FilmFactory()))
        assert "data-study" in html
        assert "js/study.js" in html
        assert 'data-section="start"' in html
        assert 'data-section="s2"' in html
        assert 'controlslist="nodownload noplaybackrate noremoteplayback"' in html
        assert 'x5-video-player-type="h5-page"' in html

    def test_someone_without_employee_reads_and_is_told(self, client):
        client.force_login(UserFactory())
        html = text(client, PolicySpeechFactory(film=FilmFactory()))
        assert "不记录学习" in html
        assert "data-study" not in html

    def test_the_preview_of_a_draft_works_without_study_proof(self):
        lesson = PolicySpeechFactory(live=False)
        request = RequestFactory().get("/")
        request.user, request.is_preview = UserFactory(), True
        html = lesson.serve_preview(request, "").render().content.decode()
        assert lesson.title in html
        assert "data-study" not in html

    def test_a_speech_shows_its_head(self, client, learner):
        html = text(
            client,
            PolicySpeechFactory(
                speaker="李明", occasion="年度安全大会", spoken_on=dt.date(2026, 1, 5), salutation="同志们："
            ),
        )
        for words in ("政策讲话", "李明", "年度安全大会", "2026-01-05", "同志们："):
            assert words in html

    def test_a_case_shows_severity_category_and_what_it_means(self, client, learner):
        category = HazardFactory(name="可燃气体爆炸")
        html = text(
            client,
            WarningCaseFactory(
                deaths=3,
                serious_injuries=1,
                loss_yuan=1_250_000,
                category=category,
                is_fictional=True,
                for_my_post="没有检测，不点火。\n中断后重新检测。",
            ),
        )
        for words in (
            "警示案例",
            "较大事故",
            "可燃气体爆炸",
            "死亡 3 人，重伤 1 人",
            "125 万元",
            "教学虚构案例",
            "中断后重新检测。",
        ):
            assert words in html

    def test_a_rule_shows_its_head(self, client, learner):
        html = text(
            client,
            OperatingRuleFactory(
                document_no="AQ-07", edition="B/2", effective_on=dt.date(2026, 3, 1), equipment="车床"
            ),
        )
        for words in ("操作规程", "AQ-07", "B/2", "2026-03-01", "车床"):
            assert words in html

    def test_every_block_is_shown(self, client, learner):
        film = FilmFactory()
        body = [
            ("heading", {"text": "小标题", "level": "3"}),
            ("text", "<p>正文段落</p>"),
            ("film", {"film": film, "caption": "影片说明"}),
            ("steps", {"title": "停机步骤", "steps": [{"text": "按下急停", "stop_point": "有人在内"}]}),
            ("timeline", {"entries": [{"time": "08:43", "text": "爆燃"}]}),
            ("callout", {"sign": "stop", "text": "不得伸手"}),
        ]
        html = text(client, OperatingRuleFactory(body=body))
        for words in (
            "<h3>小标题</h3>",
            "正文段落",
            film.url,
            "影片说明",
            "停机步骤",
            "按下急停",
            "有人在内",
            "08:43",
            "爆燃",
            "禁止",
            "不得伸手",
        ):
            assert words in html

    def test_names_the_next_lesson_of_the_course_it_was_opened_from(self, client, learner):
        first, second = PolicySpeechFactory(), PolicySpeechFactory()
        course = CourseFactory(lessons=[first, second])
        html = text(client, first, **{"from": course.pk})
        assert f"{second.url}?from={course.pk}" in html
        complete(learner, first)
        assert course.url in text(client, second, **{"from": course.pk})

    @pytest.mark.parametrize("value", ["x", "-1", "1" * 30, "//evil.example/", "٣"])
    def test_ignores_a_course_that_is_none(self, client, learner, value):
        html = text(client, PolicySpeechFactory(), **{"from": value})
        assert 'href="//evil' not in html
        assert "返回课程" not in html

    def test_ignores_a_course_without_this_lesson_or_a_draft(self, client, learner):
        lesson = PolicySpeechFactory()
        foreign = CourseFactory(lessons=[PolicySpeechFactory()])
        draft = CourseFactory(lessons=[lesson], live=False)
        for course in (foreign, draft):
            assert "返回课程" not in text(client, lesson, **{"from": course.pk})

    def test_leads_back_to_the_task_it_was_opened_from(self, client, learner):
        task = "6dcbbd3e-5be8-4d3b-9a54-1b0f6f6c8e10"
        assert f"/tasks/{task}/" in text(client, PolicySpeechFactory(), task=task)
        assert "回到任务" not in text(client, PolicySpeechFactory(), task="javascript:alert(1)")

    def test_says_when_it_was_completed_before_a_new_edition(self, client, learner):
        lesson = PolicySpeechFactory()
        complete(learner, lesson)
        lesson.body = [("text", "<p>新内容</p>")]
        lesson.save_revision().publish()
        assert "那份学习凭证仍然有效" in text(client, lesson)

    def test_the_page_is_light(self, client, learner):
        assert len(text(client, PolicySpeechFactory())) < 20_000


class TestLists:
    def test_a_shelf_lists_lessons_with_their_progress(self, client, learner):
        done, begun, new = (PolicySpeechFactory() for _ in range(3))
        complete(learner, done)
        progress = open_session(employee=learner, lesson=begun, device="", now=NOW).progress
        progress.read_s = {"start": 3.0}
        progress.save()
        draft = PolicySpeechFactory(live=False, title="没写完的")
        html = text(client, shelf())
        assert html.count("已学完") == 1
        assert "已学 33%" in html
        assert new.title in html
        assert draft.title not in html

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_shelf_costs_the_same_however_many_lessons(
        self, client, learner, count, django_assert_max_num_queries
    ):
        for _ in range(count):
            PolicySpeechFactory()
        text(client, shelf())
        with django_assert_max_num_queries(20):
            text(client, shelf())

    def test_long_shelves_have_pages(self, client, learner):
        for _ in range(21):
            PolicySpeechFactory()
        assert "1 / 2" in text(client, shelf())
        assert "2 / 2" in text(client, shelf(), page="2")
        assert "2 / 2" in text(client, shelf(), page="99")

    def test_home_lists_shelves_and_courses(self, client, learner):
        course = CourseFactory(lessons=[PolicySpeechFactory()])
        html = text(client, learning_home())
        assert shelf().title in html
        assert course.title in html

    def test_search_finds_words_in_title_summary_and_text(self, client, learner):
        by_title = WarningCaseFactory(title="储罐清洗中毒案例")
        by_summary = PolicySpeechFactory(summary="受限空间作业先通风")
        by_text = OperatingRuleFactory(body=[("text", "<p>进入受限空间前必须<b>检测</b></p>")])
        home = learning_home()
        assert by_title.title in text(client, home, q="清洗")
        html = text(client, home, q="受限空间")
        assert by_summary.title in html
        assert by_text.title in html
        assert by_text.title not in text(client, home, q="受限空间 通风")
        assert "没有课件包含这些字" in text(client, home, q="绝无此词")
        assert "<b>x</b>" not in text(client, home, q="<b>x</b>")

    def test_search_does_not_find_what_is_only_in_a_draft(self, client, learner):
        lesson = PolicySpeechFactory()
        lesson.body = [("text", "<p>尚在修改</p>")]
        lesson.save_revision()
        assert lesson.title not in text(client, learning_home(), q="尚在修改")


class TestCourse:
    def test_shows_progress_and_continues_with_the_next(self, client, learner):
        first, second, third = (PolicySpeechFactory() for _ in range(3))
        draft = PolicySpeechFactory(title="编写中的课件", live=False)
        course = CourseFactory(lessons=[first, second, third, draft])
        complete(learner, first)
        html = text(client, course)
        assert "已学完 1 / 3 个课件" in html
        assert f"{second.url}?from={course.pk}" in html
        assert f"{third.url}?from={course.pk}" not in html
        assert "学完前一个课件后开放" in html
        assert "编辑中，尚未发布" in html

    def test_free_order_opens_every_lesson(self, client, learner):
        first, second = PolicySpeechFactory(), PolicySpeechFactory()
        course = CourseFactory(lessons=[first, second], order_enforced=False)
        assert f"{second.url}?from={course.pk}" in text(client, course)

    def test_an_editor_sees_the_lessons_without_progress(self, client):
        client.force_login(UserFactory())
        lesson = PolicySpeechFactory()
        html = text(client, CourseFactory(lessons=[lesson]))
        assert lesson.title in html
        assert "已学完" not in html


class TestQueries:
    def test_lessons_of_keeps_the_order_and_leaves_out_drafts(self):
        lessons = [PolicySpeechFactory() for _ in range(3)]
        draft = PolicySpeechFactory(live=False)
        course = CourseFactory(lessons=[lessons[2], draft, lessons[0], lessons[1]])
        assert [one.pk for one in lessons_of(course)] == [lessons[i].pk for i in (2, 0, 1)]

    def test_a_record_counts_after_the_lesson_is_published_anew(self):
        employee, lesson = EmployeeFactory(), PolicySpeechFactory()
        course = CourseFactory(lessons=[lesson])
        record = complete(employee, lesson)
        lesson.body = [("text", "<p>新内容</p>")]
        lesson.save_revision().publish()
        assert list(study_records_of(employee.pk, [lesson.pk])) == [record]
        assert list(study_records_of(EmployeeFactory().pk, [lesson.pk])) == []
        assert course_progress(employee.pk, course).is_done

    @pytest.mark.parametrize("count", [1, 3])
    def test_course_progress_costs_three_statements(self, count, django_assert_num_queries):
        employee = EmployeeFactory()
        course = CourseFactory(lessons=[PolicySpeechFactory() for _ in range(count)])
        with django_assert_num_queries(3):
            progress = course_progress(employee.pk, course)
        assert (progress.done, progress.total, progress.is_done) == (0, count, False)
        assert progress.next_lesson == lessons_of(course)[0]

    def test_a_course_without_lessons_is_not_done(self):
        progress = course_progress(EmployeeFactory().pk, CourseFactory(lessons=[]))
        assert (progress.is_done, progress.next_lesson) == (False, None)
