"""Bringing what is owed without an event in step with a day; and occurrences."""

import datetime as dt
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.models import EmploymentStatus, EventKind, Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
)
from tests.factories.training import (
    EmploymentEventFactory,
    LicenceFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
)
from training.actions.obligations import Applied, apply_employment_event
from training.actions.occurrences import Concerned, record_occurrence, withdraw_occurrence
from training.actions.recompute import recompute_obligations
from training.actions.rules import end_rule
from training.errors import OccurrenceRefused
from training.models import ClearanceState, Obligation, ObligationState, Occurrence
from training.queries.obligations import explain

pytestmark = pytest.mark.django_db
NOW = at("2026-03-02")


def standing_person(unit=None, post=None, since="2020-01-01", **fields):
    employee = EmployeeFactory(**fields)
    AssignmentFactory(
        employee=employee,
        unit=unit or OrgUnitFactory(),
        post=post or PostFactory(),
        starts_on=dt.date.fromisoformat(since),
    )
    return employee


def yearly(**fields):
    return TrainingRuleFactory(
        trigger="window", **{"window": "year", "before_work": False, "code": "annual", **fields}
    )


def owed(employee):
    rows = Obligation.objects.filter(employee=employee).order_by("cause")
    return [(item.cause, item.state, item.due_on.isoformat()) for item in rows]


def recompute(day, **fields):
    return recompute_obligations(now=at(day), **fields)


def test_year_is_owed_once_and_the_next_year_again():
    yearly()
    employee = standing_person()

    assert recompute("2026-03-02") == Applied(created=1)
    assert recompute("2026-03-03") == Applied()
    assert owed(employee) == [("window:annual:2026", "open", "2026-12-31")]
    assert "2026 周期开始" in explain(Obligation.objects.get())
    assert recompute("2027-01-01") == Applied(created=1)
    # The year that is over stays owed until it is made up for.
    assert [row[1] for row in owed(employee)] == ["open", "open"]


def test_overdue_year_blocks_where_the_rule_says_so():
    yearly(blocks_overdue=True)
    employee = standing_person()
    recompute("2026-03-02")

    assert ClearanceState.objects.get(employee=employee).is_cleared
    assert ClearanceState.objects.get().recheck_on == dt.date(2027, 1, 1)


def test_what_is_no_longer_asked_is_cancelled_and_stands_again_when_asked_again():
    post, other = PostFactory(), PostFactory()
    rule = yearly(joiners_wait=False)
    rule.posts.set([post])
    employee = standing_person(post=post)
    recompute("2026-03-02")
    stay = employee.assignments.get()
    stay.ends_before = dt.date(2026, 4, 1)
    stay.save()
    AssignmentFactory(employee=employee, unit=stay.unit, post=other, starts_on=dt.date(2026, 4, 1))

    assert recompute("2026-04-01") == Applied(cancelled=1)
    assert owed(employee) == [("window:annual:2026", "cancelled", "2026-12-31")]
    rule.posts.set([post, other])
    recompute("2026-04-02")
    assert owed(employee) == [("window:annual:2026", "open", "2026-12-31")]


def test_what_was_done_stays_done_and_who_is_away_is_left_alone():
    yearly()
    employee, away = standing_person(), standing_person()
    recompute("2026-03-02")
    Obligation.objects.filter(employee=employee).update(state="done", closed_at=NOW)
    away.assignments.update(ends_before=dt.date(2026, 3, 10))

    assert recompute("2026-03-12") == Applied()
    assert [owed(who)[0][1] for who in (employee, away)] == ["done", "open"]


def test_rule_of_the_first_of_july_takes_the_place_of_the_old_one():
    old = yearly(effective_before=dt.date(2026, 7, 1))
    new = yearly(effective_from=dt.date(2026, 7, 1), programme=ProgrammeFactory())
    employee = standing_person()
    recompute("2026-06-30")

    assert recompute("2026-07-01") == Applied(created=1, cancelled=1)
    states = dict(Obligation.objects.filter(employee=employee).values_list("rule", "state"))
    assert states == {old.pk: "cancelled", new.pk: "open"}


def test_no_review_is_asked_of_a_licence_that_was_renewed_already():
    TrainingRuleFactory(trigger="licence_review", licence_family="special_operation", lead_days=60)
    employee = standing_person()
    old = LicenceFactory(employee=employee, valid_until=dt.date(2026, 4, 30), review_due_on=None)
    assert recompute("2026-03-02") == Applied(created=1)
    LicenceFactory(
        employee=employee,
        licence_type=old.licence_type,
        valid_from=dt.date(2026, 5, 1),
        valid_until=dt.date(2032, 4, 30),
        review_due_on=dt.date(2029, 4, 30),
    )

    assert recompute("2026-03-10") == Applied(cancelled=1)
    assert recompute("2026-05-01") == Applied()


