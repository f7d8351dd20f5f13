"""Sign-in slips: how somebody without a password opens the account for the first time."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from common.signing import make_token, token_digest
from people.actions.accounts import change_password
from people.actions.stays import chunks
from people.audit import record_audit, record_audits
from people.errors import TicketInvalid
from people.models import RoleGrant, SignInTicket, User
from people.permissions import Capability
from people.queries import employees_for

VALID_FOR = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket with its token, which is shown this once and kept nowhere."""

    user: User
    token: str = field(repr=False)
    expires_at: dt.datetime


def issue_sign_in_ticket(*, user: User, acting_user: User | None, now: dt.datetime) -> IssuedTicket:
    """Issue one slip; see `issue_sign_in_tickets`."""
    return issue_sign_in_tickets(users=[user], acting_user=acting_user, now=now)[0]


@transaction.atomic
def issue_sign_in_tickets(
    *, users: Sequence[User], acting_user: User | None, now: dt.datetime
) -> list[IssuedTicket]:
    """Issue a slip valid for seven days to each account and end its earlier ones.

    Who holds a slip becomes that person, so only a superuser (or None, the system) may issue one for an
    account with a role or for another superuser. Raises PermissionDenied for these, for inactive accounts and
    for people outside the scope of `acting_user`.
    """
    if acting_user is not None:
        _check(users, acting_user, now)
    issued = [IssuedTicket(user, make_token(), now + VALID_FOR) for user in users]
    for piece in chunks([user.pk for user in users]):
        SignInTicket.objects.filter(user_id__in=piece, used_at=None, revoked_at=None).update(revoked_at=now)
    SignInTicket.objects.bulk_create(
        [
            SignInTicket(
                user=ticket.user,
                token_digest=token_digest(ticket.token),
                issued_by=acting_user,
                issued_at=now,
                expires_at=ticket.expires_at,
            )
            for ticket in issued
        ],
        batch_size=1_000,
    )
    until = (now + VALID_FOR).isoformat()
    record_audits([ticket.user for ticket in issued], "people.ticket.issue", acting_user, {"until": until})
    return issued


def _check(users: Sequence[User], acting_user: User, now: dt.datetime) -> None:
    if not all(user.is_active for user in users):
        raise PermissionDenied("inactive account")
    if acting_user.is_superuser:
        return
    ids = {user.pk for user in users}
    allowed = issuable_for(acting_user, localdate(now)).filter(user_id__in=ids)
    if set(allowed.values_list("user_id", flat=True)) != ids:
        raise PermissionDenied("out of scope")


def issuable_for(acting_user: User, on: dt.date) -> QuerySet[Any]:
    """Return the people to whom `acting_user` may issue slips on a day: theirs to manage, without a role."""
    people = employees_for(acting_user, Capability.MANAGE_PEOPLE, on).filter(user__is_active=True)
    if acting_user.is_superuser:
        return people
    return people.filter(user__is_superuser=False).exclude(
        user_id__in=RoleGrant.objects.filter(Q(ends_before=None) | Q(ends_before__gt=on)).values("user_id")
    )


def get_ticket(token: str, now: dt.datetime) -> SignInTicket:
    """Return the valid ticket of a token.

    Raises TicketInvalid if it is unknown, used, revoked or expired, or the account is closed.
    """
    ticket = SignInTicket.objects.select_related("user").filter(token_digest=token_digest(token)).first()
    if (
        ticket is None
        or ticket.used_at
        or ticket.revoked_at
        or ticket.expires_at <= now
        or not ticket.user.is_active
    ):
        raise TicketInvalid
    return ticket


@transaction.atomic
def redeem_sign_in_ticket(*, token: str, password: str, now: dt.datetime) -> User:
    """Use up a slip: set the password its holder chose and return the account. The second use fails.

    Raises TicketInvalid. The caller has validated the password.
    """
    ticket = get_ticket(token, now)
    # Compare and swap: of two requests at once, one finds the ticket unused.
    if not SignInTicket.objects.filter(pk=ticket.pk, used_at=None, revoked_at=None).update(used_at=now):
        raise TicketInvalid
    change_password(user=ticket.user, password=password, acting_user=ticket.user, now=now)
    record_audit(ticket.user, "people.ticket.use", ticket.user, {"at": now.isoformat()})
    return ticket.user
