"""Who may do what, and over which part of the tree.

A role gives capabilities over one unit and everything below it, for as long as the grant runs. Learners need
no role: what concerns themselves is reached through access functions. Superusers may do everything.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from common.clock import today
from people.models import OrgUnit, Role, RoleGrant, User


class Capability(StrEnum):
    """Something a role may do within its scope."""

    VIEW_PEOPLE = "view_people"
    MANAGE_PEOPLE = "manage_people"  # employment changes, imports, first sign-in slips
    UNMASK_IDENTITY = "unmask_identity"
    MANAGE_ORGANISATION = "manage_organisation"
    GRANT_ROLES = "grant_roles"
    VIEW_COVERAGE = "view_coverage"
    RECORD_TRAINING = "record_training"
    MANAGE_TRAINING = "manage_training"  # programmes, rules, waivers
    EDIT_CONTENT = "edit_content"
    MANAGE_EXAMS = "manage_exams"  # bank, papers, exams
    VIEW_RESULTS = "view_results"
    MANAGE_CERTIFICATES = "manage_certificates"
    VIEW_AUDIT = "view_audit"


_C = Capability
ROLE_CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.TEAM_LEADER: frozenset({_C.VIEW_PEOPLE, _C.VIEW_COVERAGE}),
    Role.TRAINER: frozenset({_C.VIEW_PEOPLE, _C.VIEW_COVERAGE, _C.RECORD_TRAINING, _C.VIEW_RESULTS}),
    Role.HR_OFFICER: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.MANAGE_PEOPLE,
            _C.UNMASK_IDENTITY,
            _C.MANAGE_ORGANISATION,
            _C.VIEW_COVERAGE,
            _C.VIEW_RESULTS,
        }
    ),
    Role.SAFETY_OFFICER: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.VIEW_COVERAGE,
            _C.RECORD_TRAINING,
            _C.MANAGE_TRAINING,
            _C.VIEW_RESULTS,
            _C.MANAGE_CERTIFICATES,
        }
    ),
    Role.EDITOR: frozenset({_C.EDIT_CONTENT}),
    Role.EXAMINER: frozenset({_C.MANAGE_EXAMS, _C.VIEW_RESULTS}),
    Role.AUDITOR: frozenset({_C.VIEW_PEOPLE, _C.VIEW_COVERAGE, _C.VIEW_RESULTS, _C.VIEW_AUDIT}),
    Role.ADMINISTRATOR: frozenset({_C.VIEW_PEOPLE, _C.MANAGE_ORGANISATION, _C.GRANT_ROLES, _C.VIEW_AUDIT}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the tree: everything, or the subtrees below these treebeard paths (none: nothing)."""

    everything: bool = False
    paths: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.paths)

    def includes(self, unit: OrgUnit) -> bool:
        """Tell whether `unit` lies inside."""
        return self.includes_path(unit.path)

    def includes_path(self, path: str) -> bool:
        """Tell whether the unit at this treebeard path lies inside."""
        return self.everything or any(path.startswith(start) for start in self.paths)

    def q(self, path_lookup: str) -> Q:
        """Return the condition that the treebeard path at `path_lookup` (e.g. `unit__path`) lies inside."""
        if self.everything:
            return Q()
        condition = Q(pk__in=())
        for path in self.paths:
            condition |= Q(**{f"{path_lookup}__startswith": path})
        return condition


def roles_with(capability: Capability) -> frozenset[str]:
    """Return the roles that carry `capability`."""
    return frozenset(role for role, given in ROLE_CAPABILITIES.items() if capability in given)


def scope_for(user: User | AnonymousUser, capability: Capability, on: dt.date | None = None) -> Scope:
    """Return where `user` has `capability` on a day (today, unless `on` says another). One query."""
    if not isinstance(user, User) or not user.is_active:
        return Scope()
    if user.is_superuser:
        return Scope(everything=True)
    on = on or today()
    paths = (
        RoleGrant.objects.filter(user=user, role__in=roles_with(capability), starts_on__lte=on)
        .filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on))
        .values_list("unit__path", flat=True)
        .order_by("unit__path")
    )
    kept: list[str] = []
    for path in paths:
        # Sorted, so a subtree follows the tree that holds it; one condition for both is enough.
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return Scope(paths=tuple(kept))


def scope_of(
    user: User | AnonymousUser, capability: Capability, on: dt.date | None = None
) -> QuerySet[OrgUnit]:
    """Return the units over which `user` has `capability` on a day, in the order of the tree."""
    units: QuerySet[OrgUnit] = OrgUnit.objects.filter(scope_for(user, capability, on).q("path"))
    return units.order_by("path")


def allows(
    user: User | AnonymousUser,
    capability: Capability,
    unit: OrgUnit | None = None,
    on: dt.date | None = None,
) -> bool:
    """Tell whether `user` has `capability` over `unit` on a day; without a unit, over any unit at all.

    A capability granted over a part of the tree never reaches a unit outside it. What touches the whole
    organisation must ask `scope_for(…).everything` or name the root unit.
    """
    scope = scope_for(user, capability, on)
    return bool(scope) if unit is None else scope.includes(unit)
