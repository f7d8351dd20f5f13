"""Gates: registered, given a new token, stopped, and what they asked counted."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F

from access.models import Gate, GateAsks, KeyBy
from access.permissions import GATE_CAPABILITIES, joint_scope
from access.tally import Counts
from common.signing import make_token, token_digest
from people.audit import record_audit
from people.models import OrgUnit, User

PREFIX = "gate_"  # so that a token found somewhere says what it opens


def check_units(units: Iterable[OrgUnit], acting_user: User | None) -> list[OrgUnit]:
    """Return the units if the user may look after gates in every one of them. Raises PermissionDenied."""
    found = list(units)
    if acting_user is not None:
        scope = joint_scope(acting_user, GATE_CAPABILITIES)
        if not found or not all(scope.includes(unit) for unit in found):
            raise PermissionDenied
    return found


@transaction.atomic
def register_gate(
    *,
    name: str,
    units: Iterable[OrgUnit],
    expires_on: dt.date,
    ip_ranges: Sequence[str] = (),
    calls_per_minute: int = 600,
    list_hours: int = 24,
    key_by: str = KeyBy.EMPLOYEE_NO,
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[Gate, str]:
    """Register a gate for units; return it with its token, shown this once. Raises PermissionDenied out of scope."""
    chosen = check_units(units, acting_user)
    token = PREFIX + make_token()
    gate = Gate.objects.create(
        name=name,
        token_digest=token_digest(token),
        ip_ranges=list(ip_ranges),
        calls_per_minute=calls_per_minute,
        list_hours=list_hours,
        key_by=key_by,
        expires_on=expires_on,
        registered_by=acting_user,
        registered_at=now,
    )
    gate.units.set(chosen)
    after = {"units": [unit.name for unit in chosen], "expires_on": expires_on.isoformat()}
    record_audit(gate, "access.gate.register", acting_user, {"after": after})
    return gate, token


@transaction.atomic
def renew_token(*, gate: Gate, expires_on: dt.date, acting_user: User | None, now: dt.datetime) -> str:
    """Give a gate a new token in place of the old one, which ends at once; return it. Raises PermissionDenied."""
    check_units(gate.units.all(), acting_user)
    token = PREFIX + make_token()
    Gate.objects.filter(pk=gate.pk).update(
        token_digest=token_digest(token), expires_on=expires_on, revoked_at=None
    )
    record_audit(gate, "access.gate.renew", acting_user, {"expires_on": expires_on.isoformat()})
    return token


@transaction.atomic
def revoke_gate(*, gate: Gate, acting_user: User | None, now: dt.datetime) -> bool:
    """Stop a gate at once; return whether it was running. Raises PermissionDenied."""
    check_units(gate.units.all(), acting_user)
    stopped = Gate.objects.filter(pk=gate.pk, revoked_at__isnull=True).update(revoked_at=now)
    if stopped:
        record_audit(gate, "access.gate.revoke", acting_user, {"at": now.isoformat()})
    return bool(stopped)


def add_asks(*, counts: Mapping[tuple[int, dt.datetime], Counts]) -> None:
    """Add what gates were told to the rows of their hours. Two statements for each gate that asked."""
    for (gate_id, hour), told in counts.items():
        if told.last_at is None:
            continue
        changes = {
            "cleared": F("cleared") + told.cleared,
            "blocked": F("blocked") + told.blocked,
            "unknown": F("unknown") + told.unknown,
            "last_at": told.last_at,
        }
        own = GateAsks.objects.filter(gate_id=gate_id, hour=hour)
        if own.update(**changes):
            continue
        try:
            with transaction.atomic():
                GateAsks.objects.create(
                    gate_id=gate_id,
                    hour=hour,
                    cleared=told.cleared,
                    blocked=told.blocked,
                    unknown=told.unknown,
                    last_at=told.last_at,
                )
        except IntegrityError:
            own.update(**changes)  # another process was first
