"""Read what is due to be erased, what stops it, and who asked for an erasure."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from people.models import (
    Assignment,
    Employee,
    EmployeePhoto,
    EmploymentStatus,
    Erasable,
    ErasedItem,
    ErasureRequest,
    LegalHold,
    RetentionRule,
    UnitPlacement,
    User,
)
from people.permissions import Capability, allows_everywhere, scope_for
from people.queries.employees import employees_for
from people.queries.trees import FIRM_OF_STAY

# How one sees that there is still something of a kind to erase.
_PRESENT: dict[str, Q | Exists] = {
    Erasable.ID_NUMBER: Q(id_number_digest__isnull=False) | ~Q(id_number_encrypted=""),
    Erasable.PHONE: ~Q(phone=""),
    Erasable.PHOTO: Exists(EmployeePhoto.objects.filter(employee=OuterRef("pk"))),
    Erasable.ACCOUNT: Q(user__isnull=False),
    Erasable.NAME: Q(),
}


@dataclass(frozen=True, slots=True)
class DuePerson:
    """A person who left, what of theirs is due, and whether a hold stops it."""

    employee: Any
    what: tuple[str, ...]
    is_held: bool
    is_asked: bool

    @property
    def words(self) -> str:
        """Return what is due in words."""
        return "、".join(str(Erasable(one).label) for one in self.what)


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the day this many months earlier; the last of the month where the day does not exist there."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def left_before(rule: RetentionRule, on: dt.date) -> dt.date:
    """Return the last day on which somebody may have left whose data of this kind is due on a day."""
    return months_before(on, rule.months_after_leaving)


def _due(rule: RetentionRule, on: dt.date) -> Q:
    """Return the condition that this kind of data of a person is due: gone long enough, there, not yet erased."""
    done = ErasedItem.objects.filter(
        employee=OuterRef("pk"), what=rule.what, erased_at__date__gte=OuterRef("left_on")
    )
    return (
        Q(status=EmploymentStatus.LEFT, left_on__lte=left_before(rule, on))
        & Q(_PRESENT[rule.what])
        & ~Q(Exists(done))
    )


def held_q(on: dt.date, prefix: str = "") -> Q:
    """Return the condition that a person is under a legal hold on a day. Two queries, three with a unit held.

    A unit holds whoever stood in it or below, and in a branch that ever hung there: one too many is kept rather
    than one too few. One query more for each move of a branch into a branch that was moved.
    """
    in_force = LegalHold.objects.filter(starts_on__lte=on).filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on)
    )
    condition = Q(**{f"{prefix}legal_holds__in": in_force})
    named = Q(**{f"{prefix}pk__in": Employee.objects.filter(condition).values("pk")})
    paths = list(in_force.filter(kind=LegalHold.Kind.UNIT).values_list("unit__path", flat=True))
    if not paths:
        return named
    there = Q()
    for path in _ever_below(paths):
        there |= Q(unit__path__startswith=path) | Q(**{f"{FIRM_OF_STAY}__path__startswith": path})
    return named | Q(**{f"{prefix}pk__in": Assignment.objects.filter(there).values("employee_id")})


def _ever_below(paths: list[str]) -> set[str]:
    """Return the paths of units, and of the branches that once hung below them or below one of these."""
    found, asked = set(paths), set(paths)
    while asked:
        once = Q()
        for path in asked:
            once |= Q(parent__path__startswith=path)
        left = UnitPlacement.objects.filter(once, ends_before__isnull=False)
        asked = {
            path for path in left.values_list("unit__path", flat=True) if not path.startswith(tuple(found))
        }
        found |= asked
    return found


def is_held(employee_id: int, on: dt.date) -> bool:
    """Tell whether a person is under a legal hold on a day."""
    return Employee.objects.filter(held_q(on), pk=employee_id).exists()


def due_kinds(employee_id: int, on: dt.date) -> frozenset[str]:
    """Return what of one person is due on a day, holds left aside. One query per rule."""
    return frozenset(
        rule.what
        for rule in RetentionRule.objects.filter(is_active=True)
        if Employee.objects.filter(_due(rule, on), pk=employee_id).exists()
    )


def due_people(user: User | AnonymousUser, on: dt.date, limit: int) -> list[DuePerson]:
    """Return the people in the user's scope of whom something is due, who left first first.

    One query per rule and four more. Those under a hold are in the list, marked: nothing of them is erased.
    """
    people = employees_for(user, Capability.ERASE_PERSONAL_DATA)
    kinds: dict[int, list[str]] = {}
    found: dict[int, Any] = {}
    for rule in RetentionRule.objects.filter(is_active=True):
        for one in people.filter(_due(rule, on)).order_by("left_on", "employee_no")[:limit]:
            found[one.pk] = one
            kinds.setdefault(one.pk, []).append(rule.what)
    held = set(Employee.objects.filter(held_q(on), pk__in=found).values_list("pk", flat=True))
    asked = set(
        ErasureRequest.objects.filter(employee__in=found, state=ErasureRequest.State.OPEN).values_list(
            "employee_id", flat=True
        )
    )
    ordered = sorted(found.values(), key=lambda one: (one.left_on, one.employee_no))
    return [DuePerson(one, tuple(kinds[one.pk]), one.pk in held, one.pk in asked) for one in ordered[:limit]]


def erasure_requests_for(user: User | AnonymousUser) -> QuerySet[ErasureRequest]:
    """Return the erasures asked for in the user's scope, open ones first, then the latest."""
    rows = ErasureRequest.objects.select_related("employee", "requested_by", "decided_by")
    if not scope_for(user, Capability.ERASE_PERSONAL_DATA).everything:
        people = employees_for(user, Capability.ERASE_PERSONAL_DATA)
        rows = rows.filter(employee__in=people.values("pk"))
    return rows.order_by(F("decided_at").desc(nulls_first=True), "-requested_at", "-pk")


def get_erasure_request_for(user: User | AnonymousUser, pk: int) -> ErasureRequest:
    """Return an erasure asked for in the user's scope; raises ErasureRequest.DoesNotExist otherwise."""
    return erasure_requests_for(user).get(pk=pk)


def holds_for(user: User | AnonymousUser) -> QuerySet[LegalHold]:
    """Return the holds the user may end: those that touch their scope, the latest first."""
    holds = LegalHold.objects.select_related("unit", "placed_by").prefetch_related("people")
    scope = scope_for(user, Capability.HOLD_PERSONAL_DATA)
    if not scope.everything:
        people = employees_for(user, Capability.HOLD_PERSONAL_DATA)
        in_scope = holds.filter(people__in=people.values("pk")).values("pk")
        holds = holds.filter(scope.q("unit__path") | Q(pk__in=in_scope))
    return holds.order_by("-placed_at", "-pk")


def may_set_retention(user: User) -> bool:
    """Tell whether a user may say how long data is kept: it concerns everybody, so the whole tree is needed."""
    return allows_everywhere(user, Capability.ERASE_PERSONAL_DATA)


def get_retention_rule_for(user: User, rule_id: int) -> RetentionRule:
    """Return a rule to those who may set rules; raises RetentionRule.DoesNotExist otherwise."""
    if not may_set_retention(user):
        raise RetentionRule.DoesNotExist
    return RetentionRule.objects.get(pk=rule_id)
