"""Shared tablets: registered and stopped by the office, and entered with number and PIN."""

import datetime as dt

from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from common.signing import make_token, token_digest
from people.actions.sign_in import PIN, forget_failures, minutes_locked, note_failure
from people.audit import record_audit
from people.errors import KioskRefused
from people.models import Assignment, Employee, EmploymentStatus, Kiosk, KioskPin, OrgUnit, User
from people.queries.employees import on_day
from people.queries.kiosks import kiosk_scope

PAIRING_VALID_FOR = dt.timedelta(hours=1)


def _check(acting_user: User | None, unit: OrgUnit, now: dt.datetime) -> None:
    if acting_user is not None and not kiosk_scope(acting_user, localdate(now)).includes(unit):
        raise PermissionDenied(unit.name)


@transaction.atomic
def register_kiosk(
    *, name: str, unit: OrgUnit, acting_user: User | None, now: dt.datetime
) -> tuple[Kiosk, str]:
    """Register a tablet for a unit; return it with the token of its pairing link, shown this once.

    The link is opened on the tablet within an hour (`pair_kiosk`). Raises PermissionDenied out of scope.
    """
    _check(acting_user, unit, now)
    token = make_token()
    kiosk = Kiosk.objects.create(
        name=name,
        unit=unit,
        token_digest=token_digest(token),
        registered_by=acting_user,
        registered_at=now,
    )
    record_audit(
        kiosk, "people.kiosk.register", acting_user, {"after": {"unit": unit.name, "at": now.isoformat()}}
    )
    return kiosk, token


@transaction.atomic
def pair_kiosk(*, token: str, now: dt.datetime) -> tuple[Kiosk, str]:
    """Use up a pairing link on the tablet itself; return the tablet and the token it keeps.

    Raises KioskRefused (`unknown`) for a link that is used, stopped or older than an hour.
    """
    kiosk = waiting_kiosk(token, now)
    own = make_token()
    # Compare and swap: of two devices at once, one finds the link unused.
    swapped = Kiosk.objects.filter(pk=kiosk.pk, token_digest=kiosk.token_digest, activated_at=None)
    if not swapped.update(token_digest=token_digest(own), activated_at=now):
        raise KioskRefused("unknown")
    record_audit(kiosk, "people.kiosk.pair", None, {"at": now.isoformat()})
    return kiosk, own


def waiting_kiosk(token: str, now: dt.datetime) -> Kiosk:
    """Return the tablet a pairing link is for. Raises KioskRefused (`unknown`) if the link is no longer good."""
    waiting = Kiosk.objects.select_related("unit").filter(
        token_digest=token_digest(token),
        activated_at=None,
        revoked_at=None,
        registered_at__gt=now - PAIRING_VALID_FOR,
    )
    kiosk = waiting.first()
    if kiosk is None:
        raise KioskRefused("unknown")
    return kiosk


@transaction.atomic
def revoke_kiosk(*, kiosk: Kiosk, acting_user: User | None, now: dt.datetime) -> None:
    """Stop a tablet: who is signed in on it is out at the next tap. Again: no change.

    Raises PermissionDenied out of scope.
    """
    _check(acting_user, kiosk.unit, now)
    if Kiosk.objects.filter(pk=kiosk.pk, revoked_at=None).update(revoked_at=now):
        record_audit(kiosk, "people.kiosk.revoke", acting_user, {"at": now.isoformat()})


@transaction.atomic
def set_kiosk_pin(*, employee: Employee, pin: str, acting_user: User | None, now: dt.datetime) -> None:
    """Set the six digits a person types on shared tablets, chosen by themselves (None: the system).

    The caller has validated the PIN. Raises PermissionDenied if `acting_user` is somebody else.
    """
    if acting_user is not None and employee.user_id != acting_user.pk:
        raise PermissionDenied(employee.employee_no)
    KioskPin.objects.update_or_create(employee=employee, defaults={"pin": make_password(pin), "set_at": now})
    forget_failures(PIN + employee.employee_no)
    record_audit(employee, "people.kiosk.pin", acting_user, {"at": now.isoformat()})


def enter_kiosk(*, kiosk: Kiosk, number: str, pin: str, now: dt.datetime) -> User:
    """Check a badge number and PIN on a tablet; return the account to be signed in.

    Raises KioskRefused: `locked` after five failures within a quarter of an hour, `wrong` for a number or PIN
    that does not fit (whether or not there is such a person costs the same), `elsewhere` for somebody who
    does not work in the tablet's unit.
    """
    minutes = minutes_locked(PIN + number, now)
    if minutes:
        raise KioskRefused("locked", minutes)
    employee = (
        Employee.objects.select_related("user", "kiosk_pin")
        .filter(employee_no=number, user__is_active=True, kiosk_pin__isnull=False)
        .exclude(status=EmploymentStatus.LEFT)
        .first()
    )
    owner = employee.user if employee else None
    # For a number nobody has, a hash is made all the same: both take as long.
    fits = check_password(pin, employee.kiosk_pin.pin) if employee else not make_password(pin)
    if owner is None or employee is None or not fits:
        if note_failure(PIN + number, now, owner=owner):
            raise KioskRefused("locked", minutes_locked(PIN + number, now))
        raise KioskRefused("wrong")
    here = Assignment.objects.filter(
        on_day(localdate(now)), employee=employee, unit__path__startswith=kiosk.unit.path
    )
    if not here.exists():
        raise KioskRefused("elsewhere")
    forget_failures(PIN + number)
    Kiosk.objects.filter(pk=kiosk.pk).update(last_used_at=now)
    return owner
