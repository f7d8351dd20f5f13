"""The rows behind units and their history: places in the tree, events and placements."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils.timezone import localdate
from treebeard.exceptions import PathOverflow

from common.rows import insert_rows
from people.actions.stays import chunks
from people.models import BEGINNING, OrgUnit, UnitEvent, UnitEventKind, UnitPlacement, User


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be made: its full name, that of the unit above (empty: none), its own name and its kind."""

    full_name: str
    above: str
    name: str
    kind: str


def lock_tree() -> None:
    """Lock the roots of the tree, so that it changes in one place at a time."""
    list(OrgUnit.objects.select_for_update().filter(depth=1).order_by("pk").values_list("pk"))


def add_units(new: Sequence[NewUnit], paths: Mapping[str, str]) -> dict[str, OrgUnit]:
    """Insert units as the last ones below theirs, in the order given, and return them by full name.

    `new` names each unit after the one above it; `paths` holds the path by full name of units there already.
    What treebeard's `add_child` does for one in five statements, for thousands in a handful. Locks: nothing;
    the caller holds the tree (`lock_tree`). Raises PathOverflow for a tree too deep or too wide.
    """
    places = dict(paths)
    last = _last_places()
    longest = OrgUnit._meta.get_field("path").max_length or 0
    made: dict[str, OrgUnit] = {}
    children: Counter[str] = Counter()
    for unit in new:
        above = places[unit.above] if unit.above else ""
        depth = len(above) // OrgUnit.steplen + 1
        last[above] = last.get(above, 0) + 1
        path = OrgUnit._get_path(above, depth, last[above])
        if len(path) > longest or len(path) != depth * OrgUnit.steplen:
            raise PathOverflow(unit.full_name)
        places[unit.full_name] = path
        children[above] += 1
        made[unit.full_name] = OrgUnit(path=path, depth=depth, name=unit.name, kind=unit.kind)
    for row in made.values():
        row.numchild = children.pop(row.path, 0)
    insert_rows(list(made.values()))
    by_count: dict[int, list[str]] = {}
    for path, count in children.items():
        by_count.setdefault(count, []).append(path)
    for count, above_new in by_count.items():
        for piece in chunks(above_new):
            OrgUnit.objects.filter(path__in=piece).update(numchild=F("numchild") + count)
    return made


def _last_places() -> dict[str, int]:
    """Return the number of the last place taken below each path; below "" that of the roots. One query."""
    step = OrgUnit.steplen
    last: dict[str, int] = {}
    for path in OrgUnit.objects.order_by("path").values_list("path", flat=True):
        above = path[:-step]
        last[above] = max(last.get(above, 0), OrgUnit._str2int(path[-step:]))
    return last


def note_event(
    unit: OrgUnit,
    kind: str,
    effective_on: dt.date,
    *,
    acting_user: User | None,
    now: dt.datetime,
    from_parent: OrgUnit | None = None,
    to_parent: OrgUnit | None = None,
    from_name: str = "",
    to_name: str = "",
    note: str = "",
) -> UnitEvent:
    """Record what happened to a unit. The caller owns the transaction and has checked permission."""
    return UnitEvent.objects.create(
        unit=unit,
        kind=kind,
        effective_on=effective_on,
        from_parent=from_parent,
        to_parent=to_parent,
        from_name=from_name,
        to_name=to_name,
        note=note,
        recorded_by=acting_user,
        recorded_at=now,
    )


def place_new(
    units: Sequence[tuple[OrgUnit, OrgUnit | None]], *, acting_user: User | None, now: dt.datetime
) -> None:
    """Record new units, each with the unit it hangs below. Two statements per thousand.

    Their first placement reaches back to the beginning: people may have been there before it was noted.
    """
    insert_rows([UnitPlacement(unit=unit, parent=parent, starts_on=BEGINNING) for unit, parent in units])
    insert_rows(
        [
            UnitEvent(
                unit=unit,
                kind=UnitEventKind.CREATED,
                effective_on=localdate(now),
                to_parent=parent,
                to_name=unit.name,
                recorded_by=acting_user,
                recorded_at=now,
            )
            for unit, parent in units
        ]
    )


def replace_placement(
    unit: OrgUnit, present: OrgUnit | None, parent: OrgUnit | None, effective_on: dt.date
) -> None:
    """End where the unit hangs and begin where it goes; a place it came to on the same day never was."""
    placement, _ = UnitPlacement.objects.get_or_create(
        unit=unit, ends_before=None, defaults={"parent": present, "starts_on": BEGINNING}
    )
    if placement.starts_on == effective_on:
        placement.parent = parent
        placement.save(update_fields=["parent"])
        return
    placement.ends_before = effective_on
    placement.save(update_fields=["ends_before"])
    UnitPlacement.objects.create(unit=unit, parent=parent, starts_on=effective_on)
