"""A year of HR's monthly lists gives the same stays and events as the year of single events."""

import datetime as dt
import random
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from django.db import transaction

from people.actions.employment import (
    change_terms,
    hire,
    leave,
    leave_post,
    rehire,
    return_to_post,
    transfer,
)
from people.actions.imports import ImportOptions, apply_import
from people.actions.organisation import ensure_posts, ensure_unit_paths
from people.models import Assignment, Employee, EmploymentEvent, OrgUnit, Post, UnitKind, User
from people.roster import Row, Standing

pytestmark = pytest.mark.django_db
YEAR = 2026
UNITS = [
    f"总厂/{workshop}/{team}" for workshop in ("一车间", "二车间", "三车间") for team in ("甲班", "乙班")
]
POSTS = ["车工", "电工", "焊工", "起重工"]
FIRMS = {"远航派遣": UnitKind.DISPATCH_FIRM, "建安公司": UnitKind.CONTRACTOR}
TERMS = [("own", ""), ("dispatched", "远航派遣"), ("contractor", "建安公司")]
# What happens to one person in a month, per mille.
CHANCES = {
    "active": {"move": 60, "away": 25, "leave": 25, "terms": 20, "move_and_terms": 8},
    "away": {"return": 300, "return_elsewhere": 100, "leave": 30, "terms_away": 20},
    "left": {"rehire": 80},
}


@dataclass(frozen=True)
class Worker:
    """A person as HR's own books have it."""

    number: str
    unit: str
    post: str
    hired_on: dt.date
    terms: tuple[str, str]
    standing: str = "active"
    left_on: dt.date | None = None


@dataclass(frozen=True)
class Step:
    """What happened to one person in a month, and the books after it."""

    what: str
    day: dt.date
    after: Worker


