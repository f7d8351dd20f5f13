"""Keeping the queue up: it is started again when it ends or falls silent, and what cannot wait for it is done beside it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string
from django_q import cluster

log = structlog.get_logger("anxue.jobs")
TICK_S = 5.0
LOOK_S = 0.5
STOP_TIMEOUT_S = 20.0
RESTART_AFTER_S = 1.0
# A guard that waits for a locked SQLite is silent too, twenty seconds for each statement: this is well above that.
SILENT_S = 180.0
SIGN_OF_LIFE = "QUEUE_SIGN_OF_LIFE_FD"  # the child's end of the pipe, in its environment
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class CarefulSentinel(cluster.Sentinel):  # type: ignore[misc]
    """A guard of the workers that does not go on after one was killed.

    An idle worker waits for tasks holding the lock of the pipe they come through. Killed there (kill -9, the
    kernel short of memory), it never gives the lock back, and a new worker in its place waits for ever beside the
    others: the queue looks alive and does nothing (django-q2 #339). So the whole queue ends and is started anew;
    what was not done is in the database and is taken up again.

    Killed in the moment in which it held the lock of its own timer, a worker leaves the guard itself waiting for
    ever, and nobody notices what dies after that. So the guard shows its keeper at each round that it goes on.
    """

    def status(self) -> str:
        """Return the state of the queue, which each round of the guard asks for, and show a sign of life."""
        show_sign_of_life()
        state: str = super().status()
        return state

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended or took too long; end all if one of them was killed."""
        timed_out = process in self.pool and process.timer.value == 0
        if not timed_out and process.exitcode is not None and process.exitcode < 0:
            log.critical("queue_process_was_killed", signal=-process.exitcode)
            for each in [*self.pool, self.monitor, self.pusher]:
                each.kill()
            os._exit(1)
        super().reincarnate(process)


def use_careful_sentinel() -> None:
    """Let clusters of this process be guarded by CarefulSentinel; django-q has no setting for it."""
    cluster.Sentinel = CarefulSentinel


def _end_with_parent() -> None:
    """Ask the kernel to stop this process when the one that started it dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def show_sign_of_life() -> None:
    """Tell the keeper that started this process that it goes on; without one, or with one that is late, do nothing."""
    if number := os.environ.get(SIGN_OF_LIFE):
        # Either the keeper has enough unread signs, or it is gone and this process was told to stop.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(int(number), b".")


class Supervisor:
    """Runs the queue's processes as one child, and the ticks between looking after it."""

    def __init__(
        self, command: Sequence[str], ticks: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the command of the child, the dotted paths of the ticks and a clock in seconds.

        Raises ImportError for a tick that is not there.
        """
        self.command = list(command)
        self.ticks: list[tuple[str, Callable[[], Any]]] = [(path, import_string(path)) for path in ticks]
        self.child: subprocess.Popen[bytes] | None = None
        self.is_stopping = False
        self._clock = clock
        self._next_tick = -TICK_S
        self._signs = -1  # our end of the pipe
        self._last_sign = 0.0

    def run(self) -> None:
        """Keep the queue up until `is_stopping`, then stop it in order."""
        try:
            while not self.is_stopping:
                self.look()
                time.sleep(LOOK_S)
        finally:
            self.stop()

    def look(self) -> None:
        """Start the child if it is not running, and tick if it is time."""
        if self.child is not None and self.child.poll() is not None:
            log.critical("queue_ended", code=self.child.returncode)
            self._kill_group()
            time.sleep(RESTART_AFTER_S)
        elif self.child is not None and self._silent_s() > SILENT_S:
            log.critical("queue_is_silent", seconds=round(self._silent_s()))
            self._kill_group()
        if self.child is None:
            self._start()
        if self._clock() >= self._next_tick:
            self.tick()
            self._next_tick = self._clock() + TICK_S

    def _start(self) -> None:
        self._signs, child_end = os.pipe()
        for end in (self._signs, child_end):
            os.set_blocking(end, False)
        try:
            self.child = subprocess.Popen(  # noqa: S603
                self.command,
                cwd=settings.PROJECT_DIR,
                env={**os.environ, SIGN_OF_LIFE: str(child_end)},
                pass_fds=[child_end],
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - this process has one thread
            )
        finally:
            os.close(child_end)
        self._last_sign = self._clock()

    def _silent_s(self) -> float:
        """Return the seconds since the last sign of life, or since the start; reads the signs there are."""
        with contextlib.suppress(BlockingIOError):  # no sign since the last look
            if os.read(self._signs, 65536):
                self._last_sign = self._clock()
        return self._clock() - self._last_sign

    def tick(self) -> None:
        """Run what settings.TICKS names. One that fails is logged and run again at the next tick."""
        for path, work in self.ticks:
            close_old_connections()
            try:
                work()
            except Exception:
                log.exception("tick_failed", task=path)
        close_old_connections()

    def stop(self) -> None:
        """Let the child finish what it is at, for twenty seconds; then kill what is left of it."""
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                log.critical("queue_does_not_stop")
        self._kill_group()

    def _kill_group(self) -> None:
        if self.child is not None:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("queue_left_nothing")
            self.child.wait()
            self.child = None
            os.close(self._signs)
