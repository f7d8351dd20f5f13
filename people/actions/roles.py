"""Grant and end roles."""

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from people.actions.role_groups import ensure_role_group, join_groups, keep_access_in_step
from people.audit import record_audit
from people.errors import RolesIncompatible
from people.models import OrgUnit, Role, RoleGrant, User
from people.permissions import (
    Holding,
    Incompatible,
    conflict_between,
    may_change_grant,
)

__all__ = ["conflicts_of", "end_role", "end_roles_of_leavers", "ensure_role_group", "grant_role"]


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: str,
    unit: OrgUnit,
    starts_on: dt.date,
    ends_before: dt.date | None = None,
    exception_reason: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> RoleGrant:
    """Grant a role over a unit and all below it, with access to the back office while it runs.

    The same role over the same unit again sets its time anew. Raises PermissionDenied unless `acting_user` may
    grant roles over the unit (None: the system): nobody but a superuser grants the administrator's role, or a
    role to themselves. Raises RolesIncompatible if the person holds a role that does not go with it, unless
    there is a reason for the exception, which is kept and listed. Locks: the account.
    """
    if acting_user is not None:
        _check(acting_user, user, role, unit)
    User.objects.select_for_update().get(pk=user.pk)
    found = conflicts_of(user=user, holding=Holding(role, unit.path, starts_on, ends_before), unit=unit)
    if found and not exception_reason and settings.SEPARATION_OF_ROLES == "refuse":
        held, rule = found[0]
        raise RolesIncompatible(
            _(
                "%(name)s 在“%(unit)s”已有角色“%(held)s”，与“%(role)s”不相容：%(why)s"
                "请先收回其中一个，或写明例外理由。"
            )
            % {
                "name": user,
                "unit": held.unit,
                "held": held.get_role_display(),
                "role": Role(role).label,
                "why": rule.why,
            }
        )
    grant, _created = RoleGrant.objects.update_or_create(
        user=user,
        role=role,
        unit=unit,
        defaults={
            "starts_on": starts_on,
            "ends_before": ends_before,
            "granted_by": acting_user,
            "exception_reason": exception_reason if found else "",
        },
    )
    keep_access_in_step(user=user, now=now)
    _record(grant, "people.role.grant", acting_user)
    return grant


def _record(grant: RoleGrant, action: str, acting_user: User | None, because: str = "") -> None:
    after = {
        "user": grant.user.username,
        "name": str(grant.user),
        "role": grant.role,
        "unit": grant.unit.name,
        "unit_id": grant.unit_id,
        "starts_on": grant.starts_on.isoformat(),
        "ends_before": grant.ends_before.isoformat() if grant.ends_before else None,
        "exception_reason": grant.exception_reason,
        "because": because,
    }
    record_audit(grant, action, acting_user, {"after": after})


def conflicts_of(*, user: User, holding: Holding, unit: OrgUnit) -> list[tuple[RoleGrant, Incompatible]]:
    """Return the grants of a person that do not go with a role to be granted, with the rule. One query."""
    others = RoleGrant.objects.filter(user=user).exclude(role=holding.role, unit=unit).select_related("unit")
    found = []
    for held in others:
        rule = conflict_between(holding, Holding(held.role, held.unit.path, held.starts_on, held.ends_before))
        if rule is not None:
            found.append((held, rule))
    return found


@transaction.atomic
def end_role(*, grant: RoleGrant, ends_before: dt.date, acting_user: User | None, now: dt.datetime) -> None:
    """End a role from a day on; a grant that had not begun is deleted. Access to the back office follows.

    Raises PermissionDenied like `grant_role`.
    """
    if acting_user is not None:
        _check(acting_user, grant.user, grant.role, grant.unit)
    RoleGrant.objects.select_for_update().get(pk=grant.pk)
    grant.ends_before = ends_before
    _record(grant, "people.role.end", acting_user)
    if ends_before <= grant.starts_on:
        grant.delete()
    else:
        grant.save(update_fields=["ends_before"])
    keep_access_in_step(user=grant.user, now=now)


def end_roles_of_leavers(*, user_ids: Collection[int], on: dt.date) -> int:
    """End every role of accounts whose people have left, from a day on; return how many.

    Called where an employment event closes the accounts, inside its transaction: the event says who recorded
    it, so the audit log names the system. Coming back restores none.
    """
    ended = list(
        RoleGrant.objects.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on), user_id__in=user_ids)
        .select_related("user", "unit")
        .order_by("pk")
    )
    if not ended:
        return 0
    for grant in ended:
        grant.ends_before = on
        _record(grant, "people.role.end", None, because="left")
    ids = [grant.pk for grant in ended]
    RoleGrant.objects.filter(pk__in=ids, starts_on__gte=on).delete()
    RoleGrant.objects.filter(pk__in=ids).update(ends_before=on)
    for holder in {grant.user_id: grant.user for grant in ended}.values():
        join_groups(holder, frozenset())
    return len(ended)


def _check(acting_user: User, user: User, role: str, unit: OrgUnit) -> None:
    if not may_change_grant(acting_user, user, role, unit):
        raise PermissionDenied(f"{role} {unit.name}")
