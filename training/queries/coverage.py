"""Coverage as of a day, computed from intervals: who stood where, what was owed, what was done by then.

An obligation counts from `owed_from` on, unless it was cancelled by the end of the day; it is done if it was
closed as done by the end of the day. It counts as it stood then (training.queries.standing): what was put off,
dated anew or revived later changes nothing. Units count where they hung that day (people.queries.tree_on). Asking
about a past day therefore gives the same answer tomorrow, unless somebody corrects what happened by then; what was
known at the time stays answerable by training.queries.known_coverage. The one exception is `blocked`, the present
clearance.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from people.models import Assignment, OrgUnit, UnitKind
from people.permissions import Scope
from people.queries import FIRM_OF_STAY, Span, primary_stays_on, span_on, tree_on
from training.coverage import Counts, CoverageRow, Place, UnitFacts, by_kind, roll_up, total
from training.models import (
    ClearanceState,
    Obligation,
    ObligationState,
)
from training.queries.clearance import ReasonView, reason_views
from training.queries.standing import due_at, end_of, in_force, stood, waived_on

# From the top of the organisation to where the work is done.
LEVELS = [
    UnitKind.GROUP,
    UnitKind.COMPANY,
    UnitKind.PLANT,
    UnitKind.WORKSHOP,
    UnitKind.TEAM,
    UnitKind.CONTRACTOR,
    UnitKind.DISPATCH_FIRM,
]


@dataclass(frozen=True, slots=True)
class CoverageTable:
    """Coverage of a part of the tree as of a day.

    `levels` holds (unit kind, counts of those standing there), `total` the counts of everyone, each person once.
    """

    on: dt.date
    programme_kind: str
    rows: list[CoverageRow]
    levels: list[tuple[str, Counts]]
    total: Counts


@dataclass(frozen=True, slots=True)
class MissingTraining:
    """An obligation that was still owed on the day asked for."""

    public_id: UUID
    title: str
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of the coverage list. `state` is none, done, open or overdue.

    `missing` is what was still owed on the day, `blocked_by` why the person may not work at present.
    """

    employee_id: int
    public_id: UUID
    employee_no: str
    name: str
    unit: str
    post: str
    state: str
    missing: tuple[MissingTraining, ...]
    blocked_by: tuple[ReasonView, ...]


def owed_on(on: dt.date, programme_kind: str = "") -> QuerySet[Obligation]:
    """Return the obligations in force at the end of a day: begun by then, and neither cancelled nor waived by then.

    `programme_kind` is a kind of programme, or the code of one; empty means all.
    """
    owed = Obligation.objects.filter(stood(end_of(on), in_force(on, end_of(on))))
    owed = owed.exclude(pk__in=waived_on(on, end_of(on)))
    if not programme_kind:
        return owed
    return owed.filter(Q(programme__kind=programme_kind) | Q(programme__code=programme_kind))


def undone_on(on: dt.date, programme_kind: str = "") -> QuerySet[Obligation]:
    """Return the obligations in force at the end of a day that were not done by then."""
    return owed_on(on, programme_kind).exclude(state=ObligationState.DONE, closed_at__lt=end_of(on))


def coverage_table(scope: Scope, on: dt.date, programme_kind: str = "") -> CoverageTable:
    """Return coverage for every unit of a scope, down to the team, as of the end of a day.

    Three queries whatever the number of units and people; two more for a day since which a branch has moved.
    `programme_kind` (a training.models.ProgrammeKind or the code of one programme) limits what is looked at; empty
    means everything.
    """
    tree = tree_on(scope, on)
    units = [UnitFacts(unit.id, unit.path, unit.depth, unit.name, unit.kind) for unit in tree.units]
    own = _own_counts(tree.span, on, programme_kind)
    return CoverageTable(
        on=on,
        programme_kind=programme_kind,
        rows=roll_up(units, own, OrgUnit.steplen),
        levels=by_kind(units, own, [str(kind) for kind in LEVELS]),
        total=total(own),
    )


def _with_states(stays: QuerySet[Assignment], on: dt.date, programme_kind: str) -> QuerySet[Assignment]:
    """Make it known of each stay whether its person owes training, has some undone, has some overdue."""
    person = OuterRef("employee_id")
    undone = undone_on(on, programme_kind).filter(employee_id=person)
    return stays.alias(
        owes=Exists(owed_on(on, programme_kind).filter(employee_id=person)),
        has_undone=Exists(undone),
        has_overdue=Exists(undone.filter(stood(end_of(on), Q(due_on__lt=on)))),
    )


