"""Case by case: what comes in messy HR workbooks, and what is said about it."""

import datetime as dt
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from people.importers.roster_file import read_roster
from people.roster import Standing
from tests.people.workbooks import HEADER, patch_part, row, save

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)
ID = "11010519491231002X"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "名单.xlsx"


def read(path):
    return read_roster(path, file_name=path.name, today=TODAY)


def faults(path):
    return [(f["sheet"], f["row"], f["column"], f["message"]) for f in read(path).faults]


def only_fault(path):
    found = faults(path)
    assert len(found) == 1, found
    return found[0]


def only_row(path):
    file = read(path)
    assert file.faults == []
    (found,) = file.rows
    return found


def test_plain_file(path):
    file = read(save(path, [row(), row(工号="001002", 姓名="李四")]))
    assert file.faults == []
    assert (file.row_count, len(file.sha256)) == (2, 64)
    first = file.rows[0]
    assert (first.employee_no, first.name, first.unit, first.post) == (
        "001001",
        "张三",
        "总厂/一车间/甲班",
        "电焊工",
    )
    assert (first.employment_type, first.hired_on, first.phone) == (
        "own",
        dt.date(2026, 11, 18),
        "13800000001",
    )


SYNONYMS = [
    (("员工编号", "姓名", "所属部门", "工种", "用工性质", "入职时间", "联系电话", "身份证号码")),
    (("人员编号", "员工姓名", "部门路径", "职务", "用工形式", "进厂日期", "手机号码", "身份证")),
    (("*工号", "姓 名*", "部门（全路径）", "岗位名称：", "用工形式(下拉)", "入职日期\n年-月-日", "手机", "身份证号（18位）")),
]  # fmt: skip


@pytest.mark.parametrize("header", SYNONYMS[:2])
def test_header_synonyms(path, header):
    assert only_row(save(path, [row()], header)).post == "电焊工"


def test_decorated_headers(path):
    header = list(SYNONYMS[2])
    header[5] = "入职日期\n（年-月-日）"
    found = only_row(save(path, [row()], header))
    assert (found.unit, found.hired_on) == ("总厂/一车间/甲班", dt.date(2026, 11, 18))


def test_titles_stand_above_the_header_and_rows_count_as_in_excel(path):
    def change(sheet):
        sheet.insert_rows(1, 3)
        sheet["A1"] = "某某机械厂员工花名册"
        sheet.merge_cells("A1:H1")
        sheet["A2"] = "填报单位：总厂"
        sheet["C2"] = "填报日期：2026-11-20"

    assert only_fault(save(path, [row(), row(工号="2", 手机号="123")], change=change)) == (
        "花名册", 6, "手机号", "电话号码格式不对：手机号是 11 位数字，座机写成 0532-88886666",
    )  # fmt: skip


def test_merged_two_row_header(path):
    book = Workbook()
    sheet = book.active
    sheet.append(["工号", "姓名", "任职", None, "入职日期"])
    sheet.append([None, None, "部门", "岗位", None])
    sheet.append(["1", "张三", "总厂", "车工", "2026-11-18"])
    for cells in ("A1:A2", "B1:B2", "C1:D1", "E1:E2"):
        sheet.merge_cells(cells)
    book.save(path)
    found = only_row(path)
    assert (found.employee_no, found.unit, found.post, found.hired_on) == (
        "1", "总厂", "车工", dt.date(2026, 11, 18),
    )  # fmt: skip


def test_merged_cells_down_the_rows_say_the_same_for_each(path):
    rows = [row(), row(工号="2", 部门=None), row(工号="3", 部门=None)]
    file = read(save(path, rows, change=lambda sheet: sheet.merge_cells("C2:C4")))
    assert [found.unit for found in file.rows] == ["总厂/一车间/甲班"] * 3


def test_one_column_for_each_level(path):
    header = ("工号", "姓名", "单位", "部门", "班组", "岗位", "入职日期")
    found = only_row(save(path, [("1", "张三", "总厂", "一车间", None, "车工", "2026-11-18")], header))
    assert found.unit == "总厂/一车间"


def test_other_sheets_are_ignored_and_several_lists_are_read(path):
    book = Workbook()
    guide = book.active
    guide.title = "填写说明"
    guide.append(["列名", "是否必填", "说明"])
    for name in HEADER:
        guide.append([name, "是", "见示例"])
    for number, title in enumerate(("一车间", "二车间"), start=1):
        sheet = book.create_sheet(title)
        sheet.append(HEADER)
        sheet.append(row(工号=f"{number}"))
    book.create_sheet("空表")
    hidden = book.create_sheet("旧名单")
    hidden.sheet_state = "hidden"
    hidden.append(HEADER)
    hidden.append(row(工号="9"))
    book.save(path)
    file = read(path)
    assert file.faults == []
    assert [found.employee_no for found in file.rows] == ["1", "2"]
    assert file.notes == ["隐藏的工作表“旧名单”没有读取"]