def test_a_recurring_rule_that_ends_lets_off_and_one_about_events_does_not():
    rule, hired = yearly(), TrainingRuleFactory()
    employee = standing_person()
    event = EmploymentEventFactory(employee=employee)
    apply_employment_event(event_id=event.pk, now=NOW)
    recompute("2026-03-02")
    for one in (rule, hired):
        end_rule(rule=one, effective_before=dt.date(2026, 3, 10), acting_user=None, now=NOW)

    assert recompute("2026-03-09") == Applied()
    assert recompute("2026-03-10") == Applied(cancelled=1)
    assert dict(Obligation.objects.values_list("rule", "state")) == {rule.pk: "cancelled", hired.pk: "open"}


def test_review_of_a_licence_is_owed_sixty_days_before():
    TrainingRuleFactory(
        trigger="licence_review", licence_family="special_operation", lead_days=60, code="review"
    )
    employee = standing_person()
    licence = LicenceFactory(employee=employee, review_due_on=dt.date(2026, 5, 31))

    assert recompute("2026-03-31") == Applied()
    assert recompute("2026-04-01") == Applied(created=1)
    assert recompute("2026-04-02") == Applied()
    assert owed(employee) == [(f"licence:{licence.pk}:2026-05-31", "open", "2026-05-31")]
    licence.review_due_on = dt.date(2029, 5, 31)
    licence.save()
    assert recompute("2026-04-03") == Applied(cancelled=1)


def test_a_past_day_can_be_recomputed_and_a_day_to_come_cannot():
    yearly()
    employee = standing_person(since="2025-06-01")

    call_command("recompute_obligations", "--as-of", "2025-12-31")
    assert owed(employee) == []
    recompute("2026-03-02", on=dt.date(2026, 1, 1))
    assert owed(employee) == [("window:annual:2026", "open", "2026-12-31")]
    with pytest.raises(ValueError, match="still to come"):
        recompute("2026-03-02", on=dt.date(2026, 3, 3))


def test_recomputing_takes_the_same_statements_for_one_and_many():
    yearly()
    unit, post = OrgUnitFactory(), PostFactory()

    def statements(people):
        for _ in range(people):
            standing_person(unit, post, user=None)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            recompute("2026-03-02")
        return len(captured)

    assert statements(1) == statements(5)


def test_event_of_employment_brings_the_recurring_training_along():
    yearly(joiners_wait=False)
    employee = standing_person(since="2026-03-02")
    event = EmploymentEventFactory(employee=employee)
    from_left = EmploymentEventFactory(
        employee=employee, kind=EventKind.LEFT, effective_on=dt.date(2026, 3, 5)
    )
    recompute("2026-03-02", employee_ids=[employee.pk])
    assert owed(employee)[0][:2] == ("window:annual:2026", "open")

    employee.status, employee.left_on = EmploymentStatus.LEFT, dt.date(2026, 3, 5)
    employee.save()
    apply_employment_event(event_id=from_left.pk, now=at("2026-03-05"))
    assert owed(employee)[0][:2] == ("window:annual:2026", "cancelled")
    assert event.pk != from_left.pk


# Occurrences


def occur(**fields):
    arguments = {
        "kind": "violation",
        "title": "未系安全带登高",
        "happened_on": dt.date(2026, 3, 1),
        "acting_user": None,
        "now": NOW,
        **fields,
    }
    if "concerned" not in arguments:
        arguments["concerned"] = Concerned(employees=[standing_person()])
    return record_occurrence(**arguments)


def test_violation_makes_its_person_owe_and_the_second_one_more():
    first = TrainingRuleFactory(trigger="violation")
    again = TrainingRuleFactory(trigger="violation", min_repeats=2)
    employee = standing_person()
    occurrence = occur(concerned=Concerned(employees=[employee]))

    assert list(Obligation.objects.values_list("rule", "owed_from", "due_on")) == [
        (first.pk, dt.date(2026, 3, 2), dt.date(2026, 3, 9))
    ]
    assert "三违“未系安全带登高”" in explain(Obligation.objects.get())
    assert occur(key=occurrence.public_id, concerned=Concerned(employees=[employee])) == occurrence
    occur(happened_on=dt.date(2026, 3, 2), concerned=Concerned(employees=[employee]))
    assert sorted(Obligation.objects.values_list("rule", flat=True)) == [first.pk, first.pk, again.pk]


