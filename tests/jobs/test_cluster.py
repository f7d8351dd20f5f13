"""The queue as it runs on a site: a process of its own that takes jobs and stops when told to."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.site import own_database

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 300  # each look starts a process, and so do the queue and its workers

ENQUEUE = """
from jobs.queue import enqueue
print(enqueue("tests.jobs.tasks.remember", title="一件事", params={"path": %r}).pk)
"""
REPORT = """
import json
from django_q.models import OrmQ
from jobs.models import Heartbeat, Job
print(json.dumps({
    "jobs": list(Job.objects.values_list("state", flat=True)),
    "queued": OrmQ.objects.count(),
    "beats": Heartbeat.objects.count(),
}))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("django_db_setup")
def test_cluster_runs_a_job_beats_and_stops_cleanly(tmp_path):
    with own_database(tmp_path) as database_url:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(tmp_path / "media"),
            "SECRET_KEY": "cluster-" + "s" * 50,
            "FIELD_KEYS": "cluster-" + "f" * 40,
        }

        def manage(*arguments):
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            return done.stdout

        manage("ensure_schedules")
        notes = tmp_path / "notes"
        manage("shell", "--no-imports", "-c", ENQUEUE % str(notes))
        log = tmp_path / "log"
        with log.open("wb") as output:
            cluster = subprocess.Popen(
                [sys.executable, "manage.py", "run_queue"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_for(lambda: settled(manage), cluster, log)
            assert notes.read_text() == "running 一件事\n"
            cluster.send_signal(signal.SIGTERM)
            assert cluster.wait(timeout=WAIT_S) == 0, log.read_text()
        finally:
            if cluster.poll() is None:
                os.killpg(cluster.pid, signal.SIGKILL)
                cluster.wait()
        assert not is_group_alive(cluster.pid)
        assert "Traceback" not in log.read_text()


def settled(manage):
    report = json.loads(manage("shell", "--no-imports", "-c", REPORT))
    return report["jobs"] == ["done"] and report["queued"] == 0 and report["beats"] == 1


def wait_for(condition, process, log):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def is_group_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