def _own_counts(span: Span, on: dt.date, programme_kind: str) -> dict[Place, Counts]:
    """Return the counts of the people standing directly in each place. Two queries."""
    tasks = _own_tasks(span, on, programme_kind)
    rows = (
        _with_states(Assignment.objects.filter(primary_stays_on(span, on)), on, programme_kind)
        .values_list("unit_id", FIRM_OF_STAY)
        .annotate(
            people=Count("employee_id"),
            owed=Count("employee_id", filter=_IN_STATE["done"] | _IN_STATE["open"] | _IN_STATE["overdue"]),
            done=Count("employee_id", filter=_IN_STATE["done"]),
            overdue=Count("employee_id", filter=_IN_STATE["overdue"]),
            blocked=Count("employee_id", filter=_IN_STATE["blocked"]),
        )
        .order_by()
    )
    return {
        Place(unit, firm): Counts(people, owed, done, overdue, blocked, *tasks.get(Place(unit, firm), (0, 0)))
        for unit, firm, people, owed, done, overdue, blocked in rows
    }


def _own_tasks(span: Span, on: dt.date, programme_kind: str) -> dict[Place, tuple[int, int]]:
    """Return how many obligations the people standing directly in each place have, and how many are done."""
    stay = "employee__assignments__"
    rows = (
        owed_on(on, programme_kind)
        .filter(primary_stays_on(span, on, stay))
        .values_list(f"{stay}unit_id", f"{stay}{FIRM_OF_STAY}")
        .annotate(
            tasks=Count("pk"),
            tasks_done=Count("pk", filter=Q(state=ObligationState.DONE, closed_at__lt=end_of(on))),
        )
        .order_by()
    )
    return {Place(unit, firm): (tasks, done) for unit, firm, tasks, done in rows}


_IN_STATE = {
    "none": Q(owes=False),
    "done": Q(owes=True, has_undone=False),
    "open": Q(has_undone=True, has_overdue=False),
    "overdue": Q(has_overdue=True),
    "blocked": Q(employee__clearance__is_cleared=False),
}


def coverage_stays(
    scope: Scope, on: dt.date, programme_kind: str = "", state: str = ""
) -> QuerySet[Assignment]:
    """Return the stays of everyone of a scope on a day, in the order of the tree, to be paged through.

    `state` limits them to people in it: none, done, open, overdue, or blocked (at present); empty means all.
    """
    return _stays(span_on(scope, on), on, programme_kind, state)


def _stays(span: Span, on: dt.date, programme_kind: str, state: str = "") -> QuerySet[Assignment]:
    stays = _with_states(Assignment.objects.filter(primary_stays_on(span, on)), on, programme_kind)
    if state:
        stays = stays.filter(_IN_STATE[state])
    return stays.order_by("unit__path", "employee__employee_no")


def coverage_people(scope: Scope, on: dt.date, programme_kind: str = "") -> list[PersonRow]:
    """Return everyone of a scope with their state as of the end of a day, in the order of the tree.

    Four queries, besides those of `span_on`.
    """
    span = span_on(scope, on)
    people = Assignment.objects.filter(primary_stays_on(span, on)).values_list("employee_id", flat=True)
    return person_rows(_stays(span, on, programme_kind), people, on, programme_kind)


def person_rows(
    stays: QuerySet[Assignment],
    people: Iterable[int],
    on: dt.date,
    programme_kind: str = "",
) -> list[PersonRow]:
    """Return the rows of these stays; `people` are the employees' ids, as a list or as a query. Four queries."""
    owing = set(
        owed_on(on, programme_kind).filter(employee_id__in=people).values_list("employee_id", flat=True)
    )
    missing: dict[int, list[MissingTraining]] = defaultdict(list)
    for employee_id, public_id, title, due_on in (
        undone_on(on, programme_kind)
        .filter(employee_id__in=people)
        .annotate(due_then=due_at(end_of(on)))
        .order_by("due_then", "id")
        .values_list("employee_id", "public_id", "programme__title", "due_then")
    ):
        missing[employee_id].append(MissingTraining(public_id, title, due_on))
    blocked = dict(
        ClearanceState.objects.filter(employee_id__in=people, is_cleared=False).values_list(
            "employee_id", "reasons"
        )
    )
    return [
        PersonRow(
            employee_id=employee_id,
            public_id=public_id,
            employee_no=employee_no,
            name=name,
            unit=unit,
            post=post,
            state=_person_state(employee_id in owing, missing.get(employee_id, ()), on),
            missing=tuple(missing.get(employee_id, ())),
            blocked_by=reason_views(blocked.get(employee_id, [])),
        )
        for employee_id, public_id, employee_no, name, unit, post in stays.values_list(
            "employee_id",
            "employee__public_id",
            "employee__employee_no",
            "employee__name",
            "unit__name",
            "post__name",
        )
    ]


def _person_state(is_owing: bool, missing: Sequence[MissingTraining], on: dt.date) -> str:
    if not is_owing:
        return "none"
    if any(training.due_on < on for training in missing):
        return "overdue"
    return "open" if missing else "done"
