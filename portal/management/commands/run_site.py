"""Start everything: data, static files, web server and queue, and stop it all together."""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from jobs.schedules import ensure_schedules
from portal.demo.organisation import DEMO_LOGINS, DEMO_PASSWORD
from portal.queries import is_empty_installation

STOP_TIMEOUT_S = 20


class Command(BaseCommand):
    """`manage.py run_site --port 8000`: what `make run` calls."""

    help = "Migrate, load the demo into an empty installation, and run web server and queue until Ctrl-C."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take the address, and whether an empty installation gets the demo."""
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - phones on the same network are the point
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--employees", type=int, default=60, help="people of the demo")
        parser.add_argument(
            "--film-seconds", type=float, help="squeeze each film of the demo into so many seconds"
        )
        parser.add_argument("--no-demo", action="store_true", help="leave an empty installation empty")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, start both processes, wait, and stop the other when one ends."""
        os.environ.setdefault("PUBLIC_BASE_URL", f"http://127.0.0.1:{options['port']}")
        settings.PUBLIC_BASE_URL = settings.WAGTAILADMIN_BASE_URL = os.environ["PUBLIC_BASE_URL"].rstrip("/")
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        ensure_schedules()
        self._collect_static()
        has_demo = not options["no_demo"]
        if has_demo and is_empty_installation():
            call_command(
                "demo",
                employees=options["employees"],
                film_seconds=options["film_seconds"],
                stdout=self.stdout,
            )
        connections.close_all()
        self._announce(options["port"], has_demo)
        self._supervise(options)

    def _collect_static(self) -> None:
        stamp = settings.STATIC_ROOT / ".collected"
        digest = hashlib.sha256()
        for folder in settings.STATICFILES_DIRS:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    digest.update(f"{path} {path.stat().st_mtime_ns}".encode())
        digest.update((settings.PROJECT_DIR / "requirements.lock").read_bytes())
        if stamp.exists() and stamp.read_text() == digest.hexdigest():
            return
        self.stdout.write("Collecting static files …")
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest.hexdigest())

    def _announce(self, port: int, has_demo: bool) -> None:
        self.stdout.write("")
        self.stdout.write(
            f"  安学 AnXue   http://127.0.0.1:{port}/          learners (also on a phone in the same network)"
        )
        self.stdout.write(f"               http://127.0.0.1:{port}/admin/    back office")
        if has_demo:
            self.stdout.write(f"  Demo accounts, password {DEMO_PASSWORD}")
            for login in DEMO_LOGINS:
                self.stdout.write(f"    {login.username:<12} {login.description}")
        self.stdout.write("  Ctrl-C stops everything.")
        self.stdout.write("")
        self.stdout.flush()

    def _supervise(self, options: dict[str, Any]) -> None:
        web = [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
            *("--bind", f"{options['host']}:{options['port']}"),
            *("--workers", str(options["workers"]), "--worker-class", "gthread", "--threads", "8"),
            *("--backlog", "2048", "--timeout", "60", "--log-level", "warning"),
        ]
        queue = [sys.executable, "manage.py", "run_queue"]
        # Own process groups: Ctrl-C reaches this process only, which then ends both in order.
        children = {
            name: subprocess.Popen(command, cwd=settings.PROJECT_DIR, start_new_session=True)  # noqa: S603
            for name, command in (("web server", web), ("queue", queue))
        }
        stopping = False

        def stop(signum: int, frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, stop)
        while not stopping and all(child.poll() is None for child in children.values()):
            time.sleep(0.2)
        ended = [name for name, child in children.items() if child.poll() is not None]
        self._stop(list(children.values()))
        if not stopping:
            raise CommandError(f"the {' and the '.join(ended)} ended by itself; see the lines above")

    def _stop(self, children: list[subprocess.Popen[bytes]]) -> None:
        for child in children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in children:
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
