"""Read people in the shape lists are compared in."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from sys import intern

from common.clock import today
from people.models import Assignment, AssignmentKind, Employee
from people.queries.history import recorded_entries
from people.queries.units import UnitEntry
from people.roster import EventName, Person, Standing, in_force


def known_people(
    directory: dict[int, UnitEntry],
    employee_ids: Sequence[int] | None = None,
    *,
    on: dt.date | None = None,
) -> dict[str, Person]:
    """Return what is known of people in the shape lists are compared in, by employee number. Two queries.

    `directory` is `unit_directory()`; `employee_ids` keeps it to a few people, else everybody is read. `on` is
    today, unless a list of another day is compared. A third query reads what is recorded for later days.
    """
    on = on or today()
    employees = Employee.objects.all()
    stays = Assignment.objects.filter(kind=AssignmentKind.PRIMARY).order_by("starts_on", "id")
    if employee_ids is not None:
        employees = employees.filter(pk__in=employee_ids)
        stays = stays.filter(employee_id__in=employee_ids)
    last: dict[int, tuple[int, str, dt.date, dt.date | None]] = {}
    for pk, unit_id, post, starts_on, ends_before in stays.values_list(
        "employee_id", "unit_id", "post__name", "starts_on", "ends_before"
    ).iterator():
        # A stay that is still to come is the last one only of somebody who has none before it.
        if starts_on <= on or pk not in last:
            last[pk] = (unit_id, intern(post), starts_on, ends_before)
    expecting: dict[int, str] = {}  # people with something recorded for a later day
    people: dict[str, Person] = {}
    # Row by row, and one text for all who share it: everybody is a hundred thousand people.
    for (
        pk, number, name, status, hired_on, left_on, phone, digest, kind, employer_id, changes_on,
    ) in employees.values_list(*PERSON_FIELDS).iterator():  # fmt: skip
        if changes_on is not None:
            expecting[pk] = number
        unit_id, post, starts_on, ends_before = last.pop(pk, (0, "", hired_on, None))
        standing = Standing(status)
        people[number] = Person(
            number,
            name,
            standing,
            hired_on,
            left_on or (starts_on if standing is Standing.ACTIVE else ends_before) or starts_on,
            directory[unit_id].full_name if unit_id else "",
            post,
            left_on,
            phone,
            digest or "",
            intern(kind),
            directory[employer_id].full_name if employer_id else "",
        )
    for pk, coming in _coming(list(expecting), on).items():
        people[expecting[pk]] = replace(people[expecting[pk]], coming=coming)
    return people


PERSON_FIELDS = (
    "pk",
    "employee_no",
    "name",
    "status",
    "hired_on",
    "left_on",
    "phone",
    "id_number_digest",
    "employment_type",
    "employer_id",
    "changes_on",
)


def _coming(employee_ids: Sequence[int], on: dt.date) -> dict[int, tuple[tuple[EventName, dt.date], ...]]:
    """Return the events of later days that are recorded already. One query per thousand people, if any."""
    found: dict[int, tuple[tuple[EventName, dt.date], ...]] = {}
    for pk, entries in recorded_entries(employee_ids).items():
        found[pk] = tuple((entry.name, entry.on) for entry in in_force(entries) if entry.on > on)
    return found
