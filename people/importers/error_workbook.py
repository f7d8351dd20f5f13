"""The list as it came, with every faulty cell red and the reasons in a column of their own.

Rows keep their numbers, so that what the page says and what the file shows is the same row. Texts stay texts
whatever they begin with (formula injection). Written row by row: the memory does not grow with the list.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill

from common.spreadsheet import Watermark, footer_text, plain_text, sheet_title
from people.importers.columns import fill_headers
from people.importers.findings import Flaw, RosterFile
from people.importers.sheets import MAX_COLUMNS
from people.importers.workbook_file import SheetRows, read_sheets
from people.models import User

RED = PatternFill("solid", fgColor="F6C6C4")
BOLD = Font(bold=True, color="C3201C")


def error_mark(user: User, at: dt.datetime) -> Watermark:
    """Return the mark of somebody who takes a list back with its errors."""
    return Watermark.of(user, at, purpose=_("标出名单里的错误"))


@contextmanager
def error_workbook(path: Path, file: RosterFile, mark: Watermark) -> Iterator[IO[bytes]]:
    """Give the marked copy of a list that was read as `file`, an .xlsx whatever the list was.

    `mark` stands in the last row and the printed footer of each sheet, as in every workbook sent out; a list is
    read without it. Sheets that are no lists of people are left out. What is wrong with the file as a whole stands, with
    everything else, on a sheet of its own. Raises BadWorkbook for a file that cannot be read.
    """
    book = Workbook(write_only=True)
    flaws: dict[tuple[str, int], list[Flaw]] = {}
    for flaw in file.flaws:
        if flaw.row is not None:
            flaws.setdefault((flaw.sheet, flaw.row), []).append(flaw)
    header_rows = {name: layout.header_row for name, layout in file.sheets}
    for sheet in read_sheets(path, file_name=file.file_name):
        if sheet.name in header_rows and not sheet.is_hidden:
            _copy(book, sheet, flaws, header_rows[sheet.name])
    _list_flaws(book, file)
    pages: list[Any] = book.worksheets
    for page in pages:
        page.append([])
        page.append([_cell(page, mark.line())])
        page.oddFooter.center.text = footer_text(mark)
    with tempfile.TemporaryFile() as handle:
        book.save(handle)
        handle.seek(0)
        yield handle


def _copy(
    book: Workbook, sheet: SheetRows, flaws: dict[tuple[str, int], list[Flaw]], header_row: int
) -> None:
    page = book.create_sheet(sheet_title(sheet.name))
    page.freeze_panes = f"A{header_row + 2}"
    head = [row for _index, row in zip(range(header_row + 1), sheet.rows, strict=False)]
    # The reasons stand right of the last header, over whatever stray cells stood there.
    width = min(max((len(row) for row in fill_headers(head, sheet.merged)), default=0), MAX_COLUMNS)
    for index, row in enumerate(chain(head, sheet.rows)):
        found = flaws.get((sheet.name, index + 1), [])
        if index != header_row and not found:
            page.append([_cell(page, value) for value in row])
            continue
        cells: list[Any] = [_cell(page, value) for value in row[:width]]
        cells += [None] * (width - len(cells))
        for at in {flaw.at for flaw in found if flaw.at is not None and flaw.at < width}:
            cells[at] = _marked(page, row[at] if at < len(row) else None)
        cells.append(_reason(page, _("错误原因") if index == header_row else _reasons(found)))
        page.append(cells)


def _reasons(flaws: list[Flaw]) -> str:
    return "；".join(f"{flaw.column}：{flaw.message}" if flaw.column else flaw.message for flaw in flaws)


def _list_flaws(book: Workbook, file: RosterFile) -> None:
    page = book.create_sheet(sheet_title(_("错误清单")))
    page.append([_reason(page, text) for text in (_("工作表"), _("行"), _("列"), _("错误原因"))])
    for flaw in file.in_order():
        page.append([_cell(page, value) for value in (flaw.sheet, flaw.row, flaw.column, flaw.message)])
    if file.flaw_count > len(file.flaws):
        message = _("另有 %(count)d 处错误没有列出") % {"count": file.flaw_count - len(file.flaws)}
        page.append([None, None, None, _cell(page, message)])


def _plain(value: Any) -> Any:
    """Return a cell of the stream as a workbook holds it."""
    if isinstance(value, dict):
        if "d" in value:
            return dt.date.fromisoformat(value["d"])
        return value.get("e")
    return value


def _cell(page: Any, value: Any) -> Any:
    value = _plain(value)
    if isinstance(value, str):
        text = plain_text(value)
        if not text.startswith("="):
            return text
        cell = WriteOnlyCell(page, value=text)
        cell.data_type = "s"
        return cell
    return value


def _marked(page: Any, value: Any) -> Any:
    value = _plain(value)
    cell = WriteOnlyCell(page, value=plain_text(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
    cell.fill = RED
    return cell


def _reason(page: Any, text: str) -> Any:
    cell = WriteOnlyCell(page, value=plain_text(text))
    cell.data_type = "s"
    cell.font = BOLD
    return cell
