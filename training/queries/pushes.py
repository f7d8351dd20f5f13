"""Reads about case pushes: whom a case concerns, which pushes somebody may see, what a push rests on."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from wagtail.models import WorkflowState

from courses.models import LessonPage, OperatingRulePage, WarningCasePage
from courses.queries import can_read, readable
from people.models import Assignment, AssignmentKind, EmploymentStatus, OrgUnit, Post, User, WorkFeature
from people.permissions import Capability, Scope, scope_for
from people.queries import Span, counts_under, on_day, tree_on, unit_scope
from training.coverage import Counts, CoverageRow, Place, UnitFacts, roll_up
from training.models import CasePush
from training.pushing import Criteria, PostFacts, Shared, concerned_posts, why_concerned
from training.shapes import PushCriteria

SEEN_BY = (Capability.VIEW_COVERAGE, Capability.PUSH_CASES)


@dataclass(frozen=True, slots=True)
class Concerned:
    """A person a case concerns, and where they count."""

    employee_id: int
    place: Place


@dataclass(frozen=True, slots=True)
class ConcernedPost:
    """A post a case concerns, with what it shares with it in words, and how many people stand in it."""

    name: str
    shares: str
    people: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would get a push: how many, how many in each unit of the scope, and in which posts."""

    total: int
    rows: tuple[CoverageRow, ...]
    posts: tuple[ConcernedPost, ...]


def criteria_for(
    lesson: LessonPage, units: Sequence[OrgUnit], employment_types: Collection[str]
) -> PushCriteria:
    """Return what a lesson is tagged with, and whom of those concerned it is for. Three or four queries."""
    hazards = {hazard.name for hazard in lesson.hazards.all()}
    if isinstance(lesson, WarningCasePage) and lesson.category is not None:
        hazards.add(lesson.category.name)
    features: list[WorkFeature] = sorted(lesson.work_features.all(), key=lambda item: item.name)
    posts: list[Post] = sorted(lesson.posts.all(), key=lambda item: item.name)
    return {
        "post_ids": [post.pk for post in posts],
        "post_names": [post.name for post in posts],
        "hazards": sorted(hazards),
        "feature_ids": [feature.pk for feature in features],
        "feature_names": [feature.name for feature in features],
        "unit_ids": [unit.pk for unit in units],
        "unit_names": [unit.name for unit in units],
        "employment_types": sorted(employment_types),
    }


def as_criteria(stored: PushCriteria) -> Criteria:
    """Return stored criteria as the rule takes them."""
    return Criteria(
        post_ids=frozenset(stored["post_ids"]),
        hazards=frozenset(stored["hazards"]),
        feature_ids=frozenset(stored["feature_ids"]),
        unit_ids=frozenset(stored["unit_ids"]),
        employment_types=frozenset(stored["employment_types"]),
    )


def post_facts() -> list[PostFacts]:
    """Return every post with its hazards and features. Three queries."""
    posts = Post.objects.prefetch_related("hazards", "work_features")
    return [
        PostFacts(
            post.pk,
            frozenset(hazard.name for hazard in post.hazards.all()),
            frozenset(feature.pk for feature in post.work_features.all()),
        )
        for post in posts
    ]


def concerned_stays(criteria: Criteria, posts: Collection[PostFacts], on: dt.date) -> QuerySet[Assignment]:
    """Return the stays on a day in a post the case concerns, of people who have not left, within its limits.

    Somebody seconded stands in two posts; either is enough. One query for the units, when it is evaluated one more.
    """
    stays = Assignment.objects.filter(on_day(on), post_id__in=concerned_posts(criteria, posts)).exclude(
        employee__status=EmploymentStatus.LEFT
    )
    if criteria.employment_types:
        stays = stays.filter(employment_type__in=criteria.employment_types)
    if criteria.unit_ids:
        paths = OrgUnit.objects.filter(pk__in=criteria.unit_ids).values_list("path", flat=True)
        stays = stays.filter(counts_under(Span(subtrees=tuple(paths))))
    return stays


def concerned_people(criteria: Criteria, posts: Collection[PostFacts], on: dt.date) -> list[Concerned]:
    """Return the people a case concerns on a day, each once, at home where the own post is concerned."""
    rows = (
        concerned_stays(criteria, posts, on)
        .order_by("employee_id")
        .values_list("employee_id", "kind", "unit_id", "employer_id")
    )
    found: dict[int, Concerned] = {}
    for employee_id, kind, unit_id, employer_id in rows:
        if kind == AssignmentKind.PRIMARY or employee_id not in found:
            found[employee_id] = Concerned(employee_id, Place(unit_id, employer_id))
    return list(found.values())


def preview(stored: PushCriteria, scope: Scope, on: dt.date) -> Preview:
    """Return who would get a push of these criteria today, by unit of the scope. Eight queries at most."""
    criteria, facts = as_criteria(stored), post_facts()
    own: dict[Place, Counts] = {}
    people = concerned_people(criteria, facts, on)
    for person in people:
        own[person.place] = own.get(person.place, Counts()) + Counts(people=1)
    units = [
        UnitFacts(unit.id, unit.path, unit.depth, unit.name, unit.kind) for unit in tree_on(scope, on).units
    ]
    rows = [row for row in roll_up(units, own, OrgUnit.steplen) if row.counts.people]
    return Preview(len(people), tuple(rows), _posts(stored, criteria, facts, on))


