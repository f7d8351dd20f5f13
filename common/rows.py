"""Insert many rows at once, where `bulk_create` spends most of its time on compiling each value."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_VALUES = 20_000  # of one statement: SQLite takes 32,766, PostgreSQL 65,535
MAX_ROWS = 1_000
# What these hold is handed to the database as it is; other kinds are prepared by their field.
_PLAIN = (models.CharField, models.TextField, models.BooleanField, models.IntegerField)


def insert_rows(
    objects: Sequence[models.Model],
    *,
    ignore_conflicts: bool = False,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert unsaved objects of one model; each gets its new id, as from `bulk_create`.

    With `unique` and `update` a row that is there already (by the fields of a unique constraint) takes these
    fields anew; with `ignore_conflicts` it stays as it is. In both cases the objects get no ids. The caller
    owns the transaction. Raises IntegrityError for a row a constraint refuses.
    """
    if not objects:
        return
    model = type(objects[0])
    using = router.db_for_write(model)
    connection = connections[using]
    meta = model._meta
    own_key: Any = meta.auto_field if objects[0].pk is None else None
    fields = [field for field in meta.concrete_fields if field is not own_key]
    clause = _conflict_clause(connection, model, ignore_conflicts, unique, update)
    wants_ids = own_key is not None and not clause
    if wants_ids and own_key is not None:
        clause = f" RETURNING {connection.ops.quote_name(own_key.column)}"
    size = min(MAX_ROWS, MAX_VALUES // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(objects), size):
            piece = objects[start : start + size]
            cursor.execute(
                _statement(connection, model, fields, len(piece)) + clause,
                list(_values(piece, fields, connection)),
            )
            # Both databases return the ids in the order of the rows, on which Django relies too.
            ids = cursor.fetchall() if wants_ids else []
            for index, item in enumerate(piece):
                if wants_ids:
                    item.pk = ids[index][0]
                item._state.adding, item._state.db = False, using


def insert_values(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert rows of plain values, in the order of the fields `names`; a relation takes an id.

    As `insert_rows`, for rows nobody needs as objects: making these takes as long as inserting them. Fields
    not named take their defaults.
    """
    if not rows:
        return
    using = router.db_for_write(model)
    connection = connections[using]
    own_key = model._meta.auto_field
    fields: list[Any] = [field for field in model._meta.concrete_fields if field is not own_key]
    places = {_column(model, name): place for place, name in enumerate(names)}
    clause = _conflict_clause(connection, model, ignore_conflicts, unique, update)
    size = min(MAX_ROWS, MAX_VALUES // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            piece = rows[start : start + size]
            given = list(zip(*piece, strict=True))
            columns = [
                _for_database(
                    given[places[field.column]]
                    if field.column in places
                    else [field.get_default() for _ in piece],
                    field,
                    connection,
                )
                for field in fields
            ]
            values = [value for row in zip(*columns, strict=True) for value in row]
            cursor.execute(_statement(connection, model, fields, len(piece)) + clause, values)


def _statement(
    connection: BaseDatabaseWrapper, model: type[models.Model], fields: Sequence[Any], rows: int
) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    # Names come from the models, values are parameters.
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([row] * rows)}"  # noqa: S608


def _conflict_clause(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    ignore: bool,
    unique: Sequence[str],
    update: Sequence[str],
) -> str:
    if ignore:
        return " ON CONFLICT DO NOTHING"
    if not unique:
        return ""
    quote = connection.ops.quote_name
    keys = ", ".join(quote(_column(model, name)) for name in unique)
    changes = ", ".join(
        f"{column} = EXCLUDED.{column}" for column in (quote(_column(model, n)) for n in update)
    )
    return f" ON CONFLICT ({keys}) DO UPDATE SET {changes}"


def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    column: str = field.column
    return column


def _values(
    objects: Sequence[models.Model], fields: Sequence[Any], connection: BaseDatabaseWrapper
) -> Iterator[Any]:
    """Yield the values row by row, prepared column by column."""
    columns = [_prepared(objects, field, connection) for field in fields]
    for row in zip(*columns, strict=True):
        yield from row


def _prepared(objects: Sequence[models.Model], field: Any, connection: BaseDatabaseWrapper) -> Sequence[Any]:
    if type(field).pre_save is models.Field.pre_save:
        values = list(map(attrgetter(field.attname), objects))
    else:
        # Moments that are set on saving, and files.
        values = [field.pre_save(item, add=True) for item in objects]
    return _for_database(values, field, connection)


def _for_database(values: Sequence[Any], field: Any, connection: BaseDatabaseWrapper) -> Sequence[Any]:
    if isinstance(field.target_field if field.is_relation else field, _PLAIN):
        return values
    if not isinstance(field, models.DateField):
        return [field.get_db_prep_save(value, connection) for value in values]
    # The same few days and moments again and again.
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]
