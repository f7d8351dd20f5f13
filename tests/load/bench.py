"""`python -m tests.load.bench`: one JSON line per figure, each beside its yardstick measured in the same run.

`python -m tests.load.bench ledger rules` measures only the parts that are named; `--help` lists them.

Everything happens in a temporary folder: its own SQLite database (set as on a site: WAL, FULL, IMMEDIATE),
files and keys. A figure is printed as soon as it is known; whatever fails ends the bench with an error.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]


def prepare(folder: Path, *, database: str = "sqlite", settings: str = "tests.load.settings") -> Any:
    """Point this process and all it starts at a site of its own, and migrate its database.

    `database` is sqlite, a file in the folder, or postgres, a new database of the server DATABASE_URL names
    (tools/with-services starts one). Returns the database, whose `drop()` is for postgres to be called at the end.
    """
    server = os.environ.get("DATABASE_URL", "")
    if database == "postgres" and not server.startswith("postgres"):
        raise SystemExit("for PostgreSQL run it through tools/with-services, or set DATABASE_URL")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": server if database == "postgres" else f"sqlite:///{folder / 'db.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "bench-" + "s" * 50,
        "FIELD_KEYS": "bench-" + "f" * 40,
        "LEDGER_KEYS": "bench-" + "l" * 40,
        "DEBUG": "0",
    }
    for name in ("REDIS_URL", "STORAGE_URL", "EMAIL_URL"):
        os.environ.pop(name, None)
    (folder / "static").mkdir()  # nothing is collected; a missing folder is worth a warning to WhiteNoise
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from tests.databases import PostgresDatabase, SQLiteDatabase, migrations_digest  # noqa: PLC0415

    if database == "postgres":
        on_server = PostgresDatabase("load", migrations_digest())
        on_server.prepare()
        os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{on_server.name}").geturl()
        return on_server
    in_file = SQLiteDatabase("bench", migrations_digest())
    in_file.path = folder / "db.sqlite3"
    in_file.prepare()
    return in_file


def made_on() -> dict[str, object]:
    """Return what a figure was measured on; Django must be set up."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    from django.db import connection  # noqa: PLC0415 - after django.setup()

    if connection.vendor == "sqlite":
        import sqlite3  # noqa: PLC0415 - the bundled one, once config is imported

        version = sqlite3.sqlite_version
    else:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0].split()[0]
    return {
        "commit": commit or "unknown",
        "python": platform.python_version(),
        "database": f"{connection.vendor} {version}",
    }


def printer() -> Callable[..., None]:
    """Return the function that prints a figure with what it was measured on."""
    place = made_on()

    def report(figure: str, value: float, unit: str, *, yardstick: float | None = None) -> None:
        line: dict[str, object] = {"figure": figure, "value": round(value, 3), "unit": unit}
        if yardstick is not None:
            line |= {"yardstick": round(yardstick, 3), "ratio": round(value / yardstick, 3)}
        sys.stdout.write(json.dumps(line | place) + "\n")
        sys.stdout.flush()

    return report


PARTS = ("import", "ledger", "gates", "exams", "rules")


def chosen_parts(arguments: list[str]) -> list[str]:
    """Return the parts the command line names, without repetitions; none means everything there is."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.bench",
        description="Measure the platform and print one JSON line a figure: everything, or the parts named.",
    )
    # No `choices`: argparse would ask for one of them where none is given, too.
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of: {', '.join(PARTS)}")
    parts: list[str] = parser.parse_args(arguments).parts
    for name in parts:
        if name not in PARTS:
            parser.error(f"there is no part {name}; the parts are {', '.join(PARTS)}")
    return list(dict.fromkeys(parts))


def main() -> None:
    """Measure everything, or the parts that are named, once."""
    parts = chosen_parts(sys.argv[1:])
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anxue-bench-") as name:
        folder = Path(name)
        prepare(folder)
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        try:
            measure(parts, folder, printer())
        finally:
            connections.close_all()
    sys.stderr.write(f"all figures in {time.monotonic() - begun:.0f} s\n")


def measure(parts: list[str], folder: Path, report: Callable[..., None]) -> None:
    """Measure the parts; none named is all of them, and what is measured only then.

    The order of all matters: the rule of the import also holds for the coverage page, and the rules that ship
    come last, because they would weigh on everything measured after them.
    """
    from tests.load import (  # noqa: PLC0415 - after django.setup()
        exam_figures,
        figures,
        gate_figures,
        integrity_figures,
        ledger_figures,
        rule_figures,
        sitting_figures,
    )

    steps: dict[str, Callable[[], object]] = {
        "import": lambda: figures.people_import(folder, report),
        "ledger": lambda: ledger_figures.ledger(report),
        "gates": lambda: gate_figures.gates(folder, report),
        "exams": lambda: exam_figures.exams(folder, report),
        "rules": lambda: rule_figures.rules(report),
    }
    if parts:
        for name in parts:
            steps[name]()
        return
    steps["import"]()
    figures.coverage_page(folder, report)
    steps["ledger"]()
    exam_figures.near_questions(report)
    integrity_figures.irregularities(report, exam_figures.exams(folder, report))
    sitting_figures.sitting(report)
    figures.certificate_pdf(report)
    figures.saving_views(folder, report)
    figures.credit_error(report)
    steps["gates"]()
    steps["rules"]()


if __name__ == "__main__":
    main()
