"""Tokens for other systems: made with a purpose and an end, and revoked."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate
from wagtail.models import APIToken

from people.audit import record_audit
from people.models import (
    AccessKind,
    AccessReason,
    ApiCapability,
    ApiGrant,
    OrgUnit,
    PersonalDataAccess,
    Post,
    User,
)
from people.permissions import Capability, allows
from people.queries import api_accounts_for, get_api_grant_for

LONGEST = dt.timedelta(days=366)  # a token nobody renews within a year is one nobody remembers
TOUCH_S = 60  # how exactly last_used_at is kept; each step of it is a write


@transaction.atomic
def create_api_grant(
    *,
    account: User,
    purpose: str,
    capabilities: Sequence[str],
    ip_ranges: Sequence[str] = (),
    expires_on: dt.date,
    landing_unit: OrgUnit | None = None,
    landing_post: Post | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[ApiGrant, str]:
    """Make a token that acts as `account` within `capabilities`; return it with its text, shown this once.

    Raises PermissionDenied unless `acting_user` (None: the system) may hand out what the account may do:
    superusers may for everyone, an administrator for accounts all of whose roles lie below their own unit and
    are not the administrator's. Whoever hands out numbers in clear must see them in clear: an administrator
    does not, so a token is no way round that. Raises ValueError for an end that has passed or is more than a year away.
    """
    today = localdate(now)
    if not today <= expires_on <= today + LONGEST:
        raise ValueError("a token ends within a year")
    if acting_user is not None and not api_accounts_for(acting_user, today).filter(pk=account.pk).exists():
        raise PermissionDenied(account.username)
    if ApiCapability.PEOPLE_UNMASK in capabilities and not may_hand_out_clear_numbers(acting_user):
        raise PermissionDenied(ApiCapability.PEOPLE_UNMASK)
    token, text = APIToken.create_token(user=account, name=purpose[:200])
    grant = ApiGrant.objects.create(
        token=token,
        purpose=purpose[:200],
        capabilities=list(capabilities),
        ip_ranges=list(ip_ranges),
        expires_on=expires_on,
        landing_unit=landing_unit,
        landing_post=landing_post,
        created_by=acting_user,
        created_at=now,
    )
    after = {
        "account": account.username,
        "capabilities": list(capabilities),
        "ip_ranges": list(ip_ranges),
        "expires_on": expires_on.isoformat(),
    }
    record_audit(grant, "people.api_grant.create", acting_user, {"after": after})
    return grant, text


def may_hand_out_clear_numbers(user: User | None) -> bool:
    """Tell whether a user (None: the system) may let another system read numbers in clear."""
    return user is None or allows(user, Capability.UNMASK_IDENTITY)


@transaction.atomic
def revoke_api_grant(*, grant: ApiGrant, acting_user: User | None, now: dt.datetime) -> bool:
    """End a token at once; return whether it had not been ended before. Raises PermissionDenied."""
    if acting_user is not None and get_api_grant_for(acting_user, grant.pk) is None:
        raise PermissionDenied(grant.purpose)
    ended = APIToken.objects.filter(pk=grant.token_id, revoked_at=None).update(revoked_at=now)
    if ended:
        record_audit(grant, "people.api_grant.revoke", acting_user, {"at": now.isoformat()})
    return bool(ended)


def touch_api_grant(*, grant: ApiGrant, now: dt.datetime) -> None:
    """Note that a token was used, to the minute."""
    last = grant.token.last_used_at
    if last is None or (now - last).total_seconds() >= TOUCH_S:
        APIToken.objects.filter(pk=grant.token_id).update(last_used_at=now)


@transaction.atomic
def record_unmasked(
    *, grant: ApiGrant, people: Sequence[int], address: str | None, acting_user: User, now: dt.datetime
) -> None:
    """Note that a call was answered with numbers of these people in clear: one row each, which they can read.

    The reason is the purpose of the token; which people are in its scope, the caller has looked at.
    """
    if not people:
        return
    key = uuid.uuid4()
    PersonalDataAccess.objects.bulk_create(
        [
            PersonalDataAccess(
                employee_id=pk,
                viewer=acting_user,
                kind=AccessKind.API,
                fields=["id_number", "phone"],
                reason=AccessReason.REPORT,
                reason_text=grant.purpose,
                accessed_at=now,
                address=address,
                request_key=key,
            )
            for pk in people
        ],
        batch_size=1_000,
    )
    noted = {"people": len(people), "reason": grant.purpose}
    record_audit(grant, "people.api_grant.unmask", acting_user, noted)
