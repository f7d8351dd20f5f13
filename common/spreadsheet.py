"""Write workbooks that people can compute with and that no cell can turn against them."""

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | Decimal | dt.date | dt.datetime | None
CLOSING = gettext_noop("内部资料，用后销毁")  # how the line of every mark ends
MAX_TEXT = 32_767  # UTF-16 units in one cell; Excel calls a file with more damaged
MAX_TITLE = 31
MAX_FOOTER = 200  # of Excel's 255 for a footer, the rest for its codes
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


@dataclass(frozen=True, slots=True)
class Watermark:
    """Who took data out of the system, when, of which part, and what for: on every sheet, in its last row."""

    who: str
    at: dt.datetime
    scope: str = ""
    purpose: str = ""

    @classmethod
    def of(cls, user: Any, at: dt.datetime, *, scope: str = "", purpose: str = "") -> "Watermark":
        """Return the mark of an account (`username`, and a name as its text)."""
        return cls(f"{user}（{user.get_username()}）", at, scope, purpose)

    def line(self, records: int | None = None) -> str:
        """Say it in one line of the active language, with the number of records if it is known."""
        moment = timezone.localtime(self.at).strftime("%Y-%m-%d %H:%M")
        parts = [_("%(who)s 导出于 %(when)s") % {"who": self.who, "when": moment}]
        if self.scope:
            parts.append(_("范围：%(scope)s") % {"scope": self.scope})
        if records is not None:
            parts.append(_("共 %(count)s 条") % {"count": records})
        if self.purpose:
            parts.append(_("用途：%(purpose)s") % {"purpose": self.purpose})
        parts.append(_(CLOSING))
        return "；".join(parts)


def footer_text(mark: Watermark) -> str:
    """Return the line of a mark as Excel takes it for a printed footer."""
    return mark.line()[:MAX_FOOTER].replace("&", "&&")


def is_mark_line(text: str) -> bool:
    """Tell whether a text is the line of a mark, in whatever language: a list sent out may come back as it is."""
    return text.rstrip().endswith(_closings())


@lru_cache(maxsize=1)
def _closings() -> tuple[str, ...]:
    found = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append(_(CLOSING))
    return tuple(found)


def workbook_bytes(sheets: Sequence[Sheet], *, mark: Watermark | None) -> bytes:
    """Return an .xlsx file with these sheets, `mark` in the last row and the printed footer of each.

    `mark` is None only for a form without data. The last row, and not the first, so that a program finds the
    header where it was.

    Texts are written as strings whatever they begin with, so `=…` stays text (formula injection). Characters a
    workbook cannot hold are left out, and a text beyond Excel's limit is cut and ends with …. Aware times
    are turned into local ones, because a workbook knows no time zone. Titles are fitted to Excel's rules.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet_title(sheet.title))
        for position, width in enumerate(sheet.widths, start=1):
            page.column_dimensions[get_column_letter(position)].width = width
        page.freeze_panes = f"A{len(sheet.notes) + 2}"
        for note in sheet.notes:
            page.append([_cell(page, note)])
        page.append([_header_cell(page, text) for text in sheet.header])
        if mark:
            page.oddFooter.center.text = footer_text(mark)
        records = 0
        for row in sheet.rows:
            page.append(
                [_cell(page, value, index in sheet.percent_columns) for index, value in enumerate(row)]
            )
            records += 1
        if mark:
            page.append([])
            page.append([_cell(page, mark.line(records))])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sheet_title(text: str) -> str:
    """Return a title Excel takes; openpyxl numbers repeated ones."""
    return _ILLEGAL_IN_TITLE.sub(" ", _ILLEGAL.sub("", text)).strip(" '")[: MAX_TITLE - 2] or "Sheet"


def plain_text(value: str) -> str:
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
        cell = WriteOnlyCell(page, value=plain_text(value))
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
