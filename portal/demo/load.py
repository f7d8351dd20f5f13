"""Load the whole demo, step by step, each step reporting how far it is."""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from courses.actions.shelves import ensure_shelves
from exams.models import Bank
from portal.demo.content import BANK_CODE, load_content
from portal.demo.organisation import Stage, draw_people
from portal.demo.people import load_accounts, load_licences, load_people, load_posts, load_units
from portal.demo.practice import load_practice
from portal.demo.progress import run_old_rule, run_progress
from portal.demo.training import load_training
from training.actions.clearance import refresh_all

Report = Callable[[str, int, int], None]
REPLACED_RULE = "crane-lifting-2024"
ONE_BY_ONE = 60  # people whose study and exams are played through beat by beat


def load_demo(*, employees: int, now: dt.datetime, report: Report, film_seconds: float | None = None) -> None:
    """Load content, training, people and their progress as of `now`. The database should hold no people yet.

    `film_seconds` squeezes each film into that time, for who waits for the demo rather than for its films.
    """
    today = timezone.localdate(now)
    people = draw_people(employees, today, one_by_one=ONE_BY_ONE)
    ensure_shelves(acting_user=None, now=now)
    load_units(now=now)
    load_posts(now=now)
    accounts = load_accounts(today=today, now=now, of_people=False)
    content = load_content(editor=accounts["editor"], now=now, report=report, film_seconds=film_seconds)
    load_training(content, today=today, now=now)
    load_people(people, today=today, report=report)
    load_accounts(today=today, now=now, of_people=True)
    load_licences(
        people,
        lacking={person.employee_no for person in people if person.stage is Stage.NO_LICENCE},
        expiring={person.employee_no for person in people if person.stage is Stage.LICENCE_EXPIRING}
        | {"1001"},
        today=today,
        now=now,
        report=report,
    )
    run_old_rule(people, content.lessons[REPLACED_RULE], one_by_one=ONE_BY_ONE, now=now)
    run_progress(people, one_by_one=ONE_BY_ONE, now=now, report=report)
    load_practice(people, Bank.objects.get(code=BANK_CODE), now=now, report=report)
    refresh_all(now=now)
