"""A list of people for a sitting: employee numbers typed or pasted, or a workbook with a column of them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from people.importers.cells import CellFlaw, employee_no
from people.importers.workbook_file import BadWorkbook, read_sheets

HEADER_ROWS = 20
MAX_LINES = 10_000
HEADS = {"工号", "员工编号", "人员编号", "职工号", "员工号", "employeeno", "employeenumber"}
_SPLIT = re.compile(r"[\s,，、;；]+")
Numbers = list[tuple[int, str]]


class BadRoster(Exception):
    """The list cannot be read; the message says why, to the user."""


def numbers_in_text(text: str) -> Numbers:
    """Return the employee numbers of a text with their lines, counted from 1; several may stand in a line."""
    found: Numbers = []
    for line, words in enumerate(text.splitlines(), start=1):
        found += [(line, word) for word in _SPLIT.split(words.strip()) if word]
    if len(found) > MAX_LINES:
        raise BadRoster(_("一次最多 %(n)s 个工号，请分几次添加。") % {"n": MAX_LINES})
    return found


def numbers_in_workbook(path: Path, *, file_name: str) -> Numbers:
    """Return the employee numbers of the first sheet that has a column of them, with their rows.

    Raises BadRoster if the file cannot be read, or has no column called 工号.
    """
    try:
        for sheet in read_sheets(path, file_name=file_name):
            found = _numbers_of(sheet.rows)
            if found is not None:
                return found
    except BadWorkbook as error:
        raise BadRoster(error.message) from error
    message = _("文件“%(name)s”的前 %(n)s 行里没有“工号”这一列。请在表头写上“工号”。")
    raise BadRoster(message % {"name": file_name, "n": HEADER_ROWS})


def _numbers_of(rows: Iterator[Sequence[Any]]) -> Numbers | None:
    column: int | None = None
    found: Numbers = []
    for line, row in enumerate(rows, start=1):
        if column is None:
            if line > HEADER_ROWS:
                return None
            heads = [re.sub(r"[\s_*＊]", "", str(cell)).casefold() if cell else "" for cell in row]
            column = next((place for place, head in enumerate(heads) if head in HEADS), None)
            continue
        cell = row[column] if column < len(row) else None
        try:
            number = employee_no(cell)
        except CellFlaw:
            # What stands there is reported as it is: nobody has such a number.
            number = str(cell)[:40]
        if number:
            found.append((line, number))
        if len(found) > MAX_LINES:
            raise BadRoster(_("一次最多 %(n)s 个工号，请分几次添加。") % {"n": MAX_LINES})
    return found if column is not None else None
