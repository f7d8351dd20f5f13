"""What other rooms and pages read about people. Every person named by id goes through here."""

import datetime as dt
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery

from people.models import Assignment, AssignmentKind, Employee, OrgUnit, User
from people.permissions import Capability, scope_for


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


def unit_names_by_path() -> dict[str, str]:
    """Return the full name (总厂/一车间/甲班) of every unit by its treebeard path. One query."""
    full: dict[str, str] = {}
    step = OrgUnit.steplen
    for path, name in OrgUnit.objects.order_by("path").values_list("path", "name"):
        above = full.get(path[:-step], "")
        full[path] = f"{above}/{name}" if above else name
    return full
