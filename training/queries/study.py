"""What study proof says about the courses of many obligations at once.

courses.queries answers for one person and one course; an import asks for thousands.
"""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import F

from courses.models import LessonPage, StudyRecord


def lessons_by_course(course_ids: Collection[int]) -> dict[int, list[LessonPage]]:
    """Return the live lessons of each course in their order. One query."""
    found: dict[int, list[LessonPage]] = defaultdict(list)
    lessons = (
        LessonPage.objects.live()
        .filter(course_lessons__course_id__in=course_ids)
        .annotate(in_course_id=F("course_lessons__course_id"))
        .order_by("course_lessons__sort_order", "course_lessons__pk")
    )
    for lesson in lessons:
        found[lesson.in_course_id].append(lesson)
    return found


def records_by_lesson(
    employee_ids: Collection[int], lesson_ids: Collection[int]
) -> dict[int, dict[int, StudyRecord]]:
    """Return, per person, the newest study record of each of these lessons. One query."""
    found: dict[int, dict[int, StudyRecord]] = defaultdict(dict)
    for record in StudyRecord.objects.filter(employee_id__in=employee_ids, lesson_id__in=lesson_ids).order_by(
        "completed_at", "pk"
    ):
        found[record.employee_id][record.lesson_id] = record
    return found
