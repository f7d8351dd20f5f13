"""Sittings with people on their roster, made through the actions."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from exams.actions.seats import add_people, admit
from exams.actions.sittings import SittingDraft, open_doors, open_sitting, save_sitting
from exams.models import Exam, Seat, Sitting
from people.models import Employee, OrgUnit, User
from tests.factories.exams import NOW, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory

BELL = NOW + dt.timedelta(minutes=30)


def make_sitting(
    exam: Exam | None = None,
    people: Sequence[Employee] | int = 1,
    *,
    unit: OrgUnit | None = None,
    acting_user: User | None = None,
    now: dt.datetime = NOW,
    **changes: Any,
) -> Sitting:
    """A planned sitting whose doors open now and whose bell rings in half an hour."""
    if isinstance(people, int):
        people = [EmployeeFactory() for _ in range(people)]
    fields: dict[str, Any] = {
        "exam": exam or make_exam(),
        "title": "第一场",
        "unit": unit or OrgUnitFactory(),
        "place": "培训中心 301",
        "doors_at": now,
        "planned_at": now + dt.timedelta(minutes=30),
    }
    draft = SittingDraft(**{**fields, **changes})
    sitting = save_sitting(draft=draft, acting_user=acting_user, now=now)
    add_people(
        sitting_id=sitting.pk, employee_ids=[one.pk for one in people], acting_user=acting_user, now=now
    )
    return sitting


def opened(sitting: Sitting, *, now: dt.datetime = BELL, admit_all: bool = True) -> Sitting:
    """Open the doors, recognise everybody, ring the bell."""
    sitting = open_doors(sitting_id=sitting.pk, acting_user=None, now=now)
    if admit_all:
        ids = list(Seat.objects.filter(sitting=sitting).values_list("pk", flat=True))
        admit(sitting_id=sitting.pk, seat_ids=ids, acting_user=None, now=now)
    return open_sitting(sitting_id=sitting.pk, acting_user=None, now=now)
