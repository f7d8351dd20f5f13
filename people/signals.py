"""What people tell the rooms above."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class EmploymentChanged:
    """An employment event was recorded. Sent inside the transaction that wrote it; may arrive twice."""

    event_id: UUID
    employee_id: int
    kind: str  # people.models.EventKind
    effective_on: dt.date
    recorded_at: dt.datetime


employment_changed = Signal()  # keyword argument: event: EmploymentChanged


@dataclass(frozen=True, slots=True)
class EmploymentChangedInBulk:
    """An import recorded many employment events. Sent once for all of them, inside its transaction.

    It stands instead of one EmploymentChanged per event, so that 20,000 people cost a bounded number of
    statements; may arrive twice.
    """

    event_ids: tuple[UUID, ...]
    recorded_at: dt.datetime


employment_changed_in_bulk = Signal()  # keyword argument: event: EmploymentChangedInBulk
