"""What of the published content needs mending: found by a handful of statements, however much there is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page
from wagtail.permission_policies.pages import PagePermissionPolicy

from courses.models import (
    Attachment,
    CourseLesson,
    CoursePage,
    Film,
    FilmSubtitle,
    LessonPage,
    OperatingRulePage,
    Picture,
    PolicySpeechPage,
    StudyProgress,
    StudyRecord,
)
from courses.queries.links import References, references_of
from people.models import User

UNSTUDIED_FOR = dt.timedelta(days=365)
# Operating rules are reviewed and revised at least every three years (AQ 3013-2008, rules and operating rules).
RULE_REVIEW_AGE = dt.timedelta(days=3 * 365)


class HealthIssue(models.TextChoices):
    """What may be wrong with a page, the gravest first."""

    RULE_SUPERSEDED = "rule_superseded", gettext_lazy("已被代替，仍在课程里")
    COURSE_UNPUBLISHED = "course_unpublished", gettext_lazy("课程含未发布的课件")
    COURSE_EMPTY = "course_empty", gettext_lazy("课程没有课件")
    BROKEN_LINK = "broken_link", gettext_lazy("链接失效")
    FILM_NO_SUBTITLES = "film_no_subtitles", gettext_lazy("影片没有字幕")
    PICTURE_NO_DESCRIPTION = "picture_no_description", gettext_lazy("图片没有说明")
    NO_HAZARDS = "no_hazards", gettext_lazy("没有标注危险因素")
    NO_POSTS = "no_posts", gettext_lazy("没有标注岗位")
    RULE_OLD = "rule_old", gettext_lazy("规程超过三年未评审")
    UNUSED = "unused", gettext_lazy("没有用于任何课程")
    UNSTUDIED = "unstudied", gettext_lazy("一年没有人学")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `target` is the kind of page that mends it (page, film, picture), `target_pk` which."""

    issue: HealthIssue
    title: str
    detail: str
    target: str
    target_pk: int

    @property
    def issue_name(self) -> str:
        """Return what is wrong, in words."""
        return str(self.issue.label)


@dataclass(slots=True)
class _Lesson:
    pk: int
    title: str
    references: References


def content_findings(user: User, *, now: dt.datetime) -> list[Finding]:
    """Return what is to be mended in the published lessons and courses `user` may edit, the gravest first."""
    editable = PagePermissionPolicy().instances_user_has_permission_for(user, "change").values("pk")
    found = [
        *_lesson_findings(LessonPage.objects.live().filter(pk__in=editable), now),
        *_rule_findings(OperatingRulePage.objects.live().filter(pk__in=editable), now),
        *_course_findings(CoursePage.objects.live().filter(pk__in=editable)),
    ]
    order = {issue: place for place, issue in enumerate(HealthIssue)}
    return sorted(found, key=lambda one: (order[one.issue], one.title, one.target_pk))


def _lesson_findings(lessons: QuerySet[LessonPage], now: dt.datetime) -> Iterator[Finding]:
    since = now - UNSTUDIED_FOR
    mine = {"lesson": OuterRef("pk")}
    rows = lessons.annotate(
        subtitled=Exists(FilmSubtitle.objects.filter(film=OuterRef("film")).exclude(text="")),
        has_hazards=Exists(LessonPage.hazards.through.objects.filter(lessonpage=OuterRef("pk"))),
        has_posts=Exists(LessonPage.posts.through.objects.filter(lessonpage=OuterRef("pk"))),
        is_speech=Exists(PolicySpeechPage.objects.filter(pk=OuterRef("pk"))),
        used=Exists(CourseLesson.objects.filter(**mine)),
        studied=Exists(StudyRecord.objects.filter(**mine, completed_at__gte=since))
        | Exists(StudyProgress.objects.filter(**mine, started_at__gte=since)),
    ).values_list(
        "pk",
        "title",
        "body",
        "film_id",
        "film__title",
        "first_published_at",
        "subtitled",
        "has_hazards",
        "has_posts",
        "is_speech",
        "used",
        "studied",
    )
    seen: list[_Lesson] = []
    for (
        pk,
        title,
        body,
        film,
        film_title,
        published,
        subtitled,
        hazards,
        posts,
        speech,
        used,
        studied,
    ) in rows:
        one = _Lesson(pk, title, references_of(body.get_prep_value()))
        one.references.films.discard(film)  # named below already
        seen.append(one)
        if film and not subtitled:
            yield Finding(HealthIssue.FILM_NO_SUBTITLES, title, film_title, "film", film)
        # A speech is for everybody; a case and a rule are found through what they are about.
        wrong = {
            HealthIssue.NO_HAZARDS: not speech and not hazards,
            HealthIssue.NO_POSTS: not speech and not posts,
            HealthIssue.UNUSED: not used,
            HealthIssue.UNSTUDIED: not studied and published is not None and published < since,
        }
        for issue, is_wrong in wrong.items():
            if is_wrong:
                yield Finding(issue, title, "", "page", pk)
    yield from _silent_films(seen)
    yield from _broken_references(seen)


