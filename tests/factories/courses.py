"""Shelves, lessons, films and courses. Pages hang below one learning home."""

import hashlib
from typing import Any

import factory
from django.core.files.base import ContentFile
from wagtail.models import Page, Site

from courses.models import (
    CourseLesson,
    CoursePage,
    Film,
    FilmSubtitle,
    LearningHomePage,
    LessonPage,
    OperatingRulePage,
    PolicySpeechPage,
    ShelfPage,
    WarningCasePage,
)

WORDS = "未经安全生产教育和培训合格的从业人员不得上岗作业。"  # 24 readable characters, 3 s


def learning_home() -> LearningHomePage:
    """Return the learning home, making it the root of the site if there is none."""
    home = LearningHomePage.objects.first()
    if home is None:
        home = Page.get_first_root_node().add_child(instance=LearningHomePage(title="学习", slug="xuexi"))
        site = Site.objects.get()
        site.root_page = home
        site.save()
    return home


def shelf() -> ShelfPage:
    """Return a shelf, making it if there is none."""
    found = ShelfPage.objects.first()
    return found or learning_home().add_child(instance=ShelfPage(title="课件", slug="kejian"))


def simple_body(sections: int = 2, text: str = WORDS) -> list[tuple[str, Any]]:
    """Return a body: a paragraph, then `sections` headings with a paragraph each."""
    body: list[tuple[str, Any]] = [("text", f"<p>{text}</p>")]
    for number in range(1, sections + 1):
        body += [("heading", {"text": f"第{number}节", "level": "2"}), ("text", f"<p>{text}</p>")]
    return body


class FilmFactory(factory.django.DjangoModelFactory):
    """A row of the film library with a few bytes for a file; real films are made with ffmpeg in the tests."""

    class Meta:
        model = Film

    title = factory.Sequence(lambda n: f"警示片{n}")
    type = "video"
    duration = 30.0
    file = factory.LazyAttribute(lambda film: ContentFile(film.title.encode(), name="film.mp4"))
    sha256 = factory.LazyAttribute(lambda film: hashlib.sha256(film.title.encode()).hexdigest())


class FilmSubtitleFactory(factory.django.DjangoModelFactory):
    """Chinese subtitles of one line."""

    class Meta:
        model = FilmSubtitle

    film = factory.SubFactory(FilmFactory)
    text = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n先检测，再动火。\n"


class _PageFactory(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Page], *args: Any, **kwargs: Any) -> Page:
        parent = kwargs.pop("parent", None) or shelf()
        page = Page.objects.get(pk=parent.pk).specific.add_child(instance=model_class(*args, **kwargs))
        if page.live:
            page.save_revision().publish()
            page.refresh_from_db()
        return page


class PolicySpeechFactory(_PageFactory):
    """A live policy speech of three short sections and no film; `live=False` makes a draft."""

    class Meta:
        model = PolicySpeechPage

    title = factory.Sequence(lambda n: f"安全生产讲话{n}")
    summary = "把人的生命放在第一位"
    body = factory.LazyFunction(simple_body)


class WarningCaseFactory(_PageFactory):
    """A live warning case."""

    class Meta:
        model = WarningCasePage

    title = factory.Sequence(lambda n: f"警示案例{n}")
    body = factory.LazyFunction(simple_body)


class OperatingRuleFactory(_PageFactory):
    """A live operating rule."""

    class Meta:
        model = OperatingRulePage

    title = factory.Sequence(lambda n: f"操作规程{n}")
    body = factory.LazyFunction(simple_body)


class CourseFactory(_PageFactory):
    """A live course; `lessons=[…]` puts lessons into it."""

    class Meta:
        model = CoursePage

    title = factory.Sequence(lambda n: f"课程{n}")

    @classmethod
    def _create(cls, model_class: type[Page], *args: Any, **kwargs: Any) -> Page:
        lessons: list[LessonPage] = kwargs.pop("lessons", [])
        kwargs["course_lessons"] = [
            CourseLesson(lesson_id=lesson.pk, sort_order=order) for order, lesson in enumerate(lessons)
        ]
        return super()._create(model_class, *args, **kwargs)
