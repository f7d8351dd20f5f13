"""What stands in the way of training that is owed: for the list of those who have to do something about it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import ceil

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from courses.models import CourseLesson
from people.models import EmploymentStatus, User
from people.permissions import Capability
from people.queries import employees_for
from training.models import HELD_KINDS, Assessor, Component, ComponentKind, Obligation, ObligationState
from training.queries.assessors import (
    WITH_RECORDER,
    Led,
    Recorders,
    Whereabouts,
    assessor_of,
    leaders_above,
    recorders_on,
    whereabouts_on,
)
from training.queries.figures import load_figures
from training.queries.hours import rings_of
from training.queries.obligations import hours_held
from training.queries.parts import components_by_programme, openings_of
from training.stages import DONE, SPARED, Opening


class Hindrance(StrEnum):
    """Why somebody cannot do what is owed."""

    TOO_LATE = "too_late"
    NO_CONTENT = "no_content"
    NO_TRAINER = "no_trainer"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True, slots=True)
class TrainingException:
    """One thing that stands in somebody's way.

    `days_needed` and `days_left` are those of TOO_LATE; `led` is, of NO_TRAINER, who would have to judge as the
    leader of a unit.
    """

    obligation: Obligation
    kind: Hindrance
    component: Component | None = None
    hours_left: Decimal = Decimal(0)
    days_needed: int = 0
    days_left: int = 0
    led: Led | None = None

    @property
    def text(self) -> str:
        """Say it in a sentence, with the cure."""
        values = {
            "hours": f"{self.hours_left.normalize():f}",
            "needed": self.days_needed,
            "left": self.days_left,
            "part": self.component.title if self.component else "",
        }
        match self.kind:
            case Hindrance.TOO_LATE:
                return (
                    _("还差 %(hours)s 学时，至少要 %(needed)s 天，离截止只有 %(left)s 天：请排课或申请延期。")
                    % values
                )
            case Hindrance.NO_CONTENT:
                return _("“%(part)s”没有可学的内容：请先发布课程内容或题目。") % values
            case Hindrance.NO_TRAINER:
                return self._who_is_missing() % values
        return _("没有账号，不能线上学习、考试或签名：请开通账号或用平板登录。")

    def _who_is_missing(self) -> str:
        """Say who is missing and how to get one; `%(part)s` is still to be filled in."""
        assert self.component is not None
        match assessor_of(self.component):
            case Assessor.MENTOR:
                return _(
                    "“%(part)s”要由师傅考核，没有合适的人：请给师傅授予本单位的培训师角色，账号要关联到员工。"
                )
            case Assessor.SAFETY_MANAGER:
                return _(
                    "“%(part)s”要由安全管理人员考核，没有合适的人：请给在安全管理岗位上的人授予本单位的安全员角色。"
                )
            case Assessor.UNIT_LEADER if self.led is not None and self.led.leader:
                known = _(
                    "“%(part)s”要由单位负责人考核，“%(unit)s”的负责人%(leader)s还不能登记：请给他授予培训师角色。"
                )
                return _filled(known, unit=self.led.unit, leader=self.led.leader)
            case Assessor.UNIT_LEADER:
                unknown = _(
                    "“%(part)s”要由单位负责人考核，“%(unit)s”还没有负责人：请先任命，再授予培训师角色。"
                )
                return _filled(unknown, unit=self.led.unit if self.led else "")
        if self.component.kind == ComponentKind.PRACTICAL:
            return _("“%(part)s”没有人能考核：请给本单位授予培训师或安全员角色。")
        return _("“%(part)s”没有人能登记：请给本单位授予培训师或安全员角色。")


def _filled(text: str, **values: str) -> str:
    """Fill a text except for `%(part)s`."""
    return text % {**{name: value.replace("%", "%%") for name, value in values.items()}, "part": "%(part)s"}


ONLINE = (
    *(ComponentKind.COURSE, ComponentKind.EXAM, ComponentKind.LESSON),
    *(ComponentKind.REFLECTION, ComponentKind.LETTER),
)
MOST_GATHERING = 5_000


def exceptions_for(user: User | AnonymousUser, on: dt.date) -> list[TrainingException]:
    """Return what stands in the way of the open obligations of the people in the user's scope, due first first.

    The statements do not grow with the people (but one for each 10,000 obligations).
    """
    people = {
        person.pk: person
        for person in employees_for(user, Capability.VIEW_COVERAGE).exclude(status=EmploymentStatus.LEFT)
    }
    owed = [
        item
        for item in Obligation.objects.filter(state=ObligationState.OPEN)
        .select_related("programme", "employee")
        .order_by("due_on", "pk")
        if item.employee_id in people
    ]
    return _found(owed, whereabouts_on(people, on), on)


def exceptions_of(obligations: Sequence[Obligation], on: dt.date) -> list[TrainingException]:
    """Return what stands in the way of these obligations; who may train them is not looked at."""
    return _found(obligations, {}, on)


def _found(
    owed: Sequence[Obligation], places: Mapping[int, Whereabouts], on: dt.date
) -> list[TrainingException]:
    components = components_by_programme(item.programme_id for item in owed)
    order = openings_of(owed, on)
    held = _held(owed, components)
    ceiling = load_figures().ceiling(on)
    gathering = _gathering(owed, components, ceiling, on)
    empty = _without_content(components)
    recorders = recorders_on(on)
    found: list[TrainingException] = []
    for item in owed:
        left = [part for part in components[item.programme_id] if _is_left(order[item.pk][part.pk])]
        late = _too_late(item, left, held, ceiling, gathering.get(item.pk, Decimal(0)), on)
        found += [late] if late else []
        found += [TrainingException(item, Hindrance.NO_CONTENT, part) for part in left if part.pk in empty]
        if item.employee.user_id is None and any(part.kind in ONLINE for part in left):
            found.append(TrainingException(item, Hindrance.NO_ACCOUNT))
        where = places.get(item.employee_id)
        if where is not None:
            found += _without_recorder(item, left, where, recorders)
    return _with_leaders(found, places)


def _without_recorder(
    item: Obligation, left: Sequence[Component], where: Whereabouts, recorders: Recorders
) -> Iterable[TrainingException]:
    """Yield the first of these components for each kind of recorder or assessor there is none of."""
    said: set[str | None] = set()
    for part in left:
        asked = assessor_of(part)
        if part.kind not in WITH_RECORDER or asked in said:
            continue
        if not recorders.is_there_for(part, where, item.employee.user_id):
            said.add(asked)
            yield TrainingException(item, Hindrance.NO_TRAINER, part)
            if asked is None:
                return  # whoever may record training at all is missing; nobody else could be asked either


def _with_leaders(
    found: Sequence[TrainingException], places: Mapping[int, Whereabouts]
) -> list[TrainingException]:
    """Add who leads the unit where a leader is asked for. One query, if one is."""
    asking = {
        position: places[each.obligation.employee_id].own
        for position, each in enumerate(found)
        if each.kind == Hindrance.NO_TRAINER
        and each.component
        and assessor_of(each.component) == Assessor.UNIT_LEADER
    }
    leaders = leaders_above(list(set(asking.values()))) if asking else {}
    return [
        replace(each, led=leaders.get(asking[position])) if position in asking else each
        for position, each in enumerate(found)
    ]


def _is_left(opening: Opening) -> bool:
    return opening.state not in (DONE, SPARED)


def _too_late(
    item: Obligation,
    left: Sequence[Component],
    held: Mapping[tuple[int, int], Decimal],
    house_ceiling: Decimal,
    gathering: Decimal,
    on: dt.date,
) -> TrainingException | None:
    """Tell whether the hours still to be held or gathered do not fit into the days left, today and the last included."""
    hours = gathering + sum(
        (
            max(part.hours - held.get((item.pk, part.pk), Decimal(0)), Decimal(0))
            for part in left
            if part.kind in HELD_KINDS or part.kind == ComponentKind.COURSE
        ),
        Decimal(0),
    )
    ceiling = min(item.programme.daily_hours or house_ceiling, house_ceiling)
    spacing = sum({part.stage: part.stage.min_days_after for part in left if part.stage}.values())
    needed = ceil(hours / ceiling) + max(spacing - 1, 0) if hours else 0
    days_left = max((item.due_on - on).days + 1, 0)
    if not hours or needed <= days_left:
        return None
    return TrainingException(
        item, Hindrance.TOO_LATE, hours_left=hours, days_needed=needed, days_left=days_left
    )


def _gathering(
    owed: Sequence[Obligation],
    components: Mapping[int, list[Component]],
    ceiling: Decimal,
    on: dt.date,
) -> dict[int, Decimal]:
    """Return the hours still to be gathered, by obligation, of those who have few days left.

    Looked up only where all of the hours would not fit, which is near the end of a year, and for the first
    MOST_GATHERING people; the page of the hours lacking lists everybody. Ten queries for each 1,000.
    """
    close = [
        item
        for item in owed
        if item.due_on >= on
        and any(
            part.kind == ComponentKind.HOURS and ceil(part.hours / ceiling) > (item.due_on - on).days + 1
            for part in components[item.programme_id]
        )
    ]
    wanted = {item.pk for item in close}
    people = list(dict.fromkeys(item.employee_id for item in close))[:MOST_GATHERING]
    found = {}
    for start in range(0, len(people), 1000):
        for rings in rings_of(people[start : start + 1000], on).values():
            for ring in rings:
                if ring.obligation.pk in wanted and not ring.is_settled:
                    found[ring.obligation.pk] = ring.missing
    return found


def _held(
    owed: Sequence[Obligation], components: Mapping[int, list[Component]]
) -> dict[tuple[int, int], Decimal]:
    """Return the hours held so far, by obligation and component. One query for each held component."""
    by_programme: dict[int, list[int]] = defaultdict(list)
    for item in owed:
        by_programme[item.programme_id].append(item.pk)
    found = {}
    for programme_id, parts in components.items():
        for part in parts:
            if part.kind in HELD_KINDS:
                ids = by_programme[programme_id]
                for start in range(0, len(ids), 10_000):
                    for pk, hours in hours_held(ids[start : start + 10_000], part).items():
                        found[pk, part.pk] = hours
    return found


def _without_content(components: Mapping[int, list[Component]]) -> set[int]:
    """Return the components whose course, lesson or exam nobody can open, or whose course is empty. One query."""
    parts = [part for items in components.values() for part in items]
    courses = {part.course_id for part in parts if part.course_id}
    filled = set(
        CourseLesson.objects.filter(course_id__in=courses, lesson__live=True).values_list(
            "course_id", flat=True
        )
    )
    return {
        part.pk
        for part in parts
        if (part.course and (part.course_id not in filled or not part.course.live))
        or (part.lesson and not part.lesson.live)
        or (part.exam and not part.exam.is_open)
    }