def test_empty_rows_numbered_rows_footers_repeated_headers_and_examples_are_skipped(path):
    header = ("序号", *HEADER)
    rows = [
        ("", *row(工号="示例001")),
        (1, *row()),
        (2, *[None] * 8),
        (None, *[" "] * 8),
        header,
        (3, *row(工号="2")),
        ("合计：2人",),
        ("制表人：王芳", None, None, "审核：赵强"),
    ]
    file = read(save(path, rows, header))
    assert file.faults == []
    assert (file.row_count, [found.employee_no for found in file.rows]) == (2, ["001001", "2"])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (dt.date(2026, 1, 2), dt.date(2026, 1, 2)),
        (dt.datetime(2026, 1, 2, 8, 30), dt.date(2026, 1, 2)),
        ("2026-01-02", dt.date(2026, 1, 2)),
        ("2026/1/2", dt.date(2026, 1, 2)),
        ("2026.1.2", dt.date(2026, 1, 2)),
        ("2026年1月2日", dt.date(2026, 1, 2)),
        ("２０２６－０１－０２", dt.date(2026, 1, 2)),
        ("20260102", dt.date(2026, 1, 2)),
        (20260102, dt.date(2026, 1, 2)),
        ("2026-01-02 00:00:00", dt.date(2026, 1, 2)),
    ],
)
def test_dates(path, cell, expected):
    assert only_row(save(path, [row(入职日期=cell)])).hired_on == expected


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (46000, "日期存成了数字 46000，请把单元格设为日期格式，或写成 2026-01-02"),
        ("01/02/2026", "看不懂日期“01/02/2026”，请写成 2026-01-02（年-月-日）"),
        ("26-1-2", "看不懂日期“26-1-2”，请写成 2026-01-02（年-月-日）"),
        ("2026年1月", "看不懂日期“2026年1月”，请写成 2026-01-02（年-月-日）"),
        ("2026-02-30", "没有“2026-02-30”这一天，请核对"),
        (20261301, "没有“20261301”这一天，请核对"),
        ("1900-01-01", "日期 1900-01-01 太早，请核对年份"),
        ("2099-01-01", "入职日期 2099-01-01 在一年以后，请核对年份"),
    ],
)
def test_bad_dates(path, cell, message):
    assert only_fault(save(path, [row(入职日期=cell)])) == ("花名册", 2, "入职日期", message)


def test_dates_of_a_1904_workbook(path):
    book = Workbook()
    book.epoch = dt.datetime(1904, 1, 1)
    book.active.append(HEADER)
    book.active.append(row(入职日期=dt.date(2026, 1, 2)))
    book.save(path)
    assert only_row(path).hired_on == dt.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("001001", "001001"), (1001, "1001"), (1001.0, "1001"), ("１００１", "1001"), (" 1001\u3000", "1001"),
     ("WB-017", "WB-017"), ("外001", "外001")],
)  # fmt: skip
def test_employee_numbers(path, cell, expected):
    assert only_row(save(path, [row(工号=cell)])).employee_no == expected


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, "工号为空"),
        (dt.date(2026, 1, 2), "工号被 Excel 存成了日期，请把这一列设为文本后重新填写"),
        (1234567890123456789, "数字超过 15 位，Excel 已丢失末几位，请把单元格设为文本后重新填写"),
        ("10 01", "工号“10 01”只能由字母、数字、汉字和 - _ . 组成，最长 32 位，中间没有空格"),
    ],
)
def test_bad_employee_numbers(path, cell, message):
    assert only_fault(save(path, [row(工号=cell)])) == ("花名册", 2, "工号", message)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("张三", "张三"), ("张\u3000三", "张三"), (" 欧阳 娜娜\u00a0", "欧阳娜娜"), ("𠮷田㐂", "𠮷田㐂"),
     ("买买提·艾力", "买买提·艾力"), ("John Smith", "John Smith")],
)  # fmt: skip
def test_names(path, cell, expected):
    assert only_row(save(path, [row(姓名=cell)])).name == expected


def test_bad_names(path):
    assert only_fault(save(path, [row(姓名=7)]))[2:] == ("姓名", "姓名应为文字")
    assert only_fault(save(path, [row(姓名="长" * 61)]))[2:] == ("姓名", "内容有 61 个字，最长 60 个字")


