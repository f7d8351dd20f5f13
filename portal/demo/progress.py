"""Bring the demo's people to their stages by the same actions real people come there by, with the clock set back.

The first people of the list study, sit exams and are taught on site one by one. Those beyond them were hired
before the company's rule on online study took effect, so all they owe is on-site hours, recorded team by team.
"""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from courses import watching
from courses.actions.checks import answer_check
from courses.actions.study import beat_mac, confirm_read, open_session, take_beat
from courses.models import LessonPage, PlaySession, StudyCheck
from exams.actions.attempts import save_answers, submit_attempt
from exams.models import Attempt
from exams.queries import keys_of
from exams.shapes import Step
from people.models import Employee
from portal.demo.organisation import DemoPerson, Stage
from training.actions.exam_component import start_component_exam
from training.actions.on_site import record_on_site_training
from training.models import Component, ComponentKind, Obligation, ObligationState
from training.queries.obligations import obligation_steps, open_obligations

Report = Callable[[str, int, int], None]
DEVICE = "demo-phone"
BEAT_S = 20
BREAKS_MIN = 80  # lunch and two short ones in a day of teaching
PASSING = {Stage.CLEARED, Stage.ON_SITE_LEFT, Stage.NO_LICENCE, Stage.LICENCE_EXPIRING}
TAUGHT_ON_SITE = {Stage.CLEARED, Stage.NO_LICENCE, Stage.LICENCE_EXPIRING}
TRAINERS = ("许文海", "郭志强", "周大勇")
PLACES = {"factory": "总厂安全教育室", "workshop": "车间会议室", "team": "班组休息室"}


@dataclass(slots=True)
class _Clock:
    """The moment at which the next thing happens to one person."""

    at: dt.datetime

    def pass_s(self, seconds: float) -> dt.datetime:
        self.at += dt.timedelta(seconds=seconds)
        return self.at


def run_progress(people: Sequence[DemoPerson], *, one_by_one: int, now: dt.datetime, report: Report) -> None:
    """Let everybody come to their stage, the first `one_by_one` people each by their own steps."""
    employees = {employee.employee_no: employee for employee in Employee.objects.all()}
    single = people[:one_by_one]
    for number, person in enumerate(single, start=1):
        # One commit a person: a real learner's beats commit one by one, but nobody waits for these.
        with transaction.atomic():
            _learn(person, employees[person.employee_no], now)
        report("学习与考试", number, len(single))
    _teach_on_site(people, employees, now, report)


def run_old_rule(
    people: Sequence[DemoPerson], rule: LessonPage, *, one_by_one: int, now: dt.datetime
) -> None:
    """Let those who work with cranes have signed for a rule that has been replaced since, as long as they are here.

    Its successor shows them what has changed. The person of the start screen is one of them.
    """
    employees = {employee.employee_no: employee for employee in Employee.objects.all()}
    for person in people[:one_by_one]:
        if person.post == "行车工" or person.employee_no == "1001":
            read_on = min(person.hired_on + dt.timedelta(days=1), timezone.localdate(now))
            with transaction.atomic():
                _study(employees[person.employee_no], rule, _Clock(_at(read_on, 8)), now)


