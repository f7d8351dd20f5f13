"""When to remind of a licence that runs out. Pure."""

import datetime as dt

DAYS = (7, 30, 60, 90)  # practice; 0 stands for "has lapsed"
LAPSED = 0
FORGOTTEN_AFTER = 90  # days after which a lapse is no news: old papers are entered, too


def reminder_due(deadline: dt.date, on: dt.date) -> int | None:
    """Return which reminder of a deadline (the last good day) fits a day, None if none does.

    The nearest step ahead: whoever missed a night is reminded the next, and each step comes once.
    """
    left = (deadline - on).days
    if left < 0:
        return LAPSED if left >= -FORGOTTEN_AFTER else None
    return next((step for step in DAYS if left <= step), None)
