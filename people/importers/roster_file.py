"""An HR workbook to clean rows and a list of everything wrong with it, by sheet, row and column."""

import datetime as dt
from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path

from django.utils.translation import gettext as _

from people.importers.columns import CANONICAL, REQUIRED, SEARCHED_ROWS, Layout, find_layout
from people.importers.findings import RosterFile
from people.importers.sheet_reader import SheetReader
from people.importers.workbook_file import BadWorkbook, SheetRows, file_sha256, read_sheets
from people.shapes import ColumnMap, Progress, no_progress


def read_roster(
    path: Path,
    *,
    file_name: str,
    today: dt.date,
    mappings: Mapping[str, ColumnMap] | None = None,
    progress: Progress = no_progress,
) -> RosterFile:
    """Read an .xlsx, .xls or .csv file. What is wrong is listed in the result; nothing is raised for it.

    `file_name` is what the user calls the file. Hire dates more than a year after `today` are faults.
    `mappings` says what columns hold where somebody has said so, by `columns.header_signature`. `progress` is
    told the rows read.
    """
    result = RosterFile(file_name)
    try:
        for sheet in read_sheets(path, file_name=file_name):
            _read_sheet(result, sheet, today, mappings or {}, progress)
    except BadWorkbook as bad:
        result.fault(bad.message, bad.sheet)
        return result
    result.sha256 = file_sha256(path)
    if not result.sheets and not result.is_broken:
        message = _("没有找到人员名单：表头里至少要有“工号”和“姓名”。可下载模板对照")
        result.fault(message, result.other_sheets[0] if len(result.other_sheets) == 1 else "")
        result.needs_columns += result.other_sheets[:1]
    result.check_duplicates()
    result.drop_faulty()
    return result


def _read_sheet(
    result: RosterFile,
    sheet: SheetRows,
    today: dt.date,
    mappings: Mapping[str, ColumnMap],
    progress: Progress,
) -> None:
    head = list(islice(sheet.rows, SEARCHED_ROWS))
    layout = find_layout(head, sheet.merged, mappings)
    if layout is None or sheet.is_hidden:
        if layout is not None:
            result.notes.append(_("隐藏的工作表“%(name)s”没有读取") % {"name": sheet.name})
        elif not sheet.is_hidden:
            result.other_sheets.append(sheet.name)
        return
    if layout.is_mapped:
        result.mapped_sheets.append(sheet.name)
    if _check_layout(result, sheet.name, layout):
        result.sheets.append((sheet.name, layout))
        reader = SheetReader(result, layout, sheet.merged, today)
        reader.read(chain(head, sheet.rows), lambda done: progress("read", done, sheet.row_count))


def _check_layout(result: RosterFile, sheet: str, layout: Layout) -> bool:
    row = layout.header_row + 1
    missing = [name for name in REQUIRED if name not in layout.columns]
    for name in missing:
        header = CANONICAL[name]
        result.fault(_("缺少“%(header)s”列") % {"header": header}, sheet, row, header)
    for column in layout.repeated:
        message = _("表头“%(header)s”出现了两次，请只留一列") % {"header": layout.headers[column]}
        result.fault(message, sheet, row, layout.headers[column], column)
    if "hired_on" not in layout.columns:
        result.notes.append(
            _("工作表“%(name)s”没有“入职日期”列：新员工的入职日期按生效日期或导入当天算") % {"name": sheet}
        )
    if missing or layout.repeated:
        result.needs_columns.append(sheet)
        return False
    return True
