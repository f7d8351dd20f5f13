"""Correcting recorded employment events. Nothing is changed or deleted: a new event names the one it replaces."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from people.actions.employment import refuse_clash
from people.actions.employment_rows import Origin, entry_of, moment_after, report
from people.actions.places_in_use import refuse_out_of_use
from people.actions.stays import note_changed, write_what_follows
from people.audit import record_audit
from people.errors import EmploymentRefused
from people.models import Employee, EmploymentEvent, EmploymentType, OrgUnit, Post, User
from people.permissions import Capability, scope_for
from people.queries import employees_for, recorded_entries, unit_directory
from people.roster import Entry, EventName, Problem, in_force, state_on, trace
from people.roster.history import HIRES, SETS_TERMS, EventKey

LEADS_SOMEWHERE = frozenset(
    {EventName.HIRED, EventName.REHIRED, EventName.TRANSFERRED, EventName.RETURNED, EventName.SECONDED}
)


@transaction.atomic
def correct_event(
    *,
    event: EmploymentEvent,
    reason: str,
    withdraw: bool = False,
    effective_on: dt.date | None = None,
    unit: OrgUnit | None = None,
    post: Post | None = None,
    employment_type: str = "",
    employer: OrgUnit | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent:
    """Put an event right, or take it back, and return the event that now stands in its place.

    What is not given stays as it was, but nobody comes to stand in a unit after it was closed. Withdrawing a
    secondment withdraws its end as well, and the days away of later returns are put right with events of their
    own. Every later answer about a day follows the correction; what was believed before stays answerable
    (`people.queries.assignments_as_known`).

    Raises EmploymentRefused if the event was corrected before, if nothing changes, without a reason, or if
    another event would contradict the result; PermissionDenied unless every unit concerned is in scope. Locks:
    the employee.
    """
    employee = (
        Employee.objects.select_for_update(of=("self",)).select_related("user").get(pk=event.employee_id)
    )
    event = EmploymentEvent.objects.get(pk=event.pk)
    reason = reason.strip()
    _refuse_unfit(event, reason)
    row = _replacement(event, reason, withdraw, effective_on, unit, post, employment_type, employer)
    if not withdraw and _says(row) == _says(event):
        raise _refused("nothing_changed")
    if acting_user is not None:
        _check_scope(acting_user, employee, {event.from_unit_id, event.to_unit_id, row.to_unit_id})
    _refuse_new_places(event, unit, post, employer)
    before = recorded_entries([employee.pk])[employee.pk]
    origin = Origin(acting_user, now)
    events, after = _with_consequences(row, before, origin)
    refuse_clash(before, after, {row.pk})
    _refuse_closed_since(before, after)
    EmploymentEvent.objects.bulk_create(events)
    write_what_follows(
        employees=[employee],
        entries={employee.pk: after},
        today=localdate(now),
        hired_on=_hire_date(event, employee, after, localdate(now)),
    )
    note_changed([employee.pk], now)
    for recorded in events:
        record_audit(
            employee,
            "people.employee.withdraw" if recorded.is_withdrawn else "people.employee.correct",
            acting_user,
            {"event": str(recorded.pk), "corrects": str(recorded.corrects_id), "reason": reason},
        )
    report(events, origin)
    return row


def end_secondment(
    *,
    employee: Employee,
    ends_before: dt.date,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Let the secondment of today, or else the next one, end on another day than planned; None if it does already.

    Its planned end is corrected, so that what was planned stays on record. Raises EmploymentRefused (code
    `no_secondment`) if there is none.
    """
    entries = in_force(recorded_entries([employee.pk])[employee.pk])
    today = localdate(now)
    end = next((e for e in entries if e.name is EventName.SECONDMENT_ENDED and e.on > today), None)
    if end is None:
        raise _refused("no_secondment")
    if end.on == ends_before:
        return None
    event = EmploymentEvent.objects.get(pk=cast("UUID", end.id))
    return correct_event(
        event=event, reason=reason, effective_on=ends_before, acting_user=acting_user, now=now
    )


def _refuse_unfit(event: EmploymentEvent, reason: str) -> None:
    if not reason:
        raise _refused("reason_required", "reason")
    if event.is_withdrawn:
        raise _refused("is_withdrawn")
    if EmploymentEvent.objects.filter(corrects=event).exists():
        raise _refused("already_corrected")


def _refuse_new_places(
    event: EmploymentEvent, unit: OrgUnit | None, post: Post | None, employer: OrgUnit | None
) -> None:
    """Refuse a place out of use that the event did not name: what it named may be long gone."""
    named = (("unit", unit, event.to_unit_id), ("employer", employer, event.employer_id))
    units = [(field, place) for field, place, before in named if place and place.pk != before]
    posts = [post] if post and post.pk != event.to_post_id else []
    if units or posts:
        refuse_out_of_use(units=units, posts=posts, directory=unit_directory())


def _refuse_closed_since(before: Sequence[Entry], after: Sequence[Entry]) -> None:
    """Refuse a correction by which somebody would stand in a unit, or under a firm, after it was closed.

    What already stands so, in data from before units were looked at, may stay. Raises EmploymentRefused
    (`closed_unit`). One query.
    """
    closed = {entry.id: entry for entry in unit_directory().values() if entry.closed_on is not None}
    held = _last_days(before)
    for (field, unit), end in _last_days(after).items():
        entry = closed.get(unit)
        is_after = entry is not None and entry.closed_on is not None and end > entry.closed_on
        if entry is not None and is_after and end > held.get((field, unit), dt.date.min):
            raise EmploymentRefused(Problem(1, field, "closed_unit", {"name": entry.full_name}))


