"""What an author fills in for a question type, said without Django: the back office makes a form of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Values = Mapping[str, Any]  # flat, by field name; rows of a table are `name_0`, `name_1`, …


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `choices` are (value, label); labels and help are translatable texts."""

    name: str
    label: str
    control: Literal["text", "long", "tick", "choice", "radio", "number"] = "text"
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    # Numbers only.
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same fields, `rows` of them, of which the first `shown` are in sight at the start.

    A row's fields are called `<name>_<place from 0>`. `numbering` is how the rows are called.
    """

    title: str
    help: str
    columns: tuple[Field, ...]
    rows: int = 10
    shown: int = 6
    numbering: Literal["letters", "numbers"] = "letters"


Author = Field | Table


def row_values(values: Values, table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table in which some text is filled in, each with its `place`."""
    rows = []
    for place in range(table.rows):
        row = {column.name: values.get(f"{column.name}_{place}") for column in table.columns}
        if any(isinstance(value, str) and value.strip() for value in row.values()):
            rows.append({"place": place, **row})
    return rows


def flat(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as flat values, numbered from 0."""
    return {f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()}
