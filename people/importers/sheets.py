"""Read a workbook into plain rows. Runs in a child process (common.quarantine): the file is not trusted.

What it yields is a stream: a line for a sheet, {"sheet", "hidden", "rows", "merged"}, then its rows in blocks
(lists of rows, from the sheet's first row on), then the next sheet; or {"fault": code, …}, after which nothing
that came before counts.

Returned cells are JSON: None, text, number, true/false, {"d": ISO date}, {"e": error code} or {"f": 1} for a
formula without a stored result. calamine gives errors and unsaved formulas as empty cells, so the sheet's own
XML is looked through for them, and for cells so far out that a reader would ask for the memory of a town.
"""

import csv
import datetime as dt
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

import defusedxml.ElementTree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MAX_ROWS = 200_000
MAX_COLUMNS = 200
BLOCK = 500  # rows in one line of the stream
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
Cell = Any
CellRow = list[Cell]


def read_workbook(argument: dict[str, Any]) -> Iterator[Any]:
    """Yield the sheets of a file and their rows.

    `argument` is {"path", "kind", "name"} (a .csv is one sheet of that name) and may hold "rows", the number of rows to read of each sheet; kind is xlsx,
    xls or csv. Faults: unreadable, far_cell (with sheet and cell), too_long (with sheet).
    """
    path = Path(argument["path"])
    limit: int | None = argument.get("rows")
    if argument["kind"] == "csv":
        yield from _read_csv(path, argument["name"], limit)
        return
    marks: dict[str, Marks] = {}
    if argument["kind"] == "xlsx" and limit is None:
        marks = _scan(path)
        for name, found in marks.items():
            if found.far_cell:
                yield {"fault": "far_cell", "sheet": name, "cell": found.far_cell}
                return
    try:
        with CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                if meta.typ == SheetTypeEnum.WorkSheet:
                    is_hidden = meta.visible != SheetVisibleEnum.Visible
                    yield from _read_sheet(book, meta.name, is_hidden, marks.get(meta.name), limit)
    except CalamineError as error:
        yield {"fault": "unreadable", "detail": str(error)}


@dataclass(slots=True)
class Marks:
    """What the XML of one sheet shows and calamine does not: cells by 0-based (row, column)."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    bare_formulas: set[tuple[int, int]] = field(default_factory=set)
    far_cell: str = ""


def _read_sheet(
    book: CalamineWorkbook, name: str, is_hidden: bool, marks: Marks | None, limit: int | None
) -> Iterator[Any]:
    sheet = book.get_sheet_by_name(name)
    flaws: dict[int, dict[int, Cell]] = {}
    for (row, column), code in marks.errors.items() if marks else ():
        flaws.setdefault(row, {})[column] = {"e": code}
    for row, column in marks.bare_formulas if marks else ():
        flaws.setdefault(row, {})[column] = {"f": 1}
    merged = [[top, left, bottom, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    last = sheet.end[0] if sheet.end else -1
    height = max(last, *flaws, -1) + 1
    if height > MAX_ROWS:
        yield {"fault": "too_long", "sheet": name}
        return
    yield {"sheet": name, "hidden": is_hidden, "rows": height, "merged": merged}
    yield from _blocks(islice(_rows(sheet, flaws, height), limit))


def _rows(sheet: CalamineSheet, flaws: dict[int, dict[int, Cell]], height: int) -> Iterator[CellRow]:
    # calamine begins with the first row but with the first column that is used.
    left: CellRow = [None] * (sheet.start[1] if sheet.start else 0)
    index = -1
    for index, values in enumerate(sheet.iter_rows()):
        row = [*left, *map(_plain, values)]
        yield _with_flaws(row, flaws[index]) if index in flaws else row
    for beyond in range(index + 1, height):
        yield _with_flaws([], flaws.get(beyond, {}))


def _with_flaws(row: CellRow, flaws: dict[int, Cell]) -> CellRow:
    for column, cell in flaws.items():
        row.extend([None] * (column + 1 - len(row)))
        row[column] = cell
    return row


def _blocks(rows: Iterator[CellRow]) -> Iterator[list[CellRow]]:
    while block := list(islice(rows, BLOCK)):
        yield block


def _plain(value: Any) -> Cell:
    if isinstance(value, str):
        # A cell can spell NUL (_x0000_); it is no part of any text, and PostgreSQL keeps none with it.
        return value.replace("\0", "") or None
    if isinstance(value, dt.datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, dt.time | dt.timedelta):
        return str(value)
    return value


def _read_csv(path: Path, name: str, limit: int | None) -> Iterator[Any]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Excel in Chinese Windows saves CSV in the system's own encoding.
        text = data.decode("gb18030")
    if "\0" in text:  # UTF-16 without its mark, or no text at all
        yield {"fault": "unreadable", "detail": "NUL"}
        return
    lines = text.count("\n") + 1
    if lines > MAX_ROWS * 2:
        yield {"fault": "too_long", "sheet": name}
        return
    yield {"sheet": name, "hidden": False, "rows": lines, "merged": []}
    rows = islice(csv.reader(io.StringIO(text, newline="")), limit)
    yield from _blocks([cell or None for cell in row] for row in rows)


def _scan(path: Path) -> dict[str, Marks]:
    """Return the marks of every sheet of an .xlsx file by the sheet's name."""
    marks: dict[str, Marks] = {}
    with zipfile.ZipFile(path) as archive:
        targets = {
            relation.get("Id"): relation.get("Target", "")
            for relation in defusedxml.ElementTree.fromstring(
                archive.read("xl/_rels/workbook.xml.rels")
            ).iter(_RELATIONS)
        }
        for element in defusedxml.ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
            if element.tag.rpartition("}")[2] != "sheet":
                continue
            relation_id = next((value for key, value in element.items() if key.endswith("}id")), "")
            part = posixpath.normpath(posixpath.join("/xl", targets.get(relation_id, "")))[1:]
            if part in archive.namelist():
                with archive.open(part) as handle:
                    marks[element.get("name", "")] = _scan_sheet(handle)
    return marks


def _scan_sheet(handle: Any) -> Marks:
    scan = _SheetScan()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.text
    parser.StartDoctypeDeclHandler = scan.refuse_doctype
    parser.ParseFile(handle)
    return scan.marks


class _SheetScan:
    """Handlers of one pass over a sheet's XML."""

    __slots__ = ("has_formula", "in_value", "kind", "marks", "reference", "value")

    def __init__(self) -> None:
        self.marks = Marks()
        self.reference = self.kind = self.value = ""
        self.has_formula = self.in_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self.reference, self.kind = attributes.get("r", ""), attributes.get("t", "")
            self.has_formula, self.value = False, ""
        elif name == "f":
            self.has_formula = True
        elif name in ("v", "t"):
            self.in_value = True

    def text(self, data: str) -> None:
        if self.in_value:
            self.value = data

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name in ("v", "t"):
            self.in_value = False
        elif name == "c" and (self.value or self.has_formula):
            self._note_cell()

    def refuse_doctype(self, *_: Any) -> None:
        raise ValueError("a sheet has no document type")

    def _note_cell(self) -> None:
        match = _REFERENCE.fullmatch(self.reference)
        if match is None:
            return
        row, column = int(match[2]) - 1, column_index(match[1])
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            self.marks.far_cell = self.marks.far_cell or self.reference
        elif self.kind == "e":
            self.marks.errors[row, column] = self.value
        elif self.has_formula and not self.value and self.kind != "str":
            self.marks.bare_formulas.add((row, column))


def column_index(letters: str) -> int:
    """Return the 0-based index of a column such as A or XFD."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
