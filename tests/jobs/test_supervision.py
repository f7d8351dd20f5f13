"""The queue is kept up: its child is started again, ticks go on whatever happens, a killed worker ends the whole."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from jobs import supervision
from jobs.supervision import SILENT_S, CarefulSentinel, Supervisor
from tests.jobs.tasks import ticked

pytestmark = pytest.mark.django_db
SLEEPER = [sys.executable, "-c", "import time; time.sleep(3600)"]


@pytest.fixture
def supervisor(monkeypatch):
    monkeypatch.setattr(supervision, "RESTART_AFTER_S", 0)
    ticked.clear()
    supervisor = Supervisor(SLEEPER, ["tests.jobs.tasks.fail_tick", "tests.jobs.tasks.tick"])
    yield supervisor
    supervisor.stop()


def test_a_child_that_ended_is_started_again(supervisor):
    supervisor.look()
    first = supervisor.child.pid
    supervisor.look()
    assert supervisor.child.pid == first
    os.kill(first, signal.SIGKILL)
    supervisor.child.wait()
    supervisor.look()
    assert supervisor.child.pid != first
    assert supervisor.child.poll() is None


LIVELY = [
    sys.executable,
    "-c",
    "import time\nfrom jobs.supervision import show_sign_of_life\nwhile True: show_sign_of_life(); time.sleep(.01)",
]


def test_a_child_that_goes_on_but_shows_no_life_is_started_again(monkeypatch):
    """A guard that waits for a lock nobody will ever give back: its process is there and does nothing."""
    monkeypatch.setattr(supervision, "RESTART_AFTER_S", 0)
    now = [0.0]
    supervisor = Supervisor(LIVELY, [], clock=lambda: now[0])

    def is_kept_after(seconds):
        pid = supervisor.child.pid
        now[0] += seconds
        supervisor.look()
        return supervisor.child.pid == pid

    try:
        supervisor.look()
        wait_for(lambda: signs_of(supervisor))
        assert is_kept_after(SILENT_S + 1), "it was late to be looked at, not silent"
        os.kill(supervisor.child.pid, signal.SIGSTOP)
        wait_for(lambda: state_of(supervisor.child.pid) == "T")
        supervisor.look()  # and read what it still showed
        assert is_kept_after(SILENT_S), "not for long enough"
        stopped = supervisor.child
        assert not is_kept_after(1)
        assert stopped.returncode == -signal.SIGKILL
        wait_for(lambda: signs_of(supervisor))
        assert is_kept_after(SILENT_S + 1)
    finally:
        supervisor.stop()


def signs_of(supervisor):
    ready, _, _ = select.select([supervisor._signs], [], [], 0)
    return ready


def test_each_round_of_the_guard_is_a_sign_of_life(monkeypatch):
    monkeypatch.setattr(supervision.cluster.Sentinel, "status", lambda self: "Idle")
    guard = object.__new__(CarefulSentinel)
    monkeypatch.delenv(supervision.SIGN_OF_LIFE, raising=False)
    assert guard.status() == "Idle", "without a keeper nobody is told"
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    monkeypatch.setenv(supervision.SIGN_OF_LIFE, str(write_end))
    try:
        guard.status()
        assert os.read(read_end, 10) == b"."
        with pytest.raises(BlockingIOError):
            while True:
                os.write(write_end, b"." * 4096)
        assert guard.status() == "Idle", "a keeper who does not read holds nobody up"
        os.close(read_end)
        read_end = -1
        assert guard.status() == "Idle", "nor does one who is gone"
    finally:
        for end in (read_end, write_end):
            if end >= 0:
                os.close(end)


def test_one_tick_that_fails_does_not_keep_the_others_from_running(supervisor):
    supervisor._clock = lambda: 0.0
    supervisor.look()
    supervisor.look()
    assert ticked == ["tick"], "not before five seconds are over"
    supervisor.tick()
    assert ticked == ["tick", "tick"]


def test_stopping_leaves_nothing_behind(supervisor):
    supervisor.look()
    pid = supervisor.child.pid
    supervisor.stop()
    assert supervisor.child is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_does_not_outlive_its_keeper(tmp_path):
    note = tmp_path / "pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    keeper = (
        "import subprocess, sys, time\nfrom jobs.supervision import _end_with_parent\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True, preexec_fn=_end_with_parent)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", keeper], cwd=supervision.settings.PROJECT_DIR)
    try:
        wait_for(lambda: note.exists() and note.read_text())
        pid = int(note.read_text())
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not is_running(pid))


def wait_for(state, *, seconds=300):
    deadline = time.monotonic() + seconds
    while not state():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def is_running(pid):
    try:
        return state_of(pid) != "Z"
    except FileNotFoundError:
        return False


def sentinel(monkeypatch, exitcode, timer):
    process = SimpleNamespace(
        exitcode=exitcode, timer=SimpleNamespace(value=timer), kill=lambda: ended.append("kill")
    )
    ended = []
    guard = object.__new__(CarefulSentinel)
    guard.pool, guard.monitor, guard.pusher = [process], process, process
    monkeypatch.setattr(
        supervision.cluster.Sentinel, "reincarnate", lambda self, process: ended.append("replaced")
    )
    monkeypatch.setattr(os, "_exit", lambda code: ended.append(f"exit {code}"))
    guard.reincarnate(process)
    return ended


def test_a_worker_that_was_killed_ends_the_queue_and_any_other_is_replaced(monkeypatch):
    assert sentinel(monkeypatch, -signal.SIGKILL, -1)[:4] == ["kill", "kill", "kill", "exit 1"]
    assert sentinel(monkeypatch, 0, -2) == ["replaced"], "recycled"
    assert sentinel(monkeypatch, None, 0) == ["replaced"], "took too long"


def test_the_command_keeps_the_queue_and_ticks_what_the_settings_name(monkeypatch, settings):
    made = []

    def run(self):
        made.append((self.command[1:], [path for path, _work in self.ticks]))

    monkeypatch.setattr(Supervisor, "run", run)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        call_command("run_queue")
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    ((command, ticks),) = made
    assert command[-2:] == ["run_queue", "--workers-only"]
    assert (
        ticks
        == settings.TICKS
        == [
            "jobs.clock_watch.look_at_clocks",
            "exams.tasks.close_expired_attempts",
        ]
    )