def _learn(person: DemoPerson, employee: Employee, now: dt.datetime) -> None:
    if person.stage in {Stage.NOT_STARTED, Stage.OVERDUE}:
        return
    rng = random.Random(person.employee_no)  # noqa: S311 - repeatable on purpose
    started = person.moved_on or person.hired_on
    clock = _Clock(_at(started, 13, rng.randint(0, 59)))
    for obligation in open_obligations(employee.pk):
        steps = obligation_steps(obligation)
        for step in steps:
            if step.kind == ComponentKind.COURSE:
                lessons = [item.lesson for item in step.lessons if not item.is_done]
                if person.stage is Stage.STUDYING:
                    lessons = lessons[: max(1, len(lessons) // 2)]
                for lesson in lessons:
                    _study(employee, lesson, clock, now)
                if person.stage is Stage.STUDYING:
                    break
            elif step.kind == ComponentKind.EXAM:
                _sit(obligation, step.component, employee, clock, now, rng, passes=person.stage in PASSING)


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


def _study(employee: Employee, lesson: LessonPage, clock: _Clock, now: dt.datetime) -> None:
    """Read and watch one lesson in the time it takes."""
    if clock.at >= now - dt.timedelta(hours=1):
        return
    session = open_session(employee=employee, lesson=lesson, device=DEVICE, now=clock.pass_s(30))
    needs = session.progress.needs
    parts = [(watching.FILM, needs["film_s"])] if needs["film_s"] else []
    parts += [(f"{watching.SECTION}{name}", seconds) for name, seconds in needs["sections"].items()]
    seq = 0
    for part, seconds in parts:
        position = 0.0
        while position < seconds:
            until = min(position + BEAT_S, seconds)
            seq += 1
            beat = watching.Beat(seq, part, round(position * 1000), round(until * 1000))
            taken = take_beat(
                session_public_id=session.public_id,
                employee_id=employee.pk,
                beat=beat,
                signature=beat_mac(session.nonce, session.public_id, beat),
                now=clock.pass_s(until - position + 0.1),
            )
            position = until
            if taken.check is not None:
                _answer_check(session, taken.check, clock)
    confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=clock.pass_s(5))


def _answer_check(session: PlaySession, check: StudyCheck, clock: _Clock) -> None:
    """Answer what the film asks, rightly, after a moment's thought."""
    right = [place for place, option in enumerate(check.content["options"]) if option["is_right"]]
    answer_check(
        session_public_id=session.public_id,
        employee_id=session.employee_id,
        number=check.number,
        choice=right[0] if right else None,
        now=clock.pass_s(6),
    )


def _sit(
    obligation: Obligation,
    component: Component,
    employee: Employee,
    clock: _Clock,
    now: dt.datetime,
    rng: random.Random,
    *,
    passes: bool,
) -> None:
    """Sit the exam once: with the right answers, or with half of them wrong."""
    if clock.at >= now - dt.timedelta(minutes=30):
        return
    attempt = start_component_exam(
        obligation=obligation,
        component=component,
        employee=employee,
        device=DEVICE,
        now=clock.pass_s(120),
    )
    keys = keys_of([slot["version_id"] for slot in attempt.paper["slots"]])
    steps: list[Step] = []
    for index, slot in enumerate(attempt.paper["slots"]):
        right = passes or index % 2 == 0
        chosen = [
            token
            for option, token in zip(slot["option_ids"], slot["tokens"], strict=True)
            if (option in keys[slot["version_id"]]) == right
        ]
        if not right and slot["kind"] != "multiple_choice":
            chosen = chosen[:1]
        steps.append({"slot": index + 1, "seq": index + 1, "response": chosen})
    _answer(attempt, employee, steps, clock, rng)


def _answer(
    attempt: Attempt, employee: Employee, steps: list[Step], clock: _Clock, rng: random.Random
) -> None:
    for step in steps:
        save_answers(
            attempt_public_id=attempt.public_id,
            employee_id=employee.pk,
            steps=[step],
            device=DEVICE,
            now=clock.pass_s(rng.randint(14, 38)),
        )
    submit_attempt(
        attempt_public_id=attempt.public_id, employee_id=employee.pk, device=DEVICE, now=clock.pass_s(10)
    )


def _teach_on_site(
    people: Iterable[DemoPerson], employees: dict[str, Employee], now: dt.datetime, report: Report
) -> None:
    """Record the on-site days people had: those of one workshop and day together, one level after the other.

    Who changed jobs had the training of the first post long ago, whatever the stage is now.
    """
    classes: dict[tuple[dt.date, str], list[int]] = defaultdict(list)
    for person in people:
        pk = employees[person.employee_no].pk
        if person.moved_from is not None or person.stage in TAUGHT_ON_SITE:
            classes[person.hired_on, _workshop((person.moved_from or (person.unit,))[0])].append(pk)
        if person.moved_on is not None and person.stage in TAUGHT_ON_SITE:
            classes[person.moved_on, _workshop(person.unit)].append(pk)
    done = 0
    for number, ((day, _unit), members) in enumerate(sorted(classes.items()), start=1):
        by_programme: dict[int, list[Obligation]] = defaultdict(list)
        for obligation in _owed_on_site(members, day):
            by_programme[obligation.programme_id].append(obligation)
        with transaction.atomic():
            for owed in by_programme.values():
                _teach(owed, day, now, number)
        done += len(members)
        report("现场教育", done, sum(len(item) for item in classes.values()))


def _owed_on_site(members: list[int], day: dt.date) -> Iterable[Obligation]:
    return (
        Obligation.objects.filter(
            employee_id__in=members,
            owed_from=day,
            state=ObligationState.OPEN,
            programme__components__kind=ComponentKind.ON_SITE,
        )
        .select_related("programme")
        .distinct()
        .order_by("pk")
    )


def _workshop(unit: str) -> str:
    return unit.rpartition("/")[0]


def _teach(owed: list[Obligation], day: dt.date, now: dt.datetime, number: int) -> None:
    """Record a class: at most 8 学时 a day from 08:30 on, with breaks, until each level has its hours."""
    held_on = day
    for component in owed[0].programme.components.filter(kind=ComponentKind.ON_SITE).order_by("position"):
        hours_left = component.hours
        while hours_left > 0:
            hours = min(hours_left, Decimal(8))
            held_from = _at(held_on, 8, 30)
            held_to = held_from + dt.timedelta(minutes=float(hours) * 45 + BREAKS_MIN)
            if held_to >= now:
                return
            record_on_site_training(
                obligations=owed,
                component=component,
                held_from=held_from,
                held_to=held_to,
                hours=hours,
                place=PLACES.get(component.level, "总厂安全教育室"),
                trainer_name=TRAINERS[number % len(TRAINERS)],
                acting_user=None,
                now=min(now, held_to + dt.timedelta(minutes=20)),
            )
            hours_left -= hours
            held_on += dt.timedelta(days=1)
