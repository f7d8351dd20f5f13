"""Read a workbook into plain rows. Runs in a child process (common.quarantine): the file is not trusted.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import defusedxml.ElementTree
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MAX_ROWS = 200_000
MAX_COLUMNS = 200
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
Cell = Any


def read_workbook(argument: dict[str, str]) -> dict[str, Any]:
    """Return {"sheets": [{"name", "hidden", "rows", "merged"}]} or {"fault": code, …} of a file.

    `argument` is {"path", "kind"}; kind is xlsx, xls or csv. Faults: unreadable, far_cell (with sheet and
    cell), too_long (with sheet).
    """
    path = Path(argument["path"])
    if argument["kind"] == "csv":
        return {"sheets": [_read_csv(path)]}
    marks: dict[str, Marks] = {}
    if argument["kind"] == "xlsx":
        marks = _scan(path)
        for name, found in marks.items():
            if found.far_cell:
                return {"fault": "far_cell", "sheet": name, "cell": found.far_cell}
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheets = [
                _read_sheet(book, meta.name, meta.visible != SheetVisibleEnum.Visible, marks.get(meta.name))
                for meta in book.sheets_metadata
                if meta.typ == SheetTypeEnum.WorkSheet
            ]
    except CalamineError as error:
        return {"fault": "unreadable", "detail": str(error)}
    return {"sheets": sheets}


@dataclass(slots=True)
class Marks:
    """What the XML of one sheet shows and calamine does not: cells by 0-based (row, column)."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    bare_formulas: set[tuple[int, int]] = field(default_factory=set)
    far_cell: str = ""


def _read_sheet(book: CalamineWorkbook, name: str, is_hidden: bool, marks: Marks | None) -> dict[str, Any]:
    sheet = book.get_sheet_by_name(name)
    rows = [[_plain(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    if marks:
        flaws: dict[tuple[int, int], Cell] = {place: {"e": code} for place, code in marks.errors.items()}
        flaws |= {place: {"f": 1} for place in marks.bare_formulas}
        for (row, column), cell in flaws.items():
            _put(rows, row, column, cell)
    merged = [[top, left, bottom, right] for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    return {"name": name, "hidden": is_hidden, "rows": rows, "merged": merged}


def _put(rows: list[list[Cell]], row: int, column: int, cell: Cell) -> None:
    while len(rows) <= row:
        rows.append([])
    rows[row].extend([None] * (column + 1 - len(rows[row])))
    rows[row][column] = cell


def _plain(value: Any) -> Cell:
    if value == "":
        return None
    if isinstance(value, dt.datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, dt.time | dt.timedelta):
        return str(value)
    return value


def _read_csv(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Excel in Chinese Windows saves CSV in the system's own encoding.
        text = data.decode("gb18030")
    rows = [[cell or None for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    return {"name": path.stem, "hidden": False, "rows": rows, "merged": []}


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
