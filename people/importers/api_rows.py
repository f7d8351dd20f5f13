"""Rows of a list as another system sends them, by the same rules as the cells of a workbook."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

from django.utils.translation import gettext as _

from people.actions.employment import id_number_digest
from people.importers import cells
from people.importers.messages import problem_message
from people.models import EmploymentType
from people.roster import Problem, Row, Standing

FAR_FUTURE_DAYS = 366
_STANDINGS = frozenset(standing.value for standing in Standing)


class RowFault(TypedDict):
    """One thing wrong with a row; `row` counts from 1, None for the list as a whole."""

    row: int | None
    where: str
    code: str
    message: str


@dataclass(slots=True)
class ApiRows:
    """What was sent: the sound rows, everything wrong with the others, and whom those name."""

    rows: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    row_count: int = 0
    faulty_numbers: dict[int, str] = field(default_factory=dict)  # by row: "" if unreadable
    faulty_digests: dict[int, str] = field(default_factory=dict)  # of their identity numbers, as far as sound

    def without(self, problems: Sequence[Problem]) -> "ApiRows":
        """Return these rows without those that a comparison found wrong, whose faults are added."""
        lines = {problem.line for problem in problems}
        numbers = {row.line: row.employee_no for row in self.rows if row.line in lines}
        digests = {row.line: row.id_digest for row in self.rows if row.line in lines}
        return ApiRows(
            [row for row in self.rows if row.line not in lines],
            [*self.faults, *(fault_of(problem) for problem in problems)],
            self.row_count,
            self.faulty_numbers | numbers,
            self.faulty_digests | digests,
        )

    @property
    def faulty_people(self) -> list[tuple[str, str]]:
        """Return the employee number and the identity digest of each faulty row, "" where unreadable."""
        return [(number, self.faulty_digests.get(line, "")) for line, number in self.faulty_numbers.items()]

    def with_faulty_left_alone(self, known: frozenset[str]) -> list[Row]:
        """Return the sound rows, and for each faulty one that names somebody known a row that says nothing.

        A full roster would else end people because their row has a misspelt phone number.
        """
        named = {row.employee_no for row in self.rows}
        silent = [
            Row(number, line=line)
            for line, number in self.faulty_numbers.items()
            if number in known and number not in named
        ]
        return sorted([*self.rows, *silent], key=lambda row: row.line)


def _standing(text: str) -> Standing | None:
    return Standing(text) if text in _STANDINGS else cells.standing(text)


def _employment_type(text: str) -> str:
    return text if text in EmploymentType.values else cells.employment_type(text)


# The names of the API; where a Row's differs it stands beside.
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "employee_no": ("employee_no", cells.employee_no),
    "name": ("name", cells.person_name),
    "unit": ("unit", cells.unit_path),
    "post": ("post", cells.post_name),
    "employment_type": ("employment_type", _employment_type),
    "employer": ("employer", cells.unit_path),
    "hired_on": ("hired_on", cells.date),
    "phone": ("phone", cells.phone),
    "id_number": ("id_number", cells.id_number),
    "status": ("standing", _standing),
    "left_on": ("left_on", cells.date),
    "effective_on": ("effective_on", cells.date),
}
_API_NAMES = {of_row: name for name, (of_row, _reader) in _READERS.items()}


def fault_of(problem: Problem) -> RowFault:
    """Return a problem of the comparison in the words of the API."""
    return {
        "row": problem.line or None,
        "where": _API_NAMES.get(problem.field, problem.field),
        "code": problem.code,
        "message": problem_message(problem),
    }


def read_rows(sent: Sequence[Mapping[str, str | None]], today: dt.date) -> ApiRows:
    """Read what was sent. Nothing is raised for it: what is wrong is listed."""
    result = ApiRows(row_count=len(sent))
    first: dict[tuple[str, str], int] = {}
    for line, values in enumerate(sent, start=1):
        before = len(result.faults)
        row = _row(result, line, values, today)
        for name in ("employee_no", "id_number"):
            value = str(getattr(row, name))
            other = first.setdefault((name, value), line) if value else line
            if other != line:
                # Neither number is repeated: an identity number must not stand in a message.
                message = _("与第 %(row)d 行重复") % {"row": other}
                _note(result, line, name, "repeated", message)
        if len(result.faults) > before:
            result.faulty_numbers[line] = row.employee_no
            result.faulty_digests[line] = row.id_digest
        else:
            result.rows.append(row)
    return result


def _row(result: ApiRows, line: int, values: Mapping[str, str | None], today: dt.date) -> Row:
    read: dict[str, Any] = {}
    for name, (of_row, reader) in _READERS.items():
        text = values.get(name)
        if text is None:
            continue
        try:
            read[of_row] = reader(text)
        except cells.CellFlaw as flaw:
            _note(result, line, name, "invalid_value", str(flaw))
    if not read.get("employee_no"):
        if "employee_no" in read:
            _note(result, line, "employee_no", "required", _("工号为空"))
        read["employee_no"] = ""
    hired_on = read.get("hired_on")
    if hired_on and hired_on > today + dt.timedelta(days=FAR_FUTURE_DAYS):
        message = _("入职日期 %(day)s 在一年以后，请核对年份") % {"day": hired_on}
        _note(result, line, "hired_on", "far_future", message)
    row = Row(line=line, **read)
    return replace(row, id_digest=id_number_digest(row.id_number)) if row.id_number else row


def _note(result: ApiRows, line: int, where: str, code: str, message: str) -> None:
    result.faults.append({"row": line, "where": where, "code": code, "message": message})
