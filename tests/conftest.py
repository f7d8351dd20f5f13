"""Fixtures every test may use, the order tests run in, and which of them a second database is worth."""

import datetime as dt
import gc
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import settings as hypothesis_settings

from common.kept import forget_all
from tests.databases import make_database
from tests.factories import count_from_the_start

# A machine shared by many workers is slow at times; that is no fault of what is tested.
# The same examples in every run of the same test: a suite that fails is to say that the change is at fault, and
# new examples are looked for with EXPLORE=1 (docs/testing.md).
# EXPLORE=2026-12-31T23:59 lets every test that does not stop the clock itself begin at that moment.
EXPLORE = os.environ.get("EXPLORE", "")
hypothesis_settings.register_profile("suite", deadline=None, derandomize=not EXPLORE)
hypothesis_settings.load_profile("suite")

# What a test asks for when it touches a database. Fixtures of our own that need one ask for these in turn.
DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})


# How the worker's database takes back the numbers of its rows, once there is one.
REWIND = pytest.StashKey[Callable[[], None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-services",
        action="store_true",
        help="leave out what touches neither a database nor Redis: it cannot differ on others of them",
    )


def needs_database(item: pytest.Item) -> bool:
    """Tell whether a test touches the worker's database, itself or through a fixture."""
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def needs_services(item: pytest.Item) -> bool:
    """Tell whether a test touches a database or Redis, itself or through a fixture or a process it starts."""
    return needs_database(item) or item.get_closest_marker("services") is not None


def turn_of(item: pytest.Item) -> int:
    """Return how early a test is to begin: what takes longest first, so that no core waits for one at the end.

    The walks through a whole site come before all others and stand together: one worker makes the site for both.
    """
    if "site" in getattr(item, "fixturenames", ()):
        return 0
    if item.get_closest_marker("slow"):
        return 1
    return 2 if item.get_closest_marker("e2e") else 3


@pytest.hookimpl(trylast=True)  # after the shuffling, which stays within each turn
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-services"):
        left_out = [item for item in items if not needs_services(item)]
        items[:] = [item for item in items if needs_services(item)]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        # The one thing that is not ours to make the same in every run is when a browser does what. A fault of the
        # change is there the second time, too; what is not is named at the end of the run, to be mended.
        if item.get_closest_marker("e2e") and not (EXPLORE or os.environ.get("SLUGGISH")):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=turn_of)


def pytest_collection_finish() -> None:
    """Keep the collector away from what lives as long as the process: every full collection would visit it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the rows a test makes, and the people it hires, have the same numbers in every run.

    Before its fixtures, one of which opens the transaction it is played in. Not where rows made for a whole
    module stay in an open transaction: they have these numbers already.
    """
    if connection.in_atomic_block:
        return
    if not EXPLORE:
        count_from_the_start()
    rewind = item.config.stash.get(REWIND, None)  # None: nobody has needed a database yet
    if rewind is not None and needs_database(item):
        rewind()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Any:
    """Give this worker a copy of the migrated template, and put transactional tests back by copying again."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock():
        database = make_database(worker)
        database.prepare()

    def rewind() -> None:
        with django_db_blocker.unblock():
            database.rewind()

    request.config.stash[REWIND] = rewind
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: database.restore())
    yield database
    patch.undo()
    with django_db_blocker.unblock():
        database.drop()


@pytest.fixture(autouse=True)
def _known_chance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what this process draws by lot (papers, tokens, numbers of rows) follow from the test's name alone."""
    if EXPLORE:
        return
    chance = Random(request.node.nodeid)
    random.seed(request.node.nodeid)
    monkeypatch.setattr(os, "urandom", chance.randbytes)
    monkeypatch.setattr(random, "_urandom", chance.randbytes)


@pytest.fixture(autouse=True)
def _some_moment() -> Iterator[None]:
    """Let a test that does not stop the clock begin on some day of the next year, or when EXPLORE says."""
    if not EXPLORE:
        yield
        return
    moment = timezone.now() + dt.timedelta(seconds=Random().randrange(366 * 86_400))
    if EXPLORE != "1":
        moment = dt.datetime.fromisoformat(EXPLORE).replace(tzinfo=timezone.get_default_timezone())
    with time_machine.travel(moment, tick=True):
        yield


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    """Keep the files a test makes in its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.WORK_DIR = tmp_path / "work"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in {"127.0.0.1", "::1", "localhost", "unix"}:
            raise AssertionError(f"a test tried to reach {host}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Drop what this process keeps of immutable rows: the next test's have the same numbers."""
    forget_all()


@pytest.fixture(autouse=True)
def _empty_local_cache(settings: Any) -> Any:
    """Use a cache in memory, empty for each test; tests of the cache itself override it."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
