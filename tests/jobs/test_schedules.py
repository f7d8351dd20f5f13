import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django_q.models import Schedule

from jobs.models import Heartbeat
from jobs.schedules import beat, ensure_schedules, is_alive

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
BEAT = ("heartbeat", "jobs.schedules.beat", "* * * * *")
NIGHTLY = ("nightly", "tests.jobs.tasks.fail", "10 0 * * *")

pytestmark = pytest.mark.django_db


def rows():
    return sorted(Schedule.objects.values_list("name", "func", "cron"))


def test_schedule_equals_the_settings(settings, capsys):
    call_command("ensure_schedules")
    assert rows() == sorted(settings.SCHEDULES)
    assert set(Schedule.objects.values_list("schedule_type", "repeats")) == {(Schedule.CRON, -1)}
    assert "schedules are in place" in capsys.readouterr().out


def test_work_is_added_and_removed(settings):
    settings.SCHEDULES = [BEAT]
    ensure_schedules()
    settings.SCHEDULES = [BEAT, NIGHTLY]
    ensure_schedules()
    assert rows() == [BEAT, NIGHTLY]
    settings.SCHEDULES = [NIGHTLY]
    ensure_schedules()
    assert rows() == [NIGHTLY]


def test_second_call_changes_nothing(settings):
    settings.SCHEDULES = [BEAT, NIGHTLY]
    ensure_schedules()
    later = NOW + dt.timedelta(days=300)
    Schedule.objects.update(next_run=later)
    ids = set(Schedule.objects.values_list("pk", flat=True))
    ensure_schedules()
    assert set(Schedule.objects.values_list("pk", "next_run")) == {(pk, later) for pk in ids}


@pytest.mark.parametrize(
    "change", [{"cron": "5 5 * * *"}, {"func": "x.y"}, {"schedule_type": Schedule.HOURLY}, {"repeats": 3}]
)
def test_work_that_differs_is_corrected_and_due_at_once(settings, change):
    settings.SCHEDULES = [BEAT]
    ensure_schedules()
    Schedule.objects.update(next_run=NOW + dt.timedelta(days=300), **change)
    with time_machine.travel(NOW, tick=False):
        ensure_schedules()
    schedule = Schedule.objects.get()
    assert (schedule.func, schedule.cron, schedule.schedule_type, schedule.repeats) == (
        BEAT[1],
        BEAT[2],
        Schedule.CRON,
        -1,
    )
    assert schedule.next_run == NOW


def test_of_two_with_one_name_one_stays(settings):
    settings.SCHEDULES = [BEAT]
    for _ in range(2):
        Schedule.objects.create(name="heartbeat", func=BEAT[1], schedule_type=Schedule.CRON, cron=BEAT[2])
    ensure_schedules()
    assert rows() == [BEAT]


@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        (("x", "jobs.schedules.no_such", "* * * * *"), ImportError, "no_such"),
        (("x", "jobs.schedules.beat", "61 * * * *"), ValidationError, "61"),
        (("x", "jobs.schedules.beat", "every day"), ValidationError, "columns"),
    ],
)
def test_mistake_is_named_and_changes_nothing(settings, wrong, error, named):
    settings.SCHEDULES = [BEAT]
    ensure_schedules()
    settings.SCHEDULES = [NIGHTLY, wrong]
    with pytest.raises(error, match=named):
        ensure_schedules()
    assert rows() == [BEAT]


@pytest.mark.parametrize(
    ("age", "alive"),
    [(dt.timedelta(0), True), (dt.timedelta(minutes=3), True), (dt.timedelta(minutes=3, seconds=1), False)],
)
def test_queue_is_alive_for_three_minutes_after_a_beat(age, alive):
    with time_machine.travel(NOW, tick=False):
        beat()
    assert is_alive(NOW + age) is alive


def test_queue_that_never_beat_is_not_alive():
    assert not is_alive(NOW)


def test_each_beat_replaces_the_last():
    for minutes in range(3):
        with time_machine.travel(NOW + dt.timedelta(minutes=minutes), tick=False):
            beat()
    assert Heartbeat.objects.get().beat_at == NOW + dt.timedelta(minutes=2)
