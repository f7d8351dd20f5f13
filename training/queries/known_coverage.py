"""Coverage of a day as it was known at a moment: the same answer for ever, whatever is corrected later.

`training.queries.coverage` answers by what is known today: who turns out to have been transferred in March counts
there from March on. Here an event, an obligation, a decision or a correction recorded later does not exist yet, so
that a figure once reported can be shown again. Only facts that are never changed are read: employment events and
their corrections, obligations with their past (PastObligation), decisions, clearance as it was told
(PastClearance). Units hang and are called as today's knowledge of the day has it (people.queries.tree_on).
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from people.models import AssignmentKind, Employee, OrgUnit
from people.permissions import Scope
from people.queries import spans_as_known, tree_on
from training.coverage import Counts, Place, UnitFacts, by_kind, roll_up, total
from training.models import Obligation, ObligationState
from training.queries.coverage import LEVELS, CoverageTable
from training.queries.known_clearance import blocked_before
from training.queries.standing import due_at, end_of, in_force, owed_from_at, stood, waived_on


@dataclass(slots=True)
class _Owing:
    """What one person owed on the day: how much, how much of it done, whether any was overdue."""

    tasks: int = 0
    done: int = 0
    is_late: bool = False


def coverage_as_known(
    scope: Scope, on: dt.date, known_at: dt.datetime | None = None, programme_kind: str = ""
) -> CoverageTable:
    """Return coverage as of the end of a day as it was known at a moment (default: at the end of that day).

    As `coverage_table`; `blocked` are those of whom gates were told so then, also where only some programmes are
    looked at. `known_at` may be earlier: an event of the day told the next morning is then not in it. Statements:
    those of `tree_on`, three, and one per thousand people.
    """
    known_at = known_at or end_of(on)
    tree = tree_on(scope, on)
    units = [UnitFacts(unit.id, unit.path, unit.depth, unit.name, unit.kind) for unit in tree.units]
    shown = {unit.id for unit in units}
    owed = _owed_as_known(on, known_at, programme_kind)
    blocked = blocked_before(min(end_of(on), known_at))
    own: dict[Place, Counts] = defaultdict(Counts)
    # Nobody stood anywhere before somebody took them in.
    ids = list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    for pk, span in spans_as_known(ids, on, known_at):
        if span.kind != AssignmentKind.PRIMARY:
            continue
        unit, firm = int(span.unit), int(span.employer) if span.employer else None
        if unit in shown or firm in shown:
            own[Place(unit, firm)] += _counts(owed.get(pk), is_blocked=pk in blocked)
    return CoverageTable(
        on=on,
        programme_kind=programme_kind,
        rows=roll_up(units, own, OrgUnit.steplen),
        levels=by_kind(units, own, [str(kind) for kind in LEVELS]),
        total=total(own),
    )


def _counts(owing: _Owing | None, *, is_blocked: bool) -> Counts:
    if owing is None:
        return Counts(people=1, blocked=int(is_blocked))
    return Counts(
        people=1,
        owed=1,
        done=int(owing.done == owing.tasks),
        overdue=int(owing.is_late),
        blocked=int(is_blocked),
        tasks=owing.tasks,
        tasks_done=owing.done,
    )


def obligations_as_known(on: dt.date, known_at: dt.datetime | None = None) -> QuerySet[Any]:
    """Return what was in force at the end of a day as it was known at a moment (default: then), each with its days.

    `owed_then` and `due_then` are the days it had; `done_by` tells whether one of them was done.
    """
    known_at = known_at or end_of(on)
    moment = min(end_of(on), known_at)
    rows = Obligation.objects.filter(stood(moment, in_force(on, moment)), created_at__lt=known_at)
    return rows.exclude(pk__in=waived_on(on, moment)).annotate(
        due_then=due_at(moment), owed_then=owed_from_at(moment)
    )


def done_by(state: str, closed_at: dt.datetime | None, moment: dt.datetime) -> bool:
    """Tell whether an obligation that stands so today was done before a moment; what is done stays done."""
    return state == ObligationState.DONE and closed_at is not None and closed_at < moment


def _owed_as_known(on: dt.date, known_at: dt.datetime, programme_kind: str) -> dict[int, _Owing]:
    """Return what was owed at the end of a day by person. One query."""
    moment = min(end_of(on), known_at)
    rows = obligations_as_known(on, known_at)
    if programme_kind:
        rows = rows.filter(Q(programme__kind=programme_kind) | Q(programme__code=programme_kind))
    found: dict[int, _Owing] = defaultdict(_Owing)
    for employee_id, state, closed_at, due_then in rows.values_list(
        "employee_id", "state", "closed_at", "due_then"
    ):
        owing = found[employee_id]
        is_done = done_by(state, closed_at, moment)
        owing.tasks += 1
        owing.done += is_done
        owing.is_late |= not is_done and due_then < on
    return found
