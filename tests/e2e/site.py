"""A whole site on this machine: its own database, files and secrets, web server and queue, as `make run` starts it.

Only what takes minutes and proves nothing here is shortened: the database begins as a copy of the migrated template
(tests/databases.py), and the demo's films last seconds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.databases import PostgresDatabase, make_database

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 900
STOP_TIMEOUT_S = 120
FILM_S = 5


@dataclass(frozen=True)
class Site:
    """A running site: its address, and the environment with which commands reach the same data."""

    url: str
    environment: dict[str, str]
    log: Path

    def manage(self, *arguments: str) -> str:
        """Run a management command against the site and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def health(self) -> dict[str, object]:
        """Return the health page."""
        with urllib.request.urlopen(f"{self.url}/health/?format=json", timeout=10) as answer:
            return json.load(answer)


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """Yield a DATABASE_URL of its own, migrated: a file, or a database on the server the suite runs on.

    It is copied from the template, which the fixture django_db_setup makes.
    """
    template = make_database("site")
    if not isinstance(template, PostgresDatabase):
        template.copy_to(folder / "db.sqlite3")
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"anxue_e2e_{uuid.uuid4().hex[:12]}"
    template.copy_to(name)
    try:
        yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    finally:
        template.remove(name)


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the sign-in page; fail with the end of the log if the site ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the site ended:\n{log.read_text()[-4000:]}"
        try:
            with urllib.request.urlopen(f"{url}/login/", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    raise AssertionError(f"the site did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start a site with the demo of 24 people, and stop it as Ctrl-C would."""
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with own_database(folder) as database_url:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(folder / "media"),
            "STATIC_ROOT": str(folder / "static"),
            "WORK_DIR": str(folder / "work"),
            "ENCODE_FILMS": "0",  # two slow cores are busy enough with the browser
            "PUBLIC_BASE_URL": url,
            "SECRET_KEY": "e2e-" + "s" * 50,
            "FIELD_KEYS": "e2e-" + "f" * 40,
        }
        log = folder / "site.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "manage.py", "run_site", "--host", "127.0.0.1", "--port", str(port)),
                    *("--employees", "24", "--film-seconds", str(FILM_S)),
                ],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                wait_until_up(url, process, log)
                yield Site(url, environment, log)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    raise