def test_change_concerns_the_posts_and_an_accident_the_units():
    TrainingRuleFactory(trigger="four_new")
    TrainingRuleFactory(trigger="accident")
    fatal = TrainingRuleFactory(trigger="fatal_accident", audience="safety_manager")
    unit, post, manager = OrgUnitFactory(), PostFactory(), PostFactory(is_safety_manager=True)
    worker, boss = standing_person(unit, post), standing_person(unit, manager)
    standing_person(OrgUnitFactory(), PostFactory())

    occur(kind="four_new", concerned=Concerned(posts=[post]))
    assert set(Obligation.objects.values_list("employee", flat=True)) == {worker.pk}
    occur(kind="fatal_accident", concerned=Concerned(units=[unit]))
    assert Obligation.objects.filter(occurrence__kind="fatal_accident").count() == 3
    assert set(fatal.obligations.values_list("employee", flat=True)) == {boss.pk}


def test_who_is_named_owes_though_away_and_who_merely_would_have_stood_there_does_not():
    TrainingRuleFactory(trigger="violation", high_risk=True)
    unit = OrgUnitFactory(is_high_risk_for_hours=True)
    away, other = standing_person(unit), standing_person(unit)
    for person in (away, other):
        person.assignments.update(ends_before=dt.date(2026, 3, 2))
        person.status = EmploymentStatus.AWAY
        person.save()

    occur(concerned=Concerned(employees=[away], units=[unit]))
    assert list(Obligation.objects.values_list("employee", "before_work")) == [(away.pk, True)]


def test_own_programme_takes_the_place_of_the_rules():
    TrainingRuleFactory(trigger="campaign")
    own = ProgrammeFactory(title="安全生产月")
    occur(kind="campaign", programme=own, happened_on=dt.date(2026, 6, 1))

    assert Obligation.objects.get().programme == own


def test_withdrawing_cancels_what_is_open():
    TrainingRuleFactory(trigger="violation")
    occurrence = occur()

    withdraw_occurrence(occurrence=occurrence, reason="登错人", acting_user=None, now=NOW)
    withdraw_occurrence(occurrence=occurrence, reason="再来", acting_user=None, now=NOW)
    assert Obligation.objects.get().state == ObligationState.CANCELLED
    assert occurrence.withdrawal.reason == "登错人"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": " "}, "事由"),
        ({"happened_on": dt.date(2026, 3, 3)}, "不能晚于今天"),
        ({"concerned": Concerned()}, "没有说明涉及谁"),
        ({"kind": "four_new", "concerned": "unit"}, "岗位"),
        ({"concerned": "unit"}, "今天没有人"),
    ],
)
def test_occurrence_says_what_is_missing(fields, words):
    if fields.get("concerned") == "unit":
        fields = {**fields, "concerned": Concerned(units=[OrgUnitFactory()])}
    with pytest.raises(OccurrenceRefused, match=words):
        occur(**fields)
    assert not Occurrence.objects.exists()


def test_occurrence_is_for_those_who_manage_the_people_it_names():
    mine, other = OrgUnitFactory(), OrgUnitFactory()
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=mine).user
    TrainingRuleFactory(trigger="violation")
    with pytest.raises(PermissionDenied):
        occur(acting_user=officer, concerned=Concerned(employees=[standing_person(other)]))
    with pytest.raises(PermissionDenied):
        occur(acting_user=officer, kind="four_new", concerned=Concerned(posts=[PostFactory()]))
    occur(acting_user=officer, concerned=Concerned(employees=[standing_person(mine)]), key=uuid.uuid4())


def test_a_year_replayed_gives_the_same():
    yearly()
    yearly(code="half", window="half_year", programme=ProgrammeFactory())
    months = yearly(code="months", window="months", every_months=3, programme=ProgrammeFactory())
    old, new = OrgUnitFactory(), OrgUnitFactory()
    yearly(code="place", joiners_wait=False, unit=new, programme=ProgrammeFactory())
    movers = [standing_person(old, since=f"202{n}-05-01") for n in range(4)]
    for employee in movers[:2]:
        employee.assignments.update(ends_before=dt.date(2026, 5, 4))
        AssignmentFactory(employee=employee, unit=new, starts_on=dt.date(2026, 5, 4))
    nights = [dt.date(2026, 1, 1) + dt.timedelta(days=29 * n) for n in range(13)]

    def year(now):
        for night in nights:
            recompute_obligations(now=now or at(night.isoformat()), on=night)
        fields = ("employee", "programme", "cause", "cycle", "owed_from", "due_on", "state")
        found = sorted(Obligation.objects.values_list(*fields))
        Obligation.objects.all().delete()
        return found

    lived = year(None)
    # A year later, in one go, for the same days.
    assert year(at("2027-06-01")) == lived
    assert {row[3] for row in lived} >= {"2026", "2026H1", "2026H2"}
    assert months.code in {row[2].split(":")[1] for row in lived}
