"""Read courses and their lessons, with how far a person is."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F

from courses.models import CoursePage, LessonPage, StudyProgress
from courses.queries.study import pinned_content, progress_pct, study_records_of


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


def lessons_of(course: CoursePage) -> list[LessonPage]:
    """Return the live lessons of a course in their order. A lesson not published cannot be studied yet."""
    return list(
        LessonPage.objects.live()
        .filter(course_lessons__course_id=course.pk)
        .select_related("film", "package")
        .annotate(is_newest_due=F("course_lessons__is_newest_due"))
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )


def unpublished_lessons_of(course: CoursePage) -> list[LessonPage]:
    """Return the lessons of a course that nobody can study yet, so that pages can say so."""
    return list(
        LessonPage.objects.not_live()
        .filter(course_lessons__course_id=course.pk)
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )


def standings(employee_id: int | None, lessons: list[LessonPage]) -> list[LessonStanding]:
    """Return how far a person is with each lesson, in two statements whatever their number.

    For someone who is no employee (None) nothing is begun. Where a course asks for the content in force
    (`is_newest_due`, see `lessons_of`) a record of an earlier text does not count.
    """
    if employee_id is None:
        return [LessonStanding(lesson, 0, None) for lesson in lessons]
    ids = [lesson.pk for lesson in lessons]
    due = {
        lesson.pk: pinned_content(lesson).content_sha256
        for lesson in lessons
        if getattr(lesson, "is_newest_due", False)
    }
    completed = {
        lesson_id: completed_at
        for lesson_id, content_sha256, completed_at in study_records_of(employee_id, ids).values_list(
            "lesson_id", "content_sha256", "completed_at"
        )
        if due.get(lesson_id, content_sha256) == content_sha256
    }
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
