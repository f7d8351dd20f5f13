"""The record of a sitting says of a clock that was set while it ran."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from exams.actions.sitting_clock import note_clock_step
from exams.actions.sittings import end_sitting
from exams.models import SittingEvent, SittingEventKind
from exams.queries.sittings import record_of
from jobs.clock_watch import note_step
from jobs.models import ClockSource
from jobs.signals import ClockStepped
from people.permissions import Role
from tests.factories.people import OrgUnitFactory, RoleGrantFactory
from tests.factories.sittings import BELL, make_sitting, opened

pytestmark = pytest.mark.django_db
LATER = BELL + dt.timedelta(minutes=10)


def told():
    return list(SittingEvent.objects.filter(kind=SittingEventKind.CLOCK))


def test_open_sittings_say_so_and_others_do_not():
    running, planned, over = opened(make_sitting()), make_sitting(), opened(make_sitting())
    end_sitting(sitting_id=over.pk, acting_user=None, now=LATER - dt.timedelta(minutes=1))
    note_step(ClockSource.MACHINE, -1800.0, at=LATER - dt.timedelta(minutes=30))
    (event,) = told()
    assert (event.sitting_id, event.by, event.data["by_s"], event.data["ahead"]) == (
        running.pk,
        None,
        1800,
        False,
    )
    assert planned.pk != event.sitting_id


def test_a_sitting_that_the_clock_itself_ended_says_so():
    sitting = opened(make_sitting())
    end_sitting(sitting_id=sitting.pk, acting_user=None, now=LATER + dt.timedelta(hours=1))
    note_step(ClockSource.MACHINE, 3600.0, at=LATER + dt.timedelta(hours=1, seconds=4))
    assert [event.sitting_id for event in told()] == [sitting.pk]


def test_heard_twice_it_is_noted_once_and_costs_the_same_for_three(django_assert_max_num_queries):
    for _ in range(3):
        opened(make_sitting())
    event = ClockStepped(7, "machine", 5.0, LATER)
    with django_assert_max_num_queries(4):
        assert note_clock_step(event=event) == 3
    assert note_clock_step(event=event) == 0
    assert len(told()) == 3


@pytest.mark.parametrize(
    ("source", "seconds", "words"),
    [
        (ClockSource.MACHINE, 3600.0, "服务器时钟被拨快了 3600 秒"),
        (ClockSource.MACHINE, -2.5, "服务器时钟被拨慢了 2.5 秒"),
        (ClockSource.RESTART, -60.0, "服务器时钟被拨慢了 60 秒"),
        (ClockSource.DATABASE, 9.0, "数据库服务器的时钟比考试服务器快 9 秒"),
        (ClockSource.DATABASE, -9.0, "数据库服务器的时钟比考试服务器慢 9 秒"),
    ],
)
def test_console_and_record_tell_size_and_moment(source, seconds, words):
    unit = OrgUnitFactory()
    sitting = opened(make_sitting(unit=unit))
    note_step(source, seconds, at=LATER)
    user = RoleGrantFactory(role=Role.TRAINER, unit=unit).user
    office = Client()
    office.force_login(user)
    for name in ("sitting", "sitting-record"):
        shown = office.get(reverse(f"exams_office:{name}", args=[sitting.pk])).text
        assert words in shown
        assert f"{localtime(LATER):%H:%M:%S}" in shown
    record = record_of(sitting, reader=user, now=LATER)
    assert [event.kind for event in record["incidents"]] == ["clock"]
    assert "clock" not in {event.kind for event in record["steps"]}
