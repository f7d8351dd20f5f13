"""Reads about obligations: what is owed, why, how far it is, and who may see it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses.models import LessonPage, StudyRecord
from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.basis import basis_text
from training.queries.study import lessons_by_course, records_by_lesson

DONE = "done"
NEXT = "next"
LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class LessonStep:
    """A lesson of a course component, and whether it is proved."""

    lesson: LessonPage
    is_done: bool


@dataclass(frozen=True, slots=True)
class ObligationStep:
    """One component of an obligation and how far it is. `state` is done, next or locked.

    `done_count` of `total_count` are lessons of a course; `hours_held` of `hours` are 学时 held on site. The
    thing to open is `next_lesson` for a course and `component` for an exam; on-site training has none.
    """

    component: Component
    kind: str
    title: str
    level: str
    state: str
    hours: Decimal
    done_at: dt.datetime | None = None
    lessons: tuple[LessonStep, ...] = ()
    hours_held: Decimal = Decimal(0)
    score_pct: Decimal | None = None
    records: tuple[TrainingRecord, ...] = ()

    @property
    def done_count(self) -> int:
        """Return how many lessons are proved."""
        return sum(step.is_done for step in self.lessons)

    @property
    def total_count(self) -> int:
        """Return how many lessons there are."""
        return len(self.lessons)

    @property
    def next_lesson(self) -> LessonPage | None:
        """Return the first lesson that is not proved yet."""
        return next((step.lesson for step in self.lessons if not step.is_done), None)


def task_path(obligation: Obligation) -> str:
    """Return the address of a learner's page for an obligation (portal owns the page)."""
    return f"/tasks/{obligation.public_id}/"


def obligations_with_reasons() -> QuerySet[Obligation]:
    """Return all obligations with what is needed to show them and why they exist."""
    return Obligation.objects.select_related("employee", "programme", "rule", "event")


def open_obligations(employee_id: int) -> QuerySet[Obligation]:
    """Return what a person still owes, the most pressing first: before work, then by due date."""
    return (
        obligations_with_reasons()
        .filter(employee_id=employee_id, state=ObligationState.OPEN)
        .order_by("-before_work", "due_on", "id")
    )


def obligations_for_user(user: User | AnonymousUser) -> QuerySet[Obligation]:
    """Return the obligations `user` may see as somebody responsible: those of people within the user's scope."""
    people = employees_for(user, Capability.VIEW_COVERAGE)
    return obligations_with_reasons().filter(employee__in=people.values("pk"))


def get_obligation_for(user: User | AnonymousUser, public_id: UUID | str) -> Obligation:
    """Return an obligation if it is the user's own, or of a person within the user's scope.

    Raises Obligation.DoesNotExist otherwise, whether or not there is such an obligation; views answer 404.
    """
    if not isinstance(user, User) or not user.is_active:
        raise Obligation.DoesNotExist
    own = obligations_with_reasons().filter(employee__user_id=user.pk, public_id=public_id).first()
    return own or obligations_for_user(user).get(public_id=public_id)


def explain(obligation: Obligation) -> str:
    """Say why a person owes a training: what happened, by which rule, until when, by which law.

    A clause that was not compared with the official text is marked as such. `rule`, `event` and `programme`
    should be loaded.
    """
    event = obligation.event
    values = {
        "what": event.get_kind_display() if event else _("规则要求"),
        "on": date_format(obligation.owed_from, "Y-m-d"),
        "rule": obligation.rule.title,
        "programme": obligation.programme.title,
        "due": date_format(obligation.due_on, "Y-m-d"),
        "basis": basis_text(obligation.rule),
    }
    if obligation.before_work:
        text = _("%(on)s %(what)s，按“%(rule)s”须完成“%(programme)s”，完成前不得上岗，截止 %(due)s。")
    else:
        text = _("%(on)s %(what)s，按“%(rule)s”须完成“%(programme)s”，截止 %(due)s。")
    return (text + _("依据：%(basis)s。")) % values


def obligation_steps(obligation: Obligation) -> list[ObligationStep]:
    """Return the components of an obligation in order, each with its state and progress. Five queries.

    The first component that is not done is next, those after it are locked: an exam waits for its courses.
    """
    return steps_by_obligation([obligation])[obligation.pk]


def steps_by_obligation(obligations: Collection[Obligation]) -> dict[int, list[ObligationStep]]:
    """Return the steps of many obligations by their ids, as `obligation_steps`. Five queries for any number."""
    components: dict[int, list[Component]] = defaultdict(list)
    for component in (
        Component.objects.filter(programme_id__in={obligation.programme_id for obligation in obligations})
        .select_related("course", "exam")
        .order_by("position")
    ):
        components[component.programme_id].append(component)
    ids = [obligation.pk for obligation in obligations]
    done: dict[int, dict[int, ComponentDone]] = defaultdict(dict)
    for entry in ComponentDone.objects.filter(obligation_id__in=ids):
        done[entry.obligation_id][entry.component_id] = entry
    lessons = lessons_by_course(
        {item.course_id for items in components.values() for item in items if item.course_id}
    )
    proved = records_by_lesson(
        {obligation.employee_id for obligation in obligations},
        {lesson.pk for items in lessons.values() for lesson in items},
    )
    held: dict[tuple[int | None, int | None], list[TrainingRecord]] = defaultdict(list)
    for record in effective_records(ids):
        held[record.obligation_id, record.component_id].append(record)
    return {
        obligation.pk: _steps(
            components[obligation.programme_id],
            done[obligation.pk],
            lessons,
            proved[obligation.employee_id],
            {item.pk: held[obligation.pk, item.pk] for item in components[obligation.programme_id]},
        )
        for obligation in obligations
    }


def _steps(
    components: list[Component],
    done: Mapping[int, ComponentDone],
    lessons: Mapping[int, list[LessonPage]],
    proved: Mapping[int, StudyRecord],
    held: Mapping[int, list[TrainingRecord]],
) -> list[ObligationStep]:
    steps: list[ObligationStep] = []
    is_blocked = False
    for component in components:
        entry = done.get(component.pk)
        state = DONE if entry else LOCKED if is_blocked else NEXT
        is_blocked = is_blocked or entry is None
        records = tuple(held[component.pk])
        score = entry.evidence.get("score_pct") if entry else None
        steps.append(
            ObligationStep(
                component=component,
                kind=component.kind,
                title=component.title,
                level=component.level,
                state=state,
                hours=component.hours,
                done_at=entry.done_at if entry else None,
                lessons=tuple(
                    LessonStep(lesson, lesson.pk in proved)
                    for lesson in lessons.get(component.course_id or 0, ())
                ),
                hours_held=sum((record.hours for record in records), Decimal(0)),
                score_pct=Decimal(score) if score is not None else None,
                records=records,
            )
        )
    return steps


def effective_records(obligation_ids: Collection[int]) -> QuerySet[TrainingRecord]:
    """Return the on-site rows of obligations that count: those no later row corrects."""
    return TrainingRecord.objects.filter(
        obligation_id__in=obligation_ids,
        component__kind=ComponentKind.ON_SITE,
        corrected_by__isnull=True,
        passed=True,
    ).order_by("seq")


def hours_held(obligation_ids: list[int], component: Component) -> dict[int, Decimal]:
    """Return the 学时 held on site for a component, per obligation. One query."""
    return dict(
        TrainingRecord.objects.filter(
            obligation_id__in=obligation_ids, component=component, corrected_by__isnull=True, passed=True
        )
        .values_list("obligation_id")
        .annotate(total=Sum("hours"))
    )
