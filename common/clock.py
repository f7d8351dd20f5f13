"""The one place that reads the clock. Actions take `now` as an argument; edges call these."""

import datetime as dt
import time

from django.utils import timezone

# Linux counts in it the time a machine slept as well, so that waking up is no step of the other clock.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> dt.datetime:
    """Return the current time, aware, in UTC."""
    return timezone.now()


def today() -> dt.date:
    """Return today's date in the site's time zone."""
    return timezone.localdate()


def steady_s() -> float:
    """Return seconds of a clock that nobody can set: good for comparing two moments, and for nothing else."""
    return time.clock_gettime(_STEADY)
