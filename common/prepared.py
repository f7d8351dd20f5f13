"""Queries whose SQL is worked out once a thread and then only sent, for what every request of a rush asks.

Django builds the SQL of a queryset anew each time it is read. For a row found by its key that is five to ten times the
work of the database, and two thousand people who begin an exam in the same minute read the same few queries.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, Field, QuerySet
from django.db.models.sql.compiler import SQLCompiler

T = TypeVar("T")


class Given(Expression):
    """The place in a prepared query of a value that is given when it is read. No value of a query is None."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """Leave a place; `Prepared` puts the value there."""
        return "%s", (self,)


@dataclass
class _Ready:
    """A query of one connection: the queryset that makes its rows, and what stands at the places of its SQL."""

    connection: Any
    queryset: QuerySet[Any]
    places: Sequence[Any]
    bound: list[Any] = field(default_factory=list)


class Prepared(Generic[T]):
    """A query that differs in its values alone.

    `build` gets a `Given` for each of the named fields and returns the queryset: of a model, with `select_related` if
    need be, or of `values_list`; not with `prefetch_related`, which is further queries. A value is turned into what the
    database takes by its field, and a lock (`select_for_update`) needs a transaction as ever.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, T]"], **fields: "Field[Any, Any]") -> None:
        self._build = build
        self._fields = fields
        self._mine = threading.local()  # connections are a thread's own

    def all(self, **values: Any) -> list[T]:
        """Return all rows. Raises TypeError if a value is missing, None, or not asked for."""
        if values.keys() != self._fields.keys() or None in values.values():
            raise TypeError(f"this query takes {', '.join(self._fields)}, each with a value")
        ready: _Ready | None = getattr(self._mine, "ready", None)
        if ready is None or ready.connection is not connections[ready.queryset.db]:
            ready = self._mine.ready = self._prepare()
        turned = {
            name: each.get_db_prep_value(values[name], ready.connection)
            for name, each in self._fields.items()
        }
        ready.bound[:] = [turned[place.name] if isinstance(place, Given) else place for place in ready.places]
        rows: Any = ready.queryset._iterable_class(ready.queryset)  # type: ignore[attr-defined]
        return list(rows)

    def first(self, **values: Any) -> T | None:
        """Return the first row there is, or None. The query itself says how many are read."""
        rows = self.all(**values)
        return rows[0] if rows else None

    def _prepare(self) -> _Ready:
        queryset = self._build(**{name: Given(name, each) for name, each in self._fields.items()})
        if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise TypeError("a prepared query is one statement: prefetch_related is not")
        connection = connections[queryset.db]
        compiler = queryset.query.get_compiler(queryset.db)
        sql, places = compiler.as_sql()
        ready = _Ready(connection, queryset, places)
        converters = compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]])
        # The rows are made by Django's own code, which asks the query for a compiler and the compiler for its SQL.
        known: Any = compiler
        known.as_sql = lambda *args, **kwargs: (sql, tuple(ready.bound))
        known.get_converters = lambda expressions: converters
        query: Any = queryset.query
        query.get_compiler = lambda *args, **kwargs: compiler
        return ready


class PreparedOfMany(Generic[T]):
    """A prepared query of the rows with one of many keys: one for each number of keys, up to a hundred of them.

    `build` gets the keys as a list, for `pk__in` or `relation__pk__in` (`relation__in` takes no expressions). More keys than that are asked for as Django does it, in one statement too.
    """

    MOST = 100

    def __init__(
        self, build: "Callable[[Sequence[Any]], QuerySet[Any, T]]", field: "Field[Any, Any]"
    ) -> None:
        self._build = build
        self._field = field
        self._of_count: dict[int, Prepared[T]] = {}

    def all(self, keys: Iterable[Any]) -> list[T]:
        """Return the rows of these keys, which may repeat; without keys there are none, and no statement."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return []
        if len(wanted) > self.MOST:
            return list(self._build(wanted))
        names = [f"key{place}" for place in range(len(wanted))]
        prepared = self._of_count.get(len(wanted))
        if prepared is None:
            prepared = self._of_count[len(wanted)] = Prepared(
                lambda **given: self._build(list(given.values())), **dict.fromkeys(names, self._field)
            )
        return prepared.all(**dict(zip(names, wanted, strict=True)))
