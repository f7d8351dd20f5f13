"""An HR workbook to clean rows and a list of everything wrong with it, by sheet, row and column."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from common.archives import OLE_MAGIC, ArchiveLimits, BadArchive, check_archive
from common.quarantine import Quarantined, run
from people.actions.employment import id_number_digest
from people.importers import cells
from people.importers.columns import CANONICAL, REQUIRED, Layout, find_layout, plain_header
from people.importers.sheets import MAX_ROWS
from people.roster import Row
from people.shapes import ImportFault

MAX_BYTES = 30 * 1024 * 1024
MAX_FAULTS = 2_000  # a file with more is wrong as a whole; nobody reads further
FAR_FUTURE_DAYS = 366
EXAMPLE_MARK = "示例"
PARSE_MEMORY_MB, PARSE_TIMEOUT_S = 900, 120
LIMITS = ArchiveLimits(max_entries=2_000, max_unpacked_bytes=400 * 1024 * 1024)
_FOOTER = re.compile(r"(合计|总计|共计|小计|制表|填表|审核|审批|批准|备注|注[:：]|说明|日期|单位负责人|经办)")
_READERS: dict[str, Callable[[Any], Any]] = {
    "name": cells.person_name,
    "post": cells.post_name,
    "employment_type": cells.employment_type,
    "hired_on": cells.date,
    "phone": cells.phone,
    "id_number": cells.id_number,
    "standing": cells.standing,
    "left_on": cells.date,
    "effective_on": cells.date,
    "employer": cells.unit_path,
}


@dataclass(slots=True)
class RosterFile:
    """What a file says. Rows with a fault are left out of `rows` and counted in `row_count`."""

    file_name: str
    sha256: str = ""
    rows: list[Row] = field(default_factory=list)
    # (mark, employee number, ID number) of every row, faulty ones too: a duplicate is a fault in any case
    identities: list[tuple[int, str, str]] = field(default_factory=list)
    faults: list[ImportFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    row_count: int = 0
    lines: list[tuple[str, int, Layout]] = field(default_factory=list)  # by Row.line - 1

    def fault(self, message: str, sheet: str = "", row: int | None = None, column: str = "") -> None:
        """Note one thing that is wrong."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append({"sheet": sheet, "row": row, "column": column, "message": message})

    def fault_at(self, line: int, field_name: str, message: str) -> None:
        """Note what is wrong with a field of a row; line 0 is the file as a whole."""
        if line == 0:
            self.fault(message)
            return
        sheet, row, layout = self.lines[line - 1]
        self.fault(message, sheet, row, layout.header_of(field_name))


def read_roster(path: Path, *, file_name: str, today: dt.date) -> RosterFile:
    """Read an .xlsx, .xls or .csv file. What is wrong is listed in the result; nothing is raised for it.

    `file_name` is what the user calls the file. Hire dates more than a year after `today` are faults.
    """
    result = RosterFile(file_name)
    try:
        size = path.stat().st_size
    except OSError:
        result.fault(_("找不到文件“%(name)s”") % {"name": file_name})
        return result
    if size > MAX_BYTES:
        result.fault(
            _("文件“%(name)s”超过 30 MB，请删去图片和空白格式，或分成几个文件") % {"name": file_name}
        )
        return result
    kind = _kind_of(result, path)
    if kind is None:
        return result
    result.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    content = _parse(result, path, kind)
    if content is not None:
        _read_sheets(result, content["sheets"], today)
    return result


def _kind_of(result: RosterFile, path: Path) -> str | None:
    """Return the format by name and content, or None after noting why the file is refused."""
    suffix = Path(result.file_name).suffix.lower()
    name = {"name": result.file_name}
    with path.open("rb") as handle:
        head = handle.read(4096)
    if not head:
        result.fault(_("文件“%(name)s”是空的") % name)
    elif suffix == ".xlsm":
        result.fault(_("文件“%(name)s”带有宏，不能导入，请另存为 .xlsx") % name)
    elif suffix not in (".xlsx", ".xls", ".csv"):
        result.fault(_("文件“%(name)s”不是 Excel 工作簿，请另存为 .xlsx") % name)
    elif suffix == ".csv":
        return "csv"
    elif head.startswith(OLE_MAGIC) and suffix == ".xls":
        return "xls"
    elif head.lstrip()[:1] == b"<":
        result.fault(_("文件“%(name)s”其实是网页，请用 Excel 打开后另存为 .xlsx") % name)
    else:
        return _checked_xlsx(result, path)
    return None


