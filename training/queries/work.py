"""What those responsible have to deal with: new, moved, blocked and late people, and on-site training to record."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum

from people.models import Employee, EmploymentStatus, EventKind, User
from people.permissions import Capability
from people.queries import employees_for
from training.models import (
    ClearanceState,
    Component,
    ComponentDone,
    ComponentKind,
    Licence,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.clearance import ReasonView, reason_views

NEW_FOR_DAYS = 7
LICENCE_NOTICE_DAYS = 30
SHOWN = 20  # lines per heading of the work list; the rest is behind the heading's link


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
class BlockedPerson:
    """A person who may not work now, and why."""

    employee: Employee
    reasons: tuple[ReasonView, ...]


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


@dataclass(frozen=True, slots=True)
class WorkList(WorkCounts):
    """Everything that waits for somebody responsible, as of a day: the first lines of each kind, and the counts."""

    on: dt.date
    new: tuple[Obligation, ...]
    moved: tuple[Obligation, ...]
    late: tuple[Obligation, ...]
    blocked: tuple[BlockedPerson, ...]
    licences: tuple[Licence, ...]
    on_site: tuple[OnSiteGroup, ...]


def on_site_groups(user: User | AnonymousUser) -> list[OnSiteGroup]:
    """Return the on-site components somebody within the user's scope needs next, with these people. Seven queries.

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
    components = Component.objects.select_related("programme").in_bulk(set(waiting.values()))
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
    done: dict[int, set[int]] = defaultdict(set)
    for obligation_id, component_id in ComponentDone.objects.filter(
        obligation__state=ObligationState.OPEN
    ).values_list("obligation_id", "component_id"):
        done[obligation_id].add(component_id)
    order: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for programme_id, pk, kind in (
        Component.objects.filter(programme__obligations__state=ObligationState.OPEN)
        .distinct()
        .order_by("programme_id", "position")
        .values_list("programme_id", "pk", "kind")
    ):
        order[programme_id].append((pk, kind))
    waiting: dict[int, int] = {}
    for obligation in obligations:
        for pk, kind in order[obligation.programme_id]:
            if pk not in done[obligation.pk]:
                if kind == ComponentKind.ON_SITE:
                    waiting[obligation.pk] = pk
                break
    return waiting


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


def licences_for_user(user: User | AnonymousUser) -> QuerySet[Licence]:
    """Return the licences of the people within the user's scope, the first to run out first."""
    return (
        Licence.objects.filter(employee__in=employees_for(user, Capability.VIEW_COVERAGE).values("pk"))
        .select_related("employee", "licence_type")
        .order_by("valid_until", "id")
    )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The rows behind a work list, not yet read."""

    new: QuerySet[Obligation]
    moved: QuerySet[Obligation]
    late: QuerySet[Obligation]
    blocked: QuerySet[ClearanceState]
    licences: QuerySet[Licence]

    def counts(self) -> WorkCounts:
        return WorkCounts(
            new_count=_people_in(self.new),
            moved_count=_people_in(self.moved),
            late_count=_people_in(self.late),
            blocked_count=self.blocked.count(),
            licences_count=self.licences.count(),
        )


def _waiting(user: User | AnonymousUser, on: dt.date) -> _Waiting:
    people = employees_for(user, Capability.VIEW_COVERAGE).values("pk")
    open_ones = (
        Obligation.objects.filter(state=ObligationState.OPEN, employee__in=people)
        .select_related("employee", "programme", "event")
        .order_by("due_on", "id")
    )
    recent = open_ones.filter(owed_from__gt=on - dt.timedelta(days=NEW_FOR_DAYS))
    return _Waiting(
        new=recent.filter(event__kind__in=[EventKind.HIRED, EventKind.REHIRED]),
        moved=recent.filter(event__kind__in=[EventKind.TRANSFERRED, EventKind.RETURNED]),
        late=open_ones.filter(due_on__lt=on),
        blocked=ClearanceState.objects.filter(employee__in=people, is_cleared=False)
        .exclude(employee__status=EmploymentStatus.LEFT)
        .select_related("employee")
        .order_by("employee__employee_no"),
        licences=licences_for_user(user).filter(
            valid_until__range=(on, on + dt.timedelta(days=LICENCE_NOTICE_DAYS))
        ),
    )


def work_counts(user: User | AnonymousUser, on: dt.date) -> WorkCounts:
    """Return how much waits for this user as of a day. Six queries."""
    return _waiting(user, on).counts()


def work_list(user: User | AnonymousUser, on: dt.date) -> WorkList:
    """Return what waits for this user as of a day. The number of queries does not depend on that of people."""
    waiting = _waiting(user, on)
    return WorkList(
        **asdict(waiting.counts()),
        on=on,
        new=tuple(waiting.new[:SHOWN]),
        moved=tuple(waiting.moved[:SHOWN]),
        late=tuple(waiting.late[:SHOWN]),
        blocked=tuple(
            BlockedPerson(state.employee, reason_views(state.reasons)) for state in waiting.blocked[:SHOWN]
        ),
        licences=tuple(waiting.licences[:SHOWN]),
        on_site=tuple(on_site_groups(user)),
    )


def on_site_owed_count(user: User | AnonymousUser) -> int:
    """Return how many people within the user's scope owe on-site training. Two queries."""
    people = employees_for(user, Capability.RECORD_TRAINING)
    return _people_in(
        Obligation.objects.filter(
            state=ObligationState.OPEN,
            programme__components__kind=ComponentKind.ON_SITE,
            employee__in=people.values("pk"),
        )
    )


def _people_in(obligations: QuerySet[Obligation]) -> int:
    return obligations.order_by().values("employee_id").distinct().count()
