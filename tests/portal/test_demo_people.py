import datetime as dt

import pytest
from django.utils import timezone

from people.models import Hazard
from people.permissions import Capability
from people.queries import employee_of, employees_for
from portal.demo.organisation import DEMO_LOGINS, HAZARD_STANDARD, POSTS, Stage, draw_people
from portal.demo.people import load_accounts, load_people, load_posts, load_units

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize("count", [10, 60, 3000])
def test_as_many_people_as_asked_for_each_with_a_number_of_their_own(count):
    people = draw_people(count, TODAY)
    assert len(people) == count
    assert len({person.employee_no for person in people}) == count
    assert all(person.hired_on < TODAY for person in people)


def test_the_same_day_gives_the_same_people():
    assert draw_people(200, TODAY) == draw_people(200, TODAY)


def test_people_of_the_start_screen_are_there_under_their_names():
    names = {person.employee_no: person.name for person in draw_people(10, TODAY)}
    people = [login for login in DEMO_LOGINS if login.employee_no]
    assert {"trainer", "safety"} <= {login.username for login in people}
    assert all(names[login.employee_no] == login.name for login in people)


def test_people_beyond_the_first_have_come_long_ago_or_not_begun():
    rest = draw_people(2000, TODAY, one_by_one=60)[60:]
    begun = {Stage.STUDYING, Stage.FAILED_ONCE, Stage.ON_SITE_LEFT}
    assert not {person.stage for person in rest} & begun
    cleared = [person for person in rest if person.stage is Stage.CLEARED]
    assert all((TODAY - person.hired_on).days >= 100 for person in cleared)


@pytest.mark.django_db
def test_posts_carry_hazards_of_the_standard_only():
    shipped = set(Hazard.objects.filter(standard=HAZARD_STANDARD).values_list("name", flat=True))
    assert {hazard for post in POSTS for hazard in post.hazards} <= shipped


@pytest.mark.django_db
def test_whoever_teaches_has_an_account_of_the_own_to_sign_with():
    now = timezone.make_aware(dt.datetime.combine(TODAY, dt.time(9)))
    people = draw_people(10, TODAY)
    load_units(now=now)
    load_posts(now=now)
    load_people(people, today=TODAY, report=lambda step, done, total: None)
    accounts = load_accounts(today=TODAY, now=now, of_people=True)
    trainer = employee_of(accounts["trainer"])
    assert trainer is not None
    assert trainer.name == accounts["trainer"].name == "许文海"
    assert employees_for(accounts["trainer"], Capability.RECORD_TRAINING, TODAY).exists()
    assert set(accounts) == {login.username for login in DEMO_LOGINS if login.employee_no}
