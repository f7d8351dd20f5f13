"""Letting recorded events of later days take effect when their day comes."""

import datetime as dt

from django.db import transaction
from django.utils.timezone import localdate

from people.actions.stays import chunks, note_changed, write_what_follows
from people.models import Employee, EmploymentEvent
from people.queries import recorded_entries
from people.roster import in_force
from people.roster.history import HIRES
from people.signals import EmploymentChangedInBulk, employment_changed_in_bulk


def apply_coming_events(*, now: dt.datetime) -> int:
    """Bring everyone in step for whom a recorded event has taken effect by today; return how many people.

    Status, terms and the account of a leaver follow, and the rooms above hear the events again, now that they
    hold. A day that was missed is made up for, and the second call of a day finds nothing to do. Locks: the
    employees concerned, a thousand at a time.
    """
    today = localdate(now)
    due = list(Employee.objects.filter(changes_on__lte=today).order_by("pk").values_list("pk", flat=True))
    for ids in chunks(due):
        with transaction.atomic():
            _apply(list(ids), today, now)
    return len(due)


def _apply(ids: list[int], today: dt.date, now: dt.datetime) -> None:
    employees = list(
        Employee.objects.select_for_update().filter(pk__in=ids, changes_on__lte=today).order_by("pk")
    )
    entries = recorded_entries([employee.pk for employee in employees])
    taking_effect = []
    hired_on = {}
    for employee in employees:
        for entry in in_force(entries[employee.pk]):
            if employee.changes_on is not None and employee.changes_on <= entry.on <= today:
                taking_effect.append(entry.id)
                if entry.name in HIRES:
                    hired_on[employee.pk] = entry.on
    write_what_follows(employees=employees, entries=entries, today=today, hired_on=hired_on, are_told=True)
    note_changed([employee.pk for employee in employees], now)
    events = EmploymentEvent.objects.in_bulk(taking_effect)
    if events:
        employment_changed_in_bulk.send(
            sender=EmploymentEvent,
            event=EmploymentChangedInBulk(event_ids=tuple(events), recorded_at=now),
        )
