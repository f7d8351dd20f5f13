"""What other rooms and pages read about people. Every person named by id goes through here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery

from people.models import Assignment, AssignmentKind, Employee, OrgUnit, User
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
