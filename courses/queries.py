"""What pages and other rooms read about courses. Everything a person names by id goes through here."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from wagtail.models import Page, PageViewRestriction, ReferenceIndex
from wagtail.permissions import policy_registry

from courses import watching
from courses.content import content_digest, named_sections
from courses.models import (
    CoursePage,
    Film,
    FilmSubtitle,
    LessonPage,
    StudyProgress,
    StudyRecord,
)
from courses.shapes import StudyNeeds
from people.models import User

AnyPage = TypeVar("AnyPage", bound=Page)


@dataclass(frozen=True, slots=True)
class PinnedContent:
    """Which text and film of a lesson are meant, and what they ask for."""

    revision_id: int | None
    content_sha256: str
    needs: StudyNeeds


@dataclass(frozen=True, slots=True)
class LessonStanding:
    """How far one person is with one lesson. `done_pct` is 0 to 100; a completed lesson stays completed."""

    lesson: LessonPage
    done_pct: int
    completed_at: dt.datetime | None

    @property
    def is_done(self) -> bool:
        """Tell whether there is a study record."""
        return self.completed_at is not None


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """How far one person is with a course; `next_lesson` is None when all is done."""

    lessons: list[LessonStanding]

    @property
    def done(self) -> int:
        """Return how many lessons are done."""
        return sum(standing.is_done for standing in self.lessons)

    @property
    def total(self) -> int:
        """Return how many lessons there are."""
        return len(self.lessons)

    @property
    def is_done(self) -> bool:
        """Tell whether every lesson is done; a course without lessons is not."""
        return bool(self.lessons) and self.done == self.total

    @property
    def next_lesson(self) -> LessonPage | None:
        """Return the first lesson that is not done."""
        return next((standing.lesson for standing in self.lessons if not standing.is_done), None)


def needs_of(stored: StudyNeeds) -> watching.Needs:
    """Return stored needs as the rules of study want them."""
    return watching.Needs(stored["film_s"], stored["watch_pct"], stored["sections"])


def intervals_of(stored: Iterable[Iterable[float]]) -> watching.Intervals:
    """Return stored intervals as the rules of study want them."""
    return tuple((left, right) for left, right in stored)


def progress_pct(progress: StudyProgress) -> int:
    """Return how much of the asked time a progress has earned, 0 to 100."""
    return watching.done_pct(intervals_of(progress.watched), progress.read_s, needs_of(progress.needs))


def pinned_content(lesson: LessonPage) -> PinnedContent:
    """Return the lesson's live content as a person studies it now."""
    film = lesson.film
    film_sha256 = film.sha256 if film else ""
    return PinnedContent(
        revision_id=lesson.live_revision_id,
        content_sha256=content_digest(lesson.body, film_sha256),
        needs={
            "film_s": film.duration if film else 0.0,
            "film_sha256": film_sha256,
            "watch_pct": lesson.watch_pct,
            "sections": {
                name: watching.seconds_needed(section.readable_chars)
                for name, section in named_sections(lesson.body).items()
            },
        },
    )


def get_lesson_for(user: User | AnonymousUser, pk: int) -> LessonPage:
    """Return a live lesson that `user`, signed in and active, may see.

    Raises LessonPage.DoesNotExist otherwise, whether or not there is such a page; views answer 404.
    """
    lesson: LessonPage | None = LessonPage.objects.live().select_related("film").filter(pk=pk).first()
    if lesson is None or not can_read(user, lesson):
        raise LessonPage.DoesNotExist
    return lesson


def closed_paths(user: User | AnonymousUser) -> list[str]:
    """Return the tree paths whose pages, and all below them, are closed to a signed-in user.

    A page behind a shared password is closed to everyone here: what a person studies must be known by name.
    """
    if user.is_superuser:
        return []
    restrictions = PageViewRestriction.objects.exclude(restriction_type=PageViewRestriction.LOGIN)
    open_to_me = PageViewRestriction.objects.filter(
        restriction_type=PageViewRestriction.GROUPS, groups__user=user.pk
    )
    return list(restrictions.exclude(pk__in=open_to_me).values_list("page__path", flat=True))


def can_read(user: User | AnonymousUser, page: Page) -> bool:
    """Tell whether a person is signed in, active and passes the page's view restrictions."""
    if not user.is_authenticated or not user.is_active:
        return False
    return not any(page.path.startswith(path) for path in closed_paths(user))


def readable(user: User | AnonymousUser, pages: QuerySet[AnyPage]) -> QuerySet[AnyPage]:
    """Leave out the pages a signed-in user may not read."""
    for path in closed_paths(user):
        pages = pages.exclude(path__startswith=path)
    return pages


