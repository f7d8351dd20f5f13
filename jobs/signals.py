"""What the queue tells the rooms above."""

import datetime as dt
from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """A clock was found set, or apart (jobs.models.ClockStep). Receivers must cope with hearing it twice."""

    step_id: int
    source: str
    seconds: float
    at: dt.datetime


clock_stepped = Signal()  # keyword argument: event: ClockStepped
