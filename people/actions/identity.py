"""Uncover identity numbers: with a reason, once, and never without a row in the log."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.errors import AlreadyShown
from people.models import AccessKind, Employee, PersonalDataAccess, User
from people.permissions import Capability
from people.queries import employees_for
from people.queries.identity import id_number_of


@dataclass(frozen=True, slots=True)
class Why:
    """Why data is wanted in clear: a choice of AccessReason and words, from which address, by which form."""

    reason: str
    text: str
    address: str | None
    request_key: UUID


def reveal_id_number(*, employee: Employee, why: Why, acting_user: User, now: dt.datetime) -> str:
    """Return a person's whole identity number and log who saw it and why. The same form shows it once.

    Raises PermissionDenied unless the person is in the user's scope of UNMASK_IDENTITY, AlreadyShown for a form
    sent before, ValueError without a reason. The caller has made sure that the user signed in just now.
    """
    note_accesses(
        people=[employee.pk],
        kind=AccessKind.REVEAL,
        fields=["id_number"],
        capability=Capability.UNMASK_IDENTITY,
        why=why,
        acting_user=acting_user,
        now=now,
    )
    return id_number_of(employee)


@transaction.atomic
def note_accesses(
    *,
    people: Collection[int],
    kind: str,
    fields: Iterable[str],
    capability: Capability,
    why: Why,
    acting_user: User,
    now: dt.datetime,
) -> None:
    """Log that a user sees data of these people in clear: one row each. See `reveal_id_number` for errors.

    Own data needs no capability.
    """
    if not why.text.strip():
        raise ValueError("an access needs a reason in words")
    ids = set(people)
    allowed = employees_for(acting_user, capability).filter(pk__in=ids).values_list("pk", flat=True)
    own = Employee.objects.filter(pk__in=ids, user_id=acting_user.pk).values_list("pk", flat=True)
    if ids - set(allowed) - set(own):
        raise PermissionDenied("out of scope")
    # The row of the account is what two sendings of one form wait at.
    User.objects.select_for_update().get(pk=acting_user.pk)
    if PersonalDataAccess.objects.filter(request_key=why.request_key).exists():
        raise AlreadyShown
    PersonalDataAccess.objects.bulk_create(
        [
            PersonalDataAccess(
                employee_id=pk,
                viewer=acting_user,
                kind=kind,
                fields=list(fields),
                reason=why.reason,
                reason_text=why.text.strip(),
                accessed_at=now,
                address=why.address or None,
                request_key=why.request_key,
            )
            for pk in sorted(ids)
        ],
        batch_size=1_000,
    )
