"""The curve of a push: as of any past day, level by level, the same numbers as coverage gives."""

import datetime as dt

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people.models import Assignment
from people.permissions import Scope
from people.queries import unit_scope
from tests.factories.people import EmployeeFactory, org_path
from tests.factories.training import at, make_case, post_with, push_to_all
from training.actions.past_obligations import keep_past
from training.models import Obligation, ObligationState
from training.queries.coverage import coverage_table
from training.queries.push_curve import push_reach

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")
ALL = Scope(everything=True)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(at("2026-06-11", "10:00"), tick=False):
        yield


def works(people=2):
    """Two teams in a workshop and one beside it, `people` in each; return the push."""
    post = post_with("机械伤害试验")
    for path in ("总厂/一车间/甲班", "总厂/一车间/乙班", "总厂/二车间"):
        for _ in range(people):
            EmployeeFactory(assigned__unit=org_path(path), assigned__post=post, user=None)
    return push_to_all(make_case(["机械伤害试验"]), now=NOW)


def done(obligation, day):
    Obligation.objects.filter(pk=obligation.pk).update(state=ObligationState.DONE, closed_at=at(day, "15:00"))


def shares(reach, name):
    return next(unit for unit in reach.units if unit.row.name == name).shares


def test_every_level_has_its_curve_and_the_last_units_show(django_assert_max_num_queries):
    push = works()
    one, two, three, *_rest = Obligation.objects.order_by("pk")
    done(one, "2026-06-02")
    done(two, "2026-06-03")
    done(three, "2026-06-04")
    with django_assert_max_num_queries(5):
        reach = push_reach(push, ALL, dt.date(2026, 6, 4))
    assert reach.days == tuple(dt.date(2026, 6, day) for day in (1, 2, 3, 4))
    assert [counts.done for counts in reach.totals] == [0, 1, 2, 3]
    assert shares(reach, "甲班") == (0, 0.5, 1, 1)
    assert shares(reach, "一车间") == (0, 0.25, 0.5, 0.75)
    assert shares(reach, "总厂") == (0, 1 / 6, 2 / 6, 0.5)
    assert [unit.row.name for unit in reach.last_reached] == ["二车间", "乙班"]
    reached = {unit.row.name: unit.reached_on for unit in reach.units}
    assert reached["甲班"] == dt.date(2026, 6, 3)
    assert reached["乙班"] is None


def test_a_past_day_stays_as_it_was():
    push = works()
    before = push_reach(push, ALL, dt.date(2026, 6, 5))
    person = Obligation.objects.first().employee
    for obligation in Obligation.objects.all():
        done(obligation, "2026-06-08")
    Assignment.objects.filter(employee=person).update(ends_before=dt.date(2026, 6, 9))
    assert push_reach(push, ALL, dt.date(2026, 6, 5)) == before


def test_only_what_lies_in_the_scope():
    push = works()
    reach = push_reach(push, unit_scope(org_path("总厂/一车间")), dt.date(2026, 6, 2))
    assert {unit.row.name for unit in reach.units} == {"一车间", "甲班", "乙班"}
    assert reach.total.owed == 4


def test_what_was_put_off_or_revived_counts_as_it_stood_each_day():
    push = works(1)
    put_off, revived, _ = Obligation.objects.order_by("pk")
    Obligation.objects.filter(pk=revived.pk).update(state="cancelled", closed_at=at("2026-06-03"))
    keep_past(obligation_ids=[put_off.pk, revived.pk], now=at("2026-06-09"))
    Obligation.objects.filter(pk=put_off.pk).update(due_on=dt.date(2026, 6, 30))
    Obligation.objects.filter(pk=revived.pk).update(state="open", closed_at=None)

    reach = push_reach(push, ALL, dt.date(2026, 6, 11))
    for day, counts in zip(reach.days, reach.totals, strict=True):
        of_day = coverage_table(ALL, day, push.programme.code).total
        assert (counts.owed, counts.overdue) == (of_day.owed, of_day.overdue), day
    assert [(counts.owed, counts.overdue) for counts in reach.totals[-4:]] == [(2, 0), (3, 2), (3, 2), (3, 2)]


def test_the_queries_do_not_grow_with_people(django_assert_num_queries):
    push = works(people=1)
    with django_assert_num_queries(5):
        push_reach(push, ALL, dt.date(2026, 6, 11))
    push = works(people=3)
    with django_assert_num_queries(5):
        push_reach(push, ALL, dt.date(2026, 6, 11))


happenings = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["done", "cancelled", "move"]), st.integers(1, 9)),
    max_size=8,
    unique_by=lambda item: item[0],
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(happened=happenings)
def test_the_curve_says_what_coverage_says_on_each_day(happened):
    with transaction.atomic():
        compare(works(), happened)
        transaction.set_rollback(True)


def compare(push, happened):
    owed = list(Obligation.objects.filter(push=push).order_by("pk"))
    elsewhere = org_path("总厂/三车间")
    for index, what, day in happened:
        obligation, on = owed[index], dt.date(2026, 6, day)
        if what == "move":
            stay = Assignment.objects.get(employee=obligation.employee)
            Assignment.objects.filter(pk=stay.pk).update(ends_before=on)
            Assignment.objects.create(employee=stay.employee, unit=elsewhere, post=stay.post, starts_on=on)
        else:
            Obligation.objects.filter(pk=obligation.pk).update(state=what, closed_at=at(on.isoformat()))
    reach = push_reach(push, ALL, dt.date(2026, 6, 11))
    for index in range(0, len(reach.days), 2):
        table = coverage_table(ALL, reach.days[index], push.programme.code)
        found, total = reach.totals[index], table.total
        assert (found.owed, found.done, found.overdue) == (total.owed, total.done, total.overdue)
        by_unit = {row.unit_id: row.counts.fraction for row in table.rows}
        for unit in reach.units:
            assert unit.shares[index] == by_unit[unit.row.unit_id]


def test_somebody_who_moved_counts_where_they_stood():
    push = works(people=1)
    person = Obligation.objects.order_by("pk").first().employee
    team = org_path("总厂/三车间")
    post = person.assignments.get().post
    Assignment.objects.filter(employee=person).update(ends_before=dt.date(2026, 6, 4))
    Assignment.objects.create(employee=person, unit=team, post=post, starts_on=dt.date(2026, 6, 4))
    reach = push_reach(push, ALL, dt.date(2026, 6, 5))
    assert shares(reach, "三车间") == (None, None, None, 0, 0)
