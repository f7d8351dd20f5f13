"""Test databases made by copying a migrated template, once per set of migrations.

Migrating from nothing takes a quarter of a minute and every xdist worker would pay it; a copy takes a
hundredth of a second. Transactional tests are put back the same way: flushing would trip over the
append-only triggers and would lose what migrations wrote (Wagtail's root page, sites, locales).
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parent.parent


_wrappers: "weakref.WeakSet[BaseDatabaseWrapper]" = weakref.WeakSet()


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    _wrappers.add(connection)


def _reverse_unordered(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let SQLite give rows nobody asked an order of from last to first.

    From first to last is what it and PostgreSQL mostly do, and what code that forgot to ask comes to rely on;
    PostgreSQL does otherwise once rows were changed, on some days.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA reverse_unordered_selects=ON")


connection_created.connect(_remember, dispatch_uid="tests.databases")
connection_created.connect(_reverse_unordered, dispatch_uid="tests.databases.reversed")


def close_own_connections() -> None:
    """Close every connection this thread opened, in whatever context.

    Playwright runs an event loop in the test's thread, and there Django hands out another connection than
    outside it. One left open would be cut when its database is dropped, and found dead by a later test.
    """
    connections.close_all()
    for wrapper in list(_wrappers):
        if wrapper._thread_ident == threading.get_ident():
            wrapper.close()


def migrations_digest() -> str:
    """Return a digest of everything that decides the template: the migrations, the locked packages, this file."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "requirements.lock", Path(__file__)]):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def first_number(table: str) -> int:
    """Return after which number the rows a test makes in a table are counted.

    Each table begins elsewhere, so that a test cannot pass because a person and their user happen to have the
    same number, and at the same place in every run and on either database.
    """
    return 100 + zlib.crc32(table.encode()) % 900


@contextlib.contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Hold a lock shared by all workers of this user on this machine."""
    path = Path(tempfile.gettempdir()) / f"anxue-{os.getuid()}-{name}.lock"
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class SQLiteDatabase:
    """The worker's database as a file, copied from a template file."""

    def __init__(self, worker: str, digest: str) -> None:
        # In memory where the machine has it: the suite commits often, and each commit waits for the disk.
        memory = Path("/dev/shm")
        base = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
        folder = base / f"anxue-tests-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        self.template = folder / f"template-{digest}.sqlite3"
        self.path = folder / f"{worker}-{os.getpid()}.sqlite3"

    def prepare(self) -> None:
        """Make the template if it is missing, then the worker's copy, and point Django at it."""
        with one_at_a_time(self.template.stem):
            if not self.template.exists():
                draft = self.template.with_suffix(".draft")
                draft.unlink(missing_ok=True)
                _use(str(draft))
                call_command("migrate", verbosity=0)
                self._number_from()
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
                draft.rename(self.template)
            self._forget_the_dead()
        _use(str(self.path))
        self.restore()

    def _forget_the_dead(self) -> None:
        """Remove the databases of workers that were killed: the folder is memory."""
        for path in self.path.parent.glob("*-*.sqlite3*"):
            name, _, process = path.name.partition(".")[0].rpartition("-")
            if name != "template" and not _lives(int(process)):
                path.unlink(missing_ok=True)

    def restore(self) -> None:
        """Put the worker's database back to the template's state."""
        close_own_connections()
        self.copy_to(self.path)

    def rewind(self) -> None:
        """Nothing to do: a transaction rolled back takes the numbers it gave back, too."""

    def _number_from(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT m.name, coalesce(s.seq, 0) FROM sqlite_master m LEFT JOIN sqlite_sequence s"
                " ON s.name = m.name WHERE m.type = 'table' AND m.sql LIKE '%AUTOINCREMENT%'"
            )
            numbers = [(name, last + first_number(name)) for name, last in cursor.fetchall()]
            cursor.execute("DELETE FROM sqlite_sequence")
            cursor.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", numbers)

    def copy_to(self, path: Path) -> None:
        """Write the template's state into another file, as the database of a site of its own."""
        import sqlite3  # noqa: PLC0415 - the bundled one, once config is imported

        with (
            contextlib.closing(sqlite3.connect(self.template)) as source,
            contextlib.closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)

    def drop(self) -> None:
        """Remove the worker's files."""
        connections.close_all()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)


class PostgresDatabase:
    """The worker's database, made with CREATE DATABASE … TEMPLATE."""

    def __init__(self, worker: str, digest: str) -> None:
        self.template = f"anxue_template_{digest}"
        self.name = f"anxue_test_{worker}_{os.getpid()}"
        self.lock = f"postgres-{connection.settings_dict['PORT']}"
        self.numbers: dict[str, int] = {}

    def prepare(self) -> None:
        """Make the template if it is missing, then the worker's copy, and point Django at it."""
        with one_at_a_time(self.lock):
            if not self._query("SELECT 1 FROM pg_database WHERE datname = %s", [self.template]):
                draft = f"{self.template}_draft"
                self._execute(f'DROP DATABASE IF EXISTS "{draft}"', f'CREATE DATABASE "{draft}"')
                _use(draft)
                call_command("migrate", verbosity=0)
                self._set_numbers(
                    {
                        name: last + first_number(name.removesuffix("_id_seq"))
                        for name, last in self._numbers().items()
                    }
                )
                connection.close()
                self._execute(f'ALTER DATABASE "{draft}" RENAME TO "{self.template}"')
        _use(self.name)
        self.restore()
        self.numbers = self._numbers()

    def rewind(self) -> None:
        """Let every table count from where the template left it: a transaction rolled back keeps its numbers."""
        now = self._numbers()
        self._set_numbers({name: first for name, first in self.numbers.items() if now[name] != first})

    def _numbers(self) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
            )
            return dict(cursor.fetchall())

    def _set_numbers(self, numbers: dict[str, int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(format('public.%%I', name)::regclass, number)"
                " FROM unnest(%s::text[], %s::bigint[]) AS given (name, number)",
                [list(numbers), list(numbers.values())],
            )

    def restore(self) -> None:
        """Put the worker's database back to the template's state."""
        self.drop()
        self.copy_to(self.name)

    def copy_to(self, name: str) -> None:
        """Make another database of the template's state, as that of a site of its own."""
        with one_at_a_time(self.lock):
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')

    def drop(self) -> None:
        """Remove the worker's database."""
        close_own_connections()
        self.remove(self.name)

    def remove(self, name: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _server(self) -> Any:
        import psycopg  # noqa: PLC0415 - only where PostgreSQL is used

        settings = connection.settings_dict
        return psycopg.connect(
            host=settings["HOST"] or None,
            port=settings["PORT"] or None,
            user=settings["USER"] or None,
            password=settings["PASSWORD"] or None,
            dbname="postgres",
            autocommit=True,
        )

    def _execute(self, *statements: str) -> None:
        with contextlib.closing(self._server()) as server:
            for statement in statements:
                server.execute(statement)

    def _query(self, statement: str, parameters: list[str]) -> list[Any]:
        with contextlib.closing(self._server()) as server:
            return list(server.execute(statement, parameters).fetchall())


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def make_database(worker: str) -> SQLiteDatabase | PostgresDatabase:
    """Return the database of one xdist worker for the configured vendor."""
    kind = SQLiteDatabase if connection.vendor == "sqlite" else PostgresDatabase
    return kind(worker, migrations_digest())
