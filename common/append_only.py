"""Database triggers that refuse to change or delete the rows of a table.

They stop mistakes and casual tampering by anyone who comes through SQL. Someone who owns the database can
drop them; what shows that is the sealed ledger, not the trigger.
"""

from collections.abc import Callable
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


def trigger_statements(table: str, vendor: str) -> list[str]:
    """Return the statements that make `table` append-only on `sqlite` or `postgresql`."""
    template = _SQLITE if vendor == "sqlite" else _POSTGRES
    statements = [template.format(table=table, verb=verb, VERB=verb.upper()) for verb in VERBS]
    if vendor == "postgresql":
        statements.insert(0, _POSTGRES_FUNCTION.format(table=table))
    return statements


def _create(table: str) -> Callable[[Any, Any], None]:
    def create(apps: Any, schema_editor: Any) -> None:
        for statement in trigger_statements(table, schema_editor.connection.vendor):
            schema_editor.execute(statement)

    return create


def _drop(table: str) -> Callable[[Any, Any], None]:
    def drop(apps: Any, schema_editor: Any) -> None:
        suffix = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in VERBS:
            schema_editor.execute(f"DROP TRIGGER {table}_no_{verb}{suffix}")

    return drop


def append_only(table: str) -> RunPython:
    """Return the migration operation that makes `table` append-only; it can be taken back."""
    return RunPython(_create(table), _drop(table))
