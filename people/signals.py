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
