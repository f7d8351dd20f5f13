"""Read the organisation: its units with full names, head counts, leaders, legal standing and history."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from people.models import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentStatus,
    OrgUnit,
    RoleGrant,
    UnitEvent,
    User,
)
from people.permissions import Capability, Scope, scope_for
from people.queries.employees import on_day
from people.queries.trees import FIRM_OF_STAY, DayTree, path_set, primary_stays_on, tree_on, unit_span_on


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit with its full name (总厂/一车间/甲班)."""

    id: int
    path: str
    full_name: str
    code: str | None
    closed_on: dt.date | None


def unit_directory() -> dict[int, UnitEntry]:
    """Return every unit with its full name, by id, in the order of the tree. One query."""
    names: dict[str, str] = {}
    entries: dict[int, UnitEntry] = {}
    step = OrgUnit.steplen
    rows = OrgUnit.objects.order_by("path").values_list("pk", "path", "name", "code", "closed_on")
    for pk, path, name, code, closed_on in rows:
        above = names.get(path[:-step], "")
        names[path] = f"{above}/{name}" if above else name
        entries[pk] = UnitEntry(pk, path, names[path], code, closed_on)
    return entries


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads a unit. `is_vacant`: the person named has left, is away, or works elsewhere now."""

    employee: Employee
    is_vacant: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Which legal lists a unit is on. `…_from` names the unit above it has that from; empty: its own or none."""

    is_high_risk: bool = False
    high_risk_from: str = ""
    is_listed: bool = False
    listed_from: str = ""


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in the tree of a day: how deep it hung, and how many people were in it and below.

    `depth` is 0 for the topmost unit of the scope, `path` that of the day.
    """

    unit: OrgUnit
    path: str
    depth: int
    people: int
    leader: Leader | None
    standing: Standing


def unit_lines(user: User, on: dt.date) -> list[UnitLine]:
    """Return the tree of a day as far as the user may see people in it, with head counts.

    Six queries, three of them for names, leaders and legal lists; two more if a branch has moved since.
    """
    tree = tree_on(scope_for(user, Capability.VIEW_PEOPLE), on)
    units = OrgUnit.objects.select_related("leader").in_bulk([unit.id for unit in tree.units])
    counts = head_counts(tree, on)
    leaders = leaders_of(units.values(), on)
    standings = standings_of(units.values())
    top = min((unit.depth for unit in tree.units), default=1)
    return [
        UnitLine(
            unit=units[unit.id],
            path=unit.path,
            depth=unit.depth - top,
            people=counts.get(unit.path, 0),
            leader=leaders.get(unit.id),
            standing=standings[unit.id],
        )
        for unit in tree.units
    ]


def head_counts(tree: DayTree, on: dt.date) -> dict[str, int]:
    """Return how many people were in or below each unit of a day's tree, by its path that day. One query.

    A firm's people count under the unit they work in and under the firm, and once above both.
    """
    paths = {unit.id: unit.path for unit in tree.units}
    counts = dict.fromkeys(paths.values(), 0)
    rows = (
        Assignment.objects.filter(primary_stays_on(tree.span, on))
        .values_list("unit_id", FIRM_OF_STAY)
        .annotate(people=Count("employee_id"))
        .order_by()
    )
    for unit, firm, people in rows:
        for path in path_set(paths.get(unit, ""), paths.get(firm), OrgUnit.steplen) & counts.keys():
            counts[path] += people
    return counts


def people_under(unit: OrgUnit, on: dt.date) -> int:
    """Return how many people are under a unit on a day, a firm's people elsewhere included. One query."""
    return Assignment.objects.filter(primary_stays_on(unit_span_on(unit, on), on)).count()


def leaders_of(units: Iterable[OrgUnit], on: dt.date) -> dict[int, Leader]:
    """Return the leader of each unit that has one named; `units` should have `leader` loaded. One query."""
    led = [unit for unit in units if unit.leader_id]
    places: dict[int, list[str]] = {}
    stays = Assignment.objects.filter(on_day(on), employee__in={unit.leader_id for unit in led})
    for employee_id, path, firm_path in stays.values_list(
        "employee_id", "unit__path", f"{FIRM_OF_STAY}__path"
    ):
        places.setdefault(employee_id, []).extend(filter(None, (path, firm_path)))
    found: dict[int, Leader] = {}
    for unit in led:
        leader: Employee = unit.leader  # type: ignore[assignment]  # leader_id is set
        is_there = any(leads_from(unit.path, path) for path in places.get(leader.pk, ()))
        found[unit.pk] = Leader(leader, leader.status != EmploymentStatus.ACTIVE or not is_there)
    return found


