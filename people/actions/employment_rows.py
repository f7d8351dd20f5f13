"""The rows behind a set of changes, written with a handful of statements whatever their number."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.db.models import Q

from common.signing import encrypt_text
from people.models import Assignment, AssignmentKind, Employee, EmploymentEvent, ImportBatch, User
from people.roster import Change, Happening, Person, Standing
from people.signals import (
    EmploymentChanged,
    EmploymentChangedInBulk,
    employment_changed,
    employment_changed_in_bulk,
)

CHUNK = 1_000  # rows or ids in one statement: far below SQLite's limit of variables
UPDATE_CHUNK = 200  # bulk_update names each row once per field
EMPLOYEE_FIELDS = [
    "name",
    "phone",
    "employment_type",
    "employer",
    "status",
    "hired_on",
    "left_on",
    "id_number_digest",
    "id_number_encrypted",
]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlaceIds:
    """The ids behind the names in changes: units by full path, posts by name."""

    units: Mapping[str, int]
    posts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who records, when, and out of which file (or none)."""

    acting_user: User | None
    now: dt.datetime
    batch: ImportBatch | None = None


@dataclass(slots=True)
class _Rows:
    """What is to be written, gathered before the first statement."""

    stays: list[Assignment] = field(default_factory=list)
    closed_stays: dict[dt.date, list[int]] = field(default_factory=lambda: defaultdict(list))
    replaced_stays: list[int] = field(default_factory=list)
    employees: list[Employee] = field(default_factory=list)
    standings: dict[tuple[str, dt.date | None], list[int]] = field(default_factory=lambda: defaultdict(list))
    renamed: list[User] = field(default_factory=list)
    deactivated: list[int] = field(default_factory=list)
    reactivated: list[int] = field(default_factory=list)
    events: list[EmploymentEvent] = field(default_factory=list)


def record_changes(
    *, changes: Sequence[Change], places: PlaceIds, id_numbers: Mapping[str, str], origin: Origin
) -> list[EmploymentEvent]:
    """Write changes and return the events recorded, each of them already sent.

    `id_numbers` holds identity numbers in clear by employee number, for people whose number is new. The
    caller owns the transaction and has checked permission. Locks: the employees concerned.
    """
    changes = [change for change in changes if change.after and (change.events or change.is_detail_only)]
    employees = _create_people(
        [change.after for change in changes if change.before is None and change.after], places, id_numbers
    )
    known = _load([change.employee_no for change in changes if change.before is not None])
    employees |= known
    open_stays = _open_stays([employee.pk for employee in known.values()])
    rows = _Rows()
    for change in changes:
        employee = employees[change.employee_no]
        if change.before is not None:
            _gather_particulars(rows, change, employee, places, id_numbers)
        _gather_stays(rows, change, employee, open_stays.get(employee.pk), places)
        rows.events += [_event_row(employee, happening, places, origin) for happening in change.events]
    _write(rows)
    _report(rows.events, origin)
    return rows.events


def _report(events: Sequence[EmploymentEvent], origin: Origin) -> None:
    """Tell the rooms above: a file's many events in one signal, a single one in its own."""
    if origin.batch is not None and events:
        employment_changed_in_bulk.send(
            sender=EmploymentEvent,
            event=EmploymentChangedInBulk(
                event_ids=tuple(event.pk for event in events), recorded_at=origin.now
            ),
        )
        return
    for event in events:
        employment_changed.send(
            sender=EmploymentEvent,
            event=EmploymentChanged(
                event_id=event.pk,
                employee_id=event.employee_id,
                kind=event.kind,
                effective_on=event.effective_on,
                recorded_at=event.recorded_at,
            ),
        )


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut a list into pieces for one statement each."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _create_people(
    people: Sequence[Person], places: PlaceIds, id_numbers: Mapping[str, str]
) -> dict[str, Employee]:
    accounts = User.objects.bulk_create(
        [
            User(
                username=person.employee_no,
                name=person.name,
                # Unusable until the sign-in slip is redeemed.
                password=make_password(None),
                must_change_password=True,
                is_active=person.standing is not Standing.LEFT,
            )
            for person in people
        ],
        batch_size=CHUNK,
    )
    employees = Employee.objects.bulk_create(
        [
            Employee(
                user=account,
                employee_no=person.employee_no,
                name=person.name,
                phone=person.phone,
                id_number_encrypted=_encrypted(id_numbers, person),
                id_number_digest=person.id_digest or None,
                employment_type=person.employment_type,
                employer_id=places.units[person.employer] if person.employer else None,
                status=person.standing.value,
                hired_on=person.hired_on,
                left_on=person.left_on,
            )
            for account, person in zip(accounts, people, strict=True)
        ],
        batch_size=CHUNK,
    )
    return {employee.employee_no: employee for employee in employees}


def _encrypted(id_numbers: Mapping[str, str], person: Person) -> str:
    number = id_numbers.get(person.employee_no, "")
    return encrypt_text(number) if number and person.id_digest else ""


