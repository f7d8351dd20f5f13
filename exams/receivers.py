"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from exams.actions.sitting_clock import note_clock_step
from jobs.signals import ClockStepped, clock_stepped


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    clock_stepped.connect(_clock_stepped, dispatch_uid="exams.clock_stepped")


def _clock_stepped(event: ClockStepped, **_: Any) -> None:
    note_clock_step(event=event)
