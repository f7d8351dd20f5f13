"""Reads about badges: whose a code is, what a look shows, and what was looked at."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.timezone import localdate

from access.models import AccessPlace, Badge, BadgeLook
from access.permissions import BADGE_CAPABILITIES
from access.queries.clearance import Answer, at_place
from common.clock import today
from common.signing import token_digest
from people.models import Employee, EmploymentStatus, User
from people.permissions import Capability
from people.queries import employees_for, place_of_work, reached_by, with_last_place
from training.queries.clearance import ReasonView, clearance_of

HIDDEN = "*"


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody who scans a badge is shown. Only `full` and `own` name the person."""

    badge: Badge
    shown: str
    is_cleared: bool
    name: str
    reasons: tuple[ReasonView, ...]
    until: str
    where: Any = None  # the present stay, for those who may see it
    place: AccessPlace | None = None

    @property
    def names_person(self) -> bool:
        """Tell whether the look shows who it is and why."""
        return self.shown != BadgeLook.Shown.PUBLIC


def badge_of_code(code: str) -> Badge | None:
    """Return the badge in use that carries a code; None for one that ended or never was. One query."""
    found = Badge.objects.filter(code_digest=token_digest(code), ended_at__isnull=True)
    return found.select_related("employee").first()


def masked_name(name: str) -> str:
    """Return a name of which only the first character can be read: enough to compare with the person in front."""
    return name[:1] + HIDDEN * max(len(name) - 1, 1)


def look_at(badge: Badge, viewer: User | AnonymousUser, *, place_code: str = "", now: dt.datetime) -> Look:
    """Return what `viewer` is shown of a badge's holder: everything in scope, else whether cleared and a masked name."""
    employee = badge.employee
    shown = BadgeLook.Shown.PUBLIC
    if isinstance(viewer, User) and viewer.is_active:
        if employee.user_id == viewer.pk:
            shown = BadgeLook.Shown.OWN
        elif employees_for(viewer, Capability.VIEW_COVERAGE).filter(pk=employee.pk).exists():
            shown = BadgeLook.Shown.FULL
    view = clearance_of(employee)
    until = (view.recheck_on - dt.timedelta(days=1)).isoformat() if view.recheck_on else ""
    answer = Answer(employee.pk, employee.employee_no, view.is_cleared, view.reasons, until)
    place = None
    if shown != BadgeLook.Shown.PUBLIC and place_code:
        place = open_places(localdate(now)).filter(code=place_code).select_related("unit").first()
        if place is not None:
            answer = at_place([answer], place, now)[employee.employee_no]
    names = shown != BadgeLook.Shown.PUBLIC
    return Look(
        badge=badge,
        shown=shown,
        is_cleared=answer.is_cleared,
        name=employee.name if names else masked_name(employee.name),
        reasons=answer.reasons if names else (),
        until=answer.until if names else "",
        where=place_of_work(employee.pk, localdate(now)) if names else None,
        place=place,
    )


def open_places(on: dt.date) -> QuerySet[AccessPlace]:
    """Return the places in use on a day."""
    return AccessPlace.objects.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on)).order_by("code")


def badge_people(user: User | AnonymousUser) -> QuerySet[Any]:
    """Return the people `user` may hand out badges to, also those seconded to them, each with the badge in use.

    The badge is there as `badge_id`, `badge_at` and `badge_printed_at`.
    """
    employed = Employee.objects.exclude(status=EmploymentStatus.LEFT)
    people: QuerySet[Any] = with_last_place(employed).filter(reached_by(user, BADGE_CAPABILITIES, today()))
    current = Badge.objects.filter(employee=OuterRef("pk"), ended_at__isnull=True)
    return people.annotate(
        badge_id=Subquery(current.values("pk")[:1]),
        badge_at=Subquery(current.values("issued_at")[:1]),
        badge_printed_at=Subquery(current.values("printed_at")[:1]),
    ).order_by("last_unit_path", "employee_no")


def unprinted(people: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of these people who hold no badge that was printed: none in use, or one not on paper yet."""
    on_paper = Badge.objects.filter(employee=OuterRef("pk"), ended_at__isnull=True, printed_at__isnull=False)
    return people.filter(~Exists(on_paper))


def own_badge(employee_id: int) -> Badge | None:
    """Return the badge a person has in use."""
    return Badge.objects.filter(employee_id=employee_id, ended_at__isnull=True).first()
