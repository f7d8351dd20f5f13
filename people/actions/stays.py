"""Writing what follows from employment events: stays, standing, terms and account. Nothing else writes them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from common.rows import insert_values
from people.actions.roles import end_roles_of_leavers
from people.models import Assignment, Employee, User
from people.queries.history import SPAN_FIELDS
from people.roster import Entry, Span, Standing, State, in_force, trace

CHUNK = 1_000  # rows or ids in one statement: far below SQLite's limit of variables
UPDATE_CHUNK = 200  # bulk_update names each row once per field
STANDING_FIELDS = ("status", "left_on", "changes_on")
TERMS_FIELDS = ("employment_type", "employer_id", "hired_on")
STAY_FIELDS = (
    "employee",
    "unit",
    "post",
    "kind",
    "employment_type",
    "employer",
    "starts_on",
    "ends_before",
)
T = TypeVar("T")


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut a list into pieces for one statement each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@dataclass(slots=True)
class _Rows:
    """What is to be written, gathered before the first statement."""

    stays: list[tuple[Any, ...]] = field(default_factory=list)  # values of STAY_FIELDS
    dropped: list[int] = field(default_factory=list)
    ends: dict[dt.date | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    standings: dict[tuple[str, dt.date | None, dt.date | None], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    terms: list[Employee] = field(default_factory=list)
    accounts: dict[bool, list[int]] = field(default_factory=lambda: defaultdict(list))


def write_what_follows(
    *,
    employees: Sequence[Employee],
    entries: Mapping[int, Sequence[Entry]],
    today: dt.date,
    are_new: frozenset[int] = frozenset(),
    hired_on: Mapping[int, dt.date] = MappingProxyType({}),
    are_told: bool = False,
) -> None:
    """Bring the stays, standing, terms and accounts of people in step with their events as of today.

    `entries` are all recorded events of each; `are_new` people have no stays yet. `hired_on` holds the
    hire dates to be set anew: elsewhere HR may have put another one beside the event. With `are_told` the
    rooms above hear of what took effect by today; else those people stay due for it. The caller owns the
    transaction and holds the employees' rows. The number of statements grows with that of thousands of people
    and of different days, not with that of people.
    """
    live = _live_stays([employee.pk for employee in employees if employee.pk not in are_new])
    rows = _Rows()
    for employee in employees:
        held = in_force(entries[employee.pk])
        _compare_stays(rows, employee, live.get(employee.pk, {}), trace(held).spans)
        _compare_standing(rows, employee, held, today, hired_on.get(employee.pk), are_told)
    _write(rows, today)


def note_changed(employee_ids: Sequence[int], now: dt.datetime) -> None:
    """Let readers who ask for what changed since a moment find these people."""
    for ids in chunks(employee_ids):
        Employee.objects.filter(pk__in=ids).update(changed_at=now)


def _live_stays(employee_ids: Sequence[int]) -> dict[int, dict[int, Span]]:
    found: dict[int, dict[int, Span]] = defaultdict(dict)
    for ids in chunks(employee_ids):
        stays = Assignment.objects.filter(employee_id__in=ids).order_by("starts_on", "pk")
        for employee_id, pk, *values in stays.values_list("employee_id", "pk", *SPAN_FIELDS):
            found[employee_id][pk] = Span(*values)
    return found


def _compare_stays(rows: _Rows, employee: Employee, live: Mapping[int, Span], wanted: Sequence[Span]) -> None:
    """Keep the rows that still hold, end those that only end otherwise, and replace the rest."""
    missing = {_begin(span): span for span in wanted}
    for pk, span in live.items():
        wish = missing.pop(_begin(span), None)
        if wish is None:
            rows.dropped.append(pk)
        elif wish.ends_before != span.ends_before:
            rows.ends[wish.ends_before].append(pk)
    rows.stays += [
        (
            employee.pk,
            span.unit,
            span.post,
            span.kind,
            span.employment_type,
            span.employer,
            span.starts_on,
            span.ends_before,
        )
        for span in missing.values()
    ]


def _begin(span: Span) -> tuple[object, ...]:
    return (span.kind, span.unit, span.post, span.employment_type, span.employer, span.starts_on)


def _compare_standing(
    rows: _Rows,
    employee: Employee,
    held: Sequence[Entry],
    today: dt.date,
    hired_on: dt.date | None,
    are_told: bool,
) -> None:
    standing_before = [getattr(employee, name) for name in STANDING_FIELDS]
    terms_before = [getattr(employee, name) for name in TERMS_FIELDS]
    state = trace([entry for entry in held if entry.on <= today]).state
    if state is None and held:
        # Hired from a later day on: in step with what begins then, so that training can begin before it.
        state = trace([entry for entry in held if entry.on == held[0].on]).state
    _set_standing(employee, state)
    employee.hired_on = hired_on or employee.hired_on
    is_due = employee.changes_on is not None and employee.changes_on <= today
    if are_told or not is_due:
        employee.changes_on = min((entry.on for entry in held if entry.on > today), default=None)
    if [getattr(employee, name) for name in TERMS_FIELDS] != terms_before:
        rows.terms.append(employee)
    elif [getattr(employee, name) for name in STANDING_FIELDS] != standing_before:
        rows.standings[employee.status, employee.left_on, employee.changes_on].append(employee.pk)
    has_left = employee.status == Standing.LEFT
    if employee.user_id is not None and has_left != (standing_before[0] == Standing.LEFT):
        rows.accounts[not has_left].append(employee.user_id)


def _set_standing(employee: Employee, state: State | None) -> None:
    if state is None:
        # The hire itself was taken back: the person never worked here.
        employee.status, employee.left_on = Standing.LEFT.value, employee.hired_on
        return
    employee.status = state.standing.value
    employee.left_on = state.left_on
    employee.employment_type = state.employment_type
    employee.employer_id = int(state.employer) if state.employer is not None else None


def _write(rows: _Rows, today: dt.date) -> None:
    for ids in chunks(rows.dropped):
        Assignment.objects.filter(pk__in=ids).delete()
    # An open stay must be closed before the next one may be open.
    for ends_before in sorted(rows.ends, key=lambda day: (day is None, day or dt.date.min)):
        for ids in chunks(rows.ends[ends_before]):
            Assignment.objects.filter(pk__in=ids).update(ends_before=ends_before)
    insert_values(Assignment, STAY_FIELDS, rows.stays)
    fields = [*STANDING_FIELDS, "employment_type", "employer", "hired_on"]
    Employee.objects.bulk_update(rows.terms, fields, batch_size=UPDATE_CHUNK)
    for (status, left_on, changes_on), people in rows.standings.items():
        for ids in chunks(people):
            Employee.objects.filter(pk__in=ids).update(status=status, left_on=left_on, changes_on=changes_on)
    for is_active, accounts in rows.accounts.items():
        for ids in chunks(accounts):
            User.objects.filter(pk__in=ids).update(is_active=is_active)
            if not is_active:
                end_roles_of_leavers(user_ids=ids, on=today)
