"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from access.actions.hooks import note_shifts
from training.signals import ClearanceChanged, clearance_changed


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    clearance_changed.connect(_clearance_changed, dispatch_uid="access.clearance_changed")


def _clearance_changed(*, event: ClearanceChanged, **_: Any) -> None:
    note_shifts(shifts=event.shifts, now=event.recorded_at)
