"""Erase personal data: one person asks, another confirms, and nothing under a hold goes.

Facts stay: stays, events, ledger rows, attempts and certificates keep their rows, so that every figure of a past
day stays what it was. What identifies the person goes.
"""

import datetime as dt
from collections.abc import Collection
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.utils.timezone import localdate
from wagtail.models import APIToken, ModelLogEntry

from notices.models import Notice
from people.actions.photos import delete_photo
from people.audit import record_audit
from people.erasing import Eraser, erasers
from people.errors import ErasureRefused
from people.models import (
    DirectoryLink,
    Employee,
    EmploymentStatus,
    Erasable,
    ErasedItem,
    ErasureRequest,
    KioskPin,
    PersonalDataCopy,
    RoleGrant,
    ScimUser,
    SignInTicket,
    User,
)
from people.permissions import Capability
from people.queries import employees_for
from people.queries.retention import due_kinds, is_held

State = ErasureRequest.State


@transaction.atomic
def request_erasure(
    *, employee: Employee, what: Collection[str], reason: str, acting_user: User, now: dt.datetime
) -> ErasureRequest:
    """Ask that data of a person who left be erased; nothing goes until somebody else confirms.

    Raises ErasureRefused (`not_left`, `not_due`, `held`, `nothing`, `pending`), PermissionDenied outside the
    user's scope of ERASE_PERSONAL_DATA. Locks the person.
    """
    _check_scope(acting_user, employee)
    Employee.objects.select_for_update().get(pk=employee.pk)
    if not what or not reason.strip():
        raise ErasureRefused("nothing")
    if ErasureRequest.objects.filter(employee=employee, state=State.OPEN).exists():
        raise ErasureRefused("pending")
    kinds = _allowed_kinds(employee, what, now)
    request = ErasureRequest.objects.create(
        employee=employee,
        what=kinds,
        reason=reason.strip(),
        requested_by=acting_user,
        requested_at=now,
    )
    record_audit(employee, "people.erasure.request", acting_user, {"what": kinds, "at": now.isoformat()})
    return request


@transaction.atomic
def reject_erasure(*, request: ErasureRequest, acting_user: User, now: dt.datetime) -> None:
    """Decide that nothing is erased. Raises as `confirm_erasure`: who asked does not decide, either way."""
    locked = _locked(request, acting_user)
    locked.state, locked.decided_by, locked.decided_at = State.REJECTED, acting_user, now
    locked.save(update_fields=["state", "decided_by", "decided_at"])
    record_audit(locked.employee, "people.erasure.reject", acting_user, {"at": now.isoformat()})


@transaction.atomic
def confirm_erasure(*, request: ErasureRequest, acting_user: User, now: dt.datetime) -> None:
    """Erase what was asked for, by a second person; looks again whether a hold or a return stands against it.

    Raises ErasureRefused (`same_person`, `decided`, `held`, `not_left`, `not_due`), PermissionDenied outside
    the scope. The second call is refused with `decided`. Locks the request and the person.
    """
    locked = _locked(request, acting_user)
    employee = (
        Employee.objects.select_for_update(of=("self",)).select_related("user").get(pk=locked.employee_id)
    )
    kinds = _allowed_kinds(employee, locked.what, now)
    for kind in kinds:
        # The other rooms first: they may have to find what they hold by the name that is about to go.
        for eraser in (*erasers(kind), *OWN_ERASERS):
            if eraser.what == kind:
                eraser.erase(employee, now)
        ErasedItem.objects.create(employee=employee, what=kind, request=locked, erased_at=now)
    locked.state, locked.decided_by, locked.decided_at = State.DONE, acting_user, now
    locked.save(update_fields=["state", "decided_by", "decided_at"])
    record_audit(employee, "people.erasure.confirm", acting_user, {"what": kinds, "at": now.isoformat()})


def _check_scope(acting_user: User, employee: Employee) -> None:
    people = employees_for(acting_user, Capability.ERASE_PERSONAL_DATA)
    if employee.user_id == acting_user.pk or not people.filter(pk=employee.pk).exists():
        raise PermissionDenied("out of scope")


def _locked(request: ErasureRequest, acting_user: User) -> ErasureRequest:
    locked = (
        ErasureRequest.objects.select_for_update(of=("self",)).select_related("employee").get(pk=request.pk)
    )
    _check_scope(acting_user, locked.employee)
    if locked.state != State.OPEN:
        raise ErasureRefused("decided")
    if locked.requested_by_id == acting_user.pk:
        raise ErasureRefused("same_person")
    return locked


