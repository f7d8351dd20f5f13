"""The pages of the learning site as signed-in people see them."""

from typing import Any
from uuid import UUID

from csp.constants import SELF
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from wagtail.models import Page

from courses.models import (
    CoursePage,
    LearningHomePage,
    LessonPage,
    OperatingRulePage,
    ShelfPage,
)
from courses.queries import (
    can_read,
    content_studied_before,
    course_progress,
    difference_since,
    gate_of,
    lessons_of,
    prerequisites_of,
    progress_of,
    readable,
    standings,
    study_records_of,
    unpublished_lessons_of,
)
from courses.views.catalogue import PER_PAGE, catalogue
from courses.views.package_player import allow_packages
from courses.views.reports import progress_report
from courses.views.wall_cards import card_state
from people.models import Employee
from people.queries import employee_of


def serve(request: HttpRequest, page: Page) -> HttpResponse:
    """Answer for one live page of the learning site to someone who may read it."""
    employee = employee_of(request.user)
    context = page.get_context(request) | {"employee": employee, "tab": "learn"}
    if isinstance(page, LessonPage):
        if employee is not None and (refusal := _refused(request, page, employee, context)):
            return refusal
        context |= _lesson(request, page, employee)
    elif isinstance(page, CoursePage):
        context |= _course(page, employee)
    elif isinstance(page, ShelfPage):
        context |= _shelf(request, page, employee)
    elif isinstance(page, LearningHomePage):
        context |= _home(request, page, employee)
    response = TemplateResponse(request, page.get_template(request), context)
    if isinstance(page, LessonPage) and page.package_id:
        allow_packages(request, response)
    response["Cache-Control"] = "private, no-cache"
    if isinstance(page, LessonPage):
        # hls.js hands the player a film as a blob of the page's own making.
        allowed = getattr(response, "_csp_update", {})
        response._csp_update = {**allowed, "media-src": [SELF, "blob:"]}  # type: ignore[attr-defined]
    return response


def _refused(
    request: HttpRequest, lesson: LessonPage, employee: Employee, context: dict[str, Any]
) -> HttpResponse | None:
    """Answer for a lesson that is not open to a person yet: what comes first, and the way there.

    Who edits the page may look at it; studying it is refused to them too.
    """
    course = _course_named(request, lesson)
    gate = gate_of(employee, lesson, course_id=course.pk if course else None)
    if gate is None or lesson.permissions_for_user(request.user).can_edit():
        return None
    context |= {
        "gate": gate,
        "task_id": _task_named(request),
        "is_rule": isinstance(lesson, OperatingRulePage),
        "card_state": card_state(lesson, request.GET.get("card", "")),
    }
    response = TemplateResponse(request, "courses/lesson_not_open.html", context, status=403)
    response["Cache-Control"] = "private, no-cache"
    return response


def _lesson(request: HttpRequest, lesson: LessonPage, employee: Employee | None) -> dict[str, Any]:
    course = _course_named(request, lesson)
    context: dict[str, Any] = {"course": course, "task_id": _task_named(request), "next_lesson": None}
    context["card_state"] = card_state(lesson, request.GET.get("card", ""))
    if course is not None:
        lessons = lessons_of(course)
        here = [one.pk for one in lessons].index(lesson.pk)
        context["next_lesson"] = lessons[here + 1] if here + 1 < len(lessons) else None
    if employee is not None:
        progress = progress_of(employee.pk, lesson)
        context["is_studied_here"] = True
        context["report"] = progress_report(progress) if progress else None
        context["record"] = study_records_of(employee.pk, [lesson.pk]).last()
        if before := content_studied_before(employee.pk, lesson):
            context["before"] = before
            context["changes"] = difference_since(before, lesson)
    return context


def _task_named(request: HttpRequest) -> UUID | None:
    """Return the task in `?task=`; its page asks whose it is."""
    try:
        return UUID(request.GET.get("task", ""))
    except ValueError:
        return None


def _course_named(request: HttpRequest, lesson: LessonPage) -> CoursePage | None:
    """Return the course in `?from=` if it is live, holds this lesson and the reader may see it."""
    number = request.GET.get("from", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    course = CoursePage.objects.live().filter(pk=number, course_lessons__lesson_id=lesson.pk).first()
    return course if course is not None and can_read(request.user, course) else None


def _course(course: CoursePage, employee: Employee | None) -> dict[str, Any]:
    needed = prerequisites_of(employee, course)
    return {
        "progress": course_progress(employee.pk if employee else None, course),
        "unpublished": unpublished_lessons_of(course),
        "prerequisites": needed,
        "missing": [one.course for one in needed if not one.is_done] if employee else [],
    }


def _shelf(request: HttpRequest, shelf: ShelfPage, employee: Employee | None) -> dict[str, Any]:
    lessons = LessonPage.objects.live().child_of(shelf).order_by("path")
    return _listed(request, lessons, employee) | {
        "courses": readable(request.user, CoursePage.objects.live().child_of(shelf).order_by("path"))
    }


def _home(request: HttpRequest, home: LearningHomePage, employee: Employee | None) -> dict[str, Any]:
    found = catalogue(request, employee)
    if found.is_asked:
        return {"found": found}
    return {
        "found": found,
        "shelves": readable(request.user, ShelfPage.objects.live().child_of(home).order_by("path")),
        "courses": readable(request.user, CoursePage.objects.live().descendant_of(home).order_by("path")),
    }


def _listed(request: HttpRequest, lessons: QuerySet[LessonPage], employee: Employee | None) -> dict[str, Any]:
    shown = Paginator(readable(request.user, lessons), PER_PAGE).get_page(request.GET.get("page"))
    return {"shown": shown, "standings": standings(employee.pk if employee else None, list(shown))}
