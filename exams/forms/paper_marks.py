"""What is typed on the page of paper marks, or stands in a workbook of them."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.paper_marks import Typed
from exams.actions.paper_times import MOST_MINUTES
from exams.importers.excel import head_text
from exams.models import PaperTime, PrintedPaper
from people.importers.workbook_file import BadWorkbook, read_sheets
from people.models import Employee

NUMBER, NAME, TOTAL, REASON = "工号", "姓名", "总分", "更正原因"
HEADER_ROWS = 10
MAX_LINES = 2_000
_SLOT = re.compile(r"第?(\d{1,3})题?(?:\d.*分)?")
_SPLIT = re.compile(r"[\s,，;；、]+")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be taken, by its number in the sheet."""

    line: int
    number: str
    message: str


@dataclass(frozen=True, slots=True)
class WorkbookLines:
    """What a workbook holds: lines by (number in the sheet, what was typed), and those nobody can enter."""

    lines: tuple[tuple[int, Typed], ...]
    bad: tuple[BadLine, ...]


class PaperTimeForm(forms.Form):
    """When a paper was sat: the day, the hour, how long."""

    day = forms.DateField(
        label=gettext_lazy("考试日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    start = forms.TimeField(
        label=gettext_lazy("开考时间"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("时长（分钟）"),
        min_value=1,
        max_value=MOST_MINUTES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, printed: PrintedPaper, given: PaperTime | None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {
            "day": printed.sat_on,
            "minutes": printed.paper["policy"]["duration_s"] // 60,
        }
        if given is not None:
            starts = localtime(given.starts_at)
            initial = {"day": starts.date(), "start": starts.time(), "minutes": given.duration_min}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)

    @property
    def starts_at(self) -> dt.datetime:
        """Return the moment typed in. Call it on a valid form."""
        return make_aware(dt.datetime.combine(self.cleaned_data["day"], self.cleaned_data["start"]))


def employee_numbers(text: str) -> list[str]:
    """Return the employee numbers typed into a field, however they are set apart, each once."""
    return list(dict.fromkeys(number for number in _SPLIT.split(text.strip()) if number))[:500]


def points_in(text: Any) -> Decimal | None:
    """Return points typed or read from a cell, with two places at most; None for what is no number."""
    try:
        value = Decimal(str(text).strip().replace("．", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value == round(value, 2) and abs(value) < 100_000 else None


def typed_lines(
    data: QueryDict, people: Sequence[Employee], slots: int
) -> tuple[list[Typed], dict[int, str]]:
    """Return what was typed on the page, and what is wrong by employee id. Lines left empty are not there.

    Shape: `t-<id>` the total, or `s-<id>-<slot>` the points of each question; `r-<id>` why it is corrected.
    """
    lines: list[Typed] = []
    wrong: dict[int, str] = {}
    for person in people:
        cells = [data.get(f"s-{person.pk}-{slot}", "").strip() for slot in range(1, slots + 1)]
        total = data.get(f"t-{person.pk}", "").strip()
        reason = data.get(f"r-{person.pk}", "").strip()[:200]
        if not total and not any(cells):
            continue
        line = _line(person, total, cells if any(cells) else [], reason)
        if isinstance(line, str):
            wrong[person.pk] = line
        else:
            lines.append(line)
    return lines, wrong


def _line(person: Employee, total: Any, cells: Sequence[Any], reason: str) -> Typed | str:
    """Return a line, or what is wrong with it."""
    if cells:
        points: list[Decimal] = []
        for slot, cell in enumerate(cells, start=1):
            if str(cell).strip() == "":
                return _("%(name)s 第 %(slot)s 题没有填分，没得分请填 0。") % {
                    "name": person.name,
                    "slot": slot,
                }
            value = points_in(cell)
            if value is None:
                return _("%(name)s 第 %(slot)s 题的“%(text)s”不是分数。") % {
                    "name": person.name,
                    "slot": slot,
                    "text": cell,
                }
            points.append(value)
        return Typed(person, None, tuple(points), reason)
    value = points_in(total)
    if value is None:
        return _("%(name)s 的总分“%(text)s”不是分数。") % {"name": person.name, "text": total}
    return Typed(person, value, (), reason)


def workbook_lines(
    path: Path, *, file_name: str, printed: PrintedPaper, people: Mapping[str, Employee]
) -> WorkbookLines:
    """Read a workbook of marks: 工号, and 总分 or a column for each question, and 更正原因.

    `people` are those whose marks the reader may enter, by employee number.
    Raises: BadWorkbook for a file that cannot be read or has no such header.
    """
    slots = len(printed.paper["slots"])
    for sheet in read_sheets(path, file_name=file_name):
        rows = [list(row) for row in sheet.rows]
        for at, row in enumerate(rows[:HEADER_ROWS]):
            heads = [head_text(cell) for cell in row]
            if NUMBER in heads:
                return _sheet_lines(rows, at, heads, slots, people)
    raise BadWorkbook(_("文件“%(name)s”里没有“工号”一列。请下载模板，填好再传。") % {"name": file_name})


def _sheet_lines(
    rows: Sequence[Sequence[Any]], at: int, heads: Sequence[str], slots: int, people: Mapping[str, Employee]
) -> WorkbookLines:
    columns = {int(found[1]): place for place, head in enumerate(heads) if (found := _SLOT.fullmatch(head))}
    places = [columns.get(slot) for slot in range(1, slots + 1)]
    lines: list[tuple[int, Typed]] = []
    bad: list[BadLine] = []
    seen: set[str] = set()
    for line, row in enumerate(rows[at + 1 : at + 1 + MAX_LINES], start=at + 2):
        number = _text(row, heads.index(NUMBER))
        total = _text(row, heads.index(TOTAL)) if TOTAL in heads else ""
        cells = [_text(row, place) for place in places]
        if not number or (not total and not any(cells)):
            continue
        person = people.get(number)
        reason = _text(row, heads.index(REASON))[:200] if REASON in heads else ""
        if number in seen:
            bad.append(BadLine(line, number, _("工号 %(number)s 在表里出现了两次。") % {"number": number}))
        elif person is None:
            message = _("没有工号 %(number)s 的人，或者不归你登分。") % {"number": number}
            bad.append(BadLine(line, number, message))
        else:
            typed = _line(person, total, cells if any(cells) else [], reason)
            if isinstance(typed, str):
                bad.append(BadLine(line, number, typed))
            else:
                lines.append((line, typed))
        seen.add(number)
    return WorkbookLines(tuple(lines), tuple(bad))


def _text(row: Sequence[Any], place: int | None) -> str:
    """Return a cell as text: a whole number without its `.0`, what is no text or number as nothing."""
    if place is None or place >= len(row):
        return ""
    value = row[place]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
