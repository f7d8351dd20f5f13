"""What the portal's pages show, put together from the rooms below."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser

from notices.queries import unread_notices
from people.models import Assignment, Employee, User
from people.queries import current_assignment, employee_of, has_employees
from training.models import Obligation
from training.queries.clearance import ClearanceView, clearance_of
from training.queries.obligations import (
    ObligationStep,
    explain,
    obligation_steps,
    open_obligations,
    steps_by_obligation,
)
from training.queries.records import hours_in_year


@dataclass(frozen=True, slots=True)
class Task:
    """An obligation as the learner meets it: its steps, how far it is, and whether it is late."""

    obligation: Obligation
    steps: tuple[ObligationStep, ...]
    is_late: bool

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
        """Tell whether the next step is not the learner's own: on-site training is recorded by a trainer."""
        return self.next_step is not None and self.next_step.kind == "on_site"

    @property
    def why(self) -> str:
        """Return why the learner owes this, with the legal basis."""
        return explain(self.obligation)


def _stops(step: ObligationStep) -> tuple[int, int]:
    if step.kind == "course" and step.total_count:
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
    return Task(obligation, tuple(obligation_steps(obligation)), obligation.due_on < today)


def learner_home(user: User | AnonymousUser, today: dt.date) -> LearnerHome | None:
    """Return the first screen of this user, or None for an account without an employee."""
    employee = employee_of(user)
    if employee is None:
        return None
    owed = list(open_obligations(employee.pk))
    steps = steps_by_obligation(owed)
    return LearnerHome(
        employee=employee,
        assignment=current_assignment(employee.pk, today),
        clearance=clearance_of(employee),
        tasks=tuple(
            Task(obligation, tuple(steps[obligation.pk]), obligation.due_on < today) for obligation in owed
        ),
        hours=hours_in_year(employee.pk, today.year),
        unread=unread_notices(employee.user_id).count() if employee.user_id else 0,
    )


def is_empty_installation() -> bool:
    """Tell whether nobody is known yet: the site was just set up."""
    return not has_employees()
