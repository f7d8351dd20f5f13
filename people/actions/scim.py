"""What a directory writes: people taken on, moved and ended, and how it calls them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from people.actions.employment import hire, leave, rehire, transfer
from people.actions.particulars import correct_from_directory
from people.errors import EmploymentRefused
from people.models import Employee, EmploymentStatus, OrgUnit, Post, ScimUser, User
from people.permissions import Capability
from people.queries import employees_for, latest_first
from people.roster import Problem


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """A person as a directory wants them. `unit` and `post` None: where they are; "" : says nothing."""

    employee_no: str
    name: str
    phone: str
    is_active: bool
    unit: OrgUnit | None
    post: Post | None
    user_name: str
    external_id: str
    email: str
    attributes: dict[str, Any]


@transaction.atomic
def save_scim_user(
    *, wanted: DirectoryPerson, employee: Employee | None, acting_user: User, now: dt.datetime
) -> Employee:
    """Bring a person to what a directory says, taking them on if `employee` is None; return them.

    The day of every event is today. Somebody without a place stays where they are; a new person needs both.
    Raises EmploymentRefused if what is known contradicts it, PermissionDenied outside the scope of
    `acting_user`, ValueError for a new person without a place or who is not active.
    """
    today = localdate(now)
    if employee is None:
        if wanted.unit is None or wanted.post is None or not wanted.is_active:
            raise ValueError("a new person is active and has a unit and a post")
        employee = hire(
            employee_no=wanted.employee_no,
            name=wanted.name,
            unit=wanted.unit,
            post=wanted.post,
            hired_on=today,
            phone=wanted.phone,
            acting_user=acting_user,
            now=now,
        )
    else:
        employee = _locked(employee, acting_user)
        _change(employee, wanted, today, acting_user, now)
        correct_from_directory(
            employee=employee, name=wanted.name, phone=wanted.phone, acting_user=acting_user, now=now
        )
    _save_link(employee, wanted, now)
    Employee.objects.filter(pk=employee.pk).update(changed_at=now)
    return Employee.objects.get(pk=employee.pk)


@transaction.atomic
def end_scim_user(*, employee: Employee, acting_user: User, now: dt.datetime) -> None:
    """End a person whom a directory deleted, and let the directory forget them. Records stay.

    Raises EmploymentRefused and PermissionDenied like `save_scim_user`.
    """
    employee = _locked(employee, acting_user)
    if employee.status != EmploymentStatus.LEFT:
        leave(employee=employee, left_on=localdate(now), acting_user=acting_user, now=now)
    # The name is free again: directories give it to the next account.
    values = {
        "deleted_at": now,
        "user_name": employee.employee_no,
        "user_name_key": f"deleted/{employee.public_id}",
        "external_id": "",
        "email_key": "",
        "attributes": {},
        "places": {},
    }
    ScimUser.objects.update_or_create(
        employee=employee, defaults=values, create_defaults={**values, "created_at": now}
    )


@transaction.atomic
def move_to_unit(*, employee: Employee, unit: OrgUnit, acting_user: User, now: dt.datetime) -> None:
    """Move a person, post kept, to the unit a directory put them into, from today. Nothing if already there.

    Raises EmploymentRefused, also for somebody who has left (`already_left`), and PermissionDenied like
    `save_scim_user`.
    """
    employee = _locked(employee, acting_user)
    post = _last_post(employee)
    today = localdate(now)
    if employee.status == EmploymentStatus.LEFT or post is None:
        gone = employee.left_on or employee.hired_on
        raise EmploymentRefused(Problem(1, "effective_on", "already_left", {"known": gone.isoformat()}))
    transfer(employee=employee, unit=unit, post=post, effective_on=today, acting_user=acting_user, now=now)


def _locked(employee: Employee, acting_user: User) -> Employee:
    locked = Employee.objects.select_for_update().get(pk=employee.pk)
    if not employees_for(acting_user, Capability.MANAGE_PEOPLE).filter(pk=locked.pk).exists():
        raise PermissionDenied(locked.employee_no)
    return locked


def _last_post(employee: Employee) -> Post | None:
    stay = latest_first(employee.assignments.select_related("post")).first()
    return stay.post if stay else None


def _change(
    employee: Employee, wanted: DirectoryPerson, today: dt.date, acting_user: User, now: dt.datetime
) -> None:
    """Derive what happened from what is and what is wanted: leave, rehire, or transfer."""
    if not wanted.is_active:
        if employee.status != EmploymentStatus.LEFT:
            leave(employee=employee, left_on=today, acting_user=acting_user, now=now)
        return
    has_left = employee.status == EmploymentStatus.LEFT
    if not has_left and wanted.unit is None and wanted.post is None:
        return
    last = latest_first(employee.assignments.select_related("unit", "post"), today).first()
    unit = wanted.unit or (last.unit if last else None)
    post = wanted.post or (last.post if last else None)
    if unit is None or post is None:
        # The hire was taken back: nobody ever stood anywhere.
        raise EmploymentRefused(Problem(1, "post" if unit else "unit", "required"))
    if has_left:
        rehire(employee=employee, hired_on=today, unit=unit, post=post, acting_user=acting_user, now=now)
    elif last is None or (last.unit_id, last.post_id) != (unit.pk, post.pk):
        transfer(
            employee=employee, unit=unit, post=post, effective_on=today, acting_user=acting_user, now=now
        )


def _save_link(employee: Employee, wanted: DirectoryPerson, now: dt.datetime) -> None:
    stays = latest_first(employee.assignments.all())
    unit_id, post_id = stays.values_list("unit_id", "post_id").first() or (None, None)
    link = ScimUser.objects.filter(employee=employee).first()
    says_nothing_new = link is not None and wanted.unit is None and wanted.post is None
    values = {
        "user_name": wanted.user_name,
        "user_name_key": wanted.user_name.casefold(),
        "external_id": wanted.external_id,
        "email_key": wanted.email.casefold(),
        "attributes": wanted.attributes,
        "places": (
            link.places if link is not None and says_nothing_new else {"unit": unit_id, "post": post_id}
        ),
        "deleted_at": None,
    }
    ScimUser.objects.update_or_create(
        employee=employee, defaults=values, create_defaults={**values, "created_at": now}
    )
