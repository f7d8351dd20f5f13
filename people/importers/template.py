"""The workbook HR fills in: text columns, drop-downs, an example and an explanation."""

import io
from collections.abc import Sequence

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from common.spreadsheet import plain_text
from people.importers.cells import STANDING_CHOICES, TYPE_CHOICES
from people.importers.sheet_reader import EXAMPLE_MARK

FORMATTED_ROWS = 5_000
RED, GREY = "C3201C", "8A8A8A"


def roster_template(*, units: Sequence[str] = (), posts: Sequence[str] = ()) -> bytes:
    """Return the .xlsx template: the list, an explanation of its columns, and what may be chosen in them.

    `units` (full paths) and `posts` are those that exist; others may be written too. Importing the template as
    it is finds no people and no fault in the example row.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _("人员名单")
    columns = _columns()
    for position, (header, required, width, example, _note) in enumerate(columns, start=1):
        letter = get_column_letter(position)
        cell = sheet.cell(1, position, f"*{header}" if required else header)
        cell.font = Font(bold=True, color=RED if required else None)
        cell.fill = PatternFill("solid", fgColor="EEEDE8")
        sheet.column_dimensions[letter].width = width
        sample = sheet.cell(2, position, example)
        sample.font = Font(italic=True, color=GREY)
        for row in range(2, FORMATTED_ROWS + 2):
            # Text, or Excel turns 001001 into 1001 and rounds identity numbers.
            sheet.cell(row, position).number_format = "@"
    sheet.freeze_panes = "C2"
    guide = book.create_sheet(_("填写说明"))
    guide.append([_("列名"), _("必填"), _("说明")])
    for header, required, _width, _example, note in columns:
        guide.append([header, _("必填") if required else "", note])
    for note in (
        _("每行一人，以工号为准。已有的人只填工号、姓名和要改的列；留空的格子表示不变。"),
        _("名单里没有的人保持不变。"),
    ):
        guide.append(["", "", note])
    for letter, width in (("A", 14), ("B", 8), ("C", 90)):
        guide.column_dimensions[letter].width = width
    _code_lists(book, sheet, units, posts)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _code_lists(book: Workbook, sheet: Worksheet, units: Sequence[str], posts: Sequence[str]) -> None:
    """Add the sheet of choices and the drop-downs that show them.

    A reference has no limit of length, as a list written into the cell rule has (255 characters).
    """
    lists = book.create_sheet(_("可选项"))
    # None of these headers is one of the list's own: the sheet must not be taken for a list of people.
    for column, (position, header, choices, is_closed) in enumerate(
        (
            (5, _("可选的用工形式"), TYPE_CHOICES, True),
            (9, _("可选的状态"), STANDING_CHOICES, True),
            (4, _("已有的岗位"), posts, False),
            (3, _("已有的部门"), units, False),
        ),
        start=1,
    ):
        lists.cell(1, column, header).font = Font(bold=True)
        letter = get_column_letter(column)
        lists.column_dimensions[letter].width = 40 if position == 3 else 18
        for row, choice in enumerate(choices, start=2):
            cell = lists.cell(row, column, plain_text(choice))
            cell.data_type = "s"
        if choices:
            source = f"'{lists.title}'!${letter}$2:${letter}${len(choices) + 1}"
            _drop_down(sheet, get_column_letter(position), source, is_closed=is_closed)


def _drop_down(sheet: Worksheet, letter: str, source: str, *, is_closed: bool) -> None:
    validation = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=is_closed)
    validation.error = _("请从下拉列表里选")
    sheet.add_data_validation(validation)
    validation.add(f"{letter}2:{letter}{FORMATTED_ROWS + 1}")


def _columns() -> list[tuple[str, bool, int, str, str]]:
    """Return header, whether it is required, width, example and explanation of each column."""
    day = _("写成 2026-01-02、2026/1/2、2026年1月2日 或 20260102。")
    return [
        ("工号", True, 14, f"{EXAMPLE_MARK}001001", _("每人唯一，前面的 0 保留。以“示例”开头的行不导入。")),
        ("姓名", True, 12, "王建国", _("新员工必填。")),
        ("部门", True, 28, "总厂/一车间/甲班", _("写完整路径，从上到下用 / 隔开。新员工必填。")),
        ("岗位", True, 16, "电焊工", _("新员工必填。")),
        ("用工形式", False, 14, "正式员工", _("从下拉列表里选；新员工留空按正式员工。")),
        ("入职日期", True, 14, "2026-11-18", _("新员工必填。") + day),
        (
            "手机号",
            False,
            16,
            "13800000000",
            _("11 位手机号，或 0532-88886666 这样的座机。填“#清空”删去原来的。"),
        ),
        ("身份证号", False, 22, "", _("18 位，必须是文本；系统加密保存。")),
        ("状态", False, 10, "在职", _("在职、离岗、离职。留空表示不变；返岗或再入职填“在职”。")),
        ("离职日期", False, 14, "", _("离职时填写；不填按导入当天。") + day),
        ("生效日期", False, 14, "", _("转岗、离岗、返岗从哪天起；不填按导入当天。") + day),
        ("用人单位", False, 20, "", _("派遣单位或承包商的名称；正式员工留空。填“#清空”删去原来的。")),
    ]
