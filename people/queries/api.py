"""Read tokens of other systems."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from wagtail.models import APIToken

from common.clock import today
from people.models import ApiGrant, RoleGrant, User
from people.permissions import Capability, roles_with, scope_for


def find_api_grant(token: str) -> ApiGrant | None:
    """Return the grant of a token's text with token and account, ended ones too; None if there is none.

    The token is looked up by a keyed digest, so that the time this takes says nothing about its text. One
    query, none for a text that cannot be a token.
    """
    if not APIToken.validate_token_format(token):
        return None
    return (
        ApiGrant.objects.select_related("token__user", "landing_unit", "landing_post")
        .filter(token__key_hash__in=APIToken.candidate_key_hashes(token))
        .first()
    )


def api_accounts_for(user: User, on: dt.date) -> QuerySet[User]:
    """Return the accounts for which `user` may make tokens on a day (see `create_api_grant`)."""
    accounts = User.objects.filter(is_active=True)
    if user.is_active and user.is_superuser:
        return accounts.order_by("username")
    scope = scope_for(user, Capability.GRANT_ROLES, on)
    if not scope:
        return accounts.none()
    running = RoleGrant.objects.filter(user=OuterRef("pk")).filter(
        Q(ends_before=None) | Q(ends_before__gt=on)
    )
    beyond = running.exclude(scope.q("unit__path")) | running.filter(
        role__in=roles_with(Capability.GRANT_ROLES)
    )
    accounts = accounts.filter(Exists(running), ~Exists(beyond), is_superuser=False)
    return accounts.exclude(pk=user.pk).order_by("username")


def api_grants_for(user: User, on: dt.date) -> QuerySet[ApiGrant]:
    """Return the tokens `user` may see and end on a day: their own accounts' and the ones they made."""
    grants = ApiGrant.objects.select_related("token__user", "created_by", "landing_unit", "landing_post")
    if user.is_superuser:
        return grants
    if not scope_for(user, Capability.GRANT_ROLES, on):
        return grants.none()
    return grants.filter(Q(token__user__in=api_accounts_for(user, on)) | Q(created_by=user))


def get_api_grant_for(user: User, grant_id: int, on: dt.date | None = None) -> ApiGrant | None:
    """Return a token in the reach of `user` (see `api_grants_for`), else None."""
    return api_grants_for(user, on or today()).filter(pk=grant_id).first()
