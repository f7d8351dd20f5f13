"""Reads about obligations: what is owed, why, how far it is, and who may see it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import clock
from courses.models import LessonPage, StudyRecord
from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.models import (
    HELD_KINDS,
    Component,
    ComponentDone,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.basis import basis_text, basis_words
from training.queries.parts import components_by_programme, part_of
from training.queries.study import lessons_by_course, proofs_of_pushes, proves, records_by_lesson
from training.stages import DONE, SPARED, openings


@dataclass(frozen=True, slots=True)
class LessonStep:
    """A lesson of a component, and whether it is proved."""

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
    stage: str = ""
    opens_on: dt.date | None = None
    is_spared: bool = False

    @property
    def is_held(self) -> bool:
        """Tell whether it is held in one place and recorded in hours."""
        return self.kind in HELD_KINDS

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
    return Obligation.objects.select_related("employee", "programme", "rule", "push", "event", "occurrence")


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

    A clause that was not compared with the official text is marked as such. `rule`, `push`, `event` and
    `programme` should be loaded.
    """
    event = obligation.event
    if obligation.rule is None:
        return _explain_push(obligation)
    values = {
        "what": event.get_kind_display() if event else _what_asks(obligation),
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


def _what_asks(obligation: Obligation) -> str:
    """Say what a rule that was not set off by a change of employment goes by."""
    kind, _sep, _rest = obligation.cause.partition(":")
    if obligation.occurrence is not None:
        names = {"kind": obligation.occurrence.get_kind_display(), "title": obligation.occurrence.title}
        return _("%(kind)s“%(title)s”") % names
    if kind == "window" and obligation.cycle.count("-") < 2:
        return _("%(cycle)s 周期开始") % {"cycle": obligation.cycle}
    if kind == "window":
        return _("距上次完成期满")
    if kind == "licence":
        return _("证件 %(day)s 到期须复审") % {"day": obligation.cycle}
    return _("规则要求")


def _explain_push(obligation: Obligation) -> str:
    """Say which case was pushed and what it shares with the person's post. Basis: 四不放过, not a clause of law."""
    push = obligation.push
    assert push is not None  # the database holds one of the two
    criteria = push.criteria
    shared = "、".join([*criteria["hazards"], *criteria["feature_names"], *criteria["post_names"]])
    values = {
        "on": date_format(obligation.owed_from, "Y-m-d"),
        "case": push.lesson_title,
        "shared": shared,
        "due": date_format(obligation.due_on, "Y-m-d"),
        "basis": basis_words(str(_("四不放过：有关人员未受到教育不放过")), False),
        "what": obligation.event.get_kind_display() if obligation.event else "",
    }
    if obligation.event:
        text = _("%(on)s %(what)s后的岗位与“%(case)s”有关（%(shared)s），须在 %(due)s 前学完。")
    else:
        text = _("%(on)s 推送“%(case)s”，它与你的岗位有关（%(shared)s），须在 %(due)s 前学完。")
    return (text + _("依据：%(basis)s。")) % values


def obligation_steps(obligation: Obligation) -> list[ObligationStep]:
    """Return the components of an obligation in order, each with its state and progress. Five queries.

    What is next and what is locked is decided by training.stages: an exam waits for its courses, a stage for the
    one before it and for the days between them.
    """
    return steps_by_obligation([obligation])[obligation.pk]


def steps_by_obligation(obligations: Collection[Obligation]) -> dict[int, list[ObligationStep]]:
    """Return the steps of many obligations by their ids, as `obligation_steps`. Five queries for any number."""
    components = components_by_programme(obligation.programme_id for obligation in obligations)
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
    pushed = [item for items in components.values() for item in items if item.lesson_id]
    proofs = (
        proofs_of_pushes({obligation.employee_id for obligation in obligations}, pushed) if pushed else {}
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
            is_proved=(obligation.employee_id, obligation.programme_id) in proofs,
        )
        for obligation in obligations
    }


def _steps(
    components: list[Component],
    done: Mapping[int, ComponentDone],
    lessons: Mapping[int, list[LessonPage]],
    proved: Mapping[int, StudyRecord],
    held: Mapping[int, list[TrainingRecord]],
    *,
    is_proved: bool,
) -> list[ObligationStep]:
    # What was held was done on the day it was held, whenever it was entered (training.queries.parts.done_days).
    days = {
        pk: timezone.localdate(max((row.completed_at for row in held.get(pk, ())), default=entry.done_at))
        for pk, entry in done.items()
    }
    order = openings([part_of(component) for component in components], days, clock.today())
    steps: list[ObligationStep] = []
    for component in components:
        entry, opening = done.get(component.pk), order[component.pk]
        records = tuple(held[component.pk])
        score = entry.evidence.get("score_pct") if entry else None
        steps.append(
            ObligationStep(
                component=component,
                kind=component.kind,
                title=component.title,
                level=component.level,
                # What another part of the stage made needless is as good as done.
                state=DONE if opening.state == SPARED else opening.state,
                hours=component.hours,
                done_at=entry.done_at if entry else None,
                lessons=_lesson_steps(component, lessons, proved, is_proved=is_proved),
                hours_held=sum((record.hours for record in records), Decimal(0)),
                score_pct=Decimal(score) if score is not None else None,
                records=records,
                stage=component.stage.title if component.stage else "",
                opens_on=opening.opens_on,
                is_spared=opening.state == SPARED,
            )
        )
    return steps


def _lesson_steps(
    component: Component,
    lessons: Mapping[int, list[LessonPage]],
    proved: Mapping[int, StudyRecord],
    *,
    is_proved: bool,
) -> tuple[LessonStep, ...]:
    if component.lesson is not None:
        return (LessonStep(component.lesson, is_proved),) if component.lesson.live else ()
    return tuple(
        LessonStep(lesson, proves(proved.get(lesson.pk), lesson))
        for lesson in lessons.get(component.course_id or 0, ())
    )


def effective_records(obligation_ids: Collection[int]) -> QuerySet[TrainingRecord]:
    """Return the on-site rows of obligations that count: those no later row corrects."""
    return TrainingRecord.objects.filter(
        obligation_id__in=obligation_ids,
        component__kind__in=HELD_KINDS,
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


def consequences_of(event_ids: Collection[UUID]) -> list[str]:
    """Say what employment events brought and ended, one sentence each; nothing if neither. Two queries."""
    sentences = []
    made = Obligation.objects.filter(event_id__in=event_ids, state=ObligationState.OPEN)
    named = [
        _("“%(programme)s”（截止 %(due)s）")
        % {"programme": item.programme.title, "due": date_format(item.due_on, "Y-m-d")}
        for item in made.select_related("programme").order_by("due_on", "pk")
    ]
    if named:
        text = ngettext(
            "将有 %(count)d 项培训任务：%(names)s。", "将有 %(count)d 项培训任务：%(names)s。", len(named)
        )
        sentences.append(text % {"count": len(named), "names": "、".join(named)})
    ended = Obligation.objects.filter(ended_by_id__in=event_ids).select_related("programme")
    titles = [_("“%(programme)s”") % {"programme": item.programme.title} for item in ended.order_by("pk")]
    if titles:
        text = ngettext(
            "将取消 %(count)d 项未完成的培训任务：%(names)s。",
            "将取消 %(count)d 项未完成的培训任务：%(names)s。",
            len(titles),
        )
        sentences.append(text % {"count": len(titles), "names": "、".join(titles)})
    return sentences
