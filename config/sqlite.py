"""The SQLite library this site runs on.

Debian 12 ships SQLite 3.40.1. All versions from 3.7.0 up to 3.51.2 can corrupt a database in WAL mode
when a checkpoint races a WAL reset; the fix is in 3.51.3 and was ported back to 3.50.7 and 3.44.6.
The pysqlite3 wheel carries a fixed library, so it stands in for the standard module here.
"""

import sys

FIRST_FIXED = (3, 51, 3)
BACKPORTS = ((3, 50, 7), (3, 44, 6))


class UnsafeSQLite(RuntimeError):
    """The loaded SQLite library has the WAL-reset bug."""


def is_safe_version(version: tuple[int, ...]) -> bool:
    """Tell whether a SQLite version is free of the WAL-reset bug.

    `version` is a triple such as (3, 51, 3). A back-ported fix counts only within its own minor series.
    """
    if version >= FIRST_FIXED:
        return True
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in BACKPORTS)


def use_bundled_sqlite() -> None:
    """Make `import sqlite3` mean the bundled library; raise UnsafeSQLite if that one is affected."""
    import pysqlite3  # noqa: PLC0415 - must come before any import of sqlite3
    from pysqlite3 import dbapi2  # noqa: PLC0415

    if not is_safe_version(dbapi2.sqlite_version_info):
        raise UnsafeSQLite(
            f"SQLite {dbapi2.sqlite_version} can corrupt a WAL database; "
            "install the locked requirements (make setup), which bring 3.51.3 or newer."
        )
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2