def a_year(seed, people):
    """Return HR's year: for each month its last day, what happened, and who was on the books before."""
    rng = random.Random(seed)
    books: dict[str, Worker] = {}
    months = []
    for month in range(1, 13):
        first, on = dt.date(YEAR, month, 1), dt.date(YEAR, month, 28)
        before = dict(books)
        steps = []
        for worker in before.values():
            step = _step(rng, worker, first + dt.timedelta(rng.randrange(27)))
            if step:
                steps.append(step)
        for _ in range(people if month == 1 else rng.randrange(people // 20 + 2)):
            day = first + dt.timedelta(rng.randrange(27))
            number = f"{len(before) + len(steps):05d}{month:02d}"
            worker = Worker(number, rng.choice(UNITS), rng.choice(POSTS), day, rng.choice(TERMS))
            steps.append(Step("hire", day, worker))
        rng.shuffle(steps)
        books |= {step.after.number: step.after for step in steps}
        months.append((on, steps, before))
    return months


def _step(rng, worker, day):
    draw = rng.randrange(1000)
    for what, chance in CHANCES[worker.standing].items():
        draw -= chance
        if draw < 0:
            return Step(what, day, _after(rng, worker, what, day))
    return None


def _after(rng, worker, what, day):
    place = {"unit": rng.choice([unit for unit in UNITS if unit != worker.unit]), "post": rng.choice(POSTS)}
    terms = rng.choice([terms for terms in TERMS if terms != worker.terms])
    match what:
        case "move":
            return replace(worker, **place)
        case "terms" | "terms_away":
            return replace(worker, terms=terms)
        case "move_and_terms":
            return replace(worker, **place, terms=terms)
        case "away":
            return replace(worker, standing="away")
        case "return":
            return replace(worker, standing="active")
        case "return_elsewhere":
            return replace(worker, standing="active", **place)
        case "leave":
            return replace(worker, standing="left", left_on=day)
        case "rehire":
            return replace(worker, standing="active", left_on=None, hired_on=day, terms=terms, **place)
    raise ValueError(what)


def moment(on):
    return dt.datetime(on.year, on.month, on.day, 1, tzinfo=dt.UTC)


def tell_singly(months):
    """Record the year event by event, as HR would with the forms."""
    ids = ensure_unit_paths(paths=[*FIRMS, *UNITS], kinds=FIRMS, acting_user=None, now=moment(months[0][0]))
    units = {path: OrgUnit.objects.get(pk=pk) for path, pk in ids.items()}
    posts = {name: Post.objects.get(pk=pk) for name, pk in
             ensure_posts(names=POSTS, acting_user=None, now=moment(months[0][0])).items()}  # fmt: skip
    for on, steps, _ in months:
        for step in steps:
            _tell(step, units, posts, {"acting_user": None, "now": moment(on)})


def _tell(step, units, posts, system):
    worker, day = step.after, step.day
    place = {"unit": units[worker.unit], "post": posts[worker.post]}
    kind, firm = worker.terms
    terms = {"employment_type": kind, "employer": units[firm] if firm else None}
    if step.what == "hire":
        hire(employee_no=worker.number, name="张三", hired_on=day, **place, **terms, **system)
        return
    who = {"employee": Employee.objects.get(employee_no=worker.number), **system}
    if step.what in ("move", "move_and_terms"):
        assert transfer(effective_on=day, **place, **who)
    if step.what in ("terms", "terms_away", "move_and_terms"):
        assert change_terms(effective_on=day, **terms, **who)
    match step.what:
        case "away":
            assert leave_post(effective_on=day, **who)
        case "return":
            assert return_to_post(effective_on=day, **who)
        case "return_elsewhere":
            assert return_to_post(effective_on=day, **place, **who)
        case "leave":
            assert leave(left_on=day, **who)
        case "rehire":
            assert rehire(hired_on=day, **place, **terms, **who)


def tell_by_lists(months, *, twice):
    """Apply one list a month with everybody on it, as HR's own system prints it."""
    ensure_unit_paths(paths=[*FIRMS, *UNITS], kinds=FIRMS, acting_user=None, now=moment(months[0][0]))
    ensure_posts(names=POSTS, acting_user=None, now=moment(months[0][0]))
    for number, (on, steps, before) in enumerate(months):
        days = {step.after.number: step.day for step in steps}
        books = {**before, **{step.after.number: step.after for step in steps}}
        rows = [
            _row(line, worker, days.get(worker.number))
            for line, worker in enumerate(books.values(), start=2)
            if worker.standing != "left" or worker.number in days
        ]
        for _ in range(1 + twice):
            plan, _batch = apply_import(
                rows=rows,
                options=ImportOptions(full_roster=True),
                file_name=f"{number}.xlsx",
                file_sha256="0" * 64,
                acting_user=None,
                now=moment(on),
            )
            assert plan.diff.problems == ()
        assert not twice or not plan.changes_anything


def _row(line, worker, day):
    kind, firm = worker.terms
    standing = {"active": Standing.ACTIVE, "away": Standing.AWAY, "left": Standing.LEFT}[worker.standing]
    return Row(
        worker.number,
        line=line,
        name="张三",
        unit=worker.unit,
        post=worker.post,
        standing=standing,
        hired_on=worker.hired_on,
        left_on=worker.left_on,
        effective_on=day,
        employment_type=kind,
        employer=firm,
    )


def outcome():
    """Return everything the year left behind, without ids and without how it was told."""
    place = ("unit__path", "post__name", "employment_type", "employer__name")
    return {
        "stays": sorted(
            Assignment.objects.values_list(
                "employee__employee_no", "starts_on", "ends_before", "kind", *place
            ),
            key=str,
        ),
        "events": sorted(
            EmploymentEvent.objects.values_list(
                "employee__employee_no",
                "effective_on",
                "kind",
                "from_unit__path",
                "from_post__name",
                "to_unit__path",
                "to_post__name",
                "employment_type",
                "employer__name",
                "days_away",
            ),
            key=str,
        ),
        "people": sorted(
            Employee.objects.values_list(
                "employee_no", "status", "hired_on", "left_on", "employment_type", "employer__name",
                "user__is_active",
            ),
            key=str,
        ),
    }  # fmt: skip


class Undone(Exception):
    """Takes one telling back, so that the other starts from nothing."""


@contextmanager
def taken_back():
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def assert_same_year(months, *, twice=False):
    with taken_back():
        tell_singly(months)
        singly = outcome()
    assert not User.objects.exists()
    with taken_back():
        tell_by_lists(months, twice=twice)
        by_lists = outcome()
    for part, rows in singly.items():
        assert by_lists[part] == rows
    return singly


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_of_lists_is_a_year_of_events(seed):
    assert assert_same_year(a_year(seed, people=12), twice=seed == 1)["events"]


@pytest.mark.slow
def test_a_year_of_lists_is_a_year_of_events_for_a_works():
    told = assert_same_year(a_year(2026, people=200))
    kinds = {event[2] for event in told["events"]}
    assert kinds == {
        "hired", "transferred", "left_post", "returned", "left", "rehired", "terms_changed",
    }  # fmt: skip
