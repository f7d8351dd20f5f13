"""Add, rename, move, close and open again the units of the organisation, and name their leaders.

Every change locks the roots of the tree first, as imports do, so that the tree changes in one place at a time.
What a change says of a day holds from that day on; a day to come is refused, because nothing would carry the
change out by then.
"""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from people.actions.unit_rows import lock_tree, note_event, place_new, replace_placement
from people.audit import record_audit
from people.errors import UnitRefused
from people.lineage import Hanging, day_of_cycle, tree_of_paths
from people.models import Employee, OrgUnit, UnitEvent, UnitEventKind, UnitKind, UnitPlacement, User
from people.permissions import Capability, Scope, scope_for
from people.queries import MoveEffect, leaders_of, move_effect
from people.queries.unit_checks import closing_obstacles
from people.signals import UnitsChanged, units_changed

_FIELDS = ["name", "code", "kind", "is_high_risk_for_hours", "is_listed_sector"]


@dataclass(frozen=True, slots=True)
class MovePlan:
    """A move that may go ahead, and what hangs on it."""

    unit: OrgUnit
    parent: OrgUnit | None
    effective_on: dt.date
    effect: MoveEffect


@transaction.atomic
def add_unit(
    *,
    name: str,
    parent: OrgUnit | None,
    kind: str = UnitKind.TEAM,
    code: str | None = None,
    is_high_risk_for_hours: bool = False,
    is_listed_sector: bool = False,
    acting_user: User | None,
    now: dt.datetime,
) -> OrgUnit:
    """Add a unit below `parent` (None: at the top) and return it.

    Raises UnitRefused for a name taken there, a code taken anywhere or a closed parent; PermissionDenied unless
    the parent lies in scope.
    """
    lock_tree()
    parent = OrgUnit.objects.get(pk=parent.pk) if parent else None
    _require(_scope(acting_user), parent)
    _refuse_closed_parent(parent)
    _refuse_twin(name, parent)
    _refuse_code(code)
    values = {
        "name": name,
        "code": code or None,
        "kind": kind,
        "is_high_risk_for_hours": is_high_risk_for_hours,
        "is_listed_sector": is_listed_sector,
    }
    unit: OrgUnit = parent.add_child(**values) if parent else OrgUnit.add_root(**values)
    place_new([(unit, parent)], acting_user=acting_user, now=now)
    record_audit(unit, "people.unit.create", acting_user, {"after": {"name": name}, "at": now.isoformat()})
    return unit


@transaction.atomic
def save_unit(*, unit: OrgUnit, acting_user: User | None, now: dt.datetime) -> OrgUnit:
    """Save the name, code, kind and legal standing of a unit; its place in the tree stays.

    Raises UnitRefused for a name taken among its siblings, PermissionDenied outside the scope of `acting_user`
    (None: the system).
    """
    lock_tree()
    before = OrgUnit.objects.get(pk=unit.pk)
    if not _scope(acting_user).includes(before):
        raise PermissionDenied(before.name)
    if unit.name != before.name:
        _refuse_twin(unit.name, before.get_parent(), unit=before)
    _refuse_code(unit.code, unit=before)
    changed = {name: [getattr(before, name), getattr(unit, name)] for name in _FIELDS
               if getattr(before, name) != getattr(unit, name)}  # fmt: skip
    if not changed:
        return unit
    unit.save(update_fields=_FIELDS)
    if "name" in changed:
        note_event(
            before, UnitEventKind.RENAMED, localdate(now), acting_user=acting_user, now=now,
            from_name=before.name, to_name=unit.name,
        )  # fmt: skip
    record_audit(
        unit,
        "people.unit.save",
        acting_user,
        {
            "before": {name: values[0] for name, values in changed.items()},
            "after": {name: values[1] for name, values in changed.items()},
            "at": now.isoformat(),
        },
    )
    if changed.keys() & {"is_high_risk_for_hours", "is_listed_sector"}:
        _tell("standing", unit, localdate(now), now)
    return unit


def plan_move(
    *,
    unit: OrgUnit,
    parent: OrgUnit | None,
    effective_on: dt.date,
    acting_user: User | None,
    on: dt.date,
) -> MovePlan:
    """Return what moving `unit` below `parent` (None: to the top) would do, without doing it.

    `on` is today. Raises UnitRefused for a day to come or before the unit came to its present place, the same
    place, a place at or below the unit itself then or later, a closed unit, or a name taken there;
    PermissionDenied unless both ends, the present parent and the new one, lie in scope.
    """
    scope = _scope(acting_user)
    present = unit.get_parent(update=True)
    _require(scope, present)
    _require(scope, parent)
    names = {"unit": unit.name, "parent": parent.name if parent else _("最上级")}
    _refuse_future(unit, effective_on, on)
    if unit.closed_on:
        raise UnitRefused(_("“%(unit)s”已撤销，不能再调整上级。要用它请先恢复。") % names)
    if (present.pk if present else None) == (parent.pk if parent else None):
        raise UnitRefused(_("“%(unit)s”现在就在“%(parent)s”下面，不用调整。") % names)
    _refuse_closed_parent(parent)
    since = UnitPlacement.objects.filter(unit=unit, ends_before=None).values_list("starts_on", flat=True)
    if since and effective_on < since[0]:
        raise UnitRefused(
            _("“%(unit)s”从 %(day)s 起才挂在现在的上级，生效日期不能早于这一天。")
            % {**names, "day": since[0].isoformat()}
        )
    _refuse_cycle(unit, parent, effective_on, names)
    _refuse_twin(unit.name, parent, unit=unit)
    return MovePlan(unit, parent, effective_on, move_effect(unit, parent, on))