def _checked_xlsx(result: RosterFile, path: Path) -> str | None:
    try:
        check_archive(path, "xl/workbook.xml", LIMITS)
    except BadArchive as bad:
        messages = {
            "encrypted": _("文件“%(name)s”有密码保护或是改了名的 .xls，请去掉密码后另存为 .xlsx"),
            "truncated": _("文件“%(name)s”不完整，可能没有下载完，请重新取得这个文件"),
            "bomb": _("文件“%(name)s”解开后过大，请删去空白格式和图片后另存为 .xlsx"),
            "unsafe_name": _("文件“%(name)s”的内部结构不安全，请用 Excel 打开后另存为 .xlsx"),
        }
        unknown = _("文件“%(name)s”的内容不是 Excel 工作簿，请用 Excel 打开后另存为 .xlsx")
        result.fault(messages.get(bad.code, unknown) % {"name": result.file_name})
        return None
    return "xlsx"


def _parse(result: RosterFile, path: Path, kind: str) -> dict[str, Any] | None:
    name = {"name": result.file_name}
    argument = {"path": str(path.resolve()), "kind": kind}
    try:
        content: dict[str, Any] = run(
            "people.importers.sheets:read_workbook",
            argument,
            memory_mb=PARSE_MEMORY_MB,
            timeout_s=PARSE_TIMEOUT_S,
        )
    except Quarantined as stopped:
        if stopped.reason == "failed":
            result.fault(_("文件“%(name)s”已损坏，请用 Excel 打开后另存为 .xlsx") % name)
        else:
            result.fault(_("文件“%(name)s”读取时占用过多，请删去空白行列和多余格式后另存") % name)
        return None
    if content.get("fault") == "far_cell":
        message = _(
            "单元格 %(cell)s 里有内容，离表格太远（最多 20 万行、200 列）。请删掉它，或把名单复制到新的工作簿"
        )
        result.fault(message % {"cell": content["cell"]}, content["sheet"])
        return None
    if content.get("fault"):
        result.fault(_("文件“%(name)s”打不开，请用 Excel 打开后另存为 .xlsx") % name)
        return None
    return content


def _read_sheets(result: RosterFile, sheets: list[dict[str, Any]], today: dt.date) -> None:
    found = 0
    for sheet in sheets:
        layout = find_layout(sheet["rows"], sheet["merged"])
        if layout is None:
            continue
        if sheet["hidden"]:
            result.notes.append(_("隐藏的工作表“%(name)s”没有读取") % {"name": sheet["name"]})
            continue
        found += 1
        if _check_layout(result, sheet["name"], layout):
            _SheetReader(result, sheet, layout, today).read()
    if not found:
        message = _("没有找到人员名单：表头里至少要有“工号”和“姓名”。可下载模板对照")
        result.fault(message, sheets[0]["name"] if len(sheets) == 1 else "")
    _check_duplicates(result)


def _check_layout(result: RosterFile, sheet: str, layout: Layout) -> bool:
    row = layout.header_row + 1
    missing = [name for name in REQUIRED if name not in layout.columns]
    for name in missing:
        header = CANONICAL[name]
        result.fault(_("缺少“%(header)s”列") % {"header": header}, sheet, row, header)
    for column in layout.repeated:
        message = _("表头“%(header)s”出现了两次，请只留一列") % {"header": layout.headers[column]}
        result.fault(message, sheet, row, layout.headers[column])
    if "hired_on" not in layout.columns:
        result.notes.append(
            _("工作表“%(name)s”没有“入职日期”列：新员工的入职日期按生效日期或导入当天算") % {"name": sheet}
        )
    return not missing and not layout.repeated


