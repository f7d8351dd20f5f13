"""Changing the ledger behind the platform's back, as somebody with the database password would."""

import contextlib
import random
from collections.abc import Callable, Iterator

from django.db import connection, transaction

from common.append_only import VERBS

RECORDS, SALTS, SEALS = "training_trainingrecord", "training_recordsalt", "training_ledgerseal"
OWN = {"id", "seq", "leaf_hash", "obligation_id", "corrects_id"}  # unique in each row


@contextlib.contextmanager
def tampering() -> Iterator[None]:
    """Take the triggers off; everything done inside is undone at the end, the triggers are back too."""
    suffix = {"postgresql": " ON {table}", "sqlite": ""}[connection.vendor]
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # A table with checks still to come cannot lose a trigger.
            sql("SET CONSTRAINTS ALL IMMEDIATE")
        for table, verbs in ((RECORDS, VERBS), (SEALS, VERBS), (SALTS, ("update",))):
            for verb in verbs:
                sql(f"DROP TRIGGER {table}_no_{verb}{suffix.format(table=table)}")
        if connection.vendor == "postgresql":
            sql("SET CONSTRAINTS ALL DEFERRED")
        yield
        transaction.set_rollback(True)


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


# What a column is changed to: SQL over the old value, always another one.
COLUMNS = {
    "kind": "'on_sitf'",
    "title": "title || '。'",
    "hours": "hours + 1",
    "score_pct": "COALESCE(score_pct, 0) + 1",
    "passed": "NOT passed",
    "place": "place || '东'",
    "payload": "replace(payload, '\"passed\":true', '\"passed\": true')",
    "leaf_hash": "reverse_hash",
    "recorded_by_id": "(SELECT MAX(id) FROM people_user)",
    "employee_id": "other",
    "component_id": "other",
    "started_at": "earlier",
    "completed_at": "later",
    "recorded_at": "later",
}


def altered_field(pick: random.Random, top: int) -> None:
    seq, column = pick.randint(1, top), pick.choice(sorted(COLUMNS))
    how = COLUMNS[column]
    values: list[object] = []
    if how == "reverse_hash":
        how, values = "%s", [pick.randbytes(32).hex()]
    elif how == "other":
        table = {"employee_id": "people_employee", "component_id": "training_component"}[column]
        ((now,),) = sql(f"SELECT {column} FROM {RECORDS} WHERE seq = %s", seq)
        others = [pk for (pk,) in sql(f"SELECT id FROM {table}") if pk != now]
        how, values = "%s", [pick.choice(others)]
    elif how in ("earlier", "later"):
        moment = "2001-02-03 04:05:06+00:00" if how == "earlier" else "2101-02-03 04:05:06+00:00"
        how, values = "%s", [moment]
    sql(f"UPDATE {RECORDS} SET {column} = {how} WHERE seq = %s", *values, seq)


def deleted_row(pick: random.Random, top: int) -> None:
    seq = pick.randint(1, top)
    sql(f"DELETE FROM {SALTS} WHERE record_id = (SELECT id FROM {RECORDS} WHERE seq = %s)", seq)
    sql(f"DELETE FROM {RECORDS} WHERE seq = %s", seq)


def inserted_row(pick: random.Random, top: int) -> None:
    """A copy of a row behind the last one, with the number the ledger gives next."""
    seq = pick.randint(1, top)
    columns = [column for column in _columns() if column not in OWN]
    names = ", ".join(columns)
    sql(
        f"INSERT INTO {RECORDS} (seq, leaf_hash, {names}) SELECT %s, %s, {names} FROM {RECORDS} WHERE seq = %s",
        top + 1,
        pick.randbytes(32).hex(),
        seq,
    )
    if pick.random() < 0.5:
        sql("UPDATE training_ledgerhead SET last_seq = %s", top + 1)


def swapped_numbers(pick: random.Random, top: int) -> None:
    one, other = pick.sample(range(1, top + 1), 2)
    for old, new in ((one, 10**9), (other, one), (10**9, other)):
        sql(f"UPDATE {RECORDS} SET seq = %s WHERE seq = %s", new, old)


def rolled_back(pick: random.Random, top: int) -> None:
    """The last rows go, with all seals over them, and the head is set back: as if restored from a backup."""
    left = pick.randint(0, top - 1)
    gone = f"(SELECT id FROM {RECORDS} WHERE seq > %s)"
    sql(f"DELETE FROM {SALTS} WHERE record_id IN {gone}", left)
    sql(f"DELETE FROM {RECORDS} WHERE seq > %s", left)
    sql(f"DELETE FROM {SEALS} WHERE size > %s", left)
    sql("UPDATE training_ledgerhead SET last_seq = %s", left)


def head_tampered(pick: random.Random, top: int) -> None:
    sql("UPDATE training_ledgerhead SET last_seq = last_seq + %s", pick.choice([-3, -1, 1, 2, 50]))


def salt_changed(pick: random.Random, top: int) -> None:
    ids = [pk for (pk,) in sql(f"SELECT id FROM {SALTS} ORDER BY id")]
    pk = pick.choice(ids)
    change = pick.choice(["value", "text", "gone"])
    if change == "gone":
        sql(f"DELETE FROM {SALTS} WHERE id = %s", pk)
    else:
        sql(f"UPDATE {SALTS} SET {change} = %s WHERE id = %s", pick.randbytes(32).hex(), pk)


def seal_tampered(pick: random.Random, top: int) -> None:
    numbers = [number for (number,) in sql(f"SELECT number FROM {SEALS} ORDER BY number")]
    number = pick.choice(numbers)
    column = pick.choice(["size", "root", "previous_root", "signature", "origin", "gone"])
    if column == "gone":
        sql(f"DELETE FROM {SEALS} WHERE number = %s", number)
        return
    new = {"size": 10**6 + number, "origin": "https://elsewhere.example"}.get(
        column, pick.randbytes(32).hex()
    )
    sql(f"UPDATE {SEALS} SET {column} = %s WHERE number = %s", new, number)


def _columns() -> list[str]:
    with connection.cursor() as cursor:
        return [field.name for field in connection.introspection.get_table_description(cursor, RECORDS)]


ATTACKS: dict[str, Callable[[random.Random, int], None]] = {
    "altered field": altered_field,
    "deleted row": deleted_row,
    "inserted row": inserted_row,
    "swapped numbers": swapped_numbers,
    "rolled back": rolled_back,
    "head tampered": head_tampered,
    "salt changed": salt_changed,
    "seal tampered": seal_tampered,
}