@transaction.atomic
def move_unit(
    *,
    unit: OrgUnit,
    parent: OrgUnit | None,
    effective_on: dt.date,
    note: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> UnitEvent:
    """Move a unit with all below it below `parent` (None: to the top) from a day on; return the event.

    Questions about days before `effective_on` still find it in its old place. Raises what `plan_move` raises.
    """
    lock_tree()
    unit = OrgUnit.objects.get(pk=unit.pk)
    parent = OrgUnit.objects.get(pk=parent.pk) if parent else None
    plan_move(unit=unit, parent=parent, effective_on=effective_on, acting_user=acting_user, on=localdate(now))
    present = unit.get_parent()
    _note_change(unit.path, parent, effective_on)
    replace_placement(unit, present, parent, effective_on)
    if parent is None:
        unit.move(OrgUnit.get_last_root_node(), "last-sibling")
    else:
        unit.move(parent, "last-child")
    unit.refresh_from_db()
    event = note_event(
        unit, UnitEventKind.MOVED, effective_on, acting_user=acting_user, now=now,
        from_parent=present, to_parent=parent, note=note,
    )  # fmt: skip
    record_audit(
        unit,
        "people.unit.move",
        acting_user,
        {
            "before": {"parent": present.name if present else None},
            "after": {"parent": parent.name if parent else None},
            "effective_on": effective_on.isoformat(),
            "at": now.isoformat(),
        },
    )
    _tell(UnitEventKind.MOVED, unit, effective_on, now)
    return event


@transaction.atomic
def close_unit(
    *, unit: OrgUnit, closed_on: dt.date, note: str = "", acting_user: User | None, now: dt.datetime
) -> UnitEvent | None:
    """Close a unit from a day on; None if it is closed already.

    Raises UnitRefused for a day to come, and while anybody or anything still depends on the unit, naming all of
    it; PermissionDenied outside the scope.
    """
    lock_tree()
    unit = OrgUnit.objects.get(pk=unit.pk)
    if not _scope(acting_user).includes(unit):
        raise PermissionDenied(unit.name)
    if unit.closed_on:
        return None
    _refuse_future(unit, closed_on, localdate(now))
    obstacles = closing_obstacles(unit, closed_on)
    if obstacles:
        raise UnitRefused(_("“%(unit)s”还不能撤销：") % {"unit": unit.name} + "；".join(obstacles) + "。")
    unit.closed_on = closed_on
    unit.save(update_fields=["closed_on"])
    event = note_event(unit, UnitEventKind.CLOSED, closed_on, acting_user=acting_user, now=now, note=note)
    record_audit(unit, "people.unit.close", acting_user, {"closed_on": closed_on.isoformat()})
    _tell(UnitEventKind.CLOSED, unit, closed_on, now)
    return event


@transaction.atomic
def reopen_unit(
    *, unit: OrgUnit, note: str = "", acting_user: User | None, now: dt.datetime
) -> UnitEvent | None:
    """Open a closed unit again from today on; None if it is open.

    Raises UnitRefused below a closed unit, PermissionDenied outside the scope.
    """
    lock_tree()
    unit = OrgUnit.objects.get(pk=unit.pk)
    if not _scope(acting_user).includes(unit):
        raise PermissionDenied(unit.name)
    if not unit.closed_on:
        return None
    parent = unit.get_parent()
    _refuse_closed_parent(parent)
    _refuse_twin(unit.name, parent, unit=unit)
    unit.closed_on = None
    unit.save(update_fields=["closed_on"])
    today = localdate(now)
    event = note_event(unit, UnitEventKind.REOPENED, today, acting_user=acting_user, now=now, note=note)
    record_audit(unit, "people.unit.reopen", acting_user, {"at": now.isoformat()})
    _tell(UnitEventKind.REOPENED, unit, today, now)
    return event


@transaction.atomic
def set_leader(*, unit: OrgUnit, leader: Employee | None, acting_user: User | None, now: dt.datetime) -> None:
    """Name the leader of a unit, or nobody. A leader who leaves or moves away is shown as vacant by itself.

    Raises UnitRefused unless the person works in the unit, below it or above it; PermissionDenied outside the
    scope.
    """
    unit = OrgUnit.objects.select_for_update().get(pk=unit.pk)
    if not _scope(acting_user).includes(unit):
        raise PermissionDenied(unit.name)
    if unit.leader_id == (leader.pk if leader else None):
        return
    before, unit.leader = unit.leader, leader
    if leader is not None and leaders_of([unit], localdate(now))[unit.pk].is_vacant:
        raise UnitRefused(
            _("%(name)s 现在不在“%(unit)s”及其上下级任职，不能当负责人：请先办理转岗，或另选一人。")
            % {"name": str(leader), "unit": unit.name}
        )
    unit.save(update_fields=["leader"])
    record_audit(
        unit,
        "people.unit.leader",
        acting_user,
        {
            "before": {"leader": before.employee_no if before else None},
            "after": {"leader": leader.employee_no if leader else None},
            "at": now.isoformat(),
        },
    )


def _scope(acting_user: User | None) -> Scope:
    return scope_for(acting_user, Capability.MANAGE_ORGANISATION) if acting_user else Scope(everything=True)


def _require(scope: Scope, place: OrgUnit | None) -> None:
    """Refuse a place outside the scope; the top belongs to those who manage everything."""
    if not scope.everything and (place is None or not scope.includes(place)):
        raise PermissionDenied(place.name if place else "")


def _refuse_future(unit: OrgUnit, day: dt.date, today: dt.date) -> None:
    if day > today:
        raise UnitRefused(
            _("“%(unit)s”的生效日期 %(day)s 还没有到：请在当天登记。")
            % {"unit": unit.name, "day": day.isoformat()}
        )


def _refuse_closed_parent(parent: OrgUnit | None) -> None:
    if parent is None:
        return
    closed = [above for above in (*parent.get_ancestors(), parent) if above.closed_on]
    if closed:
        raise UnitRefused(_("“%(parent)s”已撤销：请另选上级，或先恢复它。") % {"parent": closed[0].name})


def _refuse_twin(name: str, parent: OrgUnit | None, unit: OrgUnit | None = None) -> None:
    siblings = parent.get_children() if parent else OrgUnit.get_root_nodes()
    twin = siblings.filter(name=name).exclude(pk=unit.pk if unit else None).first()
    if twin is None:
        return
    names = {"name": name, "parent": parent.name if parent else _("最上级")}
    if twin.closed_on:
        # Lists name units by their full names: a closed and an open unit of one name could not be told apart.
        raise UnitRefused(
            _("“%(parent)s”下已有撤销了的“%(name)s”：请恢复它，或先给它改名（例如加上年份）。") % names
        )
    raise UnitRefused(_("“%(parent)s”下已有“%(name)s”：请换一个名称，或先给原有的改名。") % names)


def _refuse_code(code: str | None, unit: OrgUnit | None = None) -> None:
    holder = OrgUnit.objects.filter(code=code).exclude(pk=unit.pk if unit else None).first() if code else None
    if holder is not None:
        raise UnitRefused(
            _("编码 %(code)s 已是“%(holder)s”的：请换一个编码。") % {"code": code, "holder": holder.name}
        )


def _refuse_cycle(unit: OrgUnit, parent: OrgUnit | None, on: dt.date, names: dict[str, str]) -> None:
    tree = tree_of_paths(dict(OrgUnit.objects.values_list("pk", "path")), OrgUnit.steplen)
    moved = UnitPlacement.objects.filter(Q(ends_before__gt=on) | Q(starts_on__gt=on))
    history = [Hanging(*row) for row in moved.values_list("unit_id", "parent_id", "starts_on", "ends_before")]
    day = day_of_cycle(tree, history, unit.pk, parent.pk if parent else None, on)
    if day is not None:
        raise UnitRefused(
            _("“%(parent)s”在 %(day)s 是“%(unit)s”自己或它的下级：请选别的上级或日期。")
            % {**names, "day": day.isoformat()}
        )


def _note_change(path: str, parent: OrgUnit | None, effective_on: dt.date) -> None:
    """Note the day with every unit that a branch leaves or comes below; a later day noted before stays."""
    step = OrgUnit.steplen
    paths = {path[:length] for length in range(step, len(path), step)}
    if parent is not None:
        paths |= {parent.path[:length] for length in range(step, len(parent.path) + 1, step)}
    OrgUnit.objects.filter(path__in=paths).filter(
        Q(subtree_changed_on=None) | Q(subtree_changed_on__lt=effective_on)
    ).update(subtree_changed_on=effective_on)


def _tell(kind: str, unit: OrgUnit, on: dt.date, now: dt.datetime) -> None:
    units_changed.send(
        sender=OrgUnit,
        event=UnitsChanged(kind=str(kind), unit_ids=(unit.pk,), effective_on=on, recorded_at=now),
    )
