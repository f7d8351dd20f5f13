"""The report on the health of the content: each line says what is wrong and leads to where it is mended."""

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse

from courses.actions.pictures import store_picture
from courses.models import CourseLesson, LessonPage, Picture, StudyRecord
from courses.queries.health import HealthIssue, content_findings
from courses.queries.links import is_followable
from people.actions.roles import grant_role
from people.models import Hazard, Role
from tests.courses.importers.files import png
from tests.factories.courses import (
    CourseFactory,
    FilmFactory,
    FilmSubtitleFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    WarningCaseFactory,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def user():
    return UserFactory(superuser=True)


def found(user, *issues):
    return [
        (str(one.issue), one.title, one.detail)
        for one in content_findings(user, now=NOW)
        if one.issue in issues
    ]


def link(target):
    return [("text", f"<p><a {target}>见此</a></p>")]


def published(page, day):
    LessonPage.objects.filter(pk=page.pk).update(first_published_at=day, last_published_at=day)
    return page


def test_films_want_subtitles(user):
    film = FilmFactory(title="动火")
    lesson = WarningCaseFactory(title="案例", film=film)
    WarningCaseFactory(film=FilmSubtitleFactory().film)
    WarningCaseFactory(film=film, live=False)
    (one,) = [one for one in content_findings(user, now=NOW) if one.issue == HealthIssue.FILM_NO_SUBTITLES]
    assert (one.title, one.detail, one.target, one.target_pk) == (lesson.title, "动火", "film", film.pk)


def test_films_inside_the_text_want_subtitles_too(user):
    silent, told = FilmFactory(title="无声"), FilmSubtitleFactory().film
    block = [("film", {"film": film, "caption": ""}) for film in (silent, told)]
    for _ in range(2):
        PolicySpeechFactory(title="讲话", body=block)
    PolicySpeechFactory(title="又是影片", body=block, film=silent)
    assert found(user, HealthIssue.FILM_NO_SUBTITLES) == [
        ("film_no_subtitles", "又是影片", "无声"),
        ("film_no_subtitles", "讲话", "无声"),
    ]


def test_cases_and_rules_want_hazards_and_posts_and_speeches_do_not(user):
    case = WarningCaseFactory(title="案例")
    PolicySpeechFactory()
    tagged = OperatingRuleFactory()
    tagged.hazards, tagged.posts = [Hazard.objects.first()], [PostFactory()]
    tagged.save()
    assert found(user, HealthIssue.NO_HAZARDS, HealthIssue.NO_POSTS) == [
        ("no_hazards", case.title, ""),
        ("no_posts", case.title, ""),
    ]


def test_broken_links(user):
    draft = PolicySpeechFactory(title="草稿", live=False)
    good = PolicySpeechFactory(title="好")
    targets = {
        f'linktype="page" id="{draft.pk}"': "未发布：草稿",
        'linktype="page" id="999999"': "已删除的页面",
        'linktype="document" id="999999"': "已删除的文件",
        'href="http://应急 管理部"': "http://应急 管理部",
    }
    for place, target in enumerate(targets):
        PolicySpeechFactory(title=f"页{place}", body=link(target))
    PolicySpeechFactory(title="页9", body=link(f'linktype="page" id="{good.pk}"'))
    expected = [("broken_link", f"页{place}", detail) for place, detail in enumerate(targets.values())]
    assert found(user, HealthIssue.BROKEN_LINK) == expected


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://www.mem.gov.cn/a?b=1", True),
        ("#s2", True),
        ("/learn/rules/", True),
        ("mailto:safety@example.com", True),
        ("tel:+86-10-12350", True),
        ("", False),
        ("www.mem.gov.cn", False),
        ("http://", False),
        ("https://localhost/", False),
        ("mailto:nobody", False),
        ("javascript:alert(1)", False),
        ("file:///C:/a.docx", False),
    ],
)
def test_addresses(address, good):
    assert is_followable(address) is good


def test_pictures_want_a_description(user):
    made = {"acting_user": None, "now": NOW}
    bare = store_picture(data=png(), file_name="a.png", title="灭火器", **made)
    told = store_picture(data=png(colour="blue"), file_name="b.png", title="水带", description="卷好", **made)
    for picture in (bare, bare, told):
        WarningCaseFactory(title="案例", body=[("picture", {"picture": picture, "caption": ""})])
    assert found(user, HealthIssue.PICTURE_NO_DESCRIPTION) == [("picture_no_description", "案例", "灭火器")]
    assert Picture.objects.count() == 2


