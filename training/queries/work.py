"""What those responsible have to deal with: new, moved, blocked and late people, and on-site training to record."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum

from common import clock
from people.models import Employee, EmploymentStatus, EventKind, User
from people.permissions import Capability
from people.queries import employees_for
from training.models import (
    HELD_KINDS,
    ClearanceState,
    Component,
    Licence,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.licences import licences_seen, running_out
from training.queries.parts import openings_of
from training.stages import NEXT

# A change of terms makes something owed only where it takes somebody in (training.queries.rulebook).
ARRIVALS = (EventKind.HIRED, EventKind.REHIRED, EventKind.TERMS_CHANGED)
MOVES = (EventKind.TRANSFERRED, EventKind.RETURNED, EventKind.SECONDED)
NEW_FOR_DAYS = 7
LICENCE_NOTICE_DAYS = 30


@dataclass(frozen=True, slots=True)
class OnSiteEntry:
    """A person who needs a component next, with the 学时 already held for it."""

    obligation: Obligation
    employee: Employee
    unit_name: str
    post_name: str
    hours_held: Decimal


@dataclass(frozen=True, slots=True)
class OnSiteGroup:
    """An on-site component and everyone within the user's scope who needs it next."""

    component: Component
    entries: tuple[OnSiteEntry, ...]


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How many people (licences: how many) wait for somebody responsible, as of a day."""

    new_count: int
    moved_count: int
    late_count: int
    blocked_count: int
    licences_count: int

    @property
    def today_count(self) -> int:
        """Return how many people came or moved lately and still owe training."""
        return self.new_count + self.moved_count


def on_site_groups(user: User | AnonymousUser) -> list[OnSiteGroup]:
    """Return the on-site components somebody within the user's scope needs next, with these people. Eight queries.

    Who has an earlier component before them (a course, an exam, an earlier level) is not listed yet.
    """
    people = {person.pk: person for person in employees_for(user, Capability.RECORD_TRAINING)}
    obligations = [
        obligation
        for obligation in Obligation.objects.filter(state=ObligationState.OPEN).order_by("due_on", "id")
        if obligation.employee_id in people
    ]
    waiting = _next_on_site(obligations)
    held = _hours_held(set(waiting.values()))
    components = Component.objects.select_related("programme", "stage").in_bulk(set(waiting.values()))
    entries: dict[int, list[OnSiteEntry]] = defaultdict(list)
    for obligation in obligations:
        component_id = waiting.get(obligation.pk)
        if component_id is None:
            continue
        person = people[obligation.employee_id]
        entries[component_id].append(
            OnSiteEntry(
                obligation=obligation,
                employee=person,
                unit_name=getattr(person, "last_unit_name", "") or "",
                post_name=getattr(person, "last_post_name", "") or "",
                hours_held=held.get((obligation.pk, component_id), Decimal(0)),
            )
        )
    found = [OnSiteGroup(components[pk], tuple(rows)) for pk, rows in entries.items()]
    return sorted(found, key=lambda group: (group.component.programme.code, group.component.position))


def _next_on_site(obligations: Sequence[Obligation]) -> dict[int, int]:
    """Return, per obligation whose next component is on-site training, that component."""
    order = openings_of(obligations, clock.today())
    held = set(Component.objects.filter(kind__in=HELD_KINDS).values_list("pk", flat=True))
    return {
        obligation_id: component_id
        for obligation_id, parts in order.items()
        for component_id, opening in reversed(parts.items())
        if opening.state == NEXT and component_id in held
    }


def _hours_held(component_ids: set[int]) -> dict[tuple[int, int], Decimal]:
    rows = (
        TrainingRecord.objects.filter(
            component_id__in=component_ids,
            obligation__state=ObligationState.OPEN,
            corrected_by__isnull=True,
            passed=True,
        )
        .values_list("obligation_id", "component_id")
        .annotate(total=Sum("hours"))
    )
    return {
        (obligation_id, component_id): hours
        for obligation_id, component_id, hours in rows
        if obligation_id is not None and component_id is not None
    }


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody responsible, as of a day: rows not yet read."""

    new: QuerySet[Obligation]
    moved: QuerySet[Obligation]
    late: QuerySet[Obligation]
    blocked: QuerySet[ClearanceState]
    licences: QuerySet[Licence]

    def counts(self) -> WorkCounts:
        """Return how many people (licences: how many) there are of each kind. Five queries."""
        return WorkCounts(
            new_count=_people_in(self.new),
            moved_count=_people_in(self.moved),
            late_count=_people_in(self.late),
            blocked_count=self.blocked.count(),
            licences_count=self.licences.count(),
        )


def waiting(user: User | AnonymousUser, on: dt.date) -> Waiting:
    """Return what waits for this user as of a day: who is new, moved, late, blocked, and licences that run out."""
    people = employees_for(user, Capability.VIEW_COVERAGE).values("pk")
    open_ones = (
        Obligation.objects.filter(state=ObligationState.OPEN, employee__in=people)
        .select_related("employee", "programme", "event")
        .order_by("due_on", "id")
    )
    recent = open_ones.filter(owed_from__gt=on - dt.timedelta(days=NEW_FOR_DAYS))
    return Waiting(
        new=recent.filter(event__kind__in=ARRIVALS),
        moved=recent.filter(event__kind__in=MOVES),
        late=open_ones.filter(due_on__lt=on),
        blocked=ClearanceState.objects.filter(employee__in=people, is_cleared=False)
        .exclude(employee__status=EmploymentStatus.LEFT)
        .select_related("employee")
        .order_by("employee__employee_no"),
        licences=running_out(licences_seen(user), on, LICENCE_NOTICE_DAYS),
    )


def work_counts(user: User | AnonymousUser, on: dt.date) -> WorkCounts:
    """Return how much waits for this user as of a day. Six queries."""
    return waiting(user, on).counts()


def on_site_owed_count(user: User | AnonymousUser) -> int:
    """Return how many people within the user's scope owe on-site training. Two queries."""
    people = employees_for(user, Capability.RECORD_TRAINING)
    return _people_in(
        Obligation.objects.filter(
            state=ObligationState.OPEN,
            programme__components__kind__in=HELD_KINDS,
            employee__in=people.values("pk"),
        )
    )


def _people_in(obligations: QuerySet[Obligation]) -> int:
    return obligations.order_by().values("employee_id").distinct().count()
