"""A list of any length with errors planted in it, and where each of them must be reported."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook

HEADER = ("工号", "姓名", "所属单位", "", "岗位", "用工形式", "入职日期", "手机号", "身份证号")
BELOW = ("", "", "部门", "班组", "", "", "", "", "")  # the second header row, under a merged 所属单位
SHEET = "花名册"
FIRST = 4  # Excel's row of the first person: a title and two header rows stand above
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
NO, NAME, UNIT, TEAM, POST, TYPE, HIRED, PHONE, ID = range(9)


def id_number(number: int) -> str:
    """Return a made-up identity number with a right check digit, another for each `number`."""
    born = dt.date(1965, 1, 1) + dt.timedelta(days=number % 14_000)
    body = f"37020{number // 14_000:01d}{born:%Y%m%d}{number % 1_000:03d}"
    return body + _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def sound_row(number: int) -> list[Any]:
    """Return the row of a person: 25 to a team, 10 teams to a workshop."""
    team = number // 25
    return [
        f"P{number:06d}", f"王{number:05d}", f"第{team // 10 + 1}车间", f"第{team + 1}班", f"岗位{number % 20}",
        "正式员工", "2026-03-02", f"138{number:08d}", id_number(number),
    ]  # fmt: skip


@dataclass
class Planted:
    """What was planted: faults as (row, column), and the employee numbers that must not be imported."""

    faults: set[tuple[int, str]] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    rows: int = 0


def _twin_number(row: list[Any], number: int) -> None:
    row[NO] = sound_row(number - 1)[NO]


def _twin_id(row: list[Any], number: int) -> None:
    row[ID] = id_number(number - 1)


def _wrong_check_digit(row: list[Any], number: int) -> None:
    right = row[ID][-1]
    row[ID] = row[ID][:-1] + ("1" if right != "1" else "2")


def _put(at: int, value: Any) -> Callable[[list[Any], int], None]:
    def plant(row: list[Any], number: int) -> None:
        row[at] = value

    return plant


# What is planted, the column it must be reported in, and whether the row before it is left out too.
ERRORS: dict[str, tuple[Callable[[list[Any], int], None], str, bool]] = {
    "no such day": (_put(HIRED, "2026-02-30"), "入职日期", False),
    "day that reads two ways": (_put(HIRED, "3/4/26"), "入职日期", False),
    "day stored as a number": (_put(HIRED, 46114), "入职日期", False),
    "day far ahead": (_put(HIRED, "2206-03-02"), "入职日期", False),
    "unknown unit": (_put(UNIT, "第九九车间"), "班组", False),
    "unknown post": (_put(POST, "宇航员"), "岗位", False),
    "number twice": (_twin_number, "工号", True),
    "identity number twice": (_twin_id, "身份证号", True),
    "formula without a result": (_put(PHONE, '=CONCATENATE("138","00000000")'), "手机号", False),
    "wrong check digit": (_wrong_check_digit, "身份证号", False),
    "identity number as a number": (_put(ID, 370202198001011230), "身份证号", False),
    "no number": (_put(NO, None), "工号", False),
    "unknown employment type": (_put(TYPE, "老板"), "用工形式", False),
    "short phone number": (_put(PHONE, "1380000"), "手机号", False),
}


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


# Harmless oddities: read as they are meant, and reported by nobody.
ODDITIES: tuple[Callable[[list[Any]], None], ...] = (
    lambda row: row.__setitem__(NO, f"  {row[NO]}\u3000"),
    lambda row: row.__setitem__(PHONE, _full_width(row[PHONE])),
    lambda row: row.__setitem__(ID, _full_width(row[ID])),
    lambda row: row.__setitem__(HIRED, dt.date(2026, 3, 2)),
    lambda row: row.__setitem__(HIRED, "２０２６年３月２日"),
    lambda row: row.__setitem__(UNIT, f"{row[UNIT]} \u00a0"),
    lambda row: row.__setitem__(TYPE, "合同工"),
    lambda row: row.__setitem__(NAME, f"{row[NAME][0]} {row[NAME][1:]} "),
)


def write_planted(path: Path, people: int, *, every: int) -> Planted:
    """Write a list of `people` rows with an error in every `every`-th row, each kind in turn."""
    planted = Planted(rows=people)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.append(["二〇二六年人员花名册"])
    sheet.append(list(HEADER))
    sheet.append(list(BELOW))
    kinds = list(ERRORS.values())
    for number, row in enumerate(_rows(people)):
        if number % every == every - 1:
            plant, column, with_twin = kinds[(number // every) % len(kinds)]
            before = row[NO]
            plant(row, number)
            planted.faults.add((FIRST + number, column))
            planted.left_out |= {before} | ({sound_row(number - 1)[NO]} if with_twin else set())
        elif number % every % 3 == 0 and number % every != every - 2:
            ODDITIES[(number // 3) % len(ODDITIES)](row)
        sheet.append(row)
    for span in ("C2:D2", *(f"{letter}2:{letter}3" for letter in "ABEFGHI")):
        sheet.merged_cells.add(span)
    book.save(path)
    return planted


def _rows(people: int) -> Iterator[list[Any]]:
    for number in range(people):
        yield sound_row(number)