def test_what_nobody_uses_or_studies(user):
    old = NOW - dt.timedelta(days=400)
    idle = published(PolicySpeechFactory(title="闲置"), old)
    studied = published(PolicySpeechFactory(title="在学"), old)
    published(PolicySpeechFactory(title="新"), NOW)
    CourseFactory(lessons=[studied])
    StudyRecord.objects.create(
        employee=EmployeeFactory(),
        lesson=studied,
        lesson_title=studied.title,
        content_sha256="0" * 64,
        started_at=NOW - dt.timedelta(days=30),
        completed_at=NOW - dt.timedelta(days=30),
    )
    assert found(user, HealthIssue.UNSTUDIED) == [("unstudied", idle.title, "")]
    assert found(user, HealthIssue.UNUSED) == [("unused", "新", ""), ("unused", "闲置", "")]


def test_rules_grow_old_and_are_superseded(user):
    old = OperatingRuleFactory(title="旧规程", effective_on=dt.date(2020, 1, 1))
    OperatingRuleFactory(title="新规程", effective_on=dt.date(2026, 1, 1))
    issues = (HealthIssue.RULE_OLD, HealthIssue.RULE_SUPERSEDED)
    assert found(user, *issues) == [("rule_old", "旧规程", "生效日期 2020-01-01")]
    CourseFactory(title="课程", lessons=[old])
    OperatingRuleFactory(supersedes=old, effective_on=dt.date(2026, 1, 1))
    assert found(user, *issues) == [("rule_superseded", "课程", "旧规程")]


def test_courses_want_lessons_that_are_published(user):
    draft, live = PolicySpeechFactory(title="草稿", live=False), PolicySpeechFactory()
    CourseFactory(title="空课程")
    CourseFactory(title="半课程", lessons=[live, draft])
    issues = (HealthIssue.COURSE_EMPTY, HealthIssue.COURSE_UNPUBLISHED)
    assert found(user, *issues) == [("course_unpublished", "半课程", "草稿"), ("course_empty", "空课程", "")]
    assert CourseLesson.objects.count() == 2


def test_the_statements_do_not_grow(user, django_assert_max_num_queries):
    for _ in range(3):
        WarningCaseFactory(body=link('linktype="page" id="999999"'), film=FilmFactory())
        CourseFactory(lessons=[PolicySpeechFactory(live=False)])
    with django_assert_max_num_queries(10):
        assert content_findings(user, now=NOW)


class TestPage:
    address = property(lambda self: reverse("courses_content_health"))

    def test_it_leads_to_where_a_thing_is_mended(self, client, user):
        client.force_login(user)
        assert "没有发现需要处理的内容" in client.get(self.address).content.decode()
        case = WarningCaseFactory(title="案例", film=FilmFactory())
        html = client.get(self.address).content.decode()
        assert reverse("wagtailadmin_pages:edit", args=[case.pk]) in html
        assert reverse("wagtailmedia:edit", args=[case.film_id]) in html
        narrowed = client.get(self.address, {"issue": "no_posts"}).content.decode()
        assert narrowed.count("health-detail") == 1
        assert self.address in client.get(reverse("wagtailadmin_home")).content.decode()

    def test_it_is_a_sheet_too(self, client, user):
        client.force_login(user)
        WarningCaseFactory(title="案例")
        answer = client.get(self.address, {"export": "xlsx", "issue": "no_posts"})
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        assert list(sheet.values) == [("问题", "页面", "说明"), ("没有标注岗位", "案例", None)]

    def test_many_findings_are_paged(self, client, user):
        client.force_login(user)
        for _ in range(18):
            WarningCaseFactory()
        assert client.get(self.address).content.decode().count("health-detail") == 50

    def test_an_editor_sees_it_and_others_do_not(self, client):
        WarningCaseFactory(title="案例")
        for role, status in ((Role.EDITOR, 200), (Role.HR_OFFICER, 302)):
            person = UserFactory()
            grant_role(
                user=person,
                role=role,
                unit=OrgUnitFactory(),
                starts_on=dt.date(2020, 1, 1),
                acting_user=None,
                now=NOW,
            )
            client.force_login(person)
            answer = client.get(self.address)
            assert answer.status_code == status
            if status == 200:
                assert "案例" in answer.content.decode()