def test_units_and_posts_are_normalised(path):
    found = only_row(save(path, [row(部门="总 厂／一车间 / 甲班\u3000", 岗位=" 电 焊 工 ")]))
    assert (found.unit, found.post) == ("总厂/一车间/甲班", "电焊工")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("138 0000 0001", "13800000001"), (13800000001, "13800000001"), ("+86 138-0000-0001", "13800000001"),
     ("0532-88886666", "0532-88886666"), (None, "")],
)  # fmt: skip
def test_phones(path, cell, expected):
    assert only_row(save(path, [row(手机号=cell)])).phone == expected


@pytest.mark.parametrize("cell", ["1380000000", "12800000001", "无", 1380000000123])
def test_bad_phones(path, cell):
    assert only_fault(save(path, [row(手机号=cell)]))[:3] == ("花名册", 2, "手机号")


@pytest.mark.parametrize(
    "cell", [ID, ID.lower(), f"'{ID}", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"]
)
def test_id_numbers(path, cell):
    found = only_row(save(path, [row(身份证号=cell)]))
    assert found.id_number == ID
    assert len(found.id_digest) == 64
    assert ID not in repr(found)


LOST = "身份证号被 Excel 存成数字，末几位已丢失，请用模板的文本列重新填写"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (440524188001010014, LOST),
        ("4.40524E+17", LOST),
        ("11010519491231002", "身份证号应为 18 位：17 位数字加一位数字或 X"),
        ("110105491231002", "身份证号应为 18 位：17 位数字加一位数字或 X"),
        ("110105194912310021", "身份证号校验位不对，有数字写错了，请核对"),
        ("11010519491331002X", "身份证号里的出生日期不存在，请核对"),
    ],
)
def test_bad_id_numbers(path, cell, message):
    assert only_fault(save(path, [row(身份证号=cell)])) == ("花名册", 2, "身份证号", message)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [("状态", "在职", Standing.ACTIVE), ("员工状态", "离职", Standing.LEFT), ("状态(在职/离职/离岗)", "离岗", Standing.AWAY),
     ("在职状态", "退 休", Standing.LEFT), ("状态", "在职（试用期）", Standing.ACTIVE), ("状态", None, None)],
)  # fmt: skip
def test_states(path, header, cell, expected):
    assert only_row(save(path, [(*row(), cell)], (*HEADER, header))).standing is expected


def test_unknown_words(path):
    found = faults(save(path, [(*row(用工形式="长期工"), "神游")], (*HEADER, "状态")))
    assert found == [
        ("花名册", 2, "用工形式",
         "不认识用工形式“长期工”，可填：正式员工、劳务派遣、实习学生、承包商人员、临时用工、外来人员"),
        ("花名册", 2, "状态", "不认识状态“神游”，可填：在职、离岗、离职"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "kind"),
    [("合同制", "own"), ("劳务派遣", "dispatched"), ("实习生", "intern"), ("外包", "contractor"),
     ("临时工", "temporary"), ("访客", "visitor"), (None, "")],
)  # fmt: skip
def test_employment_types(path, word, kind):
    assert only_row(save(path, [row(用工形式=word)])).employment_type == kind


def test_formula_without_result(path):
    assert only_fault(save(path, [row(部门="=A2&B2")])) == (
        "花名册", 2, "部门", "公式没有保存计算结果，请用 Excel 打开并保存，或把公式粘贴为数值",
    )  # fmt: skip


def test_formula_with_a_stored_result_is_read(path):
    save(path, [row(岗位="=A2")])
    patch_part(path, SHEET, lambda xml: xml.replace(b"<v></v>", b"<v>7</v>").replace(b"<v/>", b"<v>7</v>"))
    assert only_row(path).post == "7"


@pytest.mark.parametrize("code", ["#N/A", "#REF!", "#VALUE!"])
def test_error_cells(path, code):
    def change(sheet):
        sheet["D2"].value = code
        sheet["D2"].data_type = "e"

    assert only_fault(save(path, [row()], change=change)) == (
        "花名册", 2, "岗位", f"单元格是错误值 {code}，请改成正确的内容",
    )  # fmt: skip


def test_error_cells_in_columns_nobody_reads_do_not_matter(path):
    def change(sheet):
        sheet["I2"].value = "#N/A"
        sheet["I2"].data_type = "e"

    assert only_row(save(path, [row()], change=change)).post == "电焊工"


def test_duplicate_is_reported_even_where_the_row_has_other_faults(path):
    found = faults(save(path, [row(), row(入职日期="昨天")]))
    assert ("花名册", 3, "工号", "工号 001001 重复：第 2 行与第 3 行") in found
    assert {column for _sheet, _row, column, _message in found} == {"工号", "入职日期"}


