"""How far a push has reached, day by day and unit by unit, computed from facts: the same answer tomorrow."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from people.models import Assignment, AssignmentKind, OrgUnit
from people.permissions import Scope
from people.queries import FIRM_OF_STAY, tree_on
from training.coverage import Counts, CoverageRow, Place, UnitFacts, by_kind, roll_up, total
from training.models import CasePush, Obligation, ObligationState, PastObligation
from training.pushing import Owing, PushFacts, Standing, counts_on, sampled_days
from training.queries.coverage import LEVELS

DAYS = 31  # points of a curve at most
REACHED = 0.9  # the share from which a unit counts as reached


@dataclass(frozen=True, slots=True)
class UnitReach:
    """A unit of today's tree, its counts of today, its share on each day, and the first day it was reached.

    `above` is the name of the unit above it, empty for a topmost one: every workshop has a team A.
    """

    row: CoverageRow
    above: str
    shares: tuple[float | None, ...]
    reached_on: dt.date | None

    @property
    def is_leaf(self) -> bool:
        """Tell whether nothing lies below it: where the water must arrive."""
        return not self.row.has_children


@dataclass(frozen=True, slots=True)
class PushReach:
    """The curve of a push over a part of the tree: `days`, the counts of each, the levels and units of the last."""

    days: tuple[dt.date, ...]
    totals: tuple[Counts, ...]
    levels: tuple[tuple[str, Counts, tuple[float | None, ...]], ...]
    units: tuple[UnitReach, ...]

    @property
    def total(self) -> Counts:
        """Return the counts of the last day."""
        return self.totals[-1]

    @property
    def last_reached(self) -> tuple[UnitReach, ...]:
        """Return the lowest units that are not done, the one furthest behind first."""
        behind = [unit for unit in self.units if unit.is_leaf and unit.row.counts.done < unit.row.counts.owed]
        return tuple(sorted(behind, key=lambda unit: (unit.row.counts.fraction or 0, -unit.row.counts.owed)))


def push_facts(push: CasePush) -> PushFacts:
    """Return what was owed under a push, now and before it was put off or revived, and where these people stood.

    Three queries.
    """
    said = ("owed_from", "due_on", "state", "closed_at")
    now = Obligation.objects.filter(push=push).values_list("employee_id", *said, "stands_since")
    past = PastObligation.objects.filter(obligation__push=push).values_list(
        "obligation__employee_id", *said, "since", "until"
    )
    rows: list[tuple[Any, ...]] = [(*values, None) for values in now] + list(past)
    owings = [_owing(*row) for row in rows]
    standings: dict[int, list[Standing]] = defaultdict(list)
    people = Obligation.objects.filter(push=push).values("employee_id")
    for employee_id, unit_id, firm_id, starts_on, ends_before in Assignment.objects.filter(
        employee_id__in=people, kind=AssignmentKind.PRIMARY
    ).values_list("employee_id", "unit_id", FIRM_OF_STAY, "starts_on", "ends_before"):
        standings[employee_id].append(Standing(Place(unit_id, firm_id), starts_on, ends_before))
    return PushFacts(tuple(owings), standings)


def _owing(
    person: int,
    owed_from: dt.date,
    due_on: dt.date,
    state: str,
    closed_at: dt.datetime | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
) -> Owing:
    closed_on = timezone.localdate(closed_at) if closed_at else None
    return Owing(
        person=person,
        owed_from=owed_from,
        done_on=closed_on if state == ObligationState.DONE else None,
        cancelled_on=closed_on if state == ObligationState.CANCELLED else None,
        due_on=due_on,
        stood_from=timezone.localdate(since) if since else dt.date.min,
        stood_before=timezone.localdate(until) if until else dt.date.max,
    )


def push_reach(push: CasePush, scope: Scope, on: dt.date) -> PushReach:
    """Return how far a push had reached in a scope, from the day it was made to a day.

    Five queries; three more for each shown day before a branch last moved. Units hang where they hung each day.
    """
    facts = push_facts(push)
    days = sampled_days(timezone.localdate(push.pushed_at), on, DAYS)
    changed = OrgUnit.objects.aggregate(last=Max("subtree_changed_on"))["last"]
    present: list[UnitFacts] | None = None
    totals: list[Counts] = []
    shares: dict[int, list[float | None]] = defaultdict(list)
    by_level: dict[str, list[float | None]] = defaultdict(list)
    rows: list[CoverageRow] = []
    levels: list[tuple[str, Counts]] = []
    units: list[UnitFacts] = []
    for index, day in enumerate(days):
        units = present if present is not None else _units(scope, day)
        if changed is None or day >= changed:
            present = units
        own = counts_on(facts, day)
        ids = {unit.id for unit in units}
        inside = {place: own[place] for place in own if place.unit in ids or place.firm in ids}
        totals.append(total(inside))
        rows = roll_up(units, inside, OrgUnit.steplen)
        for row in rows:
            # A unit that was not there yet has no share on earlier days.
            known = shares[row.unit_id]
            known += [None] * (index - len(known))
            known.append(row.counts.fraction)
        levels = by_kind(units, inside, [str(kind) for kind in LEVELS])
        for kind, counts in levels:
            by_level[kind] += [None] * (index - len(by_level[kind]))
            by_level[kind].append(counts.fraction)
    names = {unit.path: unit.name for unit in units}
    above = {unit.id: names.get(unit.path[: -OrgUnit.steplen], "") for unit in units}
    return PushReach(
        days=tuple(days),
        totals=tuple(totals),
        levels=tuple((kind, counts, tuple(by_level[kind])) for kind, counts in levels if counts.owed),
        units=tuple(
            UnitReach(
                row, above[row.unit_id], tuple(shares[row.unit_id]), _reached_on(days, shares[row.unit_id])
            )
            for row in rows
            if row.counts.owed
        ),
    )


def _units(scope: Scope, day: dt.date) -> list[UnitFacts]:
    return [
        UnitFacts(unit.id, unit.path, unit.depth, unit.name, unit.kind) for unit in tree_on(scope, day).units
    ]


def _reached_on(days: list[dt.date], shares: list[float | None]) -> dt.date | None:
    """Return the first day from which on the share never fell below REACHED again."""
    reached: dt.date | None = None
    for day, share in zip(days, shares, strict=True):
        if share is None or share < REACHED:
            reached = None
        elif reached is None:
            reached = day
    return reached
