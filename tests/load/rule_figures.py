"""What the bench measures of the rules: everybody's recomputation, the quiet night after it, one event.

With the rules that ship. Counted in processor time, which other work on the machine does not move.
"""

import datetime as dt
import statistics
import time
from collections.abc import Callable

from common.clock import now, today
from people.actions.employment import transfer
from people.models import Assignment, Employee, OrgUnit, Post
from tests.factories.people import OrgUnitFactory, PostFactory
from training.actions.recompute import recompute_obligations
from training.actions.templates import load_templates
from training.queries.person_facts import facts_of
from training.queries.rulebook import load_rulebook
from training.recurring import RecurringRules

Report = Callable[..., None]
PEOPLE = 100_000
UNITS = 200
POSTS = 50
EVENTS = 20


def rules(report: Report) -> None:
    """Recompute 100,000 people who owe nothing yet, then once more, then transfer some of them one by one.

    The yardstick of the first is the pure evaluation over facts that are already in memory.
    """
    load_templates(acting_user=None, now=now(), adopted_on=today().replace(month=1, day=1))
    units, posts = _people()
    book, on = load_rulebook(), today()
    pure = 0.0
    ids = list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    asked = RecurringRules(book.rules)
    for start in range(0, len(ids), 1000):
        facts = facts_of(ids[start : start + 1000], book, on)
        begun = time.process_time()
        for person in facts.values():
            asked.owed_on(person, on)
        pure += time.process_time() - begun
    begun = time.process_time()
    made = recompute_obligations(now=now())
    report("rules_100k_first", time.process_time() - begun, "s", yardstick=pure)
    if made.created < PEOPLE:
        raise RuntimeError(f"only {made.created} obligations were made for {PEOPLE} people")
    begun = time.process_time()
    if recompute_obligations(now=now()).created:
        raise RuntimeError("recomputing the same day made something new")
    report("rules_100k_again", time.process_time() - begun, "s", yardstick=pure)
    taken = []
    for index, employee in enumerate(Employee.objects.order_by("pk")[:EVENTS]):
        begun = time.process_time()
        transfer(
            employee=employee,
            unit=units[-1 - index % 5],
            post=posts[-1],
            effective_on=on,
            acting_user=None,
            now=now(),
        )
        taken.append((time.process_time() - begun) * 1000)
    report("rules_one_event", statistics.median(taken), "ms")


def _people() -> tuple[list[OrgUnit], list[Post]]:
    works = OrgUnitFactory(name="规则测速总厂", is_high_risk_for_hours=True)
    units = [OrgUnitFactory(name=f"规则测速{n}班", parent=works) for n in range(UNITS)]
    posts = [PostFactory(name=f"规则测速岗{n}", is_safety_manager=n == 0) for n in range(POSTS)]
    since = dt.date(2020, 1, 1)
    people = Employee.objects.bulk_create(
        [
            Employee(employee_no=f"R{n:06d}", name=f"测速{n}", hired_on=since, changed_at=now())
            for n in range(PEOPLE)
        ],
        batch_size=1000,
    )
    Assignment.objects.bulk_create(
        [
            Assignment(employee=person, unit=units[n % UNITS], post=posts[n % POSTS], starts_on=since)
            for n, person in enumerate(people)
        ],
        batch_size=1000,
    )
    return units, posts
