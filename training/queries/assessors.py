"""Who may record training and judge it, as far as roles, posts and units say: whom a component asks for, and who lacks.

The same conditions as `training.actions.checks` sets when a check is recorded, read once for many people.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from people.models import Assignment, AssignmentKind, Employee, OrgUnit, RoleGrant
from people.permissions import Capability, roles_with, running_on
from people.queries import on_day
from training.models import HELD_KINDS, Assessor, Component, ComponentKind

WITH_RECORDER = (*HELD_KINDS, ComponentKind.PRACTICAL)
FEW_PEOPLE = 500  # named in the statement; for more it costs less to read where everybody stands


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The paths through which somebody may be trained (own unit, host, firm), and that of the own unit alone."""

    own: str
    reached_through: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorders:
    """Everybody who may record training on a day."""

    roots: Mapping[int, tuple[str, ...]]  # by account: the units over which it may
    names: Mapping[int, str]  # by account
    with_employee: frozenset[int] = frozenset()
    safety_managers: frozenset[int] = frozenset()
    leads: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # by account: the units it leads
    _found: dict[tuple[str, Whereabouts], frozenset[int]] = field(default_factory=dict, repr=False)

    def is_there_for(self, part: Component, where: Whereabouts, own_account: int | None) -> bool:
        """Tell whether somebody may record this component for a person who stands there."""
        return bool(self._able(part, where, own_account))

    def nearest(self, part: Component, where: Whereabouts, own_account: int | None) -> tuple[str, ...]:
        """Return the names of those who may record this component for a person who stands there, nearest first."""
        able = self._able(part, where, own_account)
        order = sorted(able, key=lambda account: (-self._nearness(account, where), self.names[account]))
        return tuple(dict.fromkeys(self.names[account] for account in order))

    def _able(self, part: Component, where: Whereabouts, own_account: int | None) -> frozenset[int]:
        """Return the accounts that may record a component for a person; nobody judges the own work."""
        asked = assessor_of(part)
        key = asked or "", where
        if key not in self._found:
            self._found[key] = frozenset(
                account
                for account in self.roots
                if self._nearness(account, where) and self._is(asked, account, where)
            )
        able = self._found[key]
        if part.kind == ComponentKind.PRACTICAL and own_account is not None:
            able -= {own_account}
        return able

    def _nearness(self, account: int, where: Whereabouts) -> int:
        """Return how deep in the tree the nearest unit stands over which somebody may, 0 for none."""
        return max(
            (
                len(root)
                for root in self.roots[account]
                if any(path.startswith(root) for path in where.reached_through)
            ),
            default=0,
        )

    def _is(self, asked: str | None, account: int, where: Whereabouts) -> bool:
        match asked:
            case Assessor.MENTOR:
                return account in self.with_employee
            case Assessor.SAFETY_MANAGER:
                return account in self.safety_managers
            case Assessor.UNIT_LEADER:
                return any(where.own.startswith(led) for led in self.leads.get(account, ()))
        return True


def assessor_of(part: Component) -> str | None:
    """Return whom a practical check asks for; None for what anybody records who may record training."""
    if part.kind != ComponentKind.PRACTICAL or part.stage is None:
        return None
    return part.stage.assessor or None


def recorders_on(on: dt.date) -> Recorders:
    """Return who may record training on a day. Three queries."""
    grants = RoleGrant.objects.filter(
        running_on(on), role__in=roles_with(Capability.RECORD_TRAINING), user__is_active=True
    ).values_list("user_id", "user__name", "user__employee__pk", "unit__path")
    roots: dict[int, list[str]] = defaultdict(list)
    names: dict[int, str] = {}
    account_of: dict[int, int] = {}
    for account, name, employee_id, path in grants:
        roots[account].append(path)
        names[account] = name
        if employee_id is not None:
            account_of[employee_id] = account
    managers = Assignment.objects.filter(
        on_day(on), kind=AssignmentKind.PRIMARY, post__is_safety_manager=True, employee__in=account_of
    ).values_list("employee_id", flat=True)
    leads: dict[int, list[str]] = defaultdict(list)
    for leader_id, path in OrgUnit.objects.filter(leader__in=account_of).values_list("leader_id", "path"):
        leads[account_of[leader_id]].append(path)
    return Recorders(
        roots={account: tuple(paths) for account, paths in roots.items()},
        names=names,
        with_employee=frozenset(account_of.values()),
        safety_managers=frozenset(account_of[pk] for pk in managers),
        leads={account: tuple(paths) for account, paths in leads.items()},
    )


def whereabouts_on(people: Mapping[int, Employee], on: dt.date) -> dict[int, Whereabouts]:
    """Return by id where those of these people stand who have a place on a day. One query.

    The people come from `employees_for`, which knows the firm of each.
    """
    own: dict[int, str] = {}
    hosts: dict[int, list[str]] = defaultdict(list)
    stays = Assignment.objects.filter(on_day(on))
    if len(people) <= FEW_PEOPLE:
        stays = stays.filter(employee__in=people)
    for pk, kind, path in stays.values_list("employee_id", "kind", "unit__path"):
        if pk not in people:
            continue
        if kind == AssignmentKind.PRIMARY:
            own[pk] = path
        else:
            hosts[pk].append(path)
    return {
        pk: Whereabouts(
            path,
            tuple(dict.fromkeys(filter(None, (path, getattr(people[pk], "firm_path", None), *hosts[pk])))),
        )
        for pk, path in own.items()
    }


@dataclass(frozen=True, slots=True)
class Led:
    """The nearest unit at or above a place that has a leader, or the place itself; and the leader's name."""

    unit_id: int
    unit: str
    leader: str = ""


def leaders_above(paths: Sequence[str]) -> dict[str, Led]:
    """Return by path who leads what stands at each of these paths, the unit itself or the nearest above. One query."""
    steplen = OrgUnit.steplen
    above = {path[:end] for path in paths for end in range(steplen, len(path) + 1, steplen)}
    units = {
        path: Led(pk, name, leader or "")
        for path, pk, name, leader in OrgUnit.objects.filter(path__in=above).values_list(
            "path", "pk", "name", "leader__name"
        )
    }
    found = {}
    for path in paths:
        chain = [units[path[:end]] for end in range(len(path), 0, -steplen) if path[:end] in units]
        led = next((unit for unit in chain if unit.leader), chain[0] if chain else None)
        if led is not None:
            found[path] = led
    return found
