"""Which column of a messy HR workbook holds what, and in which row its headers stand."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.text import half_width, squeeze
from people.shapes import ColumnMap

# Canonical header first. Where several columns of a sheet name the same field, the earlier spelling wins.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "employee_no": ("工号", "员工编号", "人员编号", "职工编号", "员工工号", "人员工号", "职工号", "员工号"),
    "name": ("姓名", "员工姓名", "人员姓名", "职工姓名"),
    "unit": ("部门路径", "组织路径", "部门全称", "部门全路径"),
    "post": ("岗位", "岗位名称", "工种", "岗位/工种", "工种/岗位", "岗位工种", "职位", "职务"),
    "employment_type": ("用工形式", "用工性质", "用工类型", "用工方式", "员工类型", "人员性质", "人员类别"),
    "hired_on": ("入职日期", "入职时间", "进厂日期", "入厂日期", "进场日期", "到岗日期"),
    "phone": ("手机号", "手机号码", "联系电话", "手机", "电话", "移动电话", "联系方式"),
    "id_number": ("身份证号", "身份证号码", "身份证", "公民身份号码", "证件号码"),
    "standing": ("状态", "员工状态", "人员状态", "在职状态", "在岗状态", "在职情况"),
    "left_on": ("离职日期", "离职时间", "离厂日期"),
    "effective_on": ("生效日期", "变动日期", "异动日期", "调动日期", "转岗日期", "调岗日期"),
    "employer": ("用人单位", "派遣单位", "劳务派遣单位", "派遣公司", "承包单位", "承包商"),
}
# Columns that each hold one level of the path, from the top down. A sheet may have one of them or several.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("集团",),
    ("公司", "所属公司", "公司名称"),
    ("单位", "所属单位", "单位名称", "所在单位"),
    ("厂", "工厂", "分厂", "厂部"),
    ("部门", "所属部门", "部门名称", "所在部门", "一级部门"),
    ("车间", "所属车间", "车间名称", "二级部门"),
    ("班组", "所属班组", "班组名称", "三级部门"),
)
CANONICAL = {name: spellings[0] for name, spellings in SYNONYMS.items()} | {"unit": "部门"}
REQUIRED = ("employee_no", "name")  # a sheet without them is no list of people
_FIELDS = {spelling: name for name, spellings in SYNONYMS.items() for spelling in spellings}
_RANK = {spelling: rank for spellings in SYNONYMS.values() for rank, spelling in enumerate(spellings)}
_LEVEL = {spelling: level for level, spellings in enumerate(LEVELS) for spelling in spellings}
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
SEARCHED_ROWS = 30
Grid = list[list[Any]]


@dataclass(slots=True)
class Layout:
    """Where the columns of a sheet stand (0-based), what their headers say, and where the data begins."""

    header_row: int
    first_row: int
    columns: dict[str, int] = field(default_factory=dict)
    level_columns: list[int] = field(default_factory=list)  # the parts of the path, from the top down
    headers: dict[int, str] = field(default_factory=dict)
    repeated: list[int] = field(default_factory=list)  # columns with the same header as an earlier one
    is_mapped: bool = False  # somebody has said what the columns hold

    def header_of(self, name: str) -> str:
        """Return the header text of a field's column; its canonical name where the sheet has no such column."""
        if name == "unit" and self.level_columns and "unit" not in self.columns:
            return self.headers[self.level_columns[-1]]
        return self.headers[self.columns[name]] if name in self.columns else CANONICAL[name]

    def column_of(self, name: str) -> int | None:
        """Return the column of a field, None where the sheet has no such column."""
        if name == "unit" and self.level_columns and "unit" not in self.columns:
            return self.level_columns[-1]
        return self.columns.get(name)

    @property
    def used(self) -> list[int]:
        """Return every column that is read."""
        return [*self.columns.values(), *self.level_columns]


def plain_header(value: Any) -> str:
    """Return what a header cell says without decoration: `* 入职日期 (年/月/日)：` is 入职日期."""
    if not isinstance(value, str):
        return ""
    text = re.sub(r"\s+", "", half_width(squeeze(value)))
    return _BRACKETS.sub("", text).strip("*:。.").strip()


def header_signature(row: list[Any]) -> str:
    """Return what a header row is known again by: its headers in order, without decoration; "" for none."""
    texts = [plain_header(value) for value in row]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest() if any(texts) else ""


