"""Reads about occurrences: whom they concern, where these people stand, how often it happened before."""

import datetime as dt
from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from people.models import Assignment, AssignmentKind, User
from people.permissions import Capability, scope_for
from people.queries import employees_for
from training.models import Occurrence, OccurrenceKind, OccurrenceWithdrawal
from training.queries.rulebook import Rulebook
from training.rules import EventFacts

REPEAT_DAYS = 365


def is_withdrawn(occurrence: Occurrence) -> bool:
    """Tell whether an occurrence was entered by mistake."""
    return OccurrenceWithdrawal.objects.filter(occurrence=occurrence).exists()


def people_concerned(occurrence: Occurrence) -> list[int]:
    """Return the ids of the people named, and of those who stand in the units and posts on its first day.

    Four queries.
    """
    found = set(occurrence.employees.values_list("pk", flat=True))
    units = list(occurrence.units.values_list("path", flat=True))
    posts = list(occurrence.posts.values_list("pk", flat=True))
    if units or posts:
        below = Q()
        for path in units:
            below |= Q(unit__path__startswith=path)
        in_posts = Q(post_id__in=posts) if posts else Q()
        stays = Assignment.objects.filter(below & in_posts, starts_on__lte=occurrence.starts_on).exclude(
            ends_before__lte=occurrence.starts_on
        )
        found |= set(stays.values_list("employee_id", flat=True))
    return sorted(found)


def places_of(occurrence: Occurrence, employee_ids: Collection[int], book: Rulebook) -> dict[int, EventFacts]:
    """Return where people stand whom an occurrence concerns, on its first day. Two queries, or three.

    Whom it names is concerned though away that day, by the place held last: who broke a rule yesterday and is sent
    home today is taught before coming back. Everybody else who stands nowhere is left out.
    """
    places = places_on(employee_ids, book, occurrence.starts_on)
    named = set(occurrence.employees.values_list("pk", flat=True)) & set(employee_ids) - places.keys()
    if named:
        begun = Assignment.objects.filter(
            employee_id__in=named, kind=AssignmentKind.PRIMARY, starts_on__lte=occurrence.starts_on
        )
        places |= _by_person(begun, book)
    return places


def places_on(employee_ids: Collection[int], book: Rulebook, on: dt.date) -> dict[int, EventFacts]:
    """Return where people stand on a day (their own place, not that of a secondment). One query.

    Whoever stands nowhere that day, away or not begun, is left out.
    """
    begun = Assignment.objects.filter(
        employee_id__in=employee_ids, kind=AssignmentKind.PRIMARY, starts_on__lte=on
    )
    return _by_person(begun.exclude(ends_before__lte=on), book)


def _by_person(stays: QuerySet[Assignment], book: Rulebook) -> dict[int, EventFacts]:
    """Return the place of each person; of several stays that of the last."""
    rows = stays.order_by("employee_id", "starts_on")
    return {
        employee_id: book.place(unit_id, post_id, terms)
        for employee_id, unit_id, post_id, terms in rows.values_list(
            "employee_id", "unit_id", "post_id", "employment_type"
        )
    }


def repeats_of(occurrence: Occurrence, employee_ids: Collection[int]) -> dict[int, int]:
    """Return how often each person was noted for a violation in the year before, this time included. One query."""
    if occurrence.kind != OccurrenceKind.VIOLATION:
        return {}
    since = occurrence.happened_on - dt.timedelta(days=REPEAT_DAYS)
    rows = Occurrence.employees.through.objects.filter(
        employee_id__in=employee_ids,
        occurrence__kind=OccurrenceKind.VIOLATION,
        occurrence__withdrawal__isnull=True,
        occurrence__happened_on__gt=since,
        occurrence__happened_on__lte=occurrence.happened_on,
    )
    return dict(rows.values_list("employee_id").annotate(count=Count("pk")).order_by())


def occurrences_for(user: User | AnonymousUser) -> QuerySet[Occurrence]:
    """Return the occurrences a user may see: recorded by the user, or about people or units of the user's scope."""
    scope = scope_for(user, Capability.VIEW_COVERAGE)
    rows = Occurrence.objects.select_related("recorded_by", "withdrawal").annotate(
        owed=Count("obligations", distinct=True),
        done=Count("obligations", filter=Q(obligations__state="done"), distinct=True),
    )
    rows = rows.order_by("-recorded_at", "-pk")  # an aggregate drops the model's own order
    if scope.everything:
        return rows
    mine = Q(recorded_by=user) if isinstance(user, User) else Q(pk__in=())
    people = employees_for(user, Capability.VIEW_COVERAGE)
    units = Occurrence.units.through.objects.filter(scope.q("orgunit__path")).values("occurrence")
    named = Occurrence.employees.through.objects.filter(employee__in=people.values("pk")).values("occurrence")
    return rows.filter(mine | Q(pk__in=units) | Q(pk__in=named))
