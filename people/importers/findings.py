"""What a list says: its clean rows and everything wrong with it, by sheet, row and column."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from people.importers.columns import Layout
from people.roster import Row
from people.shapes import ImportFault

MAX_FAULTS = 20_000  # a file with more is wrong as a whole; nobody reads further


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. `row` is Excel's number, `at` the 0-based column; None where there is none."""

    sheet: str
    row: int | None
    column: str
    message: str
    at: int | None = None

    @property
    def fault(self) -> ImportFault:
        """Return it as it is printed."""
        return {"sheet": self.sheet, "row": self.row, "column": self.column, "message": self.message}


@dataclass(slots=True)
class RosterFile:
    """What a file says, row by row; a row is known by its line, counted from 1 through all sheets.

    `rows` holds the rows without a fault. `faulty` has the lines with one: they say nothing, but the people they
    name (`numbers`, `id_numbers`) are still named.
    """

    file_name: str
    sha256: str = ""
    rows: list[Row] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    flaw_count: int = 0
    notes: list[str] = field(default_factory=list)
    faulty: set[int] = field(default_factory=set)
    is_broken: bool = False  # a fault of the file or a sheet, not of a row: nothing of it can be used
    needs_columns: list[str] = field(default_factory=list)  # sheets whose columns somebody has to explain
    other_sheets: list[str] = field(default_factory=list)  # visible ones without a list of people
    mapped_sheets: list[str] = field(default_factory=list)  # read as somebody once said
    # By line - 1: what each row names its person by, and where it stands.
    numbers: list[str] = field(default_factory=list)
    id_numbers: list[str] = field(default_factory=list)
    sheet_rows: "array[int]" = field(default_factory=lambda: array("L"))
    sheet_marks: "array[int]" = field(default_factory=lambda: array("H"))
    sheets: list[tuple[str, Layout]] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        """Return how many rows of people there are, faulty ones included."""
        return len(self.sheet_rows)

    @property
    def faults(self) -> list[ImportFault]:
        """Return what is wrong in the order of the file."""
        return [flaw.fault for flaw in self.in_order()]

    def in_order(self) -> list[Flaw]:
        """Return the flaws in the order of the file."""
        return sorted(self.flaws, key=lambda flaw: (flaw.sheet, flaw.row or 0))

    def fault(
        self, message: str, sheet: str = "", row: int | None = None, column: str = "", at: int | None = None
    ) -> None:
        """Note one thing that is wrong with the file as a whole."""
        self.is_broken = True
        self._note(Flaw(sheet, row, column, message, at))

    def fault_at(self, line: int, field_name: str, message: str) -> None:
        """Note what is wrong with a field of a row; line 0 is the file as a whole."""
        if line == 0:
            self.fault(message)
            return
        sheet, row, layout = self.place(line)
        self.faulty.add(line)
        self._note(Flaw(sheet, row, layout.header_of(field_name), message, layout.column_of(field_name)))

    def _note(self, flaw: Flaw) -> None:
        self.flaw_count += 1
        if len(self.flaws) < MAX_FAULTS:
            self.flaws.append(flaw)

    def begin_row(self, sheet: int, row: int) -> int:
        """Count a row of people that stands in a sheet in Excel's row `row`; return its line."""
        self.sheet_marks.append(sheet)
        self.sheet_rows.append(row)
        self.numbers.append("")
        self.id_numbers.append("")
        return len(self.sheet_rows)

    def place(self, line: int) -> tuple[str, int, Layout]:
        """Return the sheet, Excel's row number and the layout of a line."""
        name, layout = self.sheets[self.sheet_marks[line - 1]]
        return name, self.sheet_rows[line - 1], layout

    def drop_faulty(self) -> None:
        """Take the rows with a fault out of `rows`."""
        if self.faulty:
            self.rows = [row for row in self.rows if row.line not in self.faulty]

    def faulty_people(self) -> list[tuple[str, str]]:
        """Return the employee number and the identity number of each faulty row, "" where unreadable."""
        return [(self.numbers[line - 1], self.id_numbers[line - 1]) for line in sorted(self.faulty)]

    def check_duplicates(self) -> None:
        """Find people named twice, in whatever sheet; both rows are faulty, the later one names both."""
        for values, field_name, message in (
            (self.numbers, "employee_no", _("工号 %(value)s 重复：%(first)s与%(second)s")),
            (self.id_numbers, "id_number", _("身份证号重复：%(first)s与%(second)s")),
        ):
            for line, other in _repeated(values):
                texts = {
                    "value": values[line - 1],
                    "first": self._where(other, line),
                    "second": self._where(line, other),
                }
                self.faulty.add(other)
                self.fault_at(line, field_name, message % texts)

    def _where(self, line: int, other: int) -> str:
        sheet, number, _layout = self.place(line)
        if sheet == self.place(other)[0]:
            return _("第 %(row)d 行") % {"row": number}
        return _("工作表“%(sheet)s”第 %(row)d 行") % {"sheet": sheet, "row": number}


def _repeated(values: Iterable[str]) -> list[tuple[int, int]]:
    """Return the lines whose value stood before, each with the first line it stood in."""
    first: dict[str, int] = {}
    return [
        (line, other)
        for line, value in enumerate(values, start=1)
        if value and (other := first.setdefault(value, line)) != line
    ]
