"""Read recorded employment events, and what follows or once followed from them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from people.models import Assignment, AssignmentKind, Employee, EmploymentEvent, OrgUnit, User
from people.permissions import Capability
from people.queries.employees import employees_for
from people.queries.trees import FIRM_OF_STAY, unit_span_on
from people.queries.trees import Span as UnitSpan
from people.roster import Entry, EventName, Span, Standing, spans_of
from people.roster.baseline import Standpoint, baseline

CHUNK = 1_000  # ids in one statement: far below SQLite's limit of variables
# The columns of a stay in the order of people.roster.Span.
SPAN_FIELDS = ("kind", "unit_id", "post_id", "employment_type", "employer_id", "starts_on", "ends_before")


@dataclass(frozen=True, slots=True)
class KnownStay:
    """A stay as it was believed at a moment; the rows are those of today's database."""

    employee: Employee
    span: Span


def recorded_entries(employee_ids: Collection[int]) -> dict[int, list[Entry]]:
    """Return every recorded event of people, corrected ones included, by employee. In order of recording.

    One query per thousand people; two more for people whose first stay no event tells of.
    """
    found: dict[int, list[Entry]] = {pk: [] for pk in employee_ids}
    ids = list(found)
    for start in range(0, len(ids), CHUNK):
        rows = (
            EmploymentEvent.objects.filter(employee_id__in=ids[start : start + CHUNK])
            .order_by("recorded_at")
            .values_list(
                "employee_id",
                "pk",
                "kind",
                "effective_on",
                "recorded_at",
                "to_unit_id",
                "to_post_id",
                "employment_type",
                "employer_id",
                "days_away",
                "corrects_id",
                "is_withdrawn",
            )
        )
        for employee_id, pk, kind, *rest in rows:
            values: list[Any] = rest
            found[employee_id].append(Entry(pk, EventName(kind), *values))
    _add_baselines(found)
    return found


def _add_baselines(found: dict[int, list[Entry]]) -> None:
    """Put before the events of people without a hire what their stays say. Two queries, if there are any."""
    without = [pk for pk, entries in found.items() if not any(e.name is EventName.HIRED for e in entries)]
    for start in range(0, len(without), CHUNK):
        ids = without[start : start + CHUNK]
        spans: dict[int, list[Span]] = defaultdict(list)
        for employee_id, *values in (
            Assignment.objects.filter(employee_id__in=ids, kind=AssignmentKind.PRIMARY)
            .order_by("starts_on", "pk")
            .values_list("employee_id", *SPAN_FIELDS)
        ):
            spans[employee_id].append(Span(*values))
        people = Employee.objects.filter(pk__in=ids).values_list(
            "pk", "status", "hired_on", "left_on", "employment_type", "employer_id"
        )
        for pk, status, *values in people:
            first = min(found[pk], key=lambda entry: (entry.on, entry.recorded_at), default=None)
            found[pk][:0] = baseline(spans[pk], Standpoint(Standing(status), *values), first)


def assignments_as_known(subject: Employee | OrgUnit, on: dt.date, known_at: dt.datetime) -> list[KnownStay]:
    """Return the stays on a day of a person, or under a unit, as they were believed at a moment.

    What was recorded or corrected after `known_at` has not happened yet for the answer, and events are never
    changed, so the same question always gets the same answer. Under a unit is what hung below it on the day
    itself, as the tree is known today, and the people of a firm wherever they work: whom `head_counts` counts.
    Two queries for a person; for a unit three, and one per thousand people who ever were led into it; two more
    if a branch has come or gone since that day.
    """
    if isinstance(subject, Employee):
        people: Iterable[Employee] = [subject]
        inside: frozenset[int] | None = None
    else:
        span = unit_span_on(subject, on)
        inside = frozenset(OrgUnit.objects.filter(span.q()).values_list("pk", flat=True))
        people = _ever_in(span).order_by("employee_no")
    by_id = {person.pk: person for person in people}
    return [
        KnownStay(by_id[pk], stay)
        for pk, stay in spans_as_known(list(by_id), on, known_at)
        if inside is None or stay.unit in inside or stay.employer in inside
    ]


def spans_as_known(
    employee_ids: Sequence[int], on: dt.date, known_at: dt.datetime
) -> Iterator[tuple[int, Span]]:
    """Yield the stays of people on a day as they were believed at a moment, with their ids. A query per thousand."""
    for start in range(0, len(employee_ids), CHUNK):
        for pk, entries in recorded_entries(employee_ids[start : start + CHUNK]).items():
            for span in spans_of(entries, known_at):
                if covers(span, on):
                    yield pk, span


def get_event_for(user: User | AnonymousUser, event_id: UUID, capability: Capability) -> EmploymentEvent:
    """Return an employment event of a person in the scope of a capability, with its places.

    Raises EmploymentEvent.DoesNotExist otherwise, whether or not there is such an event; views answer 404.
    """
    people = employees_for(user, capability).values("pk")
    events = EmploymentEvent.objects.select_related(
        "employee", "from_unit", "from_post", "to_unit", "to_post", "employer"
    )
    return events.get(pk=event_id, employee__in=people)


def _ever_in(units: UnitSpan) -> QuerySet[Employee]:
    """Return whom an event ever led to these units, or put under them as their firm."""
    below = OrgUnit.objects.filter(units.q()).values("pk")
    led_there = EmploymentEvent.objects.filter(Q(to_unit__in=below) | Q(employer__in=below))
    stood_there = Assignment.objects.filter(Q(unit__in=below) | Q(**{f"{FIRM_OF_STAY}__in": below}))
    return Employee.objects.filter(
        Q(pk__in=led_there.values("employee_id")) | Q(pk__in=stood_there.values("employee_id"))
    )


def covers(span: Span, on: dt.date) -> bool:
    """Tell whether a stay holds the day `on`."""
    return span.starts_on <= on and (span.ends_before is None or on < span.ends_before)
