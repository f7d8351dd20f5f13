"""What other rooms and pages read about people. Every person named by id goes through here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from people.models import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentEvent,
    EventKind,
    ImportBatch,
    OrgUnit,
    SignInTicket,
    User,
)
from people.permissions import Capability, scope_for
from people.roster import Person, Standing


def on_day(on: dt.date, prefix: str = "") -> Q:
    """Return the condition that a half-open interval [starts_on, ends_before) holds the day `on`."""
    return Q(**{f"{prefix}starts_on__lte": on}) & (
        Q(**{f"{prefix}ends_before__isnull": True}) | Q(**{f"{prefix}ends_before__gt": on})
    )


def employee_of(user: User | AnonymousUser) -> Employee | None:
    """Return the employee whose account this is, or None."""
    if not isinstance(user, User):
        return None
    return Employee.objects.filter(user_id=user.pk).first()


def with_last_place(employees: QuerySet[Employee]) -> QuerySet[Employee]:
    """Add `last_unit_path`, `last_unit_name` and `last_post_name` of each person's latest stay.

    People who left keep their last place, so that those who answered for them still find them.
    """
    latest = Assignment.objects.filter(employee=OuterRef("pk"), kind=AssignmentKind.PRIMARY).order_by(
        "-starts_on", "-id"
    )
    return employees.annotate(
        last_unit_path=Subquery(latest.values("unit__path")[:1]),
        last_unit_name=Subquery(latest.values("unit__name")[:1]),
        last_post_name=Subquery(latest.values("post__name")[:1]),
    )


def employees_for(
    user: User | AnonymousUser, capability: Capability = Capability.VIEW_PEOPLE, on: dt.date | None = None
) -> QuerySet[Employee]:
    """Return the people over whom `user` has `capability`, each with their last place (`with_last_place`)."""
    scope = scope_for(user, capability, on)
    employees = with_last_place(Employee.objects.all())
    if not scope.everything:
        employees = employees.filter(scope.q("last_unit_path"))
    return employees


def get_employee_for(
    user: User | AnonymousUser,
    public_id: UUID | str,
    capability: Capability = Capability.VIEW_PEOPLE,
    on: dt.date | None = None,
) -> Employee:
    """Return the person with this public id if it is the user's own or in the scope of a role of theirs.

    Raises Employee.DoesNotExist otherwise, whether or not there is such a person; views answer 404.
    """
    if not isinstance(user, User) or not user.is_active:
        raise Employee.DoesNotExist
    own = Employee.objects.filter(user_id=user.pk, public_id=public_id).first()
    if own is not None:
        return own
    return employees_for(user, capability, on).get(public_id=public_id)


def current_assignment(employee_id: int, on: dt.date) -> Assignment | None:
    """Return the primary stay of a person on a day, with its unit and post, or None."""
    return (
        Assignment.objects.filter(on_day(on), employee_id=employee_id, kind=AssignmentKind.PRIMARY)
        .select_related("unit", "post")
        .order_by("-starts_on", "-id")
        .first()
    )


def assignments_on(unit: OrgUnit | None, on: dt.date) -> QuerySet[Assignment]:
    """Return the primary stays on a day in `unit` and everything below it (None: everywhere). One query."""
    stays = Assignment.objects.filter(on_day(on), kind=AssignmentKind.PRIMARY)
    if unit is not None:
        stays = stays.filter(unit__path__startswith=unit.path)
    return stays.select_related("employee", "unit", "post").order_by("unit__path", "employee__employee_no")


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit with its full name (总厂/一车间/甲班)."""

    id: int
    path: str
    full_name: str
    code: str | None
    closed_on: dt.date | None


def unit_directory() -> dict[int, UnitEntry]:
    """Return every unit with its full name, by id, in the order of the tree. One query."""
    names: dict[str, str] = {}
    entries: dict[int, UnitEntry] = {}
    step = OrgUnit.steplen
    rows = OrgUnit.objects.order_by("path").values_list("pk", "path", "name", "code", "closed_on")
    for pk, path, name, code, closed_on in rows:
        above = names.get(path[:-step], "")
        names[path] = f"{above}/{name}" if above else name
        entries[pk] = UnitEntry(pk, path, names[path], code, closed_on)
    return entries


def known_people(
    directory: dict[int, UnitEntry], employee_ids: Sequence[int] | None = None
) -> dict[str, Person]:
    """Return what is known of people in the shape lists are compared in, by employee number. Two queries.

    `directory` is `unit_directory()`; `employee_ids` keeps it to a few people, else everybody is read.
    """
    employees = Employee.objects.all()
    stays = Assignment.objects.filter(kind=AssignmentKind.PRIMARY).order_by("starts_on", "id")
    if employee_ids is not None:
        employees = employees.filter(pk__in=employee_ids)
        stays = stays.filter(employee_id__in=employee_ids)
    last = {
        row[0]: row[1:]
        for row in stays.values_list("employee_id", "unit_id", "post__name", "starts_on", "ends_before")
    }
    people: dict[str, Person] = {}
    for (
        pk,
        number,
        name,
        status,
        hired_on,
        left_on,
        phone,
        digest,
        kind,
        employer_id,
    ) in employees.values_list(
        "pk",
        "employee_no",
        "name",
        "status",
        "hired_on",
        "left_on",
        "phone",
        "id_number_digest",
        "employment_type",
        "employer_id",
    ):
        unit_id, post, starts_on, ends_before = last.get(pk, (None, "", hired_on, None))
        people[number] = Person(
            number,
            name,
            Standing(status),
            hired_on,
            left_on or ends_before or starts_on,
            directory[unit_id].full_name if unit_id else "",
            post,
            left_on,
            phone,
            digest or "",
            kind,
            directory[employer_id].full_name if employer_id else "",
        )
    return people