class _SheetReader:
    """Reads the rows of one sheet."""

    def __init__(self, result: RosterFile, sheet: dict[str, Any], layout: Layout, today: dt.date) -> None:
        self.result = result
        self.name: str = sheet["name"]
        self.grid: list[list[Any]] = sheet["rows"]
        self.layout = layout
        self.today = today
        self.merged: dict[tuple[int, int], Any] = {}
        used = set(layout.used)
        for top, left, bottom, _right in sheet["merged"]:
            if top >= layout.first_row and left in used:
                # A merged cell says the same for every row it spans.
                above = self._cell(self.grid[top], left) if top < len(self.grid) else None
                self.merged |= {(row, left): above for row in range(top + 1, bottom + 1)}

    def read(self) -> None:
        """Add the sheet's rows and faults to the result."""
        for index, line in self._data_lines():
            self.result.row_count += 1
            self.result.lines.append((self.name, index + 1, self.layout))
            row = self._row(index, line)
            if row is not None:
                self.result.rows.append(row)

    def _data_lines(self) -> Iterator[tuple[int, list[Any]]]:
        header = [plain_header(self._cell(self.grid[self.layout.header_row], at)) for at in self.layout.used]
        number = self.layout.columns["employee_no"]
        header_mark = self._cell(self.grid[self.layout.header_row], number)
        for index in range(self.layout.first_row, len(self.grid)):
            line = self.grid[index]
            read = [self._cell(line, at) for at in self.layout.used]
            filled = [
                cell for cell in read if cell is not None and cell != "" and str(cell).strip(" \u3000\u00a0")
            ]
            mark = self._cell(line, number)
            is_header = mark == header_mark and [plain_header(cell) for cell in read] == header
            if not filled or is_header:
                continue
            if isinstance(mark, str) and mark.strip().startswith(EXAMPLE_MARK):
                continue
            first = next(cell for cell in line if cell is not None)
            if len(filled) <= 2 and isinstance(first, str) and _FOOTER.match(first.strip()):
                continue
            yield index, line

    @staticmethod
    def _cell(line: list[Any], column: int) -> Any:
        return line[column] if column < len(line) else None

    def _value(self, index: int, line: list[Any], column: int) -> Any:
        cell = self._cell(line, column)
        return self.merged.get((index, column)) if cell is None else cell

    def _row(self, index: int, line: list[Any]) -> Row | None:
        faults_before = len(self.result.faults)
        mark = len(self.result.lines)
        columns = self.layout.columns
        number_cell = self._value(index, line, columns["employee_no"])
        values: dict[str, Any] = {
            "employee_no": self._read(mark, "employee_no", cells.employee_no, number_cell)
        }
        for name, reader in _READERS.items():
            if name in columns:
                values[name] = self._read(mark, name, reader, self._value(index, line, columns[name]))
        values["unit"] = self._unit(mark, index, line)
        if values["employee_no"] == "":
            self.result.fault_at(mark, "employee_no", _("工号为空"))
        self._check_hired_on(mark, values.get("hired_on"))
        identity = (mark, values["employee_no"] or "", values.get("id_number") or "")
        self.result.identities.append(identity)
        if len(self.result.faults) > faults_before:
            return None
        assumed = None if "hired_on" in columns else values.get("effective_on") or self.today
        row = Row(
            line=mark,
            is_number_cell=isinstance(number_cell, int | float),
            assumed_hired_on=assumed,
            **values,
        )
        return replace(row, id_digest=id_number_digest(row.id_number)) if row.id_number else row

    def _read(self, mark: int, name: str, reader: Callable[[Any], Any], cell: Any) -> Any:
        try:
            return reader(cell)
        except cells.CellFlaw as flaw:
            self.result.fault_at(mark, name, str(flaw))
            return None

    def _unit(self, mark: int, index: int, line: list[Any]) -> str:
        at = self.layout.columns.get("unit")
        columns = self.layout.level_columns if at is None else [at]
        parts = [self._read(mark, "unit", cells.unit_path, self._value(index, line, one)) for one in columns]
        return "/".join(part for part in parts if part)

    def _check_hired_on(self, mark: int, hired_on: dt.date | None) -> None:
        if hired_on and hired_on > self.today + dt.timedelta(days=FAR_FUTURE_DAYS):
            message = _("入职日期 %(day)s 在一年以后，请核对年份") % {"day": hired_on}
            self.result.fault_at(mark, "hired_on", message)


def _check_duplicates(result: RosterFile) -> None:
    """Find people named twice, in whatever sheet, and name both rows."""
    for place, field_name, message in (
        (1, "employee_no", _("工号 %(value)s 重复：%(first)s与%(second)s")),
        (2, "id_number", _("身份证号重复：%(first)s与%(second)s")),
    ):
        first: dict[str, int] = {}
        for identity in result.identities:
            mark, value = identity[0], str(identity[place])
            if not value:
                continue
            other = first.setdefault(value, mark)
            if other != mark:
                texts = {
                    "value": value,
                    "first": _where(result, other, mark),
                    "second": _where(result, mark, other),
                }
                result.fault_at(mark, field_name, message % texts)


def _where(result: RosterFile, mark: int, other: int) -> str:
    sheet, number, _layout = result.lines[mark - 1]
    if sheet == result.lines[other - 1][0]:
        return _("第 %(row)d 行") % {"row": number}
    return _("工作表“%(sheet)s”第 %(row)d 行") % {"sheet": sheet, "row": number}


__all__ = ["MAX_ROWS", "RosterFile", "read_roster"]
