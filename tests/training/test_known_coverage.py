"""What a past day was like, though tasks were put off or revived and facts corrected later."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, transaction

from people.actions.employment import hire, transfer
from people.permissions import Scope
from people.queries import unit_scope
from tests.factories.people import PostFactory, org_path
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at, make_record
from tests.training.test_recompute import recompute, standing_person, yearly
from training.actions.dispensations import ask_dispensation, decide_dispensation
from training.actions.ledger import correct_record
from training.actions.past_obligations import keep_past
from training.coverage import Counts
from training.models import Component, ComponentKind, Obligation, PastObligation
from training.queries.coverage import coverage_people, coverage_table, owed_on
from training.queries.hours import rings_of
from training.queries.known_coverage import coverage_as_known

pytestmark = pytest.mark.django_db
EVERYTHING = Scope(everything=True)
MARCH_31 = dt.date(2026, 3, 31)
BY = {"acting_user": None}


def extend(obligation, until, now):
    asked = ask_dispensation(
        obligation=obligation, kind="extension", reason="停产", until=until, now=now, **BY
    )
    decide_dispensation(dispensation=asked, is_approved=True, now=now, **BY)


def total(on):
    """Return what was owed on a day, by what is known now and by what was known then: the same here."""
    now, then = coverage_table(EVERYTHING, on).total, coverage_as_known(EVERYTHING, on).total
    assert now == then
    return now


def test_an_extension_changes_nothing_about_the_days_before_it():
    person = standing_person(org_path("总厂"))
    owed = ObligationFactory(employee=person, blocks_overdue=False, before_work=False)  # due on 9 March
    late = Counts(people=1, owed=1, overdue=1, tasks=1)
    make_known(person, "2026-01-01")
    assert total(dt.date(2026, 3, 20)) == late

    extend(owed, dt.date(2026, 4, 30), at("2026-03-21"))
    extend(owed, dt.date(2026, 5, 31), at("2026-04-25"))

    assert total(dt.date(2026, 3, 20)) == late
    for day in ("2026-03-21", "2026-04-30", "2026-05-31"):
        assert total(dt.date.fromisoformat(day)) == Counts(people=1, owed=1, tasks=1)
    assert total(dt.date(2026, 6, 1)) == late
    dues = [
        coverage_people(EVERYTHING, dt.date.fromisoformat(day))[0].missing[0].due_on.isoformat()
        for day in ("2026-03-20", "2026-03-21", "2026-04-25")
    ]
    assert dues == ["2026-03-09", "2026-04-30", "2026-05-31"]


def make_known(person, since):
    """Let an event tell of the stay of somebody a factory made."""
    stay = person.assignments.get()
    person.events.create(
        kind="hired", effective_on=stay.starts_on, to_unit=stay.unit, to_post=stay.post, recorded_at=at(since)
    )


def test_what_was_revived_was_not_owed_between():
    post, other = PostFactory(), PostFactory()
    rule = yearly(joiners_wait=False, adopted_on=dt.date(2026, 1, 1))
    rule.posts.set([post])
    standing_person(post=post)
    recompute("2026-03-02")
    rule.posts.set([other])
    recompute("2026-03-10")
    rule.posts.set([post])
    recompute("2026-03-20")

    [item] = Obligation.objects.all()
    assert (item.state, item.stands_since) == ("open", at("2026-03-20"))
    assert [(row.state, row.since, row.until) for row in item.past.all()] == [
        ("cancelled", None, at("2026-03-20"))
    ]
    days = [2, 9, 10, 19, 20, 31]
    assert [owed_on(dt.date(2026, 3, day)).exists() for day in days] == [True, True, False, False, True, True]


def test_what_was_known_stays_though_the_transfer_is_told_late():
    TrainingRuleFactory(trigger="transferred")
    first, second, post = org_path("总厂/一车间"), org_path("总厂/二车间"), PostFactory()
    person = hire(
        employee_no="001", name="张伟", unit=first, post=post, hired_on=dt.date(2026, 3, 1), now=at("2026-03-01"), **BY
    )  # fmt: skip
    before = coverage_as_known(EVERYTHING, MARCH_31)
    assert before.rows == coverage_table(EVERYTHING, MARCH_31).rows

    transfer(
        employee=person, unit=second, post=post, effective_on=dt.date(2026, 3, 15), now=at("2026-04-10"), **BY
    )

    assert coverage_as_known(EVERYTHING, MARCH_31) == before
    assert coverage_as_known(unit_scope(second), MARCH_31).total == Counts()
    now = coverage_table(unit_scope(second), MARCH_31).total
    assert (now.people, now.owed) == (1, 1)
    later = coverage_as_known(unit_scope(second), MARCH_31, at("2026-04-11")).total
    assert (later.people, later.owed) == (1, 1)


def test_hours_are_those_of_the_rows_known_then():
    programme = ProgrammeFactory(on_site=[], kind="refresher")
    Component.objects.create(
        programme=programme, position=1, kind=ComponentKind.HOURS, hours=Decimal(20), title="全年 20 学时"
    )
    rule = TrainingRuleFactory(trigger="window", window="year", programme=programme)
    session = ProgrammeFactory(kind="refresher")
    person = standing_person()
    owed = ObligationFactory(
        rule=rule, employee=person, cycle="2026", cause="window:x:2026", due_on=dt.date(2026, 12, 31)
    )
    record = make_record(person, programme=session, component=session.components.get())
    known = at("2026-04-01", "00:00")

    def hours(known_at=None):
        [ring] = rings_of([person.pk], MARCH_31, known_at)[person.pk]
        return ring.obligation.due_on, ring.credit.hours

    before = hours(known)
    assert before == (dt.date(2026, 12, 31), 8)
    correct_record(record=record, reason="登记有误", hours=Decimal(3), now=at("2026-04-05"), **BY)
    extend(owed, dt.date(2027, 1, 31), at("2026-04-06"))
    assert hours(known) == before
    assert hours() == (dt.date(2027, 1, 31), 3)


def test_a_year_put_off_into_the_next_one_stays_owed():
    yearly()
    standing_person()
    recompute("2026-12-01")
    extend(Obligation.objects.get(), dt.date(2027, 1, 31), at("2026-12-02"))

    recompute("2027-01-05")
    assert list(Obligation.objects.order_by("cycle").values_list("cycle", "state")) == [
        ("2026", "open"),
        ("2027", "open"),
    ]


def test_keeping_the_past_takes_three_statements_and_nobody_changes_it(django_assert_num_queries):
    owed = [ObligationFactory() for _ in range(3)]
    with django_assert_num_queries(0):
        keep_past(obligation_ids=[], now=at("2026-03-05"))
    for some in (owed[:1], owed):
        with django_assert_num_queries(3):
            keep_past(obligation_ids=[item.pk for item in some], now=at("2026-03-05"))
    assert PastObligation.objects.count() == 4
    with pytest.raises((IntegrityError, OperationalError), match="append-only"), transaction.atomic():
        PastObligation.objects.update(due_on=MARCH_31)


def test_as_known_takes_the_same_statements_for_one_and_for_many(django_assert_num_queries):
    for _ in range(3):
        person = standing_person(org_path("总厂"))
        make_known(person, "2026-01-01")
        ObligationFactory(employee=person)
        with django_assert_num_queries(5):
            coverage_as_known(EVERYTHING, MARCH_31)
