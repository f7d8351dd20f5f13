"""The rows behind a set of changes, written with a handful of statements whatever their number."""

import datetime as dt
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH
from django.utils.timezone import localdate

from common.rows import insert_rows
from common.signing import encrypt_text
from people.actions.stays import UPDATE_CHUNK, chunks, note_changed, write_what_follows
from people.models import Employee, EmploymentEvent, ImportBatch, User
from people.queries.history import recorded_entries
from people.roster import Change, Entry, EventName, Happening, Person, Standing
from people.signals import (
    EmploymentChanged,
    EmploymentChangedInBulk,
    employment_changed,
    employment_changed_in_bulk,
)

PARTICULARS = ["name", "phone", "id_number_digest", "id_number_encrypted"]


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

    particulars: list[Employee] = field(default_factory=list)
    hire_dates: dict[int, dt.date] = field(default_factory=dict)
    renamed: list[User] = field(default_factory=list)
    events: list[EmploymentEvent] = field(default_factory=list)


def record_changes(
    *,
    changes: Sequence[Change],
    places: PlaceIds,
    id_numbers: Mapping[str, str],
    origin: Origin,
    recorded: Mapping[str, Sequence[Entry]] | None = None,
) -> list[EmploymentEvent]:
    """Write changes and return the events recorded, each of them already sent.

    `id_numbers` holds identity numbers in clear by employee number, for people whose number is new. The
    caller owns the transaction and has checked permission. Stays and standing follow from all events of a
    person, so the day of a new one may lie anywhere. Locks: the employees concerned. `recorded` (by employee
    number, of everyone to whom something happens, new people included) spares reading the events again; whoever
    hands it in has held the locks since reading them.
    """
    changes = [change for change in changes if change.after and (change.events or change.is_detail_only)]
    new = _create_people(
        [change.after for change in changes if change.before is None and change.after], places, id_numbers
    )
    known = _load([change.employee_no for change in changes if change.before is not None])
    employees = new | known
    are_new = frozenset(employee.pk for employee in new.values())
    happened = {employees[change.employee_no].pk: change.employee_no for change in changes if change.events}
    if recorded is None:
        entries = recorded_entries([pk for pk in happened if pk not in are_new])
    else:
        entries = {pk: list(recorded[number]) for pk, number in happened.items()}
    rows = _Rows()
    for change in changes:
        employee = employees[change.employee_no]
        if change.before is not None:
            _gather_particulars(rows, change, employee, places, id_numbers, localdate(origin.now))
        own = entries.setdefault(employee.pk, []) if change.events else []
        for happening in change.events:
            event = _event_row(employee, happening, places, origin, moment_after(own, origin.now))
            own.append(entry_of(event))
            rows.events.append(event)
    _write(rows, entries)
    write_what_follows(
        employees=[employee for employee in employees.values() if employee.pk in entries],
        entries=entries,
        today=localdate(origin.now),
        are_new=are_new,
        hired_on=rows.hire_dates,
    )
    note_changed([employee.pk for employee in known.values()], origin.now)
    report(rows.events, origin)
    return rows.events


def moment_after(entries: Sequence[Entry], now: dt.datetime) -> dt.datetime:
    """Return the moment to record a person's next event at: now, but later than each of those before it."""
    last = max((entry.recorded_at for entry in entries), default=None)
    return now if last is None or last < now else last + dt.timedelta(microseconds=1)


def entry_of(event: EmploymentEvent) -> Entry:
    """Return an event in the shape stays follow from."""
    return Entry(
        event.pk,
        EventName(event.kind),
        event.effective_on,
        event.recorded_at,
        event.to_unit_id,
        event.to_post_id,
        event.employment_type,
        event.employer_id,
        event.days_away,
        event.corrects_id,
        event.is_withdrawn,
    )


def report(events: Sequence[EmploymentEvent], origin: Origin) -> None:
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


def _create_people(
    people: Sequence[Person], places: PlaceIds, id_numbers: Mapping[str, str]
) -> dict[str, Employee]:
    accounts = [
        User(
            username=person.employee_no,
            name=person.name,
            # Unusable until the sign-in slip is redeemed. As make_password(None), which draws each
            # character by itself and takes a tenth of the import.
            password=UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2),
            must_change_password=True,
            is_active=person.standing is not Standing.LEFT,
        )
        for person in people
    ]
    insert_rows(accounts)
    employees = [
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
    ]
    insert_rows(employees)
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


def _gather_particulars(
    rows: _Rows,
    change: Change,
    employee: Employee,
    places: PlaceIds,
    id_numbers: Mapping[str, str],
    today: dt.date,
) -> None:
    before, after = change.before, change.after
    assert before is not None
    assert after is not None
    if after.hired_on != before.hired_on and not _is_hired_later(change, today):
        rows.hire_dates[employee.pk] = after.hired_on
    new = (after.name, after.phone, after.id_digest)
    if new != (before.name, before.phone, before.id_digest):
        employee.name, employee.phone = after.name, after.phone
        if after.id_digest != before.id_digest:
            employee.id_number_digest = after.id_digest
            employee.id_number_encrypted = _encrypted(id_numbers, after)
        rows.particulars.append(employee)
    if after.name != before.name and employee.user is not None:
        employee.user.name = after.name
        rows.renamed.append(employee.user)


def _is_hired_later(change: Change, today: dt.date) -> bool:
    """Tell whether somebody is hired again on a later day, and still gone until then."""
    return any(event.name is EventName.REHIRED and event.effective_on > today for event in change.events)


def _event_row(
    employee: Employee, happening: Happening, places: PlaceIds, origin: Origin, recorded_at: dt.datetime
) -> EmploymentEvent:
    return EmploymentEvent(
        employee=employee,
        kind=happening.name.value,
        effective_on=happening.effective_on,
        from_unit_id=places.units.get(happening.from_unit),
        from_post_id=places.posts.get(happening.from_post),
        to_unit_id=places.units.get(happening.to_unit),
        to_post_id=places.posts.get(happening.to_post),
        employment_type=happening.employment_type,
        employer_id=places.units[happening.employer] if happening.employer else None,
        days_away=happening.days_away,
        batch=origin.batch,
        recorded_by=origin.acting_user,
        recorded_at=recorded_at,
    )


def _write(rows: _Rows, happened: Collection[int]) -> None:
    Employee.objects.bulk_update(rows.particulars, PARTICULARS, batch_size=UPDATE_CHUNK)
    for hired_on, people in _by_day(rows.hire_dates, happened).items():
        for ids in chunks(people):
            Employee.objects.filter(pk__in=ids).update(hired_on=hired_on)
    User.objects.bulk_update(rows.renamed, ["name"], batch_size=UPDATE_CHUNK)
    insert_rows(rows.events)


def _by_day(hire_dates: Mapping[int, dt.date], happened: Collection[int]) -> dict[dt.date, list[int]]:
    """Group the people by hire date whose date alone changes; the others' goes together with their standing."""
    days: dict[dt.date, list[int]] = {}
    for pk, day in hire_dates.items():
        if pk not in happened:
            days.setdefault(day, []).append(pk)
    return days
