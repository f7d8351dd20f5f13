"""Identities at WeCom, DingTalk, Feishu or an OpenID Connect server, and the accounts they belong to."""

import datetime as dt

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied
from django.db import transaction

from people.audit import record_audit
from people.errors import IdentityTaken
from people.models import User


@transaction.atomic
def link_identity(
    *, user: User, account: SocialAccount, acting_user: User | None, now: dt.datetime
) -> SocialAccount:
    """Let an identity a provider vouched for sign in to an account from now on; return it. Again: no change.

    `acting_user` None is the system, for people a directory names. Raises IdentityTaken if it belongs to
    somebody else, PermissionDenied if `acting_user` is not the owner of the account.
    """
    if acting_user is not None and acting_user.pk != user.pk:
        raise PermissionDenied(user.username)
    linked, created = SocialAccount.objects.get_or_create(
        provider=account.provider,
        uid=account.uid,
        defaults={"user": user, "extra_data": account.extra_data},
    )
    if linked.user_id != user.pk:
        raise IdentityTaken(account.provider)
    if created:
        record_audit(
            user,
            "people.identity.link",
            acting_user,
            {"after": {"provider": account.provider, "uid": account.uid, "at": now.isoformat()}},
        )
    return linked


@transaction.atomic
def unlink_identity(*, user: User, identity_id: int, acting_user: User | None, now: dt.datetime) -> bool:
    """Take an identity from its account; return whether there was one. Only the owner or the system may.

    Raises PermissionDenied otherwise.
    """
    if acting_user is not None and acting_user.pk != user.pk:
        raise PermissionDenied(user.username)
    identity = SocialAccount.objects.filter(user=user, pk=identity_id).first()
    if identity is None:
        return False
    record_audit(
        user,
        "people.identity.unlink",
        acting_user,
        {"before": {"provider": identity.provider, "uid": identity.uid, "at": now.isoformat()}},
    )
    identity.delete()
    return True
