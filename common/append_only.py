"""Database triggers that refuse to change or delete the rows of a table.

They stop mistakes and casual tampering by anyone who comes through SQL. Someone who owns the database can
drop them; what shows that is the sealed ledger, not the trigger.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.migrations.operations import RunPython

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
"""
_POSTGRES = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuse();
"""
VERBS = ("update", "delete")


def trigger_statements(table: str, vendor: str, verbs: Sequence[str] = VERBS) -> list[str]:
    """Return the statements that refuse `verbs` (`update`, `delete`) on `sqlite` or `postgresql`."""
    template = _SQLITE if vendor == "sqlite" else _POSTGRES
    statements = [template.format(table=table, verb=verb, VERB=verb.upper()) for verb in verbs]
    if vendor == "postgresql":
        statements.insert(0, _POSTGRES_FUNCTION.format(table=table))
    return statements


def _create(table: str, verbs: Sequence[str] = VERBS) -> Callable[[Any, Any], None]:
    def create(apps: Any, schema_editor: Any) -> None:
        for statement in trigger_statements(table, schema_editor.connection.vendor, verbs):
            schema_editor.execute(statement)

    return create


def _drop(table: str, verbs: Sequence[str] = VERBS) -> Callable[[Any, Any], None]:
    def drop(apps: Any, schema_editor: Any) -> None:
        suffix = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in verbs:
            schema_editor.execute(f"DROP TRIGGER {table}_no_{verb}{suffix}")

    return drop


def changeable(table: str) -> RunPython:
    """Return the operation that lets the next ones change `table`; put `append_only` behind them.

    SQLite loses the triggers of a table that a migration rebuilds, without a word.
    """
    return RunPython(_drop(table), _create(table))


def append_only(table: str) -> RunPython:
    """Return the migration operation that makes `table` append-only; it can be taken back."""
    return RunPython(_create(table), _drop(table))


def never_updated(table: str) -> RunPython:
    """Return the migration operation that refuses UPDATE alone: rows of `table` may go, and never change."""
    return RunPython(_create(table, ("update",)), _drop(table, ("update",)))


def never_truncated(table: str) -> RunPython:
    """Return the operation that refuses TRUNCATE of an append-only table, which row triggers do not see.

    SQLite has no such statement.
    """

    def create(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )

    def drop(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")

    return RunPython(create, drop)
