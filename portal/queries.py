"""What the portal's pages show, put together from the rooms below."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser

from common import clock
from common.clock import now
from exams.models import Seat
from exams.queries.practice import PracticeCard, practice_card
from exams.queries.sittings import coming_seats
from notices.queries import unread_notices
from people.models import Assignment, Employee, User
from people.queries import employee_of, has_employees, place_of_work
from training.models import Obligation, Reflection
from training.queries.clearance import ClearanceView, clearance_of
from training.queries.hours import Ring, rings_of
from training.queries.obligations import (
    ObligationStep,
    explain,
    obligation_steps,
    open_obligations,
    steps_by_obligation,
)
from training.queries.record_signing import rows_to_sign
from training.queries.records import hours_in_year

# Kinds of components somebody else moves forward.
OF_OTHERS = ("on_site", "session", "drill", "practical", "licence", "hours")


@dataclass(frozen=True, slots=True)
class Task:
    """An obligation as the learner meets it: its steps, how far it is, and whether it is late."""

    obligation: Obligation
    steps: tuple[ObligationStep, ...]
    is_late: bool
    days_left: int = 0

    @property
    def is_push(self) -> bool:
        """Tell whether it is a pushed case."""
        return self.obligation.push_id is not None

    @property
    def days_late(self) -> int:
        """Return how many days it is overdue."""
        return -self.days_left

    @property
    def reflection(self) -> Reflection | None:
        """Return what the learner wrote and signed for it, if anything."""
        return Reflection.objects.filter(obligation=self.obligation).select_related("signature").first()

    @property
    def done_count(self) -> int:
        """Return how many of the learner's stops are behind: each lesson, exam and on-site part is one."""
        return sum(_stops(step)[0] for step in self.steps)

    @property
    def total_count(self) -> int:
        """Return how many stops there are."""
        return sum(_stops(step)[1] for step in self.steps)

    @property
    def next_step(self) -> ObligationStep | None:
        """Return the step to take now, or None if nothing is left."""
        return next((step for step in self.steps if step.state == "next"), None)

    @property
    def waits_for_others(self) -> bool:
        """Tell whether the next step is not the learner's own: classes and checks are recorded by others."""
        return self.next_step is not None and self.next_step.kind in OF_OTHERS

    @property
    def rings(self) -> list[Ring]:
        """Return how far the hours are that the task gathers. Some queries; for the page of one task."""
        rings = rings_of([self.obligation.employee_id], clock.today()).get(self.obligation.employee_id, [])
        return [ring for ring in rings if ring.obligation.pk == self.obligation.pk]

    @property
    def why(self) -> str:
        """Return why the learner owes this, with the legal basis."""
        return explain(self.obligation)


def _stops(step: ObligationStep) -> tuple[int, int]:
    if step.kind in ("course", "lesson") and step.total_count:
        return step.done_count, step.total_count
    return int(step.state == "done"), 1


@dataclass(frozen=True, slots=True)
class LearnerHome:
    """Everything on the learner's first screen."""

    employee: Employee
    assignment: Assignment | None
    clearance: ClearanceView
    tasks: tuple[Task, ...]
    hours: Decimal
    unread: int
    to_sign: int
    practice: PracticeCard | None = None
    seats: tuple[Seat, ...] = ()

    @property
    def place(self) -> str:
        """Return the unit with the one above it (team and workshop), and the post."""
        if self.assignment is None:
            return ""
        above = self.assignment.unit.get_parent()
        names = [above.name] if above is not None and above.depth > 1 else []
        return " · ".join([*names, self.assignment.unit.name, self.assignment.post.name])

    @property
    def next_task(self) -> Task | None:
        """Return the task behind the one big button: the most pressing one the learner can move forward."""
        own = [task for task in self.tasks if task.next_step and not task.waits_for_others]
        return own[0] if own else None


def task_of(obligation: Obligation, today: dt.date) -> Task:
    """Return an obligation with its steps."""
    return _task(obligation, obligation_steps(obligation), today)


def _task(obligation: Obligation, steps: list[ObligationStep], today: dt.date) -> Task:
    return Task(obligation, tuple(steps), obligation.due_on < today, (obligation.due_on - today).days)


def learner_home(user: User | AnonymousUser, today: dt.date) -> LearnerHome | None:
    """Return the first screen of this user, or None for an account without an employee."""
    employee = employee_of(user)
    if employee is None:
        return None
    owed = list(open_obligations(employee.pk))
    steps = steps_by_obligation(owed)
    return LearnerHome(
        employee=employee,
        assignment=place_of_work(employee.pk, today),
        clearance=clearance_of(employee),
        tasks=tuple(_task(obligation, steps[obligation.pk], today) for obligation in owed),
        hours=hours_in_year(employee.pk, today.year),
        unread=unread_notices(employee.user_id).count() if employee.user_id else 0,
        to_sign=rows_to_sign(employee).count(),
        practice=practice_card(employee, now()),
        seats=tuple(coming_seats(employee.pk, now())),
    )


def is_empty_installation() -> bool:
    """Tell whether nobody is known yet: the site was just set up."""
    return not has_employees()
