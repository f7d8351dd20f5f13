"""`python -m tests.load.bench`: one JSON line per figure, each beside its yardstick measured in the same run.

Everything happens in a temporary folder: its own SQLite database (set as on a site: WAL, FULL, IMMEDIATE),
files and keys. A figure is printed as soon as it is known; whatever fails ends the bench with an error.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def prepare(folder: Path) -> None:
    """Point this process and all it starts at a site of its own, and migrate its database."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.load.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "bench-" + "s" * 50,
        "FIELD_KEYS": "bench-" + "f" * 40,
        "DEBUG": "0",
    }
    for name in ("REDIS_URL", "STORAGE_URL", "EMAIL_URL"):
        os.environ.pop(name, None)
    (folder / "static").mkdir()  # nothing is collected; a missing folder is worth a warning to WhiteNoise
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from tests.databases import SQLiteDatabase, migrations_digest  # noqa: PLC0415 - needs the settings

    database = SQLiteDatabase("bench", migrations_digest())
    database.path = folder / "db.sqlite3"
    database.prepare()


def printer() -> Callable[..., None]:
    """Return the function that prints a figure with what it was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    import sqlite3  # noqa: PLC0415 - the bundled one, once config is imported

    made_on = {
        "commit": commit or "unknown",
        "python": platform.python_version(),
        "database": f"sqlite {sqlite3.sqlite_version}",
    }

    def report(figure: str, value: float, unit: str, *, yardstick: float | None = None) -> None:
        line: dict[str, object] = {"figure": figure, "value": round(value, 3), "unit": unit}
        if yardstick is not None:
            line |= {"yardstick": round(yardstick, 3), "ratio": round(value / yardstick, 3)}
        sys.stdout.write(json.dumps(line | made_on) + "\n")
        sys.stdout.flush()

    return report


def main() -> None:
    """Measure everything once. The order matters: the imported people are those of the coverage page."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anxue-bench-") as name:
        folder = Path(name)
        prepare(folder)
        from django.db import connections  # noqa: PLC0415 - after django.setup()

        from tests.load import figures  # noqa: PLC0415

        report = printer()
        try:
            figures.people_import(folder, report)
            figures.coverage_page(report)
            figures.certificate_pdf(report)
            figures.saving_views(folder, report)
        finally:
            connections.close_all()
    sys.stderr.write(f"all figures in {time.monotonic() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
