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


@dataclass(frozen=True, slots=True)
class LessonAsked:
    """Does a person owe this lesson by itself, whatever courses it stands in?"""

    employee_id: int
    lesson_id: int


study_completed = Signal()  # keyword argument: event: StudyCompleted
lesson_asked = Signal()  # keyword argument: asked: LessonAsked. A receiver answers with a bool