def _last_days(entries: Sequence[Entry]) -> dict[tuple[str, int], dt.date]:
    """Return before which day the last stay in each unit, and under each firm, ends; without an end the last day."""
    ends: dict[tuple[str, int], dt.date] = {}
    for span in trace(in_force(entries)).spans:
        end = span.ends_before or dt.date.max
        for field, unit in (("unit", span.unit), ("employer", span.employer)):
            if unit is not None:
                ends[field, int(unit)] = max(end, ends.get((field, int(unit)), end))
    return ends


def _refused(code: str, field: str = "effective_on") -> EmploymentRefused:
    return EmploymentRefused(Problem(1, field, code))


def _replacement(
    event: EmploymentEvent,
    reason: str,
    withdraw: bool,
    effective_on: dt.date | None,
    unit: OrgUnit | None,
    post: Post | None,
    employment_type: str,
    employer: OrgUnit | None,
) -> EmploymentEvent:
    row = EmploymentEvent(
        pk=uuid4(),
        employee_id=event.employee_id,
        kind=event.kind,
        effective_on=event.effective_on,
        from_unit_id=event.from_unit_id,
        from_post_id=event.from_post_id,
        to_unit_id=event.to_unit_id,
        to_post_id=event.to_post_id,
        employment_type=event.employment_type,
        employer_id=event.employer_id,
        days_away=event.days_away,
        corrects_id=event.pk,
        is_withdrawn=withdraw,
        reason=reason,
    )
    if withdraw:
        return row
    row.effective_on = effective_on or event.effective_on
    if EventName(event.kind) in LEADS_SOMEWHERE:
        row.to_unit_id = unit.pk if unit else event.to_unit_id
        row.to_post_id = post.pk if post else event.to_post_id
    if EventName(event.kind) in SETS_TERMS and employment_type:
        row.employment_type = employment_type
        row.employer_id = employer.pk if employer and employment_type != EmploymentType.OWN else None
    return row


def _says(event: EmploymentEvent) -> tuple[object, ...]:
    return (
        event.effective_on,
        event.to_unit_id,
        event.to_post_id,
        event.employment_type,
        event.employer_id,
    )


def _with_consequences(
    row: EmploymentEvent, before: Sequence[Entry], origin: Origin
) -> tuple[list[EmploymentEvent], list[Entry]]:
    """Return the correction with the corrections that follow from it, and all entries after them."""
    events: list[EmploymentEvent] = []
    after = list(before)

    def add(event: EmploymentEvent) -> None:
        event.recorded_by, event.recorded_at = origin.acting_user, moment_after(after, origin.now)
        events.append(event)
        after.append(entry_of(event))

    add(row)
    if row.is_withdrawn and row.kind == EventName.SECONDED:
        end = _end_of(row.corrects_id, before)
        if end is not None:
            add(_copy(end, row.reason, is_withdrawn=True))
    old, new = trace(in_force(before)).days_away, trace(in_force(after)).days_away
    if row.pk in new:
        row.days_away = new[row.pk]
        after[after.index(next(e for e in after if e.id == row.pk))] = entry_of(row)
    moved = [pk for pk, days in new.items() if pk in old and old[pk] != days]
    for pk in moved:
        add(_copy(pk, row.reason, days_away=new[pk]))
    return events, after


def _end_of(seconded: UUID | None, entries: Sequence[Entry]) -> EventKey | None:
    """Return the id of the event that ends a secondment, None if there is none."""
    names = iter(in_force(entries))
    for entry in names:
        if entry.id == seconded:
            break
    return next((entry.id for entry in names if entry.name is EventName.SECONDMENT_ENDED), None)


def _copy(pk: EventKey, reason: str, **changes: object) -> EmploymentEvent:
    """Return a correction of a recorded event that says the same but for `changes`."""
    event = EmploymentEvent.objects.get(pk=cast("UUID", pk))
    event.corrects_id, event.pk, event.reason, event.batch_id = event.pk, uuid4(), reason, None
    event._state.adding = True
    for name, value in changes.items():
        setattr(event, name, value)
    return event


def _hire_date(
    event: EmploymentEvent, employee: Employee, after: Sequence[Entry], today: dt.date
) -> dict[int, dt.date]:
    """Return the new hire date of the person, if the correction concerns the hire the present one comes from."""
    state = state_on(after, today)
    if EventName(event.kind) not in HIRES or state is None:
        return {}
    return {employee.pk: state.hired_on}


def _check_scope(acting_user: User, employee: Employee, units: Collection[int | None]) -> None:
    scope = scope_for(acting_user, Capability.MANAGE_PEOPLE)
    if scope.everything:
        return
    if not employees_for(acting_user, Capability.MANAGE_PEOPLE).filter(pk=employee.pk).exists():
        raise PermissionDenied(str(employee))
    paths = OrgUnit.objects.filter(pk__in=[pk for pk in units if pk]).values_list("path", flat=True)
    if not all(scope.includes_path(path) for path in paths):
        raise PermissionDenied(str(employee))
