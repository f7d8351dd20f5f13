"""The one place that reads the clock. Actions take `now` as an argument; edges call these."""

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """Return the current time, aware, in UTC."""
    return timezone.now()


def today() -> dt.date:
    """Return today's date in the site's time zone."""
    return timezone.localdate()
