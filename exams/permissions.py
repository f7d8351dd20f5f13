"""Who may edit banks and exams, and whose attempts a person may read.

A bank belongs to a unit; whoever may manage exams over that unit edits it. A bank without an owner is
everybody's, so only a scope that holds a whole tree reaches it.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils.translation import gettext as _

from people.models import OrgUnit, User
from people.permissions import Capability, Scope, allows, scope_for


def _holds_a_whole_tree(scope: Scope) -> bool:
    return scope.everything or any(len(path) == OrgUnit.steplen for path in scope.paths)


def owner_condition(user: User | AnonymousUser, owner: str) -> Q:
    """Return the condition that the bank's owner at lookup `owner` (e.g. `bank__owner`) is in reach."""
    scope = scope_for(user, Capability.MANAGE_EXAMS)
    condition = scope.q(f"{owner}__path")
    return condition | Q(**{f"{owner}__isnull": True}) if _holds_a_whole_tree(scope) else condition


def is_examiner(user: User | AnonymousUser) -> bool:
    """Tell whether a user manages exams anywhere at all."""
    return allows(user, Capability.MANAGE_EXAMS)


def can_manage_exams(user: User | None, owner: OrgUnit | None) -> bool:
    """Tell whether a user may edit the banks and exams of `owner`. None is the system itself, which may."""
    if user is None:
        return True
    scope = scope_for(user, Capability.MANAGE_EXAMS)
    return scope.includes(owner) if owner is not None else _holds_a_whole_tree(scope)


def require_manage_exams(user: User | None, owner: OrgUnit | None) -> None:
    """Raise PermissionDenied unless the user may edit the banks and exams of `owner`."""
    if not can_manage_exams(user, owner):
        raise PermissionDenied(_("你没有管理这个题库的权限。需要时请联系系统管理员授予考务员角色。"))


def require_examiner(user: User | None) -> None:
    """Raise PermissionDenied unless the user manages exams somewhere (topics are shared by all)."""
    if user is not None and not is_examiner(user):
        raise PermissionDenied(_("你没有管理题库的权限。需要时请联系系统管理员授予考务员角色。"))