def find_layout(
    grid: Grid, merged: list[list[int]], mappings: Mapping[str, ColumnMap] | None = None
) -> Layout | None:
    """Return the layout of a sheet of people, or None for any other sheet.

    A header row that somebody has explained (`mappings`, by signature) is read as they said. Else the header
    row is the one with the most known headers among the first 30; titles may stand above it, and merged
    headers over two rows are read as one.
    """
    filled = fill_headers(grid, merged)
    layout = _mapped_layout(filled, mappings) if mappings else None
    if layout is None:
        best = likely_header(filled)
        known = _known_headers(filled[best]) if filled else 0
        if known < 2:
            return None
        layout = Layout(best, best + 1)
        _assign(layout, filled[best])
        if "employee_no" not in layout.columns and known < 3:
            return None
    used = set(layout.used)
    for top, left, bottom, _right in merged:
        if top <= layout.header_row <= bottom and left in used:
            layout.first_row = max(layout.first_row, bottom + 1)
    return layout


def likely_header(filled: Grid) -> int:
    """Return the row with the most known headers; with none anywhere, the row with the most texts.

    Among equals the one with more known columns wins (部门 and 班组 below a merged 所属单位), then the first.
    """
    if any(_known_headers(row) for row in filled):
        return max(
            range(len(filled)),
            key=lambda index: (_known_headers(filled[index]), _known_columns(filled[index])),
        )
    texts = [sum(1 for value in row if plain_header(value)) for row in filled]
    return texts.index(max(texts)) if texts else 0


def _known_headers(row: list[Any]) -> int:
    return len(
        {_FIELDS.get(text, "unit" if text in _LEVEL else "") for text in map(plain_header, row)} - {""}
    )


def _known_columns(row: list[Any]) -> int:
    return sum(1 for text in map(plain_header, row) if text in _FIELDS or text in _LEVEL)


def _mapped_layout(filled: Grid, mappings: Mapping[str, ColumnMap]) -> Layout | None:
    for index, row in enumerate(filled):
        said = mappings.get(header_signature(row))
        if said is None:
            continue
        layout = Layout(index, index + 1, is_mapped=True)
        for name, columns in said.items():
            if name == "unit" and len(columns) > 1:
                layout.level_columns = sorted(columns)
            elif columns:
                layout.columns[name] = columns[0]
        for column in layout.used:
            text = squeeze(str(row[column])) if column < len(row) and row[column] is not None else ""
            layout.headers[column] = text or column_letters(column)
        return layout
    return None


def guessed_fields(row: list[Any]) -> dict[int, str]:
    """Return the field each column of a header row seems to hold, by column; unknown columns are left out."""
    layout = Layout(0, 1)
    _assign(layout, row)
    return {column: name for name, column in layout.columns.items()} | dict.fromkeys(
        layout.level_columns, "unit"
    )


def column_letters(column: int) -> str:
    """Return Excel's name of a 0-based column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def fill_headers(grid: Grid, merged: list[list[int]]) -> Grid:
    """Return the first rows with merged texts repeated downwards, so that each row can be read alone."""
    filled = [list(row) for row in grid[:SEARCHED_ROWS]]
    for top, left, bottom, _right in merged:
        if top >= len(filled) or left >= len(filled[top]):
            continue
        for row in filled[top + 1 : bottom + 1]:
            row.extend([None] * (left + 1 - len(row)))
            row[left] = filled[top][left]
    return filled


def _assign(layout: Layout, row: list[Any]) -> None:
    ranks: dict[str, int] = {}
    levels: dict[int, int] = {}
    seen: set[str] = set()
    for column, value in enumerate(row):
        text = plain_header(value)
        if text not in _FIELDS and text not in _LEVEL:
            continue
        layout.headers[column] = squeeze(str(value))
        if text in seen:
            layout.repeated.append(column)
        seen.add(text)
        if text in _LEVEL:
            levels.setdefault(_LEVEL[text], column)
        elif _RANK[text] < ranks.get(_FIELDS[text], 99):
            ranks[_FIELDS[text]] = _RANK[text]
            layout.columns[_FIELDS[text]] = column
    if "unit" not in layout.columns:
        layout.level_columns = [levels[level] for level in sorted(levels)]
