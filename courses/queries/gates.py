"""Whether a lesson is open to a person yet: the order inside courses, and courses that come before others.

The rule. A lesson that stands in no published course is open. Standing in courses, it is open as soon as one of
them opens it: a course opens its lessons when every course it needs is finished and, with the order enforced,
every lesson before it is done. Nobody is held up by what they cannot do: a course or a lesson that is not
published or that they may not read is not asked for, nor a course without lessons. What somebody has completed
once stays open to them, and so do a rule that replaces one they signed for (they must read what changed), what they
have opened (the session goes on when an editor changes the order), and what they owe by itself, such as a pushed case.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from courses.models import CourseLesson, CoursePage, CoursePrerequisite, LessonPage, StudyRecord
from courses.ordering import circle, first_undone
from courses.queries.access import AnyPage, closed_paths
from courses.queries.study import content_studied_before, pinned_content
from courses.signals import LessonAsked, lesson_asked
from people.models import Employee


@dataclass(frozen=True, slots=True)
class Gate:
    """Why a lesson is not open: the course that asks for it, and what comes first.

    Either courses to finish (`missing`), or a `lesson` of the same course.
    """

    course: CoursePage
    missing: tuple[CoursePage, ...] = ()
    lesson: LessonPage | None = None


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A course that comes before another, and whether a person has finished it."""

    course: CoursePage
    is_done: bool


def gate_of(employee: Employee, lesson: LessonPage, *, course_id: int | None = None) -> Gate | None:
    """Return what holds a lesson back from a person, or None if it is open.

    Where every course refuses, the one asked about (`course_id`) is named, else the oldest. At most seven
    statements, however many courses and lessons there are; two for a lesson in no course, three more before a refusal.
    """
    closed = closed_paths(employee.user or AnonymousUser())
    held_by = CourseLesson.objects.filter(lesson_id=lesson.pk).values("course_id")
    courses = list(_open(CoursePage.objects.live().filter(pk__in=held_by).order_by("pk"), closed))
    if not courses:
        return None
    needed = _needed_by(courses)
    if any(not course.order_enforced and not needed[course.pk] for course in courses):
        return None
    asked = _open(CoursePage.objects.live().filter(pk__in=set().union(*needed.values())), closed).in_bulk()
    standing = _Standing(employee.pk, [*(course.pk for course in courses), *asked], closed)
    if lesson.pk in standing.records:
        return None
    gates = []
    for course in courses:
        gate = _gate(course, lesson.pk, [asked[pk] for pk in needed[course.pk] if pk in asked], standing)
        if gate is None:
            return None
        gates.append(gate)
    if content_studied_before(employee.pk, lesson) is not None or _is_owed(employee.pk, lesson.pk):
        return None
    return next((gate for gate in gates if gate.course.pk == course_id), gates[0])


def _is_owed(employee_id: int, lesson_id: int) -> bool:
    asked = LessonAsked(employee_id, lesson_id)
    return any(answer for _receiver, answer in lesson_asked.send(sender=None, asked=asked))


def prerequisites_of(employee: Employee | None, course: CoursePage) -> list[Prerequisite]:
    """Return the courses that come before a course, in the editors' order, and which of them a person has finished.

    For someone who is no employee (None) none is finished. At most five statements.
    """
    user = employee.user if employee else None
    closed = closed_paths(user or AnonymousUser()) if employee else []
    needed = _needed_by([course])[course.pk]
    asked = _open(CoursePage.objects.live().filter(pk__in=needed), closed).in_bulk()
    if not asked:
        return []
    if employee is None:
        return [Prerequisite(asked[pk], is_done=False) for pk in needed if pk in asked]
    standing = _Standing(employee.pk, asked, closed)
    return [Prerequisite(asked[pk], standing.is_finished(pk)) for pk in needed if pk in asked]


def _gate(course: CoursePage, lesson_pk: int, needed: list[CoursePage], standing: "_Standing") -> Gate | None:
    missing = tuple(one for one in needed if not standing.is_finished(one.pk))
    if missing:
        return Gate(course, missing=missing)
    if not course.order_enforced:
        return None
    lessons = standing.lessons[course.pk]
    places = [one.pk for one in lessons]
    before = places[: places.index(lesson_pk)] if lesson_pk in places else []
    first = first_undone(before, standing.done[course.pk])
    if first is None:
        return None
    return Gate(course, lesson=lessons[places.index(first)])


class _Standing:
    """What a person has done of some courses, as far as they may read them. Two statements."""

    def __init__(self, employee_id: int, course_ids: Iterable[int], closed: list[str]) -> None:
        self.lessons = _lessons_by_course(set(course_ids), closed)
        numbers = {lesson.pk for lessons in self.lessons.values() for lesson in lessons}
        self.records: dict[int, set[str]] = defaultdict(set)
        records = StudyRecord.objects.filter(employee_id=employee_id, lesson_id__in=numbers)
        for lesson_id, content_sha256 in records.values_list("lesson_id", "content_sha256"):
            self.records[lesson_id].add(content_sha256)
        self.done: dict[int, set[int]] = defaultdict(set)
        for course_id, lessons in self.lessons.items():
            self.done[course_id] = {lesson.pk for lesson in lessons if self._is_done(lesson)}

    def is_finished(self, course_id: int) -> bool:
        """Tell whether every lesson is done; a course without lessons holds nobody up."""
        return len(self.done[course_id]) == len(self.lessons[course_id])

    def _is_done(self, lesson: LessonPage) -> bool:
        found = self.records.get(lesson.pk, set())
        if getattr(lesson, "is_newest_due", False):
            return pinned_content(lesson).content_sha256 in found
        return bool(found)


def _lessons_by_course(course_ids: Collection[int], closed: list[str]) -> dict[int, list[LessonPage]]:
    found: dict[int, list[LessonPage]] = defaultdict(list)
    lessons = (
        LessonPage.objects.live()
        .filter(course_lessons__course_id__in=course_ids)
        .select_related("film", "package")
        .annotate(
            in_course_id=F("course_lessons__course_id"), is_newest_due=F("course_lessons__is_newest_due")
        )
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )
    for lesson in _open(lessons, closed):
        found[lesson.in_course_id].append(lesson)
    return found


def _needed_by(courses: list[CoursePage]) -> dict[int, list[int]]:
    """Return what each course needs, in the editors' order, without what would need the course itself.

    The form refuses circles; two editors publishing at the same moment could still close one, and behind it
    nobody would get in.
    """
    needs: dict[int, list[int]] = defaultdict(list)
    for course_id, needed_id in CoursePrerequisite.objects.order_by("sort_order", "pk").values_list(
        "course_id", "needed_id"
    ):
        needs[course_id].append(needed_id)
    return {
        course.pk: [pk for pk in needs[course.pk] if not circle(course.pk, {**needs, course.pk: [pk]})]
        for course in courses
    }


def _open(pages: QuerySet[AnyPage], closed: list[str]) -> QuerySet[AnyPage]:
    for path in closed:
        pages = pages.exclude(path__startswith=path)
    return pages
