"""Coverage as of a day, computed from intervals: who stood where, what was owed, what was done by then.

An obligation counts from `owed_from` on, unless it was cancelled by the end of the day; it is done if it was
closed as done by the end of the day. Asking about a past day therefore gives the same answer tomorrow. The one
exception is `blocked`, which is the present clearance.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from people.models import Assignment, AssignmentKind, OrgUnit, UnitKind
from people.permissions import Scope
from training.coverage import Counts, CoverageRow, UnitFacts, by_kind, roll_up, total
from training.models import ClearanceState, Obligation, ObligationState
from training.queries.clearance import ReasonView, reason_views

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
    """Coverage of a part of the tree as of a day. `levels` holds (unit kind, counts of those standing there)."""

    on: dt.date
    programme_kind: str
    rows: list[CoverageRow]
    levels: list[tuple[str, Counts]]

    @property
    def total(self) -> Counts:
        """Return the counts of everyone in the scope."""
        return total(self.rows)


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


def end_of(day: dt.date) -> dt.datetime:
    """Return the first moment after a local day."""
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


def owed_on(on: dt.date, programme_kind: str = "") -> QuerySet[Obligation]:
    """Return the obligations in force at the end of a day: begun by then, and not cancelled by then.

    `programme_kind` is a kind of programme, or the code of one; empty means all.
    """
    owed = Obligation.objects.filter(owed_from__lte=on).exclude(
        state=ObligationState.CANCELLED, closed_at__lt=end_of(on)
    )
    if not programme_kind:
        return owed
    return owed.filter(Q(programme__kind=programme_kind) | Q(programme__code=programme_kind))


def undone_on(on: dt.date, programme_kind: str = "") -> QuerySet[Obligation]:
    """Return the obligations in force at the end of a day that were not done by then."""
    return owed_on(on, programme_kind).exclude(state=ObligationState.DONE, closed_at__lt=end_of(on))


def coverage_table(scope: Scope, on: dt.date, programme_kind: str = "") -> CoverageTable:
    """Return coverage for every unit of a scope, down to the team, as of the end of a day.

    Three queries whatever the number of units and people. `programme_kind` (a training.models.ProgrammeKind or
    the code of one programme) limits what is looked at; empty means everything.
    """
    units = [
        UnitFacts(*values)
        for values in OrgUnit.objects.filter(scope.q("path")).values_list(
            "id", "path", "depth", "name", "kind"
        )
    ]
    own = _own_counts(scope, on, programme_kind)
    return CoverageTable(
        on=on,
        programme_kind=programme_kind,
        rows=roll_up(units, own, OrgUnit.steplen),
        levels=by_kind(units, own, [str(kind) for kind in LEVELS]),
    )


def _stays_on(scope: Scope, on: dt.date) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        scope.q("unit__path"),
        Q(ends_before__isnull=True) | Q(ends_before__gt=on),
        kind=AssignmentKind.PRIMARY,
        starts_on__lte=on,
    )


def _with_states(stays: QuerySet[Assignment], on: dt.date, programme_kind: str) -> QuerySet[Assignment]:
    """Make it known of each stay whether its person owes training, has some undone, has some overdue."""
    person = OuterRef("employee_id")
    undone = undone_on(on, programme_kind).filter(employee_id=person)
    return stays.alias(
        owes=Exists(owed_on(on, programme_kind).filter(employee_id=person)),
        has_undone=Exists(undone),
        has_overdue=Exists(undone.filter(due_on__lt=on)),
    )


def _own_counts(scope: Scope, on: dt.date, programme_kind: str) -> dict[int, Counts]:
    """Return the counts of the people standing directly in each unit. Two queries."""
    tasks = _own_tasks(scope, on, programme_kind)
    rows = (
        _with_states(_stays_on(scope, on), on, programme_kind)
        .values("unit_id")
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
        row["unit_id"]: Counts(
            row["people"],
            row["owed"],
            row["done"],
            row["overdue"],
            row["blocked"],
            *tasks.get(row["unit_id"], (0, 0)),
        )
        for row in rows
    }


def _own_tasks(scope: Scope, on: dt.date, programme_kind: str) -> dict[int, tuple[int, int]]:
    """Return how many obligations the people standing directly in each unit have, and how many are done."""
    stay = "employee__assignments__"
    here = (
        scope.q(f"{stay}unit__path")
        & (Q(**{f"{stay}ends_before__isnull": True}) | Q(**{f"{stay}ends_before__gt": on}))
        & Q(**{f"{stay}kind": AssignmentKind.PRIMARY, f"{stay}starts_on__lte": on})
    )
    rows = (
        owed_on(on, programme_kind)
        .filter(here)
        .values(f"{stay}unit_id")
        .annotate(
            tasks=Count("pk"),
            tasks_done=Count("pk", filter=Q(state=ObligationState.DONE, closed_at__lt=end_of(on))),
        )
        .order_by()
    )
    return {row[f"{stay}unit_id"]: (row["tasks"], row["tasks_done"]) for row in rows}


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
    stays = _with_states(_stays_on(scope, on), on, programme_kind)
    if state:
        stays = stays.filter(_IN_STATE[state])
    return stays.order_by("unit__path", "employee__employee_no")


def coverage_people(scope: Scope, on: dt.date, programme_kind: str = "") -> list[PersonRow]:
    """Return everyone of a scope with their state as of the end of a day, in the order of the tree. Four queries."""
    people = _stays_on(scope, on).values_list("employee_id", flat=True)
    return person_rows(coverage_stays(scope, on, programme_kind), people, on, programme_kind)


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
        .order_by("due_on", "id")
        .values_list("employee_id", "public_id", "programme__title", "due_on")
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


def unit_scope(unit: OrgUnit) -> Scope:
    """Return the scope of one unit and everything below it."""
    return Scope(paths=(unit.path,))