def _silent_films(lessons: list[_Lesson]) -> Iterator[Finding]:
    """Yield the films inside texts that have no subtitles, each with the first lesson it stands in."""
    shown: dict[int, str] = {}
    for lesson in lessons:
        for pk in lesson.references.films:
            shown.setdefault(pk, lesson.title)
    subtitled = FilmSubtitle.objects.filter(film=OuterRef("pk")).exclude(text="")
    silent = Film.objects.filter(~Exists(subtitled), pk__in=shown, type="video")
    for pk, title in silent.values_list("pk", "title"):
        yield Finding(HealthIssue.FILM_NO_SUBTITLES, shown[pk], title, "film", pk)


def _broken_references(lessons: list[_Lesson]) -> Iterator[Finding]:
    pages = {pk for lesson in lessons for pk in lesson.references.pages}
    documents = {pk for lesson in lessons for pk in lesson.references.documents}
    known = {page.pk: page for page in Page.objects.filter(pk__in=pages).only("title", "live")}
    kept = set(Attachment.objects.filter(pk__in=documents).values_list("pk", flat=True))
    used: dict[int, str] = {}
    for lesson in lessons:
        for pk in sorted(lesson.references.pages):
            page = known.get(pk)
            if page is None or not page.live:
                detail = _("已删除的页面") if page is None else _("未发布：%(title)s") % {"title": page.title}
                yield Finding(HealthIssue.BROKEN_LINK, lesson.title, detail, "page", lesson.pk)
        if lesson.references.documents - kept:
            yield Finding(HealthIssue.BROKEN_LINK, lesson.title, _("已删除的文件"), "page", lesson.pk)
        for address in lesson.references.wrong_addresses:
            yield Finding(HealthIssue.BROKEN_LINK, lesson.title, address or _("空链接"), "page", lesson.pk)
        for pk in lesson.references.pictures:
            used.setdefault(pk, lesson.title)
    for pk, title in Picture.objects.filter(pk__in=used, description="").values_list("pk", "title"):
        yield Finding(HealthIssue.PICTURE_NO_DESCRIPTION, used[pk], title, "picture", pk)


def _rule_findings(rules: QuerySet[OperatingRulePage], now: dt.datetime) -> Iterator[Finding]:
    oldest = (now - RULE_REVIEW_AGE).date()
    old = rules.filter(
        models.Q(effective_on__lt=oldest)
        | models.Q(effective_on__isnull=True, last_published_at__lt=now - RULE_REVIEW_AGE)
    ).exclude(superseded_by__live=True)
    for pk, title, day in old.values_list("pk", "title", "effective_on"):
        detail = _("生效日期 %(day)s") % {"day": day} if day else ""
        yield Finding(HealthIssue.RULE_OLD, title, detail, "page", pk)
    replaced = CourseLesson.objects.filter(
        lesson__in=rules.filter(superseded_by__live=True), course__live=True
    ).values_list("course_id", "course__title", "lesson__title")
    for pk, course, title in replaced.distinct():
        yield Finding(HealthIssue.RULE_SUPERSEDED, course, title, "page", pk)


def _course_findings(courses: QuerySet[CoursePage]) -> Iterator[Finding]:
    unpublished: dict[tuple[int, str], list[str]] = defaultdict(list)
    rows = courses.values_list("pk", "title", "course_lessons__lesson__title", "course_lessons__lesson__live")
    for pk, title, lesson, is_live in rows.order_by("path", "course_lessons__sort_order"):
        if lesson is None:
            yield Finding(HealthIssue.COURSE_EMPTY, title, "", "page", pk)
        elif not is_live:
            unpublished[pk, title].append(lesson)
    for (pk, title), lessons in unpublished.items():
        yield Finding(HealthIssue.COURSE_UNPUBLISHED, title, _("、").join(lessons), "page", pk)