def _allowed_kinds(employee: Employee, what: Collection[str], now: dt.datetime) -> list[str]:
    """Return what of `what` may be erased, in the order it is; raises ErasureRefused if any of it may not."""
    current = Employee.objects.get(pk=employee.pk)
    today = localdate(now)
    if current.status != EmploymentStatus.LEFT:
        raise ErasureRefused("not_left")
    if is_held(current.pk, today):
        raise ErasureRefused("held")
    not_due = set(what) - due_kinds(current.pk, today)
    if not_due:
        raise ErasureRefused("not_due", "、".join(str(Erasable(one).label) for one in sorted(not_due)))
    return [kind for kind in Erasable.values if kind in what]


def _id_number(employee: Employee, now: dt.datetime) -> None:
    employee.id_number_encrypted, employee.id_number_digest = "", None
    employee.save(update_fields=["id_number_encrypted", "id_number_digest"])
    _copies(employee)


def _phone(employee: Employee, now: dt.datetime) -> None:
    employee.phone = ""
    employee.save(update_fields=["phone"])
    _copies(employee)


def _photo(employee: Employee, now: dt.datetime) -> None:
    delete_photo(employee=employee, acting_user=None, now=now)
    _copies(employee)


def _copies(employee: Employee) -> None:
    """Drop the files of copies not fetched yet: they hold what is being erased."""
    for copy in PersonalDataCopy.objects.filter(employee=employee).exclude(file=""):
        name, storage = copy.file.name or "", copy.file.storage
        PersonalDataCopy.objects.filter(pk=copy.pk).update(file="")
        transaction.on_commit(partial(storage.delete, name))


def pseudonym(employee: Employee) -> str:
    """Return what stands for an erased name and number: it comes from the random public id alone."""
    return f"X{employee.public_id.hex[:12].upper()}"


def _account(employee: Employee, now: dt.datetime) -> None:
    """Empty the account and cut it off. Its name stays until the person's own goes: facts say who did them."""
    user = employee.user
    if user is None:
        return
    SignInTicket.objects.filter(user=user).delete()
    KioskPin.objects.filter(employee=employee).delete()
    ScimUser.objects.filter(employee=employee).delete()
    DirectoryLink.objects.filter(employee=employee).delete()
    for held in (EmailAddress, Authenticator, SocialAccount, UserSession, APIToken):
        held.objects.filter(user=user).delete()
    Notice.objects.filter(recipient=user).delete()
    today = localdate(now)
    RoleGrant.objects.filter(user=user, starts_on__lt=today, ends_before=None).update(ends_before=today)
    user.is_active = user.is_staff = user.is_superuser = False
    user.email, user.last_login = "", None
    user.set_unusable_password()
    user.save(update_fields=["is_active", "is_staff", "is_superuser", "email", "last_login", "password"])
    user.groups.clear()


def _name(employee: Employee, now: dt.datetime) -> None:
    """Put a pseudonym in place of name and number, in the account and in the audit log too."""
    employee.name = employee.employee_no = pseudonym(employee)
    employee.save(update_fields=["name", "employee_no"])
    _relabel(employee)
    _copies(employee)
    user = employee.user
    if user is None:
        return
    user.username = user.name = pseudonym(employee)
    user.save(update_fields=["username", "name"])
    _relabel(user)
    for grant in user.role_grants.select_related("unit"):
        grant.user = user
        _relabel(grant)


def _relabel(instance: Model) -> None:
    """Write the pseudonym into the log entries about an object; what was done, when and by whom stays."""
    kind = ContentType.objects.get_for_model(instance)
    for entry in ModelLogEntry.objects.filter(content_type=kind, object_id=str(instance.pk)):
        entry.label = str(instance)
        after = entry.data.get("after")
        if isinstance(after, dict) and "user" in after:
            after["user"] = str(getattr(instance, "user", ""))
        entry.save(update_fields=["label", "data"])


OWN_ERASERS = (
    Eraser(Erasable.ID_NUMBER, _id_number),
    Eraser(Erasable.PHONE, _phone),
    Eraser(Erasable.PHOTO, _photo),
    Eraser(Erasable.ACCOUNT, _account),
    Eraser(Erasable.NAME, _name),
)
