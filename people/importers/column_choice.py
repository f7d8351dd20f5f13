"""The headers of a list with what stands below them, for somebody to say what they hold."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from common.text import squeeze
from people.importers.columns import (
    CANONICAL,
    REQUIRED,
    SEARCHED_ROWS,
    column_letters,
    fill_headers,
    guessed_fields,
    header_signature,
    likely_header,
)
from people.importers.sheets import MAX_COLUMNS
from people.importers.workbook_file import read_sheets
from people.shapes import ColumnMap

SAMPLES = 3
SHOWN_TEXT = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A column on the page: where it stands, what its header says, what stands below, what it is said to hold."""

    at: int
    letters: str
    header: str
    samples: list[str]
    field: str


@dataclass(frozen=True, slots=True)
class SheetHead:
    """The first rows of a sheet, merged texts repeated downwards."""

    index: int
    name: str
    rows: list[list[Any]]
    likely_row: int

    def width(self, row: int) -> int:
        """Return how many columns to ask about: up to the last one with a header or a value below it."""
        filled = [
            column + 1
            for line in self.rows[row:]
            for column, cell in enumerate(line[:MAX_COLUMNS])
            if _shown(cell)
        ]
        return max(filled, default=0)

    def signature(self, row: int) -> str:
        """Return what a list with this header row is known again by."""
        return header_signature(self.rows[row])

    def headers(self, row: int) -> list[str]:
        """Return the texts of the header row."""
        line = self.rows[row]
        return [_shown(line[column]) if column < len(line) else "" for column in range(self.width(row))]

    def guess(self, row: int, said: ColumnMap) -> dict[int, str]:
        """Return what each column holds: as somebody said, else by its name."""
        if said:
            return {column: name for name, columns in said.items() for column in columns}
        return guessed_fields(self.rows[row])

    def row_choices(self) -> list[tuple[int, str]]:
        """Return the rows that could be the header row: Excel's number and what they say."""
        texts = [(at, [_shown(cell) for cell in line]) for at, line in enumerate(self.rows)]
        return [
            (at, _("第 %(row)d 行：%(text)s") % {"row": at + 1, "text": "、".join(filter(None, row))[:60]})
            for at, row in texts
            if any(row)
        ]

    def columns(self, row: int, chosen: dict[int, str]) -> list[Column]:
        """Return the columns below a header row."""
        below = [line for line in self.rows[row + 1 :] if any(_shown(cell) for cell in line)][:SAMPLES]
        return [
            Column(
                column,
                column_letters(column),
                header,
                [text for line in below if column < len(line) and (text := _shown(line[column]))],
                chosen.get(column, ""),
            )
            for column, header in enumerate(self.headers(row))
        ]


def sheet_heads(path: Path, *, file_name: str) -> list[SheetHead]:
    """Return the first rows of every visible sheet that has any, those with known headers first.

    Raises BadWorkbook for a file that cannot be read.
    """
    heads: list[tuple[int, SheetHead]] = []
    for sheet in read_sheets(path, file_name=file_name, rows=SEARCHED_ROWS):
        rows = fill_headers(list(islice(sheet.rows, SEARCHED_ROWS)), sheet.merged)
        if sheet.is_hidden or not any(_shown(cell) for line in rows for cell in line):
            continue
        likely = likely_header(rows)
        heads.append((len(guessed_fields(rows[likely])), SheetHead(0, sheet.name, rows, likely)))
    heads.sort(key=lambda pair: -pair[0])
    return [
        SheetHead(index, head.name, head.rows, head.likely_row) for index, (_known, head) in enumerate(heads)
    ]


def field_choices() -> list[tuple[str, str]]:
    """Return the fields a column can hold, with their names; the unit may be spread over several columns."""
    return [(name, _("部门（可选几列）") if name == "unit" else header) for name, header in CANONICAL.items()]


def problems_of(chosen: dict[int, str], head: SheetHead, row: int) -> list[str]:
    """Return what is wrong with what was said, in words."""
    if not head.signature(row):
        return [_("这一行没有表头文字，请换一行")]
    names = list(chosen.values())
    problems = [
        _("请指出哪一列是“%(header)s”") % {"header": CANONICAL[name]}
        for name in REQUIRED
        if name not in names
    ]
    problems += [
        _("“%(header)s”只能是一列，现在选了 %(count)d 列")
        % {"header": CANONICAL[name], "count": names.count(name)}
        for name in CANONICAL
        if name != "unit" and names.count(name) > 1
    ]
    return problems


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dict):
        return str(cell.get("d") or cell.get("e") or "")
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return squeeze(str(cell))[:SHOWN_TEXT]
