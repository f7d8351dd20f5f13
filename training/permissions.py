"""Who may open which page of the training room. What they see there is limited by their scope."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from people.models import OrgUnit, User
from people.permissions import Capability, Scope, scope_for


def may(user: User | AnonymousUser, capability: Capability) -> bool:
    """Tell whether `user` has `capability` anywhere today."""
    return bool(scope_for(user, capability))


# Who may ask that training be put off, waived or recognised; another one, who manages training, decides.
ASKS_DISPENSATIONS = (Capability.MANAGE_TRAINING, Capability.MANAGE_PEOPLE)


def may_ask_dispensations(user: User | AnonymousUser) -> bool:
    """Tell whether `user` may ask for dispensations anywhere today."""
    return any(may(user, capability) for capability in ASKS_DISPENSATIONS)


def require_scope(user: User | AnonymousUser, capability: Capability) -> Scope:
    """Return where `user` has `capability`; raise PermissionDenied if nowhere."""
    scope = scope_for(user, capability)
    if not scope:
        raise PermissionDenied
    return scope


def get_unit_for(scope: Scope, pk: int) -> OrgUnit:
    """Return a unit inside a scope; raise OrgUnit.DoesNotExist otherwise, whether or not there is one."""
    unit: OrgUnit = OrgUnit.objects.filter(scope.q("path")).get(pk=pk)
    return unit