def _load(numbers: Sequence[str]) -> dict[str, Employee]:
    found: dict[str, Employee] = {}
    for piece in chunks(numbers):
        # of=("self",): PostgreSQL refuses to lock the nullable side of an outer join.
        locked = Employee.objects.select_for_update(of=("self",)).select_related("user")
        found |= {employee.employee_no: employee for employee in locked.filter(employee_no__in=piece)}
    return found


def _open_stays(employee_ids: Sequence[int]) -> dict[int, Assignment]:
    found: dict[int, Assignment] = {}
    for piece in chunks(employee_ids):
        stays = Assignment.objects.filter(
            Q(ends_before__isnull=True), employee_id__in=piece, kind=AssignmentKind.PRIMARY
        )
        found |= {stay.employee_id: stay for stay in stays}
    return found


def _gather_particulars(
    rows: _Rows, change: Change, employee: Employee, places: PlaceIds, id_numbers: Mapping[str, str]
) -> None:
    before, after = change.before, change.after
    assert before is not None
    assert after is not None
    if _particulars(before) != _particulars(after):
        employee.name, employee.phone = after.name, after.phone
        employee.employment_type = after.employment_type
        employee.employer_id = places.units[after.employer] if after.employer else None
        employee.status, employee.left_on = after.standing.value, after.left_on
        employee.hired_on = after.hired_on
        if after.id_digest != before.id_digest:
            employee.id_number_digest = after.id_digest
            employee.id_number_encrypted = _encrypted(id_numbers, after)
        rows.employees.append(employee)
    elif (before.standing, before.left_on) != (after.standing, after.left_on):
        rows.standings[after.standing.value, after.left_on].append(employee.pk)
    if employee.user is None:
        return
    if after.name != before.name:
        employee.user.name = after.name
        rows.renamed.append(employee.user)
    if after.standing is Standing.LEFT and before.standing is not Standing.LEFT:
        rows.deactivated.append(employee.user.pk)
    elif before.standing is Standing.LEFT and after.standing is not Standing.LEFT:
        rows.reactivated.append(employee.user.pk)


def _particulars(person: Person) -> tuple[Any, ...]:
    return (
        person.name,
        person.hired_on,
        person.phone,
        person.id_digest,
        person.employment_type,
        person.employer,
    )


def _gather_stays(
    rows: _Rows, change: Change, employee: Employee, open_stay: Assignment | None, places: PlaceIds
) -> None:
    """Close the open stay and open the next one, as the events say."""
    before, after = change.before, change.after
    assert after is not None
    if not change.events:
        return
    if open_stay is not None:
        if open_stay.starts_on < after.since:
            rows.closed_stays[after.since].append(open_stay.pk)
        elif after.standing is Standing.ACTIVE:
            # Moved on the day it began: it never took place.
            rows.replaced_stays.append(open_stay.pk)
        else:
            # Gone on the first day: that day remains, or nobody could tell where the person belonged.
            rows.closed_stays[open_stay.starts_on + dt.timedelta(days=1)].append(open_stay.pk)
    if after.standing is Standing.ACTIVE:
        rows.stays.append(_stay(employee, after, after.since, places))
    elif before is None:
        stay = _stay(employee, after, after.hired_on, places)
        stay.ends_before = max(after.since, after.hired_on + dt.timedelta(days=1))
        rows.stays.append(stay)


def _stay(employee: Employee, person: Person, starts_on: dt.date, places: PlaceIds) -> Assignment:
    return Assignment(
        employee=employee,
        unit_id=places.units[person.unit],
        post_id=places.posts[person.post],
        kind=AssignmentKind.PRIMARY,
        starts_on=starts_on,
    )


def _event_row(employee: Employee, happening: Happening, places: PlaceIds, origin: Origin) -> EmploymentEvent:
    return EmploymentEvent(
        employee=employee,
        kind=happening.name.value,
        effective_on=happening.effective_on,
        from_unit_id=places.units.get(happening.from_unit),
        from_post_id=places.posts.get(happening.from_post),
        to_unit_id=places.units.get(happening.to_unit),
        to_post_id=places.posts.get(happening.to_post),
        days_away=happening.days_away,
        batch=origin.batch,
        recorded_by=origin.acting_user,
        recorded_at=origin.now,
    )


def _write(rows: _Rows) -> None:
    for ids in chunks(rows.replaced_stays):
        Assignment.objects.filter(pk__in=ids).delete()
    for ends_before, stays in rows.closed_stays.items():
        for ids in chunks(stays):
            Assignment.objects.filter(pk__in=ids).update(ends_before=ends_before)
    Assignment.objects.bulk_create(rows.stays, batch_size=CHUNK)
    Employee.objects.bulk_update(rows.employees, EMPLOYEE_FIELDS, batch_size=UPDATE_CHUNK)
    for (status, left_on), people in rows.standings.items():
        for ids in chunks(people):
            Employee.objects.filter(pk__in=ids).update(status=status, left_on=left_on)
    User.objects.bulk_update(rows.renamed, ["name"], batch_size=UPDATE_CHUNK)
    for ids in chunks(rows.deactivated):
        User.objects.filter(pk__in=ids).update(is_active=False)
    for ids in chunks(rows.reactivated):
        User.objects.filter(pk__in=ids).update(is_active=True)
    EmploymentEvent.objects.bulk_create(rows.events, batch_size=CHUNK)
