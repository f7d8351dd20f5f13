"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from courses.signals import StudyCompleted, study_completed
from exams.signals import AttemptGraded, attempt_graded
from people.signals import (
    EmploymentChanged,
    EmploymentChangedInBulk,
    employment_changed,
    employment_changed_in_bulk,
)
from training.actions.completion import on_attempt_graded, on_study_completed
from training.actions.obligations import apply_employment_event, apply_employment_events


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    employment_changed.connect(_employment_changed, dispatch_uid="training.employment_changed")
    employment_changed_in_bulk.connect(
        _employment_changed_in_bulk, dispatch_uid="training.employment_changed_in_bulk"
    )
    study_completed.connect(_study_completed, dispatch_uid="training.study_completed")
    attempt_graded.connect(_attempt_graded, dispatch_uid="training.attempt_graded")


def _employment_changed(*, event: EmploymentChanged, **_: Any) -> None:
    apply_employment_event(event_id=event.event_id, now=event.recorded_at)


def _employment_changed_in_bulk(*, event: EmploymentChangedInBulk, **_: Any) -> None:
    apply_employment_events(event_ids=event.event_ids, now=event.recorded_at)


def _study_completed(*, event: StudyCompleted, **_: Any) -> None:
    on_study_completed(event=event)


def _attempt_graded(*, event: AttemptGraded, **_: Any) -> None:
    on_attempt_graded(event=event)
