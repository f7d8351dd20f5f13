"""Legal holds: what stops the erasure of personal data, placed and ended with a reason."""

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from people.audit import record_audit
from people.models import Employee, LegalHold, OrgUnit, RetentionRule, User
from people.permissions import Capability, scope_for
from people.queries import employees_for
from people.queries.retention import holds_for, may_set_retention


@transaction.atomic
def place_hold(
    *,
    kind: str,
    reason: str,
    starts_on: dt.date,
    ends_before: dt.date | None = None,
    people: Collection[Employee] = (),
    unit: OrgUnit | None = None,
    incident: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> LegalHold:
    """Hold the data of a person, of everybody ever in a unit, or of the people of an incident.

    Raises PermissionDenied unless all of them lie in the user's scope of HOLD_PERSONAL_DATA (None: the system),
    ValueError for a kind without what it needs.
    """
    is_unit = kind == LegalHold.Kind.UNIT
    if is_unit != (unit is not None) or is_unit == bool(people) or not reason.strip():
        raise ValueError("a hold needs a reason, and people or a unit")
    if acting_user is not None:
        if unit is not None and not scope_for(acting_user, Capability.HOLD_PERSONAL_DATA).includes(unit):
            raise PermissionDenied(unit.name)
        ids = {one.pk for one in people}
        allowed = employees_for(acting_user, Capability.HOLD_PERSONAL_DATA).filter(pk__in=ids)
        if ids - set(allowed.values_list("pk", flat=True)):
            raise PermissionDenied("out of scope")
    hold = LegalHold.objects.create(
        kind=kind,
        unit=unit,
        incident=incident.strip(),
        reason=reason.strip(),
        starts_on=starts_on,
        ends_before=ends_before,
        placed_by=acting_user,
        placed_at=now,
    )
    hold.people.set(people)
    record_audit(hold, "people.hold.place", acting_user, {"reason": hold.reason, "at": now.isoformat()})
    return hold


@transaction.atomic
def end_hold(*, hold: LegalHold, reason: str, acting_user: User, now: dt.datetime) -> bool:
    """End a hold today; tell whether it was in force. The reason goes into the audit log.

    Raises PermissionDenied outside the user's scope, ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("ending a hold needs a reason")
    if not holds_for(acting_user).filter(pk=hold.pk).exists():
        raise PermissionDenied("out of scope")
    locked = LegalHold.objects.select_for_update().get(pk=hold.pk)
    today = localdate(now)
    if locked.ends_before is not None and locked.ends_before <= today:
        return False
    locked.ends_before = max(today, locked.starts_on)
    locked.save(update_fields=["ends_before"])
    record_audit(locked, "people.hold.end", acting_user, {"reason": reason.strip(), "at": now.isoformat()})
    return True


@transaction.atomic
def save_retention_rule(
    *,
    what: str,
    months_after_leaving: int,
    legal_basis: str,
    basis_verified: bool,
    is_active: bool,
    acting_user: User | None,
    now: dt.datetime,
) -> RetentionRule:
    """Set how long one kind of data is kept. Raises PermissionDenied unless `may_set_retention`."""
    if acting_user is not None and not may_set_retention(acting_user):
        raise PermissionDenied(what)
    rule, _created = RetentionRule.objects.update_or_create(
        what=what,
        defaults={
            "months_after_leaving": months_after_leaving,
            "legal_basis": legal_basis,
            "basis_verified": basis_verified,
            "is_active": is_active,
        },
    )
    after = {"what": what, "months": months_after_leaving, "active": is_active, "at": now.isoformat()}
    record_audit(rule, "people.retention.save", acting_user, {"after": after})
    return rule