def test_duplicates_name_both_rows(path):
    rows = [row(身份证号=ID), row(工号="001002"), row(姓名="李四"), row(工号="001004", 身份证号=ID)]
    assert faults(save(path, rows)) == [
        ("花名册", 4, "工号", "工号 001001 重复：第 2 行与第 4 行"),
        ("花名册", 5, "身份证号", "身份证号重复：第 2 行与第 5 行"),
    ]


def test_missing_and_repeated_columns(path):
    assert only_fault(save(path, [("张三", "总厂", "车工")], ("姓名", "部门", "岗位"))) == (
        "花名册", 1, "工号", "缺少“工号”列",
    )  # fmt: skip
    assert only_fault(save(path, [(*row(), "李四")], (*HEADER, "姓名"))) == (
        "花名册", 1, "姓名", "表头“姓名”出现了两次，请只留一列",
    )  # fmt: skip


def test_a_sheet_without_people(path):
    assert only_fault(save(path, [("a", 1)], ("品名", "数量")))[3].startswith("没有找到人员名单")


def test_no_hire_date_column_takes_the_effective_day_and_says_so(path):
    header = ("工号", "姓名", "部门", "岗位", "生效日期")
    rows = [("1", "张三", "总厂", "车工", "2026-11-01"), ("2", "李四", "总厂", "车工", None)]
    file = read(save(path, rows, header))
    assert [found.assumed_hired_on for found in file.rows] == [dt.date(2026, 11, 1), TODAY]
    assert "没有“入职日期”列" in file.notes[0]


def far_cell(xml):
    return xml.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def test_far_corner_cell(path):
    fault = only_fault(patch_part(save(path, [row()]), SHEET, far_cell))
    assert fault[0] == "花名册"
    assert "XFD1048576" in fault[3]


def test_far_corner_cell_without_a_value_and_a_hostile_dimension_are_harmless(path):
    def change(xml):
        blank = far_cell(xml).replace(b'<c r="XFD1048576"><v>1</v></c>', b'<c r="XFD1048576" s="0"/>')
        return blank.replace(b'<dimension ref="A1:H2"', b'<dimension ref="A1:XFD1048576"')

    assert only_row(patch_part(save(path, [row()]), SHEET, change)).name == "张三"


def test_far_corner_cell_that_hides_from_the_look_through(path):
    """Cells may leave out their reference; then only the limits of the child process hold."""
    fault = only_fault(
        patch_part(save(path, [row()]), SHEET, lambda xml: far_cell(xml).replace(b'<c r="XFD', b"<c r='XFD"))
    )
    assert fault[3]


def test_document_type_is_refused(path):
    def change(xml):
        body = xml.split(b"?>", 1)[-1] if xml.startswith(b"<?xml") else xml
        return b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + body

    assert "已损坏" in only_fault(patch_part(save(path, [row()]), SHEET, change))[3]


def test_archive_bomb(path):
    with zipfile.ZipFile(save(path, [row()]), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", b"\0" * 64 * 1024 * 1024)
    assert "解开后过大" in only_fault(path)[3]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", b"", "是空的"),
        ("a.xlsx", b"PK\x03\x04 cut off", "不完整"),
        ("a.xlsx", b"plain text", "不是 Excel 工作簿"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "密码保护"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "打不开"),
        ("a.xls", b"<html><table>", "其实是网页"),
        ("a.xlsm", b"PK\x03\x04", "带有宏"),
        ("a.pdf", b"%PDF-1.7", "不是 Excel 工作簿"),
    ],
)
def test_files_that_are_not_what_they_say(tmp_path, name, data, words):
    path = tmp_path / name
    path.write_bytes(data)
    sheet, number, column, message = only_fault(path)
    assert (sheet, number, column) == ("", None, "")
    assert words in message
    assert name in message


def test_missing_file(path):
    assert "找不到" in only_fault(path)[3]


def test_truncated_workbook(path):
    data = save(path, [row()]).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "不完整" in only_fault(path)[3]


def test_other_zip_file(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "不是 Excel 工作簿" in only_fault(path)[3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv(tmp_path, encoding):
    path = tmp_path / "名单.csv"
    lines = [",".join(HEADER), ",".join(row(身份证号=ID))]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    found = only_row(path)
    assert (found.employee_no, found.name, found.id_number) == ("001001", "张三", ID)


def test_drop_downs_and_formats_do_no_harm(path):
    def change(sheet):
        choice = DataValidation(type="list", formula1='"正式员工,劳务派遣"')
        choice.add("E2:E5000")
        sheet.add_data_validation(choice)
        sheet.freeze_panes = "A2"

    assert only_row(save(path, [row()], change=change)).employment_type == "own"
