"""The rows of one sheet, cell by cell, into rows of people and flaws."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _

from common.spreadsheet import is_mark_line
from people.actions.employment import id_number_digest
from people.importers import cells
from people.importers.columns import Layout, plain_header
from people.importers.findings import RosterFile
from people.roster import CLEAR, Row

FAR_FUTURE_DAYS = 366
CLEARABLE = ("phone", "employer")
EXAMPLE_MARK = "示例"
REPORTED_ROWS = 2_000
KEPT_READINGS = 20_000  # of one column; a list names the same posts and days again and again
_FOOTER = re.compile(r"(合计|总计|共计|小计|制表|填表|审核|审批|批准|备注|注[:：]|说明|日期|单位负责人|经办)")
_BLANK = " \u3000\u00a0\t\r\n"
# Columns read cell by cell, and those whose cells say the same again and again.
_OWN: dict[str, Callable[[Any], Any]] = {
    "name": cells.person_name,
    "phone": cells.phone,
    "id_number": cells.id_number,
}
_SHARED: dict[str, Callable[[Any], Any]] = {
    "post": cells.post_name,
    "employment_type": cells.employment_type,
    "hired_on": cells.date,
    "standing": cells.standing,
    "left_on": cells.date,
    "effective_on": cells.date,
    "employer": cells.unit_path,
}
_READERS = _OWN | _SHARED


class SheetReader:
    """Reads the rows of the sheet added to the result last."""

    def __init__(
        self, result: RosterFile, layout: Layout, merged: Iterable[list[int]], today: dt.date
    ) -> None:
        self.result = result
        self.sheet = len(result.sheets) - 1
        self.layout = layout
        self.today = today
        self.latest_hire = today + dt.timedelta(days=FAR_FUTURE_DAYS)
        # A merged cell says the same for every row it spans: by its first row, the columns and last rows.
        self.spans: dict[int, list[tuple[int, int]]] = {}
        used = set(layout.used)
        for top, left, bottom, _right in merged:
            if top >= layout.first_row and left in used and bottom > top:
                self.spans.setdefault(top, []).append((left, bottom))
        self.open_spans: dict[int, tuple[int, Any]] = {}
        self.readings: dict[str, dict[Any, Any]] = {}
        self.unit_columns = (
            [layout.columns["unit"]] if "unit" in layout.columns else list(layout.level_columns)
        )
        self.readers = [
            (name, reader, layout.columns[name], name in _SHARED)
            for name, reader in _READERS.items()
            if name in layout.columns
        ]

    def read(self, rows: Iterable[list[Any]], progress: Callable[[int], None]) -> None:
        """Add the sheet's rows and faults to the result; `progress` is told the rows read so far."""
        header: list[str] = []
        header_mark: Any = None
        number = self.layout.columns["employee_no"]
        for index, line in enumerate(rows):
            if index == self.layout.header_row:
                header = [plain_header(_cell(line, at)) for at in self.layout.used]
                header_mark = _cell(line, number)
            if index < self.layout.first_row:
                continue
            if index % REPORTED_ROWS == 0:
                progress(index)
            for left, bottom in self.spans.get(index, ()):
                self.open_spans[left] = (bottom, _cell(line, left))
            mark = _cell(line, number)
            if mark is not None and mark == header_mark and self._is_header(line, header):
                continue
            if self._has_person(line, mark):
                self._row(index, line)

    def _is_header(self, line: list[Any], header: list[str]) -> bool:
        return [plain_header(_cell(line, at)) for at in self.layout.used] == header

    def _has_person(self, line: list[Any], mark: Any) -> bool:
        """Tell a row of a person from empty rows, examples and what stands below a list."""
        filled = 0
        for at in self.layout.used:
            cell = line[at] if at < len(line) else None
            if cell is not None and not (isinstance(cell, str) and not cell.strip(_BLANK)):
                filled += 1
        if not filled:
            return False
        if isinstance(mark, str) and mark.strip().startswith(EXAMPLE_MARK):
            return False
        if filled > 2:
            return True
        first = next(cell for cell in line if cell is not None)
        return not (isinstance(first, str) and (_FOOTER.match(first.strip()) or is_mark_line(first)))

    def _value(self, index: int, line: list[Any], column: int) -> Any:
        cell = line[column] if column < len(line) else None
        if cell is None and column in self.open_spans:
            bottom, value = self.open_spans[column]
            return value if index <= bottom else None
        return cell

    def _row(self, index: int, line: list[Any]) -> None:
        result = self.result
        mark = result.begin_row(self.sheet, index + 1)
        number_cell = self._value(index, line, self.layout.columns["employee_no"])
        number = self._read(mark, "employee_no", cells.employee_no, number_cell)
        values: dict[str, Any] = {"employee_no": number}
        for name, reader, column, is_shared in self.readers:
            read = self._read_shared if is_shared else self._read
            values[name] = read(mark, name, reader, self._value(index, line, column))
        values["unit"] = self._unit(mark, index, line)
        if number == "":
            result.fault_at(mark, "employee_no", _("工号为空"))
        hired_on = values.get("hired_on")
        if hired_on and hired_on > self.latest_hire:
            message = _("入职日期 %(day)s 在一年以后，请核对年份") % {"day": hired_on}
            result.fault_at(mark, "hired_on", message)
        id_number = values.get("id_number")
        result.numbers[mark - 1] = number or ""
        result.id_numbers[mark - 1] = id_number or ""
        if mark in result.faulty:
            return
        if "hired_on" not in self.layout.columns:
            values["assumed_hired_on"] = values.get("effective_on") or self.today
        if id_number:
            values["id_digest"] = id_number_digest(id_number)
        result.rows.append(Row(line=mark, is_number_cell=isinstance(number_cell, int | float), **values))

    def _read(self, mark: int, name: str, reader: Callable[[Any], Any], cell: Any) -> Any:
        if cells.is_clear(cell):
            if name in CLEARABLE:
                return CLEAR
            message = _("这一列不能清空，请删去“#清空”；留空表示不变")
            self.result.fault_at(mark, name, message)
            return None
        try:
            return reader(cell)
        except cells.CellFlaw as flaw:
            self.result.fault_at(mark, name, str(flaw))
            return None

    def _read_shared(self, mark: int, name: str, reader: Callable[[Any], Any], cell: Any) -> Any:
        """Read a cell whose like was read before: one value for all of them, which saves time and memory."""
        # The kind of cell belongs to the key: the text 20260102 is a day, the number is not read as one.
        key = (type(cell), cell if isinstance(cell, str) else repr(cell))
        known = self.readings.setdefault(name, {})
        if key in known:
            return known[key]
        before = self.result.flaw_count
        value = self._read(mark, name, reader, cell)
        if self.result.flaw_count == before and len(known) < KEPT_READINGS:
            known[key] = value
        return value

    def _unit(self, mark: int, index: int, line: list[Any]) -> str:
        parts = [
            self._read_shared(mark, "unit", cells.unit_path, self._value(index, line, column))
            for column in self.unit_columns
        ]
        if len(parts) == 1:
            return parts[0] or ""
        return self._joined(tuple(part for part in parts if part))

    def _joined(self, parts: tuple[str, ...]) -> str:
        known = self.readings.setdefault("joined", {})
        if parts not in known and len(known) < KEPT_READINGS:
            known[parts] = "/".join(parts)
        return known.get(parts) or "/".join(parts)


def _cell(line: list[Any], column: int) -> Any:
    return line[column] if column < len(line) else None
