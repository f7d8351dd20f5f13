"""What exams tell the rooms above."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class AttemptGraded:
    """A marking was added to an attempt. Receivers must cope with hearing it twice."""

    attempt_id: int
    mark_id: int
    employee_id: int
    exam_id: int
    purpose: str
    passed: bool
    score_pct: Decimal
    submitted_at: dt.datetime
    marked_at: dt.datetime


attempt_graded = Signal()  # keyword argument: event: AttemptGraded
