"""Read directories: who may manage which, and whom an entry of one is."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from people.models import (
    DirectoryLink,
    DirectorySource,
    DirectoryUnitLink,
    Employee,
    OrgUnit,
    RoleGrant,
    ScimUser,
    User,
)
from people.permissions import Capability, roles_with, scope_for
from people.queries.units import unit_directory


def employee_by_external_id(kind: str, tenant: str, external_id: str) -> Employee | None:
    """Return the person whom a directory knows by this id, with their account, or None.

    `kind` is a DirectoryKind, `tenant` the corp id (WeCom, DingTalk), app id (Feishu) or host (LDAP), and
    `external_id` either id of the entry (DingTalk: userid or unionid; Feishu: open_id or union_id). None also
    if several directories of the tenant disagree. For signing in: the caller still asks whether the account
    is active.
    """
    if not external_id:
        return None
    links = DirectoryLink.objects.filter(
        Q(external_id=external_id) | Q(alternate_id=external_id), source__kind=kind, source__tenant=tenant
    )
    people = list(
        Employee.objects.filter(pk__in=links.values("employee_id")).select_related("user").order_by("pk")[:2]
    )
    return people[0] if len(people) == 1 else None


def directories_for(user: User) -> QuerySet[DirectorySource]:
    """Return the directories whose unit lies in the scope of an administrator, with that unit."""
    scope = scope_for(user, Capability.MANAGE_DIRECTORIES)
    return DirectorySource.objects.filter(scope.q("root_unit__path")).select_related(
        "root_unit", "last_batch"
    )


def get_directory_for(user: User, source_id: int) -> DirectorySource:
    """Return a directory in scope; raises DirectorySource.DoesNotExist otherwise."""
    return directories_for(user).get(pk=source_id)


def directory_administrators(source: DirectorySource, on: dt.date) -> list[int]:
    """Return the ids of the accounts that manage a directory on a day: administrators above it, superusers."""
    path = source.root_unit.path
    step = OrgUnit.steplen
    above = [path[:length] for length in range(step, len(path) + 1, step)]
    grants = RoleGrant.objects.filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on),
        role__in=roles_with(Capability.MANAGE_DIRECTORIES),
        starts_on__lte=on,
        unit__path__in=above,
    )
    accounts = User.objects.filter(Q(is_superuser=True) | Q(pk__in=grants.values("user_id")), is_active=True)
    return list(accounts.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Writers:
    """The systems that write a person's name and telephone by themselves, and will again."""

    directories: list[DirectorySource]
    is_in_scim: bool
    api_source: str  # what the last list over the API called itself; empty if none wrote this person


def writers_of(employee: Employee) -> Writers:
    """Return what else writes a person's data. Three queries."""
    linked = employee.directory_links.filter(missing_since=None).values("source_id")
    last = employee.events.exclude(batch=None).select_related("batch").order_by("-recorded_at").first()
    batch = last.batch if last else None
    return Writers(
        list(DirectorySource.objects.filter(pk__in=linked).order_by("name")),
        ScimUser.objects.filter(employee=employee, deleted_at=None).exists(),
        (batch.file_name or batch.source) if batch and batch.source == "api" else "",
    )


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A person known to be an entry of a directory."""

    pk: int
    employee_no: str
    was_missing: bool


def known_links(source: DirectorySource) -> dict[str, KnownLink]:
    """Return the people a directory is linked to, by external id. One query."""
    rows = source.links.values_list("external_id", "pk", "employee__employee_no", "missing_since")
    return {own: KnownLink(pk, number, bool(since)) for own, pk, number, since in rows}


def linked_units(source: DirectorySource) -> dict[str, str]:
    """Return the full names of the units a directory's departments are linked to, by department. Two queries.

    A unit that was closed is no longer meant: its department is looked for by name again.
    """
    names = {entry.id: entry.full_name for entry in unit_directory().values() if not entry.closed_on}
    rows = DirectoryUnitLink.objects.filter(source=source).values_list("external_id", "unit_id")
    return {own: names[unit_id] for own, unit_id in rows if unit_id in names}
