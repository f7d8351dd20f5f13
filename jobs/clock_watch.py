"""The alarm for clocks that are set: every deadline is a moment of the wall clock.

The queue's keeper looks every five seconds (settings.TICKS). What it finds is logged as critical, kept (ClockStep),
told to the rooms above, and shown by the health page and the back office's first page for three days.
"""

import datetime as dt
import socket
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common import clock
from jobs.models import ClockSource, ClockStep, Heartbeat
from jobs.signals import ClockStepped, clock_stepped

log = structlog.get_logger("anxue.jobs")
SHOWN_FOR = dt.timedelta(days=3)  # over a weekend


def database_clock_s() -> float | None:
    """Return the database server's time in seconds since 1970; None where the database has no clock of its own."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (seconds,) = cursor.fetchone()
    return float(seconds)


class ClockWatch:
    """Knows how the clocks stood to each other at the last look that said so, and tells of what changed since.

    Many small steps add up to one that is told: they are all measured from the same state.
    """

    def __init__(
        self,
        steady_s: Callable[[], float] = clock.steady_s,
        database_clock_s: Callable[[], float | None] = database_clock_s,
    ) -> None:
        """Take the clock that nobody can set, and that of the database server."""
        self._steady_s, self._database_clock_s = steady_s, database_clock_s
        self._stood: float | None = None
        self._database_ahead = 0.0

    def look(self) -> None:
        """Compare the clocks, and note what moved by more than the limit."""
        stands = self._compared(lambda: clock.now().timestamp())
        if stands is None:
            return
        # What could not be stored is found again at the next look: the state is taken over behind it.
        if self._stood is None:
            self._look_behind(clock.now())
            self._stood = stands
        elif abs(stands - self._stood) > settings.CLOCK_STEP_LIMIT_S:
            note_step(ClockSource.MACHINE, stands - self._stood, at=clock.now())
            self._stood = stands
        there = self._compared(self._database_clock_s)
        if there is not None and abs(there - stands - self._database_ahead) > settings.CLOCK_STEP_LIMIT_S:
            note_step(ClockSource.DATABASE, there - stands, at=clock.now())
            self._database_ahead = there - stands

    def _compared(self, read: Callable[[], float | None]) -> float | None:
        """Return how far a clock is ahead of the steady one; None if reading it took too long to tell."""
        began = self._steady_s()
        seconds = read()
        took = self._steady_s() - began
        if seconds is None or took > settings.CLOCK_STEP_LIMIT_S / 2:
            return None
        return seconds - began - took / 2

    @staticmethod
    def _look_behind(at: dt.datetime) -> None:
        """Note a clock that stands, after a restart, before what the queue wrote when it ran last; once for each."""
        beat = Heartbeat.objects.order_by("-beat_at").first()
        if beat is None or (beat.beat_at - at).total_seconds() <= settings.CLOCK_STEP_LIMIT_S:
            return
        told = ClockStep.objects.filter(source=ClockSource.RESTART).order_by("-pk").first()
        if told is None or abs(told.at - dt.timedelta(seconds=told.seconds) - beat.beat_at) > dt.timedelta(
            seconds=1
        ):
            note_step(ClockSource.RESTART, (at - beat.beat_at).total_seconds(), at=at)


@transaction.atomic
def note_step(source: ClockSource, seconds: float, *, at: dt.datetime) -> ClockStep:
    """Log a step, keep it, and tell the rooms above. `seconds` and `at` as in ClockStep."""
    log.critical("clock_stepped", source=str(source), seconds=round(seconds, 3), at=at.isoformat())
    step = ClockStep.objects.create(source=source, seconds=seconds, at=at, host=socket.gethostname()[:100])
    clock_stepped.send(sender=None, event=ClockStepped(step.pk, str(source), seconds, at))
    return step


def steps_to_show(now: dt.datetime) -> list[ClockStep]:
    """Return the steps of the last three days, newest first; what was noted by a clock since set back as well.

    Of the database server's clock only that it is apart now counts: that it was is in the log and in the table.
    """
    around = (now - SHOWN_FOR, now + SHOWN_FOR)
    recent = list(ClockStep.objects.filter(at__range=around).exclude(source=ClockSource.DATABASE))
    database = ClockStep.objects.filter(source=ClockSource.DATABASE).order_by("-pk").first()
    if database is not None and abs(database.seconds) > settings.CLOCK_STEP_LIMIT_S:
        recent.append(database)
    return sorted(recent, key=lambda step: -step.pk)


def described(step: ClockStep) -> str:
    """Return a step in English for the health page, with what to do about it."""
    at = timezone.localtime(step.at).isoformat(sep=" ", timespec="seconds")
    what = {
        ClockSource.MACHINE: "the clock of {host} was set by {seconds:+.1f} s at {at}",
        ClockSource.RESTART: "the clock of {host} stood {seconds:+.1f} s behind its last heartbeat at {at}",
        ClockSource.DATABASE: "the clock of the database server is {seconds:+.1f} s from that of {host} since {at}",
    }[ClockSource(step.source)].format(host=step.host, seconds=step.seconds, at=at)
    return f"{what}: check the time synchronisation, and the exams that ran (docs/operations.md, Clocks)"


look_at_clocks = ClockWatch().look
