"""What training tells the rooms above."""

import datetime as dt
from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class TrainingRecordAdded:
    """A row was added to the training ledger. Sent inside its transaction; may arrive twice."""

    record_id: int
    employee_id: int
    programme_id: int | None
    kind: str  # training.models.RecordKind
    recorded_at: dt.datetime


training_record_added = Signal()  # keyword argument: event: TrainingRecordAdded
