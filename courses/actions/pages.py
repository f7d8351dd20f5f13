"""Lessons and courses made by the system (an import, the demo); editors make theirs in Wagtail."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from courses.models import (
    CourseLesson,
    CoursePage,
    CoursePrerequisite,
    Film,
    LessonPage,
    OperatingRulePage,
    PolicySpeechPage,
    ShelfPage,
    WarningCasePage,
)
from exams.models import Exam
from people.models import Hazard, Post, User, WorkFeature

LESSON_MODELS: dict[str, type[LessonPage]] = {
    "speech": PolicySpeechPage,
    "case": WarningCasePage,
    "rule": OperatingRulePage,
}


def add_lesson(
    *,
    kind: str,
    shelf: ShelfPage,
    title: str,
    slug: str,
    body: Sequence[tuple[str, Any]],
    fields: Mapping[str, Any],
    posts: Iterable[Post] = (),
    hazards: Iterable[Hazard] = (),
    work_features: Iterable[WorkFeature] = (),
    film: Film | None = None,
    publish: bool = False,
    acting_user: User | None,
    now: dt.datetime,
) -> LessonPage:
    """Add a lesson below `shelf`, as a draft or published; a slug that is there already is returned as it is.

    `kind` is speech, case or rule; `body` holds (block type, raw value) of courses.blocks.LessonBody; `fields`
    are those of the kind's page model. Raises KeyError for an unknown kind, ValidationError for bad fields.
    """
    model = LESSON_MODELS[kind]
    known = model.objects.child_of(shelf).filter(slug=slug).first()
    if known is not None:
        return known
    with transaction.atomic():
        page = model(title=title, slug=slug, film=film, live=False, owner=acting_user, **fields)
        page.body = model._meta.get_field("body").stream_block.to_python(
            [{"type": name, "value": value, "id": str(uuid.uuid4())} for name, value in body]
        )
        page.posts = list(posts)
        page.hazards = list(hazards)
        page.work_features = list(work_features)
        shelf.add_child(instance=page)
        _save_revision(page, publish=publish, acting_user=acting_user)
    return page


def add_course(
    *,
    shelf: ShelfPage,
    title: str,
    slug: str,
    intro: str,
    hours: Decimal,
    lessons: Sequence[LessonPage],
    exam: Exam | None,
    prerequisites: Sequence[CoursePage] = (),
    publish: bool = False,
    acting_user: User | None,
    now: dt.datetime,
) -> CoursePage:
    """Add a course of `lessons` in their order, after the courses it needs; a slug that is there already is returned as it is."""
    known = CoursePage.objects.child_of(shelf).filter(slug=slug).first()
    if known is not None:
        return known
    with transaction.atomic():
        page = CoursePage(
            title=title, slug=slug, intro=intro, hours=hours, exam=exam, live=False, owner=acting_user
        )
        page.course_lessons = [
            CourseLesson(lesson_id=lesson.pk, sort_order=position) for position, lesson in enumerate(lessons)
        ]
        page.prerequisites = [
            CoursePrerequisite(needed=needed, sort_order=position)
            for position, needed in enumerate(prerequisites)
        ]
        shelf.add_child(instance=page)
        _save_revision(page, publish=publish, acting_user=acting_user)
    return page


def _save_revision(page: LessonPage | CoursePage, *, publish: bool, acting_user: User | None) -> None:
    revision = page.save_revision(user=acting_user, log_action=True)
    if publish:
        revision.publish(user=acting_user)
