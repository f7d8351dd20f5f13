"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from courses.signals import LessonAsked, StudyCompleted, lesson_asked, study_completed
from exams.signals import (
    AttemptGraded,
    AttemptVoided,
    Consequence,
    Owing,
    OwingAsked,
    RegradeAsked,
    Restudied,
    RestudyAsked,
    VoidAsked,
    attempt_graded,
    attempt_voided,
    owing_asked,
    regrade_consequences_asked,
    restudy_asked,
    void_consequences_asked,
)
from people.signals import (
    ConsequencesAsked,
    EmploymentChanged,
    EmploymentChangedInBulk,
    PostDemandsChanged,
    UnitClosing,
    UnitsChanged,
    consequences_asked,
    employment_changed,
    employment_changed_in_bulk,
    post_demands_changed,
    unit_closing,
    units_changed,
)
from training.actions.affected import refresh_post, refresh_units
from training.actions.completion import on_attempt_graded, on_study_completed
from training.actions.hours import settle_hours
from training.actions.obligations import apply_employment_event, apply_employment_events
from training.actions.push_joiners import follow_employment
from training.actions.recompute import recompute_obligations
from training.actions.voiding import on_attempt_voided
from training.queries.obligations import consequences_of
from training.queries.owing import owes_lesson, owing_of
from training.queries.person_facts import people_of
from training.queries.regrades import consequences_of_regrade
from training.queries.restudy import restudy_of
from training.queries.rulebook import load_rulebook, rules_bound_to
from training.queries.voids import consequences_of_void


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    employment_changed.connect(_employment_changed, dispatch_uid="training.employment_changed")
    employment_changed_in_bulk.connect(
        _employment_changed_in_bulk, dispatch_uid="training.employment_changed_in_bulk"
    )
    units_changed.connect(_units_changed, dispatch_uid="training.units_changed")
    unit_closing.connect(_unit_closing, dispatch_uid="training.unit_closing")
    post_demands_changed.connect(_post_demands_changed, dispatch_uid="training.post_demands_changed")
    consequences_asked.connect(_consequences_asked, dispatch_uid="training.consequences_asked")
    study_completed.connect(_study_completed, dispatch_uid="training.study_completed")
    attempt_graded.connect(_attempt_graded, dispatch_uid="training.attempt_graded")
    attempt_voided.connect(_attempt_voided, dispatch_uid="training.attempt_voided")
    void_consequences_asked.connect(_void_asked, dispatch_uid="training.void_asked")
    regrade_consequences_asked.connect(_regrade_asked, dispatch_uid="training.regrade_asked")
    restudy_asked.connect(_restudy_asked, dispatch_uid="training.restudy_asked")
    owing_asked.connect(_owing_asked, dispatch_uid="training.owing_asked")
    lesson_asked.connect(_lesson_asked, dispatch_uid="training.lesson_asked")


def _employment_changed(*, event: EmploymentChanged, **_: Any) -> None:
    book = load_rulebook()
    apply_employment_event(event_id=event.event_id, now=event.recorded_at, book=book)
    follow_employment(event_ids=[event.event_id], now=event.recorded_at)
    recompute_obligations(employee_ids=[event.employee_id], now=event.recorded_at, book=book)


def _employment_changed_in_bulk(*, event: EmploymentChangedInBulk, **_: Any) -> None:
    book = load_rulebook()
    apply_employment_events(event_ids=event.event_ids, now=event.recorded_at, book=book)
    follow_employment(event_ids=event.event_ids, now=event.recorded_at)
    if book.recurs:
        recompute_obligations(employee_ids=people_of(event.event_ids), now=event.recorded_at, book=book)


def _units_changed(*, event: UnitsChanged, **_: Any) -> None:
    refresh_units(unit_ids=event.unit_ids, now=event.recorded_at)


def _unit_closing(*, event: UnitClosing, **_: Any) -> list[str]:
    return rules_bound_to(event.unit_id, event.closed_on)


def _post_demands_changed(*, event: PostDemandsChanged, **_: Any) -> None:
    refresh_post(post_id=event.post_id, now=event.recorded_at)


def _consequences_asked(*, asked: ConsequencesAsked, **_: Any) -> list[str]:
    return consequences_of(asked.event_ids)


def _study_completed(*, event: StudyCompleted, **_: Any) -> None:
    on_study_completed(event=event)
    settle_hours(employee_ids=[event.employee_id], now=event.completed_at)


def _attempt_graded(*, event: AttemptGraded, **_: Any) -> None:
    on_attempt_graded(event=event)


def _attempt_voided(*, event: AttemptVoided, **_: Any) -> None:
    on_attempt_voided(event=event)


def _void_asked(*, asked: VoidAsked, **_: Any) -> list[Consequence]:
    return consequences_of_void(asked)


def _regrade_asked(*, asked: RegradeAsked, **_: Any) -> list[Consequence]:
    return consequences_of_regrade(asked.flips)


def _restudy_asked(*, asked: RestudyAsked, **_: Any) -> Restudied | None:
    return restudy_of(asked)


def _lesson_asked(*, asked: LessonAsked, **_: Any) -> bool:
    return owes_lesson(asked)


def _owing_asked(*, asked: OwingAsked, **_: Any) -> list[Owing]:
    return owing_of(asked)
