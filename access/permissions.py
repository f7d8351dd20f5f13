"""Who may look after gates, addresses, places and badges, and where."""

import datetime as dt

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from people.models import User
from people.permissions import Capability, Scope, scope_for

# Safety officers answer for who passes, administrators for devices.
GATE_CAPABILITIES = (Capability.MANAGE_TRAINING, Capability.GRANT_ROLES)
# Badges are handed out where people are looked after.
BADGE_CAPABILITIES = (Capability.MANAGE_PEOPLE, Capability.MANAGE_TRAINING)


def joint_scope(
    user: User | AnonymousUser, capabilities: tuple[Capability, ...], on: dt.date | None = None
) -> Scope:
    """Return where `user` has any of these capabilities. One query for each."""
    scopes = [scope_for(user, capability, on) for capability in capabilities]
    return Scope(
        everything=any(scope.everything for scope in scopes),
        paths=tuple(sorted({path for scope in scopes for path in scope.paths})),
    )


def gate_scope(user: User | AnonymousUser) -> Scope:
    """Return where `user` may look after gates, places and addresses; raise PermissionDenied if nowhere."""
    scope = joint_scope(user, GATE_CAPABILITIES)
    if not scope:
        raise PermissionDenied
    return scope


def badge_scope(user: User | AnonymousUser) -> Scope:
    """Return where `user` may hand out badges; raise PermissionDenied if nowhere."""
    scope = joint_scope(user, BADGE_CAPABILITIES)
    if not scope:
        raise PermissionDenied
    return scope