def leads_from(unit_path: str, place_path: str) -> bool:
    """Tell whether somebody standing at a path can lead a unit: in it, below it, or above it."""
    return place_path.startswith(unit_path) or unit_path.startswith(place_path)


def standings_of(units: Iterable[OrgUnit]) -> dict[int, Standing]:
    """Return on which legal lists each unit is, by itself or through a unit above. One query."""
    flagged = {
        path: (name, high_risk, listed)
        for path, name, high_risk, listed in OrgUnit.objects.filter(
            Q(is_high_risk_for_hours=True) | Q(is_listed_sector=True)
        ).values_list("path", "name", "is_high_risk_for_hours", "is_listed_sector")
    }
    return {unit.pk: _standing(unit, flagged) for unit in units}


def _standing(unit: OrgUnit, flagged: Mapping[str, tuple[str, bool, bool]]) -> Standing:
    found: list[tuple[bool, str]] = []
    for position, own in ((1, unit.is_high_risk_for_hours), (2, unit.is_listed_sector)):
        above = (
            flagged[unit.path[:length]]
            for length in range(len(unit.path) - unit.steplen, 0, -unit.steplen)
            if unit.path[:length] in flagged
        )
        name = "" if own else next((entry[0] for entry in above if entry[position]), "")
        found.append((own or bool(name), name))
    (is_high_risk, high_risk_from), (is_listed, listed_from) = found
    return Standing(is_high_risk, high_risk_from, is_listed, listed_from)


def get_unit_for(user: User, unit_id: int, capability: Capability) -> OrgUnit:
    """Return a unit in the scope of a capability; raises OrgUnit.DoesNotExist otherwise."""
    units = OrgUnit.objects.filter(scope_for(user, capability).q("path")).select_related("leader")
    unit: OrgUnit = units.get(pk=unit_id)
    return unit


def unit_events(unit: OrgUnit) -> list[UnitEvent]:
    """Return what happened to a unit, newest first. One query."""
    events = UnitEvent.objects.filter(unit=unit).select_related("from_parent", "to_parent", "recorded_by")
    return list(events.order_by("-effective_on", "-recorded_at"))


def full_name_of(unit: OrgUnit) -> str:
    """Return the names from the root down to a unit, as in 总厂/一车间/甲班. One query."""
    paths = [unit.path[:length] for length in range(unit.steplen, len(unit.path) + 1, unit.steplen)]
    return "/".join(OrgUnit.objects.filter(path__in=paths).order_by("path").values_list("name", flat=True))


def units_in(scope: Scope, *, open_only: bool = True) -> list[tuple[int, str]]:
    """Return the id and full name of the units of a scope, in the order of the tree. One query."""
    return [
        (entry.id, entry.full_name)
        for entry in unit_directory().values()
        if scope.includes_path(entry.path) and not (open_only and entry.closed_on)
    ]


@dataclass(frozen=True, slots=True)
class MoveEffect:
    """What a move takes along, and for how many accounts sight of the branch begins or ends."""

    people: int
    units: int
    losing: int
    gaining: int


def move_effect(unit: OrgUnit, parent: OrgUnit | None, on: dt.date) -> MoveEffect:
    """Return what hangs on a move of `unit` below `parent` (None: to the top) on a day. Four queries."""
    before, after = (
        _paths_above(unit.path),
        _paths_above((parent.path if parent else "") + "0" * unit.steplen),
    )
    holders: dict[int, set[str]] = {}
    grants = RoleGrant.objects.filter(on_day(on), unit__path__in=before | after, user__is_active=True)
    for user_id, path in grants.values_list("user_id", "unit__path"):
        holders.setdefault(user_id, set()).add(path)
    own = set(
        RoleGrant.objects.filter(on_day(on), unit=unit, user__is_active=True).values_list(
            "user_id", flat=True
        )
    )
    seeing_before = {user for user, paths in holders.items() if paths & before} | own
    seeing_after = {user for user, paths in holders.items() if paths & after} | own
    return MoveEffect(
        people=Assignment.objects.filter(
            on_day(on), unit__path__startswith=unit.path, kind=AssignmentKind.PRIMARY
        ).count(),
        units=OrgUnit.objects.filter(path__startswith=unit.path, closed_on=None).count(),
        losing=len(seeing_before - seeing_after),
        gaining=len(seeing_after - seeing_before),
    )


def _paths_above(path: str) -> set[str]:
    step = OrgUnit.steplen
    return {path[:length] for length in range(step, len(path), step)}
