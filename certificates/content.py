"""What a certificate says: the placeholders a template may use, and how dates and figures are written. Pure.

A certificate is a Chinese document whatever language its reader has chosen for the screens, so the few words
here are not translated.
"""

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from certificates.numbering import make_number
from certificates.shapes import PrintedFields
from common.text import plain_number

# The fixed set an editor may use, each with the sample shown in a preview.
PLACEHOLDERS = {
    "name": "张𠮷安",
    "employee_no": "A00123",
    "unit": "总厂/一车间/甲班",
    "post": "焊工",
    "programme": "新员工岗前安全培训",
    "hours": "24",
    "score": "92",
    "completed_on": "2026年3月8日",
    "issued_on": "2026年3月9日",
    "valid_until": "2027年3月8日",
}
SAMPLE_CODE = "SampleOnlyNotACertificate00"
NO_END = "长期有效"
_FIELD = re.compile(r"\{([^{}]*)\}")


class UnknownPlaceholder(ValueError):
    """A template names something that is not in PLACEHOLDERS, or leaves a brace open. `name` is what stood there."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put `values` into the `{placeholders}` of `text`, in one pass.

    Only whole names of PLACEHOLDERS are looked up: no attributes, indexes, conversions or formats, and a
    value that itself holds braces is not looked into. Raises UnknownPlaceholder for anything else in braces.
    """
    return _FIELD.sub(lambda found: values[found[1]], _checked(text))


def check_text(text: str) -> None:
    """Raise UnknownPlaceholder if `text` uses anything but the fixed placeholders."""
    _checked(text)


def _checked(text: str) -> str:
    for found in _FIELD.finditer(text):
        if found[1] not in PLACEHOLDERS:
            raise UnknownPlaceholder(found[0])
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest:
        raise UnknownPlaceholder("{" if "{" in rest else "}")
    return text


def chinese_date(day: dt.date | None) -> str:
    """Write a date as 2026年3月8日; no date is a certificate without end."""
    return f"{day.year}年{day.month}月{day.day}日" if day else NO_END


def figure(value: Decimal | None) -> str:
    """Write a figure without idle zeros (24.00 as 24, 4.50 as 4.5); none is an empty field."""
    return "" if value is None else plain_number(value)


def last_day(start: dt.date, months: int | None) -> dt.date | None:
    """Return the day `months` months after `start`, the last day a certificate counts; None is without end.

    Where the month is too short its last day is taken: 2026-08-31 and 6 months give 2027-02-28.
    """
    if months is None:
        return None
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def grouped(code: str, size: int = 5) -> str:
    """Break a verify code into groups for the eye, as it is printed under the QR."""
    return " ".join(code[at : at + size] for at in range(0, len(code), size))


def ungrouped(text: str) -> str:
    """Take a typed code back to what is stored: white space is not part of it."""
    return "".join(text.split())


def sample_fields(*, title: str, body: str, footnote: str, prefix: str, issuer: str) -> PrintedFields:
    """Return the fields of a template filled with made-up data, for a preview that is never stored.

    Raises UnknownPlaceholder if the template cannot be filled, BadNumber for its prefix.
    """
    return PrintedFields(
        number=str(make_number(prefix, 2026, 1)),
        title=title,
        body=fill(body, PLACEHOLDERS),
        footnote=fill(footnote, PLACEHOLDERS),
        issuer=issuer,
        record_seq="1",
        record_hash="0" * 64,
        name=PLACEHOLDERS["name"],
        employee_no=PLACEHOLDERS["employee_no"],
        unit=PLACEHOLDERS["unit"],
        post=PLACEHOLDERS["post"],
        programme=PLACEHOLDERS["programme"],
        hours=PLACEHOLDERS["hours"],
        score=PLACEHOLDERS["score"],
        completed_on=PLACEHOLDERS["completed_on"],
        issued_on=PLACEHOLDERS["issued_on"],
        valid_until=PLACEHOLDERS["valid_until"],
    )
