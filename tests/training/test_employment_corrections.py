"""What corrections, days to come and secondments do to what is owed, through the actions of people."""

import datetime as dt

import pytest
import time_machine

from people.actions.coming import apply_coming_events
from people.actions.corrections import correct_event
from people.actions.employment import change_terms, hire, leave, second, transfer
from tests.factories.people import PostFactory, org_path
from tests.factories.training import TrainingRuleFactory
from training.models import Obligation, Trigger
from training.queries.clearance import clearance_of

pytestmark = pytest.mark.django_db
D = dt.date
HIRED = D(2026, 3, 2)
TODAY = D(2026, 11, 20)


def at(day):
    return dt.datetime(day.year, day.month, day.day, 2, tzinfo=dt.UTC)


NOW = at(TODAY)
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def posts():
    return {name: PostFactory(name=name) for name in ("车工", "焊工")}


@pytest.fixture
def employee(posts):
    return hire(employee_no="1", name="张三", unit=org_path("总厂/一车间"), post=posts["车工"],
                hired_on=HIRED, acting_user=None, now=at(HIRED))  # fmt: skip


@pytest.fixture
def move_rule():
    return TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title="转岗培训", due_days=7)


def owed(employee):
    return [
        (item.programme.title, item.state, item.due_on, item.close_reason)
        for item in Obligation.objects.filter(employee=employee).order_by("pk").select_related("programme")
    ]


def moved(employee, posts, day, name="焊工", now=NOW):
    return transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts[name], effective_on=day,
                    acting_user=None, now=now)  # fmt: skip


def test_a_withdrawn_event_ends_what_it_brought(employee, posts, move_rule):
    event = moved(employee, posts, D(2026, 11, 18))
    assert owed(employee) == [("转岗培训", "open", D(2026, 11, 25), "")]
    correct_event(event=event, reason="误录", withdraw=True, **SYSTEM)
    assert owed(employee) == [("转岗培训", "cancelled", D(2026, 11, 25), "人事变动已更正，不再需要")]


def test_a_corrected_day_dates_the_training_anew_and_back(employee, posts, move_rule):
    event = moved(employee, posts, D(2026, 11, 18))
    for day in (D(2026, 11, 10), D(2026, 11, 18)):
        event = correct_event(event=event, reason="调令", effective_on=day, **SYSTEM)
        assert owed(employee) == [("转岗培训", "open", day + dt.timedelta(7), "")]


def test_a_correction_corrected_brings_back_what_it_ended(employee, posts):
    rule = TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title="焊工专项", due_days=7)
    rule.posts.set([posts["焊工"]])
    event = moved(employee, posts, D(2026, 11, 18))
    other = PostFactory(name="钳工")
    event = correct_event(event=event, reason="岗位", post=other, **SYSTEM)
    assert owed(employee)[0][1] == "cancelled"
    correct_event(event=event, reason="原来是对的", post=posts["焊工"], **SYSTEM)
    assert owed(employee) == [("焊工专项", "open", D(2026, 11, 25), "")]


def test_a_leaving_taken_back_brings_back_what_it_cancelled(employee, posts, move_rule):
    moved(employee, posts, D(2026, 11, 18))
    event = leave(employee=employee, left_on=TODAY, **SYSTEM)
    assert owed(employee)[0][1::2] == ("cancelled", "已离职")
    correct_event(event=event, reason="误录", withdraw=True, **SYSTEM)
    assert owed(employee) == [("转岗培训", "open", D(2026, 11, 25), "")]


def test_a_leaving_with_another_day_still_ends_what_is_owed(employee, posts, move_rule):
    moved(employee, posts, D(2026, 11, 2))
    event = leave(employee=employee, left_on=TODAY, **SYSTEM)
    correct_event(event=event, reason="日期", effective_on=D(2026, 11, 19), **SYSTEM)
    assert owed(employee)[0][1::2] == ("cancelled", "已离职")


def test_a_move_to_come_makes_its_task_now_and_ends_others_on_its_day(employee, posts):
    old = TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title="车工专项")
    old.posts.set([posts["车工"]])
    new = TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title="焊工专项", due_days=3)
    new.posts.set([posts["焊工"]])
    moved(employee, posts, D(2026, 11, 2), "车工")
    moved(employee, posts, D(2026, 12, 1), "焊工")
    assert [row[:3] for row in owed(employee)] == [
        ("车工专项", "open", D(2026, 11, 9)),
        ("焊工专项", "open", D(2026, 12, 4)),
    ]
    titles = [reason.text for reason in clearance_of(employee).reasons]
    assert titles == ["培训未完成：车工专项（截止 2026-11-09）"]
    apply_coming_events(now=at(D(2026, 12, 1)))
    assert [row[1] for row in owed(employee)] == ["cancelled", "open"]
    apply_coming_events(now=at(D(2026, 12, 1)))
    assert Obligation.objects.count() == 2


def test_a_leaving_to_come_ends_what_is_owed_on_its_day(employee, posts, move_rule):
    moved(employee, posts, D(2026, 11, 18))
    leave(employee=employee, left_on=D(2026, 12, 1), **SYSTEM)
    assert owed(employee)[0][1] == "open"
    apply_coming_events(now=at(D(2026, 12, 1)))
    assert owed(employee)[0][1::2] == ("cancelled", "已离职")


def test_a_secondment_owes_both_posts_and_its_end_lets_go_of_the_hosts(employee, posts):
    for name in ("车工", "焊工"):
        rule = TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title=f"{name}专项")
        rule.posts.set([posts[name]])
    moved(employee, posts, D(2026, 11, 2), "车工")
    second(employee=employee, unit=org_path("总厂/三车间"), post=posts["焊工"], starts_on=D(2026, 11, 18),
           ends_before=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    assert [row[:2] for row in owed(employee)] == [("车工专项", "open"), ("焊工专项", "open")]
    apply_coming_events(now=at(D(2026, 12, 1)))
    assert [row[:2] for row in owed(employee)] == [("车工专项", "open"), ("焊工专项", "cancelled")]


def test_an_event_told_late_asks_for_nothing_that_is_past(employee, posts):
    for name in ("车工", "焊工"):
        rule = TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title=f"{name}专项")
        rule.posts.set([posts[name]])
    moved(employee, posts, D(2026, 9, 1), "车工")
    moved(employee, posts, D(2026, 6, 1), "焊工")
    assert [row[:2] for row in owed(employee)] == [("车工专项", "open")]
    leave(employee=employee, left_on=TODAY, **SYSTEM)
    moved(employee, posts, D(2026, 10, 1), "焊工")
    assert [row[:2] for row in owed(employee)] == [("车工专项", "cancelled")]


def test_rules_read_the_terms_of_the_day(employee, posts):
    TrainingRuleFactory(
        trigger=Trigger.TRANSFERRED, programme__title="派遣人员", employment_types=["dispatched"]
    )
    change_terms(employee=employee, employment_type="dispatched", effective_on=D(2026, 5, 1), **SYSTEM)
    change_terms(employee=employee, employment_type="own", effective_on=D(2026, 8, 1), **SYSTEM)
    moved(employee, posts, D(2026, 9, 1))
    assert owed(employee) == []
    moved(employee, posts, D(2026, 6, 1))
    assert [row[0] for row in owed(employee)] == ["派遣人员"]
