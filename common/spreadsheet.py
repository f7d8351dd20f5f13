"""Write workbooks that people can compute with and that no cell can turn against them."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | Decimal | dt.date | dt.datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its title, a header row, rows, and lines of text set above the header."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    percent_columns: frozenset[int] = frozenset()  # 0-based; the values are fractions


def workbook_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Return an .xlsx file with these sheets.

    Texts are written as strings whatever they begin with, so `=…` stays text (formula injection); aware
    times are turned into local ones, because a workbook knows no time zone.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title[:31])
        for position, width in enumerate(sheet.widths, start=1):
            page.column_dimensions[get_column_letter(position)].width = width
        page.freeze_panes = f"A{len(sheet.notes) + 2}"
        for note in sheet.notes:
            page.append([_cell(page, note)])
        page.append([_header_cell(page, text) for text in sheet.header])
        for row in sheet.rows:
            page.append(
                [_cell(page, value, index in sheet.percent_columns) for index, value in enumerate(row)]
            )
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _header_cell(page: Any, text: str) -> Any:
    cell = _cell(page, text)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="EEEDE8")
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _cell(page: Any, value: Cell, is_percent: bool = False) -> Any:
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value).replace(tzinfo=None)
    if isinstance(value, str):
        cell = WriteOnlyCell(page, value=ILLEGAL_CHARACTERS_RE.sub("", value))
        cell.data_type = "s"
    else:
        cell = WriteOnlyCell(page, value=value)  # type: ignore[arg-type]  # openpyxl takes Decimal and date too
    if isinstance(value, dt.datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"
    elif is_percent:
        cell.number_format = "0.0%"
    return cell
