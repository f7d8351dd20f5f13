"""Read people and where they stood. Every person named by id goes through here."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from common.clock import today
from common.prepared import Prepared
from people.models import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentEvent,
    OrgUnit,
    User,
)
from people.permissions import HOST_CAPABILITIES, Capability, capabilities_over, scope_for
from people.queries.trees import FIRM_OF_PERSON, counts_under, unit_span_on

CHUNK = 1_000  # ids in one statement


def on_day(on: dt.date, prefix: str = "") -> Q:
    """Return the condition that a half-open interval [starts_on, ends_before) holds the day `on`."""
    return Q(**{f"{prefix}starts_on__lte": on}) & (
        Q(**{f"{prefix}ends_before__isnull": True}) | Q(**{f"{prefix}ends_before__gt": on})
    )


def employee_of(user: User | AnonymousUser) -> Employee | None:
    """Return the employee whose account this is, or None."""
    if not isinstance(user, User):
        return None
    return _employee_of.first(user_id=user.pk)


_employee_of = Prepared(lambda user_id: Employee.objects.filter(user_id=user_id), user_id=BigIntegerField())


def employee_key_of(user: User | AnonymousUser) -> QuerySet[Employee, Any]:
    """Return the query of the key of the employee whose account this is, to stand inside another query."""
    if not isinstance(user, User):
        return Employee.objects.none().values("pk")
    return Employee.objects.filter(user_id=user.pk).values("pk")[:1]


def latest_first(stays: QuerySet[Assignment], on: dt.date | None = None) -> QuerySet[Assignment]:
    """Return the primary ones of these stays, the latest as of a day (today) first, those to come at the end."""
    is_coming = Case(When(starts_on__gt=on or today(), then=1), default=0)
    return stays.filter(kind=AssignmentKind.PRIMARY).order_by(is_coming, "-starts_on", "-id")


def with_last_place(employees: QuerySet[Employee], on: dt.date | None = None) -> QuerySet[Employee]:
    """Add `last_unit_path`, `last_unit_name`, `last_post_name` of each person's latest stay as of a day, `firm_path`.

    `firm_path` is that of the contractor or dispatch firm that employs them. People who left keep their last
    place, so that those who answered for them still find them. A stay that begins later counts only for those
    who have none before it: new people whose first day is still to come.
    """
    latest = latest_first(Assignment.objects.filter(employee=OuterRef("pk")), on)
    return employees.annotate(
        last_unit_path=Subquery(latest.values("unit__path")[:1]),
        last_unit_name=Subquery(latest.values("unit__name")[:1]),
        last_post_name=Subquery(latest.values("post__name")[:1]),
        firm_path=F(f"{FIRM_OF_PERSON}__path"),
    )


def employees_for(
    user: User | AnonymousUser, capability: Capability = Capability.VIEW_PEOPLE, on: dt.date | None = None
) -> QuerySet[Employee]:
    """Return the people over whom `user` has `capability`, each with their last place (`with_last_place`).

    A role over a unit reaches who works in it; a role over a firm also reaches the firm's people elsewhere.
    While somebody is seconded, those who answer for the host unit see and train them as well; the employment
    and the identity stay with the home unit.
    """
    on = on or today()
    return with_last_place(Employee.objects.all(), on).filter(reached_by(user, (capability,), on))


def reached_by(user: User | AnonymousUser, capabilities: Iterable[Capability], on: dt.date) -> Q:
    """Return the condition that `user` has one of these capabilities over a person read with `with_last_place`.

    `capabilities_for` answers the same question for one person; one query for each capability at most.
    """
    condition = Q(pk__in=())
    for capability in capabilities:
        scope = scope_for(user, capability, on)
        if scope.everything:
            return Q()
        if not scope:
            continue
        condition |= scope.q("last_unit_path") | scope.q("firm_path")
        if capability in HOST_CAPABILITIES:
            hosted = Assignment.objects.filter(
                on_day(on), scope.q("unit__path"), employee=OuterRef("pk"), kind=AssignmentKind.SECONDMENT
            )
            condition |= Q(Exists(hosted))
    return condition


def capabilities_for(
    user: User | AnonymousUser, employee: Employee, on: dt.date | None = None
) -> frozenset[Capability]:
    """Return everything `user` may do with a person read with `with_last_place`, as `employees_for` finds them.

    Through the own unit and the firm everything a role carries; through the unit that hosts a secondment on that
    day what a host may do. Two to four queries.
    """
    on = on or today()
    held = capabilities_over(user, getattr(employee, "last_unit_path", None) or "", on)
    firm_path = getattr(employee, "firm_path", None)
    if firm_path:
        held |= capabilities_over(user, firm_path, on)
    if held >= HOST_CAPABILITIES:
        return held
    hosts = _stays_of(employee.pk, on).filter(kind=AssignmentKind.SECONDMENT)
    for path in hosts.values_list("unit__path", flat=True):
        held |= capabilities_over(user, path, on) & HOST_CAPABILITIES
    return held


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
    own = with_last_place(Employee.objects.filter(user_id=user.pk, public_id=public_id)).first()
    if own is not None:
        return own
    return employees_for(user, capability, on).get(public_id=public_id)


def current_assignment(employee_id: int, on: dt.date) -> Assignment | None:
    """Return the primary stay of a person on a day, with its unit and post, or None."""
    return _stays_of(employee_id, on).filter(kind=AssignmentKind.PRIMARY).first()


def place_of_work(employee_id: int, on: dt.date) -> Assignment | None:
    """Return the stay at which a person works on a day: at the host during a secondment, else the own one."""
    # "secondment" sorts behind "primary".
    return _place_of_work.first(employee_id=employee_id, on=on)


_place_of_work = Prepared(
    lambda employee_id, on: _stays_of(employee_id, on).order_by("-kind", "-starts_on", "-id")[:1],
    employee_id=BigIntegerField(),
    on=DateField(),
)


def _stays_of(employee_id: Any, on: Any) -> QuerySet[Assignment]:
    stays = Assignment.objects.filter(on_day(on), employee_id=employee_id)
    return stays.select_related("unit", "post", "employer").order_by("-starts_on", "-id")


def assignments_on(unit: OrgUnit | None, on: dt.date, *, with_seconded: bool = False) -> QuerySet[Assignment]:
    """Return the stays on a day under `unit` and what lay below it that day (None: everywhere), with the employers.

    Everybody counts once, at home; `with_seconded` adds the people seconded there on that day. The people of a
    firm are under the firm too, wherever they work. One query; two more if a branch has come to or left the
    unit since that day.
    """
    stays = Assignment.objects.filter(on_day(on))
    if not with_seconded:
        stays = stays.filter(kind=AssignmentKind.PRIMARY)
    if unit is not None:
        stays = stays.filter(counts_under(unit_span_on(unit, on)))
    people = stays.select_related("employee", "unit", "post", "employer")
    return people.order_by("unit__path", "employee__employee_no", "kind")


def has_employees() -> bool:
    """Tell whether anybody has been imported or hired yet."""
    return Employee.objects.exists()


def search_employees(
    people: QuerySet[Any], *, words: str = "", status: str = "", unit_path: str = ""
) -> QuerySet[Any]:
    """Narrow a list of people (with last places) by name or number, status and part of the tree."""
    if words:
        people = people.filter(Q(name__icontains=words) | Q(employee_no__icontains=words))
    if status:
        people = people.filter(status=status)
    if unit_path:
        people = people.filter(Q(last_unit_path__startswith=unit_path) | Q(firm_path__startswith=unit_path))
    return people.order_by("employee_no")


def employee_history(employee: Employee) -> tuple[list[Assignment], list[EmploymentEvent]]:
    """Return a person's stays and events, oldest first, with their places. Two queries."""
    stays = employee.assignments.select_related("unit", "post", "employer").order_by("starts_on", "id")
    events = employee.events.select_related(
        "from_unit", "from_post", "to_unit", "to_post", "employer", "recorded_by", "batch", "corrected_by"
    )
    return list(stays), list(events.order_by("effective_on", "recorded_at"))


def secondments_of(employee_ids: Iterable[int], on: dt.date) -> dict[int, list[Assignment]]:
    """Return people's secondments of a day and of later ones, the earliest first. One query per thousand."""
    ids = list(employee_ids)
    found: dict[int, list[Assignment]] = {}
    for start in range(0, len(ids), CHUNK):
        stays = Assignment.objects.filter(
            Q(ends_before__isnull=True) | Q(ends_before__gt=on),
            employee_id__in=ids[start : start + CHUNK],
            kind=AssignmentKind.SECONDMENT,
        ).select_related("post")
        for stay in stays.order_by("starts_on", "pk"):
            found.setdefault(stay.employee_id, []).append(stay)
    return found