def may_edit_films(user: User | AnonymousUser) -> bool:
    """Tell whether `user` works in the film library."""
    if not user.is_authenticated or not user.is_active:
        return False
    policy = policy_registry.get_by_type(Film)
    return bool(policy.user_has_any_permission(user, ["add", "change", "delete"]))


def get_film_for(user: User | AnonymousUser, pk: int) -> Film:
    """Return a film that stands in a live lesson `user` may see, or any film to those who edit films.

    Raises Film.DoesNotExist otherwise; views answer 404.
    """
    film: Film | None = (
        Film.objects.filter(pk=pk).first() if user.is_authenticated and user.is_active else None
    )
    if film is None:
        raise Film.DoesNotExist
    if may_edit_films(user) or readable(user, lessons_showing(film)).exists():
        return film
    raise Film.DoesNotExist


def lessons_showing(film: Film) -> QuerySet[LessonPage]:
    """Return the live lessons that show a film, as their own or inside their text."""
    return _lessons_with(film).filter(live=True)


def pages_using(film: Film) -> list[str]:
    """Return the titles of the lessons that use a film, drafts included."""
    return list(_lessons_with(film).values_list("title", flat=True))


def _lessons_with(film: Film) -> QuerySet[LessonPage]:
    in_text = ReferenceIndex.get_references_to(film).filter(
        base_content_type=ContentType.objects.get_for_model(Page)
    )
    page_ids = [int(pk) for pk in in_text.values_list("object_id", flat=True).distinct()]
    found: QuerySet[LessonPage] = LessonPage.objects.filter(Q(film=film) | Q(pk__in=page_ids))
    return found.order_by("path")


def get_subtitle_for(user: User | AnonymousUser, film_pk: int, language: str) -> FilmSubtitle:
    """Return a film's subtitles in one language to whoever may see the film.

    Raises Film.DoesNotExist or FilmSubtitle.DoesNotExist; views answer 404.
    """
    return FilmSubtitle.objects.get(film=get_film_for(user, film_pk), language=language)


def lessons_of(course: CoursePage) -> list[LessonPage]:
    """Return the live lessons of a course in their order. A lesson not published cannot be studied yet."""
    return list(
        LessonPage.objects.live()
        .filter(course_lessons__course_id=course.pk)
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )


def unpublished_lessons_of(course: CoursePage) -> list[LessonPage]:
    """Return the lessons of a course that nobody can study yet, so that pages can say so."""
    return list(
        LessonPage.objects.not_live()
        .filter(course_lessons__course_id=course.pk)
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )


def study_records_of(employee_id: int, lesson_ids: Collection[int]) -> QuerySet[StudyRecord]:
    """Return a person's study records of these lessons, oldest first.

    A record counts for the content that was current when it was completed; a later republication does not
    undo it, but a person may complete the new content too, so a lesson can have several records.
    """
    return StudyRecord.objects.filter(employee_id=employee_id, lesson_id__in=lesson_ids)


def standings(employee_id: int | None, lessons: list[LessonPage]) -> list[LessonStanding]:
    """Return how far a person is with each lesson, in two statements whatever their number.

    For someone who is no employee (None) nothing is begun.
    """
    if employee_id is None:
        return [LessonStanding(lesson, 0, None) for lesson in lessons]
    ids = [lesson.pk for lesson in lessons]
    completed = dict(study_records_of(employee_id, ids).values_list("lesson_id", "completed_at"))
    begun = StudyProgress.objects.filter(employee_id=employee_id, lesson_id__in=ids).order_by("started_at")
    pct = {progress.lesson_id: progress_pct(progress) for progress in begun}
    return [
        LessonStanding(
            lesson,
            100 if lesson.pk in completed else pct.get(lesson.pk, 0),
            completed.get(lesson.pk),
        )
        for lesson in lessons
    ]


def course_progress(employee_id: int | None, course: CoursePage) -> CourseProgress:
    """Return how far a person is with each lesson of a course, and which comes next. Three statements."""
    return CourseProgress(standings(employee_id, lessons_of(course)))


def progress_of(employee_id: int, lesson: LessonPage) -> StudyProgress | None:
    """Return a person's progress in the lesson's live content, if they have begun it."""
    return StudyProgress.objects.filter(
        employee_id=employee_id,
        lesson_id=lesson.pk,
        content_sha256=pinned_content(lesson).content_sha256,
    ).first()


def searched_lessons(words: str) -> QuerySet[LessonPage]:
    """Return live lessons whose title, summary or text hold every word of a search, newest first."""
    found: QuerySet[LessonPage] = LessonPage.objects.live()
    for word in words.split()[:8]:
        found = found.filter(
            Q(title__icontains=word) | Q(summary__icontains=word) | Q(search_text__icontains=word)
        )
    newest: QuerySet[LessonPage] = found.order_by("-first_published_at", "-pk")
    return newest
