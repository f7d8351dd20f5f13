"""What courses tell the rooms above."""

import datetime as dt
from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class StudyCompleted:
    """A person completed a lesson. Sent inside the transaction that wrote the study record; may arrive twice."""

    study_record_id: int
    employee_id: int
    lesson_id: int
    completed_at: dt.datetime


study_completed = Signal()  # keyword argument: event: StudyCompleted
