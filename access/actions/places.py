"""Places with conditions of their own."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from access.models import AccessPlace
from access.permissions import GATE_CAPABILITIES, joint_scope
from people.audit import record_audit
from people.models import LicenceType, OrgUnit, User
from training.models import Programme


@transaction.atomic
def save_place(
    *,
    code: str,
    name: str,
    unit: OrgUnit,
    is_high_risk: bool = False,
    own_people_only: bool = False,
    licences: Iterable[LicenceType] = (),
    programmes: Iterable[Programme] = (),
    basis: str = "",
    closed_on: dt.date | None = None,
    place: AccessPlace | None = None,
    acting_user: User | None,
) -> AccessPlace:
    """Create or change a place. Raises PermissionDenied if its unit, now or before, is out of the user's scope."""
    if acting_user is not None:
        scope = joint_scope(acting_user, GATE_CAPABILITIES)
        if not scope.includes(unit) or (place is not None and not scope.includes(place.unit)):
            raise PermissionDenied
    place = place or AccessPlace()
    place.code, place.name, place.unit = code, name, unit
    place.is_high_risk, place.own_people_only = is_high_risk, own_people_only
    place.basis, place.closed_on = basis, closed_on
    place.save()
    place.demanded_licences.set(licences)
    place.demanded_programmes.set(programmes)
    after = {"code": code, "closed_on": closed_on.isoformat() if closed_on else None}
    record_audit(place, "access.place.save", acting_user, {"after": after})
    return place
