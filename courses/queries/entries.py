"""The entries of the catalogue with what they are about, and the names of the choices."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q

from courses.facets import Entry
from courses.models import (
    CourseLesson,
    CoursePage,
    LessonPage,
    OperatingRulePage,
    PackageLessonPage,
    PolicySpeechPage,
    WarningCasePage,
)
from courses.queries.access import readable
from people.models import Assignment, Hazard, Post, User, WorkFeature

KIND_MODELS = {
    "speech": PolicySpeechPage,
    "case": WarningCasePage,
    "rule": OperatingRulePage,
    "package": PackageLessonPage,
}
COURSE = "course"


def catalogue_entries(user: User | AnonymousUser) -> list[Entry]:
    """Return the live lessons and courses `user` may read, newest first, with their facets.

    A course is about what its lessons are about. A few statements, each of a few small columns of every
    page: a facet's counts need all entries, whatever is on the page shown.
    """
    kinds = {kind.pk: name for name, kind in _content_types().items()}
    hazards = _grouped(LessonPage.hazards.through.objects.values_list("lessonpage_id", "hazard_id"))
    works = _grouped(LessonPage.work_features.through.objects.values_list("lessonpage_id", "workfeature_id"))
    posts = _grouped(LessonPage.posts.through.objects.values_list("lessonpage_id", "post_id"))
    newest = F("first_published_at").desc(nulls_last=True)
    lessons = readable(user, LessonPage.objects.live().order_by(newest, "-pk")).values_list(
        "pk", "content_type_id", "industry"
    )
    values = {
        pk: {
            "kind": frozenset({kinds[content_type]}) if content_type in kinds else frozenset(),
            "hazard": frozenset(hazards.get(pk, ())),
            "work": frozenset(works.get(pk, ())),
            "post": frozenset(posts.get(pk, ())),
            "industry": frozenset({industry} if industry else ()),
        }
        for pk, content_type, industry in lessons
    }
    courses = readable(user, CoursePage.objects.live().order_by(newest, "-pk")).values_list("pk", flat=True)
    held = defaultdict(list)
    for course, lesson in CourseLesson.objects.values_list("course_id", "lesson_id"):
        if lesson in values:
            held[course].append(values[lesson])
    return [
        *(Entry(pk, _course_values(held[pk])) for pk in courses),
        *(Entry(pk, facets) for pk, facets in values.items()),
    ]


def _content_types() -> dict[str, ContentType]:
    models = ContentType.objects.get_for_models(*KIND_MODELS.values())
    return {name: models[model] for name, model in KIND_MODELS.items()}


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, set[str]]:
    groups: dict[int, set[str]] = defaultdict(set)
    for lesson, value in pairs:
        groups[lesson].add(str(value))
    return groups


def _course_values(lessons: list[dict[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    merged = {
        name: frozenset[str]().union(*(lesson[name] for lesson in lessons))
        for name in ("hazard", "work", "post", "industry")
    }
    return {"kind": frozenset({COURSE})} | merged


def hazard_names(numbers: Iterable[str]) -> dict[str, str]:
    """Return the names of hazards by number; with the standard where two standards name the same."""
    found = Hazard.objects.filter(pk__in=list(numbers))
    names = [hazard.name for hazard in found]
    return {str(hazard.pk): hazard.name if names.count(hazard.name) == 1 else str(hazard) for hazard in found}


def work_names(numbers: Iterable[str]) -> dict[str, str]:
    """Return the names of equipment and processes by number."""
    found = WorkFeature.objects.filter(pk__in=list(numbers)).values_list("pk", "name")
    return {str(pk): name for pk, name in found}


def post_names(numbers: Iterable[str]) -> dict[str, str]:
    """Return the names of posts by number."""
    return {str(pk): name for pk, name in Post.objects.filter(pk__in=list(numbers)).values_list("pk", "name")}


def posts_of(employee_id: int, on: dt.date) -> frozenset[str]:
    """Return the numbers of the posts a person holds on a day, secondments included."""
    held = Assignment.objects.filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on), employee_id=employee_id, starts_on__lte=on
    )
    return frozenset(str(pk) for pk in held.values_list("post_id", flat=True))
