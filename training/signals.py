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


@dataclass(frozen=True, slots=True)
class ClearanceShift:
    """A person's answer turned over. `was_cleared` is None where there was no answer before."""

    employee_id: int
    was_cleared: bool | None
    is_cleared: bool


@dataclass(frozen=True, slots=True)
class ClearanceChanged:
    """The stored answers of these people turned over. Sent inside the transaction that stores them."""

    shifts: tuple[ClearanceShift, ...]
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class CompletionWithdrawn:
    """A finished obligation is not finished after all; `record_id` is the ledger row that says so.

    Sent inside the transaction; may arrive twice.
    """

    obligation_id: int
    record_id: int
    employee_id: int
    reason: str
    withdrawn_at: dt.datetime


completion_withdrawn = Signal()  # keyword argument: event: CompletionWithdrawn
clearance_changed = Signal()  # keyword argument: event: ClearanceChanged
training_record_added = Signal()  # keyword argument: event: TrainingRecordAdded
