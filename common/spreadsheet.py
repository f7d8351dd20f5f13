"""Write workbooks that people can compute with and that no cell can turn against them."""

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | Decimal | dt.date | dt.datetime | None
MAX_TEXT = 32_767  # UTF-16 units in one cell; Excel calls a file with more damaged
MAX_TITLE = 31
# What XML 1.0 cannot hold: control characters but tab, LF and CR; lone surrogates; the two non-characters.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_IN_TITLE = re.compile(r"[\\/*?:\[\]]")
# Excel reads _x000D_ as the character it names; the escape of the underscore keeps it a text.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


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

    Texts are written as strings whatever they begin with, so `=…` stays text (formula injection). Characters a
    workbook cannot hold are left out, and a text beyond Excel's limit is cut and ends with …. Aware times
    are turned into local ones, because a workbook knows no time zone. Titles are fitted to Excel's rules.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(_title(sheet.title))
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


def _title(text: str) -> str:
    """Return a title Excel takes; openpyxl numbers repeated ones."""
    return _ILLEGAL_IN_TITLE.sub(" ", _ILLEGAL.sub("", text)).strip(" '")[: MAX_TITLE - 2] or "Sheet"


def _text(value: str) -> str:
    """Return a text as a workbook can hold it."""
    value = _ILLEGAL.sub("", value)
    if len(value) * 2 > MAX_TEXT and len(value.encode("utf-16-le")) > MAX_TEXT * 2:
        value = value.encode("utf-16-le")[: (MAX_TEXT - 1) * 2].decode("utf-16-le", errors="ignore") + "…"
    return _ESCAPE.sub("_x005F_", value)


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
        cell = WriteOnlyCell(page, value=_text(value))
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
