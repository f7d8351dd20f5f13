"""Who may see, write and review questions, and who may edit banks and exams.

A bank belongs to a unit; whoever has the capability over that unit reaches it. A bank without an owner is
everybody's, so only a scope that holds a whole tree reaches it.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils.translation import gettext as _

from exams.models import Sitting
from people.models import OrgUnit, User
from people.permissions import Capability, Scope, allows, scope_for
from people.queries import employees_for


def _holds_a_whole_tree(scope: Scope) -> bool:
    return scope.everything or any(len(path) == OrgUnit.steplen for path in scope.paths)


def owner_condition(user: User | AnonymousUser, owner: str, capability: Capability) -> Q:
    """Return the condition that the bank's owner at lookup `owner` (e.g. `bank__owner`) is in reach."""
    scope = scope_for(user, capability)
    condition = scope.q(f"{owner}__path")
    if scope.everything:
        # An empty condition joined by "or" with another would leave only the other.
        return condition
    return condition | Q(**{f"{owner}__isnull": True}) if _holds_a_whole_tree(scope) else condition


def reaches_bank(user: User | None, owner: OrgUnit | None, capability: Capability) -> bool:
    """Tell whether a user has `capability` over the banks of `owner`. None is the system itself, which has."""
    if user is None:
        return True
    scope = scope_for(user, capability)
    return scope.includes(owner) if owner is not None else _holds_a_whole_tree(scope)


def require_over_bank(user: User | None, owner: OrgUnit | None, capability: Capability) -> None:
    """Raise PermissionDenied unless the user has `capability` over the banks of `owner`."""
    if not reaches_bank(user, owner, capability):
        raise PermissionDenied(_("你没有管理这个题库的权限。需要时请联系系统管理员授予考务员角色。"))


def require_marker(user: User | None, employee_id: int) -> None:
    """Raise PermissionDenied unless the user marks the answers of this employee, who is somebody else."""
    if user is None:
        return
    others = employees_for(user, Capability.MARK_ATTEMPTS).exclude(user_id=user.pk)
    if not others.filter(pk=employee_id).exists():
        raise PermissionDenied(_("你没有给这份答卷评分的权限。需要时请联系系统管理员授予阅卷人角色。"))


def require_writer(user: User | None) -> None:
    """Raise PermissionDenied unless the user writes questions somewhere (topics are shared by all)."""
    if user is not None and not allows(user, Capability.WRITE_QUESTIONS):
        raise PermissionDenied(_("你没有管理题库的权限。需要时请联系系统管理员授予考务员角色。"))


def may_invigilate(user: User | AnonymousUser, sitting: Sitting) -> bool:
    """Tell whether the user runs this sitting: over its unit, or named as its invigilator."""
    if allows(user, Capability.INVIGILATE, sitting.unit):
        return True
    if not isinstance(user, User) or not allows(user, Capability.INVIGILATE):
        return False
    return sitting.invigilators.filter(pk=user.pk).exists()


def require_invigilator(user: User | None, sitting: Sitting) -> None:
    """Raise PermissionDenied unless the user runs this sitting: over its unit, or named as its invigilator."""
    if user is not None and not may_invigilate(user, sitting):
        raise PermissionDenied(_("你没有这个考试场次的监考权限。需要时请让排场次的人把你列为监考人。"))
