import datetime as dt

import pytest

from portal.demo.organisation import DEMO_LOGINS, HAZARDS, POSTS, Stage, draw_people

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize("count", [10, 60, 3000])
def test_as_many_people_as_asked_for_each_with_a_number_of_their_own(count):
    people = draw_people(count, TODAY)
    assert len(people) == count
    assert len({person.employee_no for person in people}) == count
    assert all(person.hired_on < TODAY for person in people)


def test_the_same_day_gives_the_same_people():
    assert draw_people(200, TODAY) == draw_people(200, TODAY)


def test_learners_of_the_start_screen_are_there_under_their_names():
    names = {person.employee_no: person.name for person in draw_people(10, TODAY)}
    learners = [login for login in DEMO_LOGINS if not login.role]
    assert learners
    assert all(names[login.username] == login.name for login in learners)


def test_people_beyond_the_first_have_come_long_ago_or_not_begun():
    rest = draw_people(2000, TODAY, one_by_one=60)[60:]
    begun = {Stage.STUDYING, Stage.FAILED_ONCE, Stage.ON_SITE_LEFT}
    assert not {person.stage for person in rest} & begun
    cleared = [person for person in rest if person.stage is Stage.CLEARED]
    assert all((TODAY - person.hired_on).days >= 100 for person in cleared)


def test_posts_carry_hazards_of_the_standard_only():
    assert len(HAZARDS) == 27
    assert {hazard for post in POSTS for hazard in post.hazards} <= set(HAZARDS)
