"""Units as SCIM Groups: read, and members put into another unit."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from scim2_models import InvalidValueException, Meta

from people.actions.scim import move_to_unit
from people.models import ApiGrant, Assignment, AssignmentKind, Employee, OrgUnit, User
from people.permissions import Capability, scope_for
from people.queries import UnitEntry, on_day, unit_directory
from people.scim import resources
from people.scim.users import people_of


def units_of(user: User) -> list[UnitEntry]:
    """Return the open units in which a directory's account manages people, in the order of the tree."""
    scope = scope_for(user, Capability.MANAGE_PEOPLE)
    return [
        entry
        for entry in unit_directory().values()
        if entry.closed_on is None and scope.includes_path(entry.path)
    ]


def groups(entries: Sequence[UnitEntry], base: str, *, with_members: bool, on: dt.date) -> list[Any]:
    """Return units as Groups, with those who stand in them on a day if asked for. One query at most."""
    members = _members([entry.id for entry in entries], on) if with_members else {}
    found = []
    for entry in entries:
        group = resources.Group(display_name=entry.full_name)
        group.id = str(entry.id)
        group.meta = Meta(resource_type="Group", location=f"{base}/Groups/{entry.id}")
        if with_members:
            group.members = [
                resources.Member(value=str(public_id), display=name, type="User")
                for public_id, name in members.get(entry.id, [])
            ]
        found.append(group)
    return found


def _members(unit_ids: Sequence[int], on: dt.date) -> dict[int, list[tuple[UUID, str]]]:
    stays = Assignment.objects.filter(on_day(on), kind=AssignmentKind.PRIMARY)
    if len(unit_ids) == 1:
        stays = stays.filter(unit_id=unit_ids[0])
    stays = stays.exclude(employee__scim__deleted_at__isnull=False).order_by("employee__employee_no")
    found: dict[int, list[tuple[UUID, str]]] = defaultdict(list)
    for unit_id, public_id, name in stays.values_list("unit_id", "employee__public_id", "employee__name"):
        found[unit_id].append((public_id, name))
    return found


@transaction.atomic
def write_members(
    entry: UnitEntry, before: Any, after: Any, *, grant: ApiGrant, acting_user: User, now: dt.datetime
) -> None:
    """Move those a directory put into a unit there, and those it took out to the landing unit.

    Somebody taken out who stands elsewhere by now is left there. Raises InvalidValueException for a member
    who is nobody, or who would be left without a unit; EmploymentRefused and PermissionDenied as actions do.
    """
    had = {member.value for member in before.members or []}
    wanted = {member.value for member in after.members or []}
    unit = OrgUnit.objects.get(pk=entry.id)
    for value in sorted(wanted - had, key=str):
        move_to_unit(employee=_person(value, acting_user), unit=unit, acting_user=acting_user, now=now)
    for value in sorted(had - wanted, key=str):
        if grant.landing_unit is None:
            message = _("每个人都要有部门：请把人加到新的组里，或给令牌设默认部门")
            raise InvalidValueException(detail=message)
        if grant.landing_unit_id != unit.pk:
            person = _person(value, acting_user)
            move_to_unit(employee=person, unit=grant.landing_unit, acting_user=acting_user, now=now)


def _person(value: str | None, user: User) -> Employee:
    try:
        person = people_of(user).filter(public_id=UUID(str(value))).first()
    except ValueError:
        person = None
    if person is None:
        raise InvalidValueException(detail=_("members 里有不认识的人：%(id)s") % {"id": str(value)[:40]})
    found: Employee = person
    return found


def shown_today(entry: UnitEntry, base: str, now: dt.datetime, *, with_members: bool = True) -> Any:
    """Return one unit as a Group."""
    return groups([entry], base, with_members=with_members, on=localdate(now))[0]
