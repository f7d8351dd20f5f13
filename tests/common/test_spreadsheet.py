import datetime as dt
import io
import re
from decimal import Decimal
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from common.spreadsheet import MAX_TEXT, Sheet, Watermark, workbook_bytes

ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
TEXTS = st.text(
    st.characters() | st.sampled_from("=+-@\t\r\n '\"_x000D_𠮷张三\x00\x1b\ufffe\ud800"), max_size=20
) | st.from_regex(r"[=+\-@\t\r_x0-9A-F ]{1,10}", fullmatch=True)


def book_of(*sheets):
    return load_workbook(io.BytesIO(workbook_bytes(sheets, mark=None)))


def one_row(*values, **options):
    sheet = Sheet("表", ["列"] * len(values), [values], **options)
    return list(book_of(sheet).active[2 + len(options.get("notes", ()))])


def by_calamine(data, index=0):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(index)
    return sheet.to_python(skip_empty_area=False)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1+1",
        '=HYPERLINK("http://x")',
        "#N/A",
        "TRUE",
        "2026-03-09",
        "007",
    ],
)
def test_text_stays_text_whatever_it_begins_with(text):
    (cell,) = one_row(text)
    assert (cell.value, cell.data_type) == (text, "s")
    data = workbook_bytes([Sheet("表", [text], [[text]], notes=[text])], mark=None)
    with ZipFile(io.BytesIO(data)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not [element for element in sheet.iter() if element.tag.endswith("}f")]
    assert by_calamine(data) == [[text]] * 3


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_every_text_read_back_is_what_was_written(texts):
    data = workbook_bytes([Sheet("表", ["头"] * len(texts), [texts])], mark=None)
    expected = [ILLEGAL.sub("", text) for text in texts]
    rows = by_calamine(data)
    found = rows[1] if len(rows) > 1 else []
    assert [*found, *[""] * (len(texts) - len(found))] == expected
    # openpyxl does not undo the escape of texts such as _x000D_, as Excel and calamine do.
    plain = [text for text in expected if not re.search("_x[0-9A-Fa-f]{4}_", text)]
    cells = [cell.value or "" for cell in load_workbook(io.BytesIO(data)).active[2]]
    assert [value for value, text in zip(cells, expected, strict=True) if text in plain] == plain


def test_text_beyond_the_limit_of_excel_is_cut_and_says_so():
    (cell,) = one_row("水" * 40_000)
    assert cell.value == "水" * (MAX_TEXT - 1) + "…"
    (cell,) = one_row("𠮷" * 20_000)
    assert cell.value.endswith("𠮷…")
    assert len(cell.value.encode("utf-16-le")) // 2 <= MAX_TEXT
    (cell,) = one_row("水" * MAX_TEXT)
    assert cell.value == "水" * MAX_TEXT


def test_aware_time_is_written_as_local_time():
    cell, day, naive = one_row(
        dt.datetime(2026, 3, 9, 0, 30, tzinfo=dt.UTC), dt.date(2026, 3, 9), dt.datetime(2026, 3, 9, 8, 30)
    )
    assert cell.value == naive.value == dt.datetime(2026, 3, 9, 8, 30)
    assert cell.number_format == "yyyy-mm-dd hh:mm"
    assert (day.value.date(), day.number_format) == (dt.date(2026, 3, 9), "yyyy-mm-dd")


def test_numbers_can_be_computed_with_and_shares_are_percentages():
    share, count, hours, nothing = one_row(0.875, 14, Decimal("24.5"), None, percent_columns=frozenset({0}))
    assert (share.value, share.number_format) == (0.875, "0.0%")
    assert (count.value, count.number_format) == (14, "General")
    assert (hours.value, hours.data_type) == (24.5, "n")
    assert nothing.value is None


def test_notes_stand_above_the_header_which_stays_in_view():
    sheet = book_of(
        Sheet("表", ["姓名", "单位"], [["张三", "甲班"]], widths=[12, 30], notes=["截至 2026-03-09", "二"])
    ).active
    assert [[cell.value for cell in row] for row in sheet] == [
        ["截至 2026-03-09", None],
        ["二", None],
        ["姓名", "单位"],
        ["张三", "甲班"],
    ]
    assert sheet.freeze_panes == "A4"
    assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (12, 30)
    assert sheet["A3"].font.bold
    assert not sheet["A4"].font.bold


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("一车间/甲班", "一车间 甲班"),
        ("[2026]: 覆盖率?*\\", "2026   覆盖率"),
        ("'甲'", "甲"),
        ("", "Sheet"),
        ("///", "Sheet"),
        ("总" * 40, "总" * 29),
    ],
)
def test_title_is_fitted_to_what_excel_takes(title, expected):
    assert book_of(Sheet(title, ["列"], [])).sheetnames == [expected]


def test_sheets_of_the_same_title_are_told_apart():
    long = "总" * 40
    names = book_of(*(Sheet(title, ["列"], []) for title in ["人员", "人员", long, long])).sheetnames
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 31


def test_rows_may_come_from_a_generator():
    rows = ([number, f"第{number}人"] for number in range(3))
    assert by_calamine(workbook_bytes([Sheet("表", ["序", "人"], rows)], mark=None))[3] == [2.0, "第2人"]


MARK = Watermark("刘敏（hr）", dt.datetime(2026, 11, 22, 1, 5, tzinfo=dt.UTC), "总厂 & 分厂", "年度报告")


def test_the_last_row_and_the_footer_say_who_took_it_when_and_how_much():
    data = workbook_bytes([Sheet("一", ["列"], [["甲"], ["乙"]]), Sheet("二", ["列"], [])], mark=MARK)
    book = load_workbook(io.BytesIO(data))
    said = (
        "刘敏（hr） 导出于 2026-11-22 09:05；范围：总厂 & 分厂；共 2 条；用途：年度报告；内部资料，用后销毁"
    )
    assert [row[0] for row in book["一"].iter_rows(values_only=True)] == ["列", "甲", "乙", None, said]
    assert next(reversed(list(book["二"].iter_rows(values_only=True))))[0] == said.replace("2 条", "0 条")
    assert "总厂 && 分厂" in book["一"].oddFooter.center.text


def test_a_mark_names_the_account_and_leaves_out_what_is_not_known():
    class Account:
        def __str__(self):
            return "刘敏"

        def get_username(self):
            return "hr"

    assert Watermark.of(Account(), MARK.at).line() == "刘敏（hr） 导出于 2026-11-22 09:05；内部资料，用后销毁"
