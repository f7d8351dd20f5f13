"""What study proof says about the courses of many obligations at once.

courses.queries answers for one person and one course; an import asks for thousands.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import F

from courses.models import LessonPage, StudyRecord
from courses.queries import pinned_content
from training.models import CasePush, Component
from training.pushing import Study, proof_of


def lessons_by_course(course_ids: Collection[int]) -> dict[int, list[LessonPage]]:
    """Return the live lessons of each course in their order, each with the content it asks for. One query."""
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
    for lesson in lessons:
        lesson.due_sha256 = pinned_content(lesson).content_sha256 if lesson.is_newest_due else ""
        found[lesson.in_course_id].append(lesson)
    return found


def proves(record: StudyRecord | None, lesson: LessonPage) -> bool:
    """Tell whether a person's newest record settles a lesson of a course (as `lessons_by_course` gives it).

    Where the course asks for the content in force, a record of an earlier text does not.
    """
    due: str = lesson.due_sha256  # type: ignore[attr-defined]
    return record is not None and due in ("", record.content_sha256)


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


def proofs_of_pushes(
    employee_ids: Collection[int], components: Sequence[Component]
) -> dict[tuple[int, int], int]:
    """Return the study record that proves a pushed lesson, by (employee, programme). Two queries.

    `components` are lessons of the programmes of pushes. Which edition counts is training.pushing.proof_of's rule.
    """
    pushes = CasePush.objects.filter(programme_id__in={component.programme_id for component in components})
    pins = {
        programme_id: (lesson_id, sha256, pushed_at)
        for programme_id, lesson_id, sha256, pushed_at in pushes.values_list(
            "programme_id", "lesson_id", "content_sha256", "pushed_at"
        )
    }
    studies: dict[tuple[int, int], list[Study]] = defaultdict(list)
    rows = StudyRecord.objects.filter(
        employee_id__in=employee_ids, lesson_id__in={lesson_id for lesson_id, _, _ in pins.values()}
    ).values_list("employee_id", "lesson_id", "pk", "content_sha256", "completed_at")
    for employee_id, lesson_id, pk, sha256, completed_at in rows:
        studies[employee_id, lesson_id].append(Study(pk, sha256, completed_at))
    proofs: dict[tuple[int, int], int] = {}
    for programme_id, (lesson_id, sha256, pushed_at) in pins.items():
        for (employee_id, studied_id), records in studies.items():
            proof = proof_of(records, sha256, pushed_at) if studied_id == lesson_id else None
            if proof is not None:
                proofs[employee_id, programme_id] = proof.id
    return proofs