def _posts(
    stored: PushCriteria, criteria: Criteria, facts: Sequence[PostFacts], on: dt.date
) -> tuple[ConcernedPost, ...]:
    shared = {post.id: (post, why_concerned(criteria, post)) for post in facts}
    features = dict(zip(stored["feature_ids"], stored["feature_names"], strict=True))
    counted = (
        concerned_stays(criteria, facts, on)
        .order_by("post__name")
        .values_list("post_id", "post__name")
        .annotate(people=Count("employee_id", distinct=True))
    )
    rows: list[ConcernedPost] = []
    for post_id, name, people in counted:
        post, why = shared[post_id]
        words = [_("案例指名的岗位")] if Shared.POST in why else []
        words += sorted(post.hazards & criteria.hazards)
        words += sorted(features[pk] for pk in post.feature_ids & criteria.feature_ids)
        rows.append(ConcernedPost(name, "、".join(words), people))
    return tuple(rows)


def pushable_lessons(user: User | AnonymousUser) -> QuerySet[LessonPage]:
    """Return the live warning cases and operating rules `user` may read, those not pushed yet first."""
    if not scope_for(user, Capability.PUSH_CASES):
        return LessonPage.objects.none()
    kinds = [WarningCasePage, OperatingRulePage]
    lessons: QuerySet[LessonPage] = readable(user, LessonPage.objects.live().type(*kinds))
    pushed = CasePush.objects.filter(lesson=OuterRef("pk"))
    return lessons.annotate(is_pushed=Exists(pushed)).order_by("is_pushed", "-last_published_at", "-pk")


def reviewed_to_push(user: User | AnonymousUser, since: dt.datetime) -> list[LessonPage]:
    """Return what `user` handed in for review, what was approved since and is live, and nobody was asked to learn.

    The editor is not there when the last reviewer publishes: this is how the next step is found. One query.
    """
    approved = WorkflowState.objects.filter(
        status=WorkflowState.STATUS_APPROVED,
        requested_by_id=user.pk,
        object_id=Cast(OuterRef("pk"), CharField()),
        base_content_type__app_label="wagtailcore",
        base_content_type__model="page",
    )
    return list(
        pushable_lessons(user).filter(Exists(approved), is_pushed=False, last_published_at__gte=since)[:50]
    )


def get_pushable_lesson_for(user: User | AnonymousUser, pk: int) -> LessonPage:
    """Return a live warning case or operating rule `user` may read, as its own kind.

    Raises LessonPage.DoesNotExist otherwise; views answer 404.
    """
    lesson = LessonPage.objects.live().filter(pk=pk).first()
    specific = lesson.specific if lesson is not None else None
    if not isinstance(specific, WarningCasePage | OperatingRulePage) or not can_read(user, specific):
        raise LessonPage.DoesNotExist
    return specific


def push_scope(user: User | AnonymousUser) -> Scope:
    """Return the part of the tree whose numbers `user` sees on the pages of pushes."""
    scopes = [scope_for(user, capability) for capability in SEEN_BY]
    if any(scope.everything for scope in scopes):
        return Scope(everything=True)
    kept: list[str] = []
    for path in sorted({path for scope in scopes for path in scope.paths}):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return Scope(paths=tuple(kept))


def pushes_for(user: User | AnonymousUser) -> QuerySet[CasePush]:
    """Return the pushes that reach into the part of the tree `user` answers for, the latest first."""
    scope = push_scope(user)
    pushes = CasePush.objects.select_related("programme", "lesson", "pushed_by", "end").order_by(
        "-pushed_at", "-pk"
    )
    if scope.everything:
        return pushes
    if not scope:
        return pushes.none()
    above = {
        path[:end] for path in scope.paths for end in range(OrgUnit.steplen, len(path) + 1, OrgUnit.steplen)
    }
    reaching = OrgUnit.objects.filter(scope.q("path") | Q(path__in=above))
    through = CasePush.units.through.objects.filter(casepush_id=OuterRef("pk"))
    return pushes.filter(~Exists(through) | Exists(through.filter(orgunit_id__in=reaching.values("pk"))))


def get_push_for(user: User | AnonymousUser, public_id: UUID | str) -> CasePush:
    """Return a push that reaches into the user's part of the tree; raise CasePush.DoesNotExist otherwise."""
    return pushes_for(user).get(public_id=public_id)


def may_end(user: User | AnonymousUser, push: CasePush) -> bool:
    """Tell whether `user` may end a push: whoever may push to everyone it was for."""
    scope = scope_for(user, Capability.PUSH_CASES)
    if scope.everything or not scope:
        return scope.everything
    units = list(push.units.all()) or list(OrgUnit.get_root_nodes())
    return all(scope.includes(unit) for unit in units)


def unit_of_scope(scope: Scope, pk: int) -> tuple[OrgUnit, Scope]:
    """Return a unit inside a scope with its own scope; raise OrgUnit.DoesNotExist otherwise."""
    unit: OrgUnit = OrgUnit.objects.filter(scope.q("path")).get(pk=pk)
    return unit, unit_scope(unit)
