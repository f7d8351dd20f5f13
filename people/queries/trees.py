"""The tree as it hung on a day, and who counts under a unit of it. The one way to ask what lay below what.

A person counts under the unit of the stay and under the firm that employs them (a contractor, a dispatch firm).
Days on or after the last change cost nothing beyond the present tree: each unit knows the last day on which a
branch came or went below it (`OrgUnit.subtree_changed_on`). An earlier day costs two statements more.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max, Q

from common.clock import today
from people.lineage import Hanging, below, paths_of, put_back, spans, tree_of_paths
from people.models import AssignmentKind, OrgUnit, UnitPlacement
from people.permissions import Scope

# Where a stay keeps the firm whose person it is, and where a person does. Nothing else may know it.
FIRM_OF_STAY = "employer"
FIRM_OF_PERSON = "employer"
_FACTS = ("id", "path", "name", "kind", "subtree_changed_on")


@dataclass(frozen=True, slots=True)
class UnitOnDay:
    """A unit with the path and depth it had on a day; name and kind are those of today."""

    id: int
    path: str
    depth: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Span:
    """Which units are meant, as a condition on today's paths: all of them, subtrees, or runs of paths."""

    everything: bool = False
    subtrees: tuple[str, ...] = ()
    runs: tuple[tuple[str, str], ...] = ()

    def q(self, unit_lookup: str = "") -> Q:
        """Return the condition that the unit at `unit_lookup` (e.g. `unit`; empty: the unit itself) is meant."""
        if self.everything:
            return Q()
        path = f"{unit_lookup}__path" if unit_lookup else "path"
        condition = Q(pk__in=())
        for start in self.subtrees:
            condition |= Q(**{f"{path}__startswith": start})
        for first, last in self.runs:
            condition |= Q(**{f"{path}__gte": first, f"{path}__lte": last})
        return condition


@dataclass(frozen=True, slots=True)
class DayTree:
    """The part of the tree of a day that lies in a scope: its units in order, and the condition for them."""

    units: tuple[UnitOnDay, ...]
    span: Span


def unit_scope(unit: OrgUnit) -> Scope:
    """Return the scope of one unit and everything below it."""
    return Scope(paths=(unit.path,))


def tree_on(scope: Scope, on: dt.date) -> DayTree:
    """Return the units that lay in a scope on a day. One query, three if a branch has moved since.

    A scope names units by where they hang today; on an earlier day it reaches what lay below those units then.
    """
    rows = list(OrgUnit.objects.filter(scope.q("path")).order_by("path").values_list(*_FACTS))
    if not _has_changed((row[4] for row in rows), on):
        return DayTree(
            tuple(UnitOnDay(pk, path, _depth(path), name, kind) for pk, path, name, kind, _ in rows),
            _present_span(scope),
        )
    if not scope.everything:
        rows = list(OrgUnit.objects.order_by("path").values_list(*_FACTS))
    return _past_tree(rows, scope, on)


def span_on(scope: Scope, on: dt.date, changed_on: dt.date | None = None) -> Span:
    """Return which units lay in a scope on a day.

    No query for everything, or for today and later days; else one, and two more if a branch has moved since.
    `changed_on` saves the first where the caller holds the scope's one unit: its `subtree_changed_on`.
    """
    if scope.everything or not scope.paths or on >= today():
        return _present_span(scope)
    if changed_on is None:
        roots = OrgUnit.objects.filter(path__in=scope.paths)
        changed_on = roots.aggregate(last=Max("subtree_changed_on"))["last"]
    if not _has_changed([changed_on], on):
        return _present_span(scope)
    rows = list(OrgUnit.objects.order_by("path").values_list(*_FACTS))
    return _past_tree(rows, scope, on).span


def unit_span_on(unit: OrgUnit, on: dt.date) -> Span:
    """Return which units lay at or below one unit on a day. No query unless a branch has moved there since."""
    if not _has_changed([unit.subtree_changed_on], on):
        return _present_span(unit_scope(unit))
    return span_on(unit_scope(unit), on, unit.subtree_changed_on)


def counts_under(span: Span, prefix: str = "") -> Q:
    """Return the condition that a stay counts under these units: by its unit, or by the firm of its person."""
    if span.everything:
        return Q()
    return span.q(f"{prefix}unit") | span.q(f"{prefix}{FIRM_OF_STAY}")


def primary_stays_on(span: Span, on: dt.date, prefix: str = "") -> Q:
    """Return the condition for the primary stays on a day that count under these units.

    `prefix` leads from the model asked to the stay, e.g. `employee__assignments__`.
    """
    return (
        Q(**{f"{prefix}kind": AssignmentKind.PRIMARY, f"{prefix}starts_on__lte": on})
        & (Q(**{f"{prefix}ends_before__isnull": True}) | Q(**{f"{prefix}ends_before__gt": on}))
        & counts_under(span, prefix)
    )


def path_set(path: str, firm_path: str | None, steplen: int) -> set[str]:
    """Return the paths of every unit under which a person counts, each once though two ways lead to it."""
    return {
        whole[:length]
        for whole in (path, firm_path or "")
        for length in range(steplen, len(whole) + 1, steplen)
    }


def placements_on(on: dt.date) -> list[Hanging]:
    """Return where the units hung on a day that have moved since. One query."""
    rows = UnitPlacement.objects.filter(starts_on__lte=on, ends_before__gt=on)
    return [Hanging(*row) for row in rows.values_list("unit_id", "parent_id", "starts_on", "ends_before")]


def _has_changed(days: Iterable[dt.date | None], on: dt.date) -> bool:
    return any(day is not None and day > on for day in days)


def _present_span(scope: Scope) -> Span:
    return Span(scope.everything, scope.paths)


def _depth(path: str) -> int:
    return len(path) // OrgUnit.steplen


def _past_tree(
    rows: Sequence[tuple[int, str, str, str, dt.date | None]], scope: Scope, on: dt.date
) -> DayTree:
    """Return the tree of an earlier day; `rows` are all units. One query."""
    now_paths = {row[0]: row[1] for row in rows}
    tree = put_back(tree_of_paths(now_paths, OrgUnit.steplen), placements_on(on), on)
    paths = paths_of(tree, now_paths, OrgUnit.steplen)
    if scope.everything:
        inside = set(paths)
    else:
        inside = below(tree, [row[0] for row in rows if row[1] in scope.paths])
    units = sorted(
        (
            UnitOnDay(pk, paths[pk], _depth(paths[pk]), name, kind)
            for pk, _, name, kind, _ in rows
            if pk in inside
        ),
        key=lambda unit: unit.path,
    )
    if scope.everything:
        return DayTree(tuple(units), Span(everything=True))
    runs = spans([row[1] for row in rows], {now_paths[pk] for pk in inside})
    return DayTree(tuple(units), Span(runs=tuple(runs)))
