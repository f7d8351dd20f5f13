"""Read shared tablets."""

import datetime as dt
from collections.abc import Mapping

from django.db.models import Q, QuerySet

from common.signing import token_digest
from people.models import Kiosk, OrgUnit, User
from people.permissions import Capability, Scope, scope_for

KIOSK_COOKIE = "kiosk"
# HR looks after people, an administrator after devices.
KIOSK_CAPABILITIES = (Capability.MANAGE_PEOPLE, Capability.GRANT_ROLES)


def kiosk_scope(user: User, on: dt.date) -> Scope:
    """Return where `user` may register tablets on a day. Two queries."""
    scopes = [scope_for(user, capability, on) for capability in KIOSK_CAPABILITIES]
    return Scope(
        everything=any(scope.everything for scope in scopes),
        paths=tuple(sorted({path for scope in scopes for path in scope.paths})),
    )


def kiosk_units(user: User, on: dt.date) -> QuerySet[OrgUnit]:
    """Return the units for which `user` may register tablets, in the order of the tree."""
    units: QuerySet[OrgUnit] = OrgUnit.objects.filter(kiosk_scope(user, on).q("path")).order_by("path")
    return units


def kiosks_for(user: User, on: dt.date) -> QuerySet[Kiosk]:
    """Return the tablets of the units in scope, those in use first."""
    kiosks = Kiosk.objects.filter(kiosk_scope(user, on).q("unit__path"))
    return kiosks.select_related("unit", "registered_by").order_by("revoked_at", "name", "pk")


def kiosk_scope_in_use() -> Scope:
    """Return the units whose people can sign in on a tablet that is set up. One query."""
    used = Kiosk.objects.filter(activated_at__isnull=False, revoked_at__isnull=True)
    return Scope(paths=tuple(used.values_list("unit__path", flat=True).distinct()))


def get_kiosk_for(user: User, kiosk_id: int, on: dt.date) -> Kiosk:
    """Return a tablet in scope; raises Kiosk.DoesNotExist otherwise."""
    return kiosks_for(user, on).get(pk=kiosk_id)


def _in_use(cookies: Mapping[str, str]) -> QuerySet[Kiosk]:
    token = cookies.get(KIOSK_COOKIE, "")
    if not token:
        return Kiosk.objects.none()
    return Kiosk.objects.filter(
        Q(activated_at__isnull=False), token_digest=token_digest(token), revoked_at__isnull=True
    )


def kiosk_of_cookies(cookies: Mapping[str, str]) -> Kiosk | None:
    """Return the registered tablet a request comes from, None for any other device."""
    return _in_use(cookies).select_related("unit").first()


def kiosk_is_open(kiosk_id: int, cookies: Mapping[str, str]) -> bool:
    """Tell whether a request still comes from this tablet and it is still registered. One query."""
    return _in_use(cookies).filter(pk=kiosk_id).exists()
