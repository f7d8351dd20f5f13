"""A year in a works, lived through the product's own actions: what happens is drawn from a seed, day by day.

Who is meant is always drawn from lists sorted by employee number and code, never by an id, so that two lives of one
seed tell the same story in two databases. The clock is frozen at the moments at which things happen: the night's
tasks at their times, employment at nine, training in the afternoon.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import time_machine
from django.utils import timezone

from people.actions import employment
from people.actions.corrections import correct_event
from people.actions.imports import ImportOptions, apply_import
from people.actions.organisation import ensure_posts, ensure_unit_paths
from people.actions.unit_changes import move_unit, save_unit
from people.errors import EmploymentRefused
from people.models import Employee, EmploymentEvent, OrgUnit, Post
from people.roster import Row, Standing
from people.tasks import apply_coming_changes
from tests.load.year_training import Training
from training.actions.templates import load_templates
from training.tasks import recompute_due_obligations, refresh_due_clearance, remind_of_licences

POSTS = ("操作工", "巡检工", "焊工", "仓库工", "化验员", "电工", "司机", "安全员")
# How often each happens in a year, for a hundred people.
YEARLY = {"hire": 12, "transfer": 25, "leave": 8, "away": 5, "back": 60, "rehire": 20}
SINGLY = {"late_transfer": 3, "coming_transfer": 3, "coming_leave": 2, "second": 2, "terms": 1, "correct": 4}
# What contradicts what is known and must be refused: leave again, be lent while gone, hire who is there, leave too early.
WRONG = {"leave again": "left", "second gone": "left", "rehire there": "active", "leave too early": "active"}
WRONGLY = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """What year it is: `in_bulk` tells a day's changes as one list; `pace` multiplies the changes of
    employment.

    Every `nights_apart`-th night, each first of a month and the night of the rule change run the night's tasks for
    everybody; the nights between only what has come due.
    """

    people: int
    seed: int = 1
    first: dt.date = dt.date(2026, 1, 1)
    days: int = 365
    in_bulk: bool = True
    pace: float = 1.0
    nights_apart: int = 1


class Year:
    """The works and what happens to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.told: Counter[str] = Counter()
        self.units: list[OrgUnit] = []
        self.names: dict[int, str] = {}
        self.posts: list[Post] = []
        self.hired = 0
        self.now = at(plan.first, 7)
        self.training = Training(plan.people, self.told)

    def live(self, each_night: Callable[[dt.date], None]) -> None:
        """Live through the year; `each_night` is called right after midnight, before the night's tasks."""
        with time_machine.travel(self.now, tick=False):
            self._begin()
        for number in range(self.plan.days):
            day = self.plan.first + dt.timedelta(days=number)
            if number:
                with time_machine.travel(at(day, 0, 0, 20), tick=False):
                    each_night(day)
                self._night(day, number)
            self._day(day, number)
        last = self.plan.first + dt.timedelta(days=self.plan.days)
        with time_machine.travel(at(last, 0, 0, 20), tick=False):
            each_night(last)

    # The works

    def _begin(self) -> None:
        by, chance = {"acting_user": None, "now": self.now}, random.Random(f"{self.plan.seed}:works")
        load_templates(**by, adopted_on=self.plan.first)
        shops = max(self.plan.people // 600, 2)
        paths = [f"试算总厂/{n // 4 + 1}车间/{n + 1}班" for n in range(shops * 4)]
        ids = ensure_unit_paths(paths=paths, **by)
        self.units = [OrgUnit.objects.get(pk=ids[path]) for path in paths]
        self.names = {ids[path]: path for path in paths}
        risky = OrgUnit.objects.get(pk=ids["试算总厂/1车间"])
        risky.is_high_risk_for_hours = True
        save_unit(unit=risky, **by)
        posts = ensure_posts(names=POSTS, **by)
        self.posts = [Post.objects.get(pk=posts[name]) for name in POSTS]
        Post.objects.filter(name="安全员").update(is_safety_manager=True)
        self.training.begin(self.posts, self.now)
        rows = [
            self._row(chance, self.plan.first - dt.timedelta(days=chance.randrange(200)))
            for _ in range(self.plan.people)
        ]
        self._import(rows, "existing")

    def _row(self, chance: random.Random, hired_on: dt.date) -> Row:
        self.hired += 1
        unit, post = self._place(chance)
        kinds = ("own",) * 8 + ("temporary", "intern")
        return Row(
            f"Y{self.hired:06d}",
            line=self.hired,
            name=f"王{self.hired}",
            unit=self.names[unit.pk],
            post=post.name,
            standing=Standing.ACTIVE,
            hired_on=hired_on,
            employment_type=chance.choice(kinds),
        )

    def _place(self, chance: random.Random) -> tuple[OrgUnit, Post]:
        return chance.choice(self.units), chance.choices(self.posts, (30, 20, 8, 12, 8, 10, 10, 1))[0]

    def _import(self, rows: Sequence[Row], name: str) -> None:
        # No batch: everybody on the list stands there already.
        plan, _batch = apply_import(
            rows=rows, options=ImportOptions(), file_name=name, file_sha256="", acting_user=None, now=self.now
        )
        if plan.diff.problems:
            raise RuntimeError(f"the list {name} was not applied: {plan.diff.problems[:3]}")

    # Nights and days

    def _night(self, day: dt.date, number: int) -> None:
        is_whole = number % self.plan.nights_apart == 0 or day.day == 1
        steps = [(at(day, 0, 1), apply_coming_changes)]
        if is_whole:
            steps += [
                (at(day, 0, 5), recompute_due_obligations),
                (at(day, 0, 10), refresh_due_clearance),
                (at(day, 6, 20), remind_of_licences),
            ]
        for moment, task in steps:
            with time_machine.travel(moment, tick=False):
                task()
        self.told["nights"] += is_whole

    def _day(self, day: dt.date, number: int) -> None:
        chance = random.Random(f"{self.plan.seed}:{day}")
        self.now = at(day, 9)
        with time_machine.travel(self.now, tick=False):
            if number == self.plan.days * 3 // 4:
                team, above = self.units[-1], self.units[0].get_parent()
                move_unit(unit=team, parent=above, effective_on=day, acting_user=None, now=self.now)
                team.refresh_from_db()
                self.names[team.pk] = "试算总厂/1车间/" + team.name
            if day.weekday() < 6:
                self._employment(day, chance)
        afternoon = at(day, 17)
        with time_machine.travel(afternoon, tick=False):
            self.training.day(day, number, self.plan.days, chance, afternoon)

    def _often(self, yearly: float, chance: random.Random) -> int:
        expected = yearly / 100 * self.plan.people / 313 * self.plan.pace
        return int(expected) + (chance.random() < expected % 1)

    def _employment(self, day: dt.date, chance: random.Random) -> None:
        by_status: dict[str, list[str]] = {"active": [], "away": [], "left": []}
        for number, status in (
            Employee.objects.filter(changes_on=None)
            .order_by("employee_no")
            .values_list("employee_no", "status")
        ):
            by_status[status].append(number)

        def pick(status: str, yearly: float) -> list[str]:
            pool = by_status[status]
            share = 1.0 if status == "active" else len(pool) / self.plan.people
            found = chance.sample(pool, min(self._often(yearly * share, chance), len(pool)))
            by_status[status] = [number for number in pool if number not in set(found)]
            return found

        rows = [self._row(chance, day) for _ in range(self._often(YEARLY["hire"], chance))]
        for number in pick("active", YEARLY["transfer"]):
            unit, post = self._place(chance)
            rows.append(Row(number, unit=self.names[unit.pk], post=post.name, effective_on=day))
        rows += [Row(no, standing=Standing.LEFT, left_on=day) for no in pick("active", YEARLY["leave"])]
        rows += [Row(no, standing=Standing.AWAY, effective_on=day) for no in pick("active", YEARLY["away"])]
        rows += [
            Row(no, standing=Standing.ACTIVE, effective_on=day) for no in pick("away", YEARLY["back"] * 5)
        ]
        for number in pick("left", YEARLY["rehire"] * 5):
            unit, post = self._place(chance)
            place = {"unit": self.names[unit.pk], "post": post.name}
            rows.append(Row(number, standing=Standing.ACTIVE, hired_on=day, effective_on=day, **place))
        self._tell(rows, day)
        for what, yearly in SINGLY.items():
            for number in pick("active", yearly) if what != "correct" else range(self._often(yearly, chance)):
                self._singly(what, str(number), day, chance)
        for _ in range(self._often(WRONGLY, chance)):
            what, status = chance.choice(list(WRONG.items()))
            if by_status[status]:
                self._wrongly(what, chance.choice(by_status[status]), day, chance)

    def _tell(self, rows: Sequence[Row], day: dt.date) -> None:
        """Tell the changes of a day: as one list, or one after the other."""
        rows = [
            Row(**{name: getattr(row, name) for name in Row.__slots__} | {"line": line})
            for line, row in enumerate(rows, start=1)
        ]
        self.told["employment"] += len(rows)
        if self.plan.in_bulk:
            if rows:
                self._import(rows, day.isoformat())
            return
        units = {path: unit for unit in self.units for path in [self.names[unit.pk]]}
        posts = {post.name: post for post in self.posts}
        for row in rows:
            self._one(row, units, posts, day)

    def _one(self, row: Row, units: dict[str, OrgUnit], posts: dict[str, Post], day: dt.date) -> None:
        by = {"acting_user": None, "now": self.now}
        if row.name:
            employment.hire(
                employee_no=row.employee_no,
                name=row.name,
                unit=units[row.unit],
                post=posts[row.post],
                hired_on=day,
                employment_type=row.employment_type,
                **by,
            )
            return
        person = Employee.objects.get(employee_no=row.employee_no)
        if row.standing is Standing.LEFT:
            employment.leave(employee=person, left_on=day, **by)
        elif row.standing is Standing.AWAY:
            employment.leave_post(employee=person, effective_on=day, **by)
        elif row.hired_on:
            place = {"unit": units[row.unit], "post": posts[row.post]}
            employment.rehire(employee=person, hired_on=day, **place, **by)
        elif row.standing is Standing.ACTIVE:
            employment.return_to_post(employee=person, effective_on=day, **by)
        else:
            place = {"unit": units[row.unit], "post": posts[row.post]}
            employment.transfer(employee=person, effective_on=day, **place, **by)

    def _singly(self, what: str, number: str, day: dt.date, chance: random.Random) -> None:
        """Do what no list tells: on another day than today, for a while, or to put something right."""
        unit, post = self._place(chance)
        shift = dt.timedelta(days=chance.randint(2, 20))
        by = {"acting_user": None, "now": self.now}
        try:
            if what == "correct":
                self._correct(day, chance)
            else:
                person = Employee.objects.get(employee_no=number)
                place = {"employee": person, "unit": unit, "post": post}
                if what == "late_transfer":
                    employment.transfer(**place, effective_on=day - shift, **by)
                elif what == "coming_transfer":
                    employment.transfer(**place, effective_on=day + shift, **by)
                elif what == "coming_leave":
                    employment.leave(employee=person, left_on=day + shift, **by)
                elif what == "second":
                    employment.second(**place, starts_on=day, ends_before=day + shift, **by)
                else:
                    employment.change_terms(
                        employee=person, employment_type="dispatched", effective_on=day, **by
                    )
            self.told[what] += 1
        except EmploymentRefused:
            self.told["refused"] += 1

    def _wrongly(self, what: str, number: str, day: dt.date, chance: random.Random) -> None:
        """Tell what cannot be; nothing may come of it but a count."""
        unit, post = self._place(chance)
        person, by = Employee.objects.get(employee_no=number), {"acting_user": None, "now": self.now}
        try:
            if what == "leave again":
                employment.leave(employee=person, left_on=day + dt.timedelta(days=1), **by)
            elif what == "second gone":
                employment.second(
                    employee=person, unit=unit, post=post, starts_on=day,
                    ends_before=day + dt.timedelta(days=9), **by,
                )  # fmt: skip
            elif what == "rehire there":
                employment.rehire(employee=person, unit=unit, post=post, hired_on=day, **by)
            else:
                employment.leave(employee=person, left_on=person.hired_on - dt.timedelta(days=3), **by)
            self.told["wrong but taken"] += 1
        except EmploymentRefused:
            self.told["refused"] += 1

    def _correct(self, day: dt.date, chance: random.Random) -> None:
        """Date one of the last weeks' transfers and departures otherwise, or take it back."""
        recent = EmploymentEvent.objects.filter(
            kind__in=("transferred", "left", "hired", "left_post"),
            effective_on__gte=day - dt.timedelta(days=40),
            effective_on__lte=day,
            corrected_by=None,
            is_withdrawn=False,
        ).order_by("employee__employee_no", "effective_on", "recorded_at", "kind")
        events = list(recent)
        if not events:
            return
        event = chance.choice(events)
        take_back = event.kind != "hired" and chance.random() < 0.4
        change = (
            {"withdraw": True}
            if take_back
            else {"effective_on": event.effective_on - dt.timedelta(days=chance.randint(1, 12))}
        )
        correct_event(event=event, reason="登记有误", **change, acting_user=None, now=self.now)


def at(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    """Return a local wall-clock time as an aware one."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute, second)))
