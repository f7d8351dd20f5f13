"""A workbook of licences, row by row, into what can be saved and what is wrong with the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.importers import cells
from people.importers.workbook_file import BadWorkbook, read_sheets
from training.errors import LicenceRefused
from training.shapes import LicenceRow, RowFault

MAX_ROWS = 5_000
HEADER_WITHIN = 10  # rows
# Headers of the file, which is Chinese whatever language the screens are in.
COLUMNS = {
    "employee_no": ("工号", "员工编号", "人员编号"),
    "kind": ("证件种类", "证件", "证书名称", "证件名称", "作业类别"),
    "number": ("证号", "证件号码", "证书编号", "证件编号"),
    "issuer": ("发证机关", "发证部门", "发证单位"),
    "valid_from": ("有效期自", "初领日期", "有效期开始", "发证日期"),
    "valid_until": ("有效期至", "有效期止", "有效期结束", "到期日期"),
    "review_due_on": ("复审日期", "应复审日期", "下次复审"),
    "last_worked_on": ("最近一次从事该作业", "最近从事日期"),
}
REQUIRED = ("employee_no", "kind", "number", "valid_from", "valid_until")
TITLES = {name: words[0] for name, words in COLUMNS.items()}


@dataclass(slots=True)
class LicenceFile:
    """What a workbook held."""

    rows: list[LicenceRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def read_licences(path: Path, *, file_name: str) -> LicenceFile:
    """Return the rows of the first sheet that has the columns. Raises LicenceRefused if none can be read."""
    try:
        for sheet in read_sheets(path, file_name=file_name):
            if sheet.is_hidden:
                continue
            found = _read(sheet.rows)
            if found is not None:
                return found
    except BadWorkbook as error:
        raise LicenceRefused(error.message) from error
    wanted = "、".join(TITLES[name] for name in REQUIRED)
    raise LicenceRefused(
        _("文件“%(name)s”里没有找到表头，前 10 行内须有：%(columns)s。请下载模板填写。")
        % {"name": file_name, "columns": wanted}
    )


def _read(rows: Iterator[list[Any]]) -> LicenceFile | None:
    places: dict[str, int] | None = None
    found = LicenceFile()
    for number, line in enumerate(rows, start=1):
        if places is None:
            places = _places(line)
            if places is None and number >= HEADER_WITHIN:
                return None
            continue
        if all(value is None or value == "" for value in line):
            continue
        if len(found.rows) + len(found.faults) >= MAX_ROWS:
            raise LicenceRefused(_("一次最多导入 %(count)d 行，请分成几个文件。") % {"count": MAX_ROWS})
        _add(found, number, line, places)
    return found if places is not None else None


def _places(line: list[Any]) -> dict[str, int] | None:
    titles = [str(value).strip().rstrip("*") if isinstance(value, str) else "" for value in line]
    places = {
        name: titles.index(word) for name, words in COLUMNS.items() for word in words[::-1] if word in titles
    }
    return places if all(name in places for name in REQUIRED) else None


def _add(found: LicenceFile, number: int, line: list[Any], places: dict[str, int]) -> None:
    values: dict[str, Any] = {}
    faults = []
    for name in COLUMNS:
        place = places.get(name)
        cell = line[place] if place is not None and place < len(line) else None
        try:
            values[name] = _value(name, cell)
        except cells.CellFlaw as flaw:
            faults.append(RowFault(number, TITLES[name], str(flaw)))
            continue
        if name in REQUIRED and not values[name]:
            faults.append(RowFault(number, TITLES[name], str(_EMPTY)))
    if faults:
        found.faults += faults
    else:
        found.rows.append(LicenceRow(row=number, **values))


_EMPTY = gettext_lazy("没有填写")
_LENGTHS = {"kind": 80, "number": 60, "issuer": 120}


def _value(name: str, cell: Any) -> Any:
    if name == "employee_no":
        return cells.employee_no(cell) if cell not in (None, "") else ""
    if name in {"valid_from", "valid_until", "review_due_on", "last_worked_on"}:
        return cells.date(cell)
    text = cells.raw_text(cell)
    if len(text) > _LENGTHS[name]:
        raise cells.CellFlaw(_("内容超过 %(count)d 个字") % {"count": _LENGTHS[name]})
    return text
