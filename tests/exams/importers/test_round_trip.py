"""What a format does not report as lost comes back as it went out."""

import dataclasses
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from common.spreadsheet import Sheet, workbook_bytes
from exams.importers import aiken, excel, excel_writer, foreign, gift_writer, moodle_writer, qti, qti_writer
from exams.importers.items import Written
from tests.exams.importers.strategies import drawn_picture, items


def read_excel(data):
    sheet = load_workbook(io.BytesIO(data)).active
    return excel.read([excel.Table(sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)])])


def write_excel(questions):
    table = excel_writer.rows_of(questions)
    return Written(
        workbook_bytes([Sheet("题库", table.header, table.rows)], mark=None), len(table.rows), table.losses
    )


def read_package(data):
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        Path(file.name).write_bytes(data)
        return qti.read_package(Path(file.name))


FORMATS = {
    "excel": (write_excel, read_excel),
    "gift": (gift_writer.write, lambda data: foreign.read_bytes(data, "gift")),
    "aiken": (aiken.write, lambda data: foreign.read_bytes(data, "aiken")),
    "moodle_xml": (moodle_writer.write, lambda data: foreign.read_bytes(data, "auto")),
    "qti21": (lambda questions: qti_writer.write(questions, "qti21"), read_package),
    "qti30": (lambda questions: qti_writer.write(questions, "qti30"), read_package),
}
# The fields a loss is about; what the reader says instead is then not compared.
TOUCHED = {
    "scoring": ["body"], "rubric": ["key"], "unit": ["body"], "empty_line": ["stem"],
    "places": [], "picture": ["picture"], "blank": ["stem"],
}  # fmt: skip
# What a format says nothing of when there is nothing to say.
SILENT = {"difficulty": 3, "must_know": False}


def compared(item, lost):
    """The fields that must come back; an absent text and none are the same."""
    left_out = {"line", "place", "picture"}
    for feature in lost:
        left_out.update(TOUCHED.get(feature, [feature]))
    plain = {name: value for name, value in dataclasses.asdict(item).items() if name not in left_out}
    for name, usual in SILENT.items():
        if name in plain and plain[name] is None:
            plain[name] = usual
    for name in ("explanation", "source", "topic", "tags"):
        if name in plain:
            plain[name] = plain[name] or None
    if "options" in plain and item.kind != "fill_in":
        # Ids say nothing outside of a question: they become places.
        ids = {option["id"]: str(place) for place, option in enumerate(item.options)}
        plain["options"] = [option["text"] for option in item.options]
        if ids and isinstance(plain.get("key"), list):
            plain["key"] = [ids[entry] for entry in item.key]
    return plain


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=150)
@given(item=items())
def test_what_is_not_reported_lost_comes_back(name, item):
    write, read = FORMATS[name]
    written = write([item])
    lost = {loss.feature for loss in written.losses}
    reading = read(written.data)
    if any(loss.is_left_out for loss in written.losses):
        assert written.count == 0
        assert not reading.items
        return
    assert reading.errors == []
    assert len(reading.items) == written.count == 1
    assert compared(reading.items[0], lost) == compared(item, lost)


@pytest.mark.parametrize("version", ["qti21", "qti30"])
def test_hazards_come_back_with_their_picture(version):
    item = hazards()
    reading = read_package(qti_writer.write([item], version).data)
    back = reading.items[0]
    assert reading.format == version
    assert back.key == item.key
    assert back.body == item.body
    assert (back.picture.content, back.picture.alt) == (item.picture.content, item.picture.alt)


def hazards():
    from exams.importers.items import Item  # noqa: PLC0415

    return Item(
        line=0,
        kind="hazard_spotting",
        stem="找出隐患",
        code="H-1",
        body={"taps": 4},
        key=[
            {"name": "通道堵塞", "shape": "rect", "at": [1000, 2000, 3000, 4000]},
            {"name": "电缆破损", "shape": "circle", "at": [7000, 6000, 1000]},
        ],
        picture=drawn_picture(),
    )


@pytest.mark.parametrize("name", ["gift", "aiken", "moodle_xml", "qti21", "auto"])
@settings(max_examples=200)
@given(
    text=st.text(max_size=300) | st.text("{}=~#:\\%->\n ABCanswer.ANSWER：<quiz>/question[]T1", max_size=200)
)
def test_any_text_gives_a_report(name, text):
    reading = foreign.read_bytes(text.encode("utf-8", "surrogatepass"), name)
    assert reading.items or reading.errors or reading.unsupported


@settings(max_examples=150)
@given(data=st.binary(max_size=300))
def test_any_bytes_give_a_report(data):
    reading = foreign.read_bytes(data, "auto")
    assert reading.items or reading.errors or reading.unsupported


CELLS = (
    st.none()
    | st.text(max_size=12)
    | st.integers()
    | st.floats(allow_nan=True)
    | st.booleans()
    | st.just({"f": 1})
)


@settings(max_examples=150)
@given(rows=st.lists(st.lists(CELLS, max_size=14), max_size=6))
def test_any_table_gives_a_report(rows):
    reading = excel.read([excel.Table("表", [excel_writer.header(), *rows])])
    assert reading.read == len(reading.items) + len(reading.errors)
