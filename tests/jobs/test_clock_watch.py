"""A clock that is set is found at the next tick: logged, kept, shown, and told to the rooms above."""

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from common import clock
from jobs.clock_watch import ClockWatch, database_clock_s, look_at_clocks, note_step, steps_to_show
from jobs.models import ClockSource, ClockStep
from jobs.schedules import beat
from jobs.signals import clock_stepped
from portal.panels import today_lines
from tests.factories.people import UserFactory

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


class Machine:
    """A machine whose clocks the test sets: `passes` is time for both, `is_set` for the wall clock alone."""

    def __init__(self, wall):
        self.wall, self.steady_s, self.database_s, self.reading_takes_s = wall, 5000.0, None, 0.0
        self.watch = ClockWatch(lambda: self.steady_s, self._database_clock_s)

    def _database_clock_s(self):
        self.steady_s += self.reading_takes_s
        return None if self.database_s is None else clock.now().timestamp() + self.database_s

    def passes(self, seconds=5.0):
        self.steady_s += seconds
        self.is_set(seconds)

    def is_set(self, seconds):
        self.wall.shift(dt.timedelta(seconds=seconds))


@pytest.fixture
def machine():
    with time_machine.travel(NOW, tick=False) as wall:
        machine = Machine(wall)
        machine.watch.look()
        yield machine


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    clock_stepped.connect(hear)
    yield events
    clock_stepped.disconnect(hear)


def seen():
    return [(step.source, round(step.seconds, 1)) for step in ClockStep.objects.all()]


@pytest.mark.parametrize("seconds", [2.5, 3600, -2.5, -3600, 86400])
def test_a_step_is_logged_kept_and_told_once(machine, heard, caplog, seconds):
    machine.passes()
    machine.is_set(seconds)
    machine.watch.look()
    machine.passes()
    machine.watch.look()
    (step,) = ClockStep.objects.all()
    assert (step.source, round(step.seconds, 3)) == (ClockSource.MACHINE, seconds)
    assert step.at == NOW + dt.timedelta(seconds=5 + seconds)
    (event,) = heard
    assert (event.step_id, event.source, event.at) == (step.pk, "machine", step.at)
    (told,) = [record for record in caplog.records if "clock_stepped" in record.getMessage()]
    assert told.levelname == "CRITICAL"
    assert str(float(seconds)) in told.getMessage()


def test_time_that_passes_and_small_corrections_are_no_step_but_many_of_them_are(machine):
    for _ in range(4):
        machine.passes(3600)
        machine.watch.look()
    for _ in range(2):
        machine.is_set(0.9)
        machine.watch.look()
    assert seen() == []
    machine.is_set(0.9)
    machine.watch.look()
    assert seen() == [("machine", 2.7)]


def test_the_limit_is_a_setting(machine, settings):
    settings.CLOCK_STEP_LIMIT_S = 60
    machine.is_set(59)
    machine.watch.look()
    assert seen() == []


def test_a_step_that_cannot_be_stored_is_found_again(machine):
    def full(event, **_):
        raise DatabaseError("disk full")

    machine.is_set(30)
    clock_stepped.connect(full)
    try:
        with pytest.raises(DatabaseError), transaction.atomic():
            machine.watch.look()
    finally:
        clock_stepped.disconnect(full)
    assert seen() == []
    machine.watch.look()
    assert seen() == [("machine", 30)]


def test_a_database_server_apart_is_told_when_it_begins_and_ends_and_shown_meanwhile(machine):
    machine.database_s = 1.5
    machine.watch.look()
    assert seen() == []
    machine.database_s = -40.0
    for _ in range(3):
        machine.passes()
        machine.watch.look()
    assert seen() == [("database", -40)]
    machine.passes(30 * 86400)
    assert len(steps_to_show(clock.now())) == 1
    machine.database_s = 0.1
    machine.watch.look()
    assert seen() == [("database", -40), ("database", 0.1)]
    assert steps_to_show(clock.now()) == []


def test_an_answer_that_took_too_long_says_nothing(machine):
    machine.database_s, machine.reading_takes_s = 30.0, 1.5
    machine.watch.look()
    assert seen() == []


def test_a_machine_that_comes_up_with_a_clock_behind_its_last_heartbeat_is_told_once(machine):
    beat()
    machine.is_set(-7200)
    for _ in range(3):
        Machine(machine.wall).watch.look()
    assert seen() == [("restart", -7200)]
    beat()
    Machine(machine.wall).watch.look()
    assert len(seen()) == 1


def test_a_step_is_shown_for_three_days_to_administrators_alone():
    with time_machine.travel(NOW, tick=False) as wall:
        beat()
        note_step(ClockSource.MACHINE, 3600.0, at=NOW)
        administrator, other = UserFactory(superuser=True), UserFactory()
        (line,) = today_lines(administrator)
        assert (line.sign, line.count) == ("stop", 1)
        assert "时间同步" in str(line.text)
        assert not list(today_lines(other))
        wall.shift(dt.timedelta(days=3, minutes=1))
        beat()
        assert not list(today_lines(administrator))


def test_steps_are_facts():
    step = note_step(ClockSource.MACHINE, 3.0, at=NOW)
    for change in (lambda: ClockStep.objects.update(seconds=0), step.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_tick_of_this_machine_finds_nothing():
    there = database_clock_s()
    assert (there is None) == (connection.vendor == "sqlite")
    assert there is None or abs(there - clock.now().timestamp()) < 60
    look_at_clocks()
    look_at_clocks()
    assert seen() == []