def has_employees() -> bool:
    """Tell whether anybody has been imported or hired yet."""
    return Employee.objects.exists()


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in the list of the organisation: how deep it hangs and how many people it holds, below included."""

    unit: OrgUnit
    depth: int
    people: int


def unit_lines(user: User, on: dt.date) -> list[UnitLine]:
    """Return the tree as far as the user may see people in it, with head counts on a day. Three queries."""
    scope = scope_for(user, Capability.VIEW_PEOPLE, on)
    units = list(OrgUnit.objects.filter(scope.q("path")).order_by("path"))
    stays = Assignment.objects.filter(on_day(on), scope.q("unit__path"), kind=AssignmentKind.PRIMARY)
    counts: dict[str, int] = {}
    step = OrgUnit.steplen
    for path, people in stays.values_list("unit__path").annotate(people=Count("pk")):
        for length in range(step, len(path) + 1, step):
            counts[path[:length]] = counts.get(path[:length], 0) + people
    top = min((unit.depth for unit in units), default=1)
    return [UnitLine(unit, unit.depth - top, counts.get(unit.path, 0)) for unit in units]


def get_unit_for(user: User, unit_id: int, capability: Capability) -> OrgUnit:
    """Return a unit in the scope of a capability; raises OrgUnit.DoesNotExist otherwise."""
    unit: OrgUnit = OrgUnit.objects.filter(scope_for(user, capability).q("path")).get(pk=unit_id)
    return unit


def search_employees(
    people: QuerySet[Any], *, words: str = "", status: str = "", unit_path: str = ""
) -> QuerySet[Any]:
    """Narrow a list of people (with last places) by name or number, status and part of the tree."""
    if words:
        people = people.filter(Q(name__icontains=words) | Q(employee_no__icontains=words))
    if status:
        people = people.filter(status=status)
    if unit_path:
        people = people.filter(last_unit_path__startswith=unit_path)
    return people.order_by("employee_no")


def employee_history(employee: Employee) -> tuple[list[Assignment], list[EmploymentEvent]]:
    """Return a person's stays and events, oldest first, with their places. Two queries."""
    stays = employee.assignments.select_related("unit", "post").order_by("starts_on", "id")
    events = employee.events.select_related(
        "from_unit", "from_post", "to_unit", "to_post", "recorded_by", "batch"
    )
    return list(stays), list(events.order_by("effective_on", "recorded_at"))


SHOWN_BATCHES, SHOWN_EVENTS = 20, 500


def recent_batches(user: User) -> QuerySet[ImportBatch]:
    """Return the lists applied last: a superuser sees all, others their own."""
    batches = ImportBatch.objects.select_related("applied_by")
    if not user.is_superuser:
        batches = batches.filter(applied_by=user)
    return batches[:SHOWN_BATCHES]


def get_import_batch_for(user: User, batch_id: int) -> ImportBatch | None:
    """Return an applied list if the user applied it or is a superuser, else None."""
    batches = ImportBatch.objects.select_related("applied_by").filter(pk=batch_id)
    return (batches if user.is_superuser else batches.filter(applied_by=user)).first()


def batch_changes(batch: ImportBatch) -> list[EmploymentEvent]:
    """Return the first events of an applied list with people and places. One query."""
    events = batch.events.select_related("employee", "from_unit", "from_post", "to_unit", "to_post")
    return list(events.order_by("kind", "employee__employee_no")[:SHOWN_EVENTS])


def batch_people(batch: ImportBatch) -> QuerySet[EmploymentEvent, int]:
    """Return the ids of the people an applied list took on, as a subquery."""
    taken_on = (EventKind.HIRED, EventKind.REHIRED)
    return batch.events.filter(kind__in=taken_on).values_list("employee_id", flat=True)


def without_password(people: QuerySet[Any], now: dt.datetime) -> QuerySet[Any]:
    """Keep those whose account has no password yet; those who hold no valid sign-in slip come first."""
    valid = SignInTicket.objects.filter(
        user=OuterRef("user"), used_at=None, revoked_at=None, expires_at__gt=now
    )
    # Django marks an unusable password with an exclamation mark.
    waiting = people.filter(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return waiting.annotate(has_slip=Exists(valid)).order_by("has_slip", "last_unit_path", "employee_no")
