"""Read the accounts of people."""

import datetime as dt
import re
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from common.clock import today
from people.models import (
    Employee,
    EmploymentStatus,
    RoleGrant,
    SignInTicket,
    User,
)
from people.permissions import ROLE_CAPABILITIES, Capability

# What a role with nothing but this can do concerns no other person. The bank does: it holds the answer keys.
# What shows nothing of other people: content, and a push, whose numbers an editor sees without names.
WITHOUT_PEOPLE = frozenset({Capability.EDIT_CONTENT, Capability.PUSH_CASES})
_PHONE = re.compile(r"(?:\+?86)?(1\d{10})", re.ASCII)


def plain_phone(text: str) -> str:
    """Return a mainland mobile number without country code, spaces and hyphens; empty if it is none."""
    match = _PHONE.fullmatch(re.sub(r"[\s-]", "", text))
    return match[1] if match else ""


def account_named(name: str) -> User | None:
    """Return the account of an employee number, an account name or a phone number; None if there is none.

    A phone number counts only if it belongs to exactly one person who has not left. One query, for what
    looks like a phone number two, whether or not there is an account.
    """
    user = User.objects.filter(username=name).first()
    phone = plain_phone(name)
    if not phone:
        return user
    holders = list(
        Employee.objects.filter(phone=phone)
        .exclude(status=EmploymentStatus.LEFT)
        .select_related("user")
        .order_by("pk")[:2]
    )
    if user is not None:
        return user
    return holders[0].user if len(holders) == 1 else None


def needs_second_factor(user: User | AnonymousUser, on: dt.date | None = None) -> bool:
    """Tell whether an account can see data of other people: a superuser, or a role that reaches people.

    One query; none for a superuser.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    on = on or today()
    roles = [role for role, given in ROLE_CAPABILITIES.items() if given - WITHOUT_PEOPLE]
    grants = RoleGrant.objects.filter(user=user, role__in=roles, starts_on__lte=on)
    return grants.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on)).exists()


def without_password(people: QuerySet[Any], now: dt.datetime) -> QuerySet[Any]:
    """Keep those whose account has no password yet; those who hold no valid sign-in slip come first."""
    valid = SignInTicket.objects.filter(
        user=OuterRef("user"), used_at=None, revoked_at=None, expires_at__gt=now
    )
    # Django marks an unusable password with an exclamation mark.
    waiting = people.filter(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return waiting.annotate(has_slip=Exists(valid)).order_by("has_slip", "last_unit_path", "employee_no")
