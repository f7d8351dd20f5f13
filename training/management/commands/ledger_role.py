"""manage.py ledger_role: the database role the site runs as, which cannot change what is append-only."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

_TABLES = """
SELECT c.relname, bool_or(t.tgname LIKE '%%\\_no\\_update'), bool_or(t.tgname LIKE '%%\\_no\\_delete')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND t.tgname ~ '_no_(update|delete)$'
GROUP BY c.relname ORDER BY c.relname
"""


class Command(BaseCommand):
    """Print (or run) the SQL that gives a role everything the site needs, and no more, on PostgreSQL."""

    help = (
        "PostgreSQL: print the SQL that lets ROLE run the site without UPDATE, DELETE or TRUNCATE on append-only "
        "tables. Run it as the owner of the tables after each migrate."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the role's name and --apply."""
        parser.add_argument("role", help="the role in DATABASE_URL of web server and queue; it must exist")
        parser.add_argument(
            "--apply", action="store_true", help="run the statements instead of printing them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or run the statements."""
        if connection.vendor != "postgresql":
            raise CommandError("SQLite knows no roles: there the triggers alone refuse changes")
        statements = self.statements(options["role"])
        if not options["apply"]:
            self.stdout.write("\n".join(f"{statement};" for statement in statements))
            return
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        self.stdout.write(f"{options['role']}: {len(statements)} statements run")

    def statements(self, role: str) -> list[str]:
        """Return the statements; the append-only tables are found by their triggers."""
        quote = connection.ops.quote_name
        name = quote(role)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            (schema,) = cursor.fetchone()
            cursor.execute(_TABLES)
            guarded = cursor.fetchall()
        if not guarded:
            raise CommandError("no append-only table was found: run migrate first")
        here = quote(schema)
        made = [
            f"GRANT USAGE ON SCHEMA {here} TO {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {here} TO {name}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {here} TO {name}",
            f"REVOKE CREATE ON SCHEMA {here} FROM {name}",
            f"REVOKE TRUNCATE, TRIGGER, REFERENCES ON ALL TABLES IN SCHEMA {here} FROM {name}",
        ]
        for table, no_update, no_delete in guarded:
            verbs = [verb for verb, refused in (("UPDATE", no_update), ("DELETE", no_delete)) if refused]
            made.append(f"REVOKE {', '.join(verbs)} ON {here}.{quote(table)} FROM {name}")
        return made
