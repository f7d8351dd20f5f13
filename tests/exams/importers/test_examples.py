"""Files as other systems write them, line by line: data/<name>.expected.csv is the table of what is read."""

import csv
import zipfile
from pathlib import Path

import pytest

from exams.importers import excel, foreign, qti
from exams.importers.excel_writer import header

DATA = Path(__file__).parent / "data"


def expected(name):
    with (DATA / f"{name}.expected.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["place"], int(row["line"]), row["what"], row["detail"], row["code"])
            for row in csv.DictReader(file)
        ]


def found(reading):
    rows = [(item.place, item.line, "question", item.kind, item.code) for item in reading.items]
    rows += [(note.place, note.line, "unsupported", note.feature, "") for note in reading.unsupported]
    rows += [(note.place, note.line, "error", "", "") for note in reading.errors]
    return sorted(rows)


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((DATA / "qti21").rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(DATA / "qti21").as_posix())
    return path


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("safety.gift", "gift"),
        ("safety.aiken.txt", "aiken"),
        ("safety.moodle.xml", "moodle_xml"),
        ("match.qti30.xml", "qti30"),
    ],
)
def test_an_example_is_read_line_by_line(name, format_name):
    reading = foreign.read_bytes((DATA / name).read_bytes(), "auto")
    assert reading.format == format_name
    assert found(reading) == expected(name)


def test_a_package_is_read_file_by_file(package):
    reading = qti.read_package(package)
    assert (reading.format, reading.read) == ("qti21", 8)
    assert found(reading) == expected("qti21")


def by_code(reading):
    return {item.code: item for item in reading.items}


def test_what_gift_says_is_what_is_read():
    items = by_code(foreign.read_bytes((DATA / "safety.gift").read_bytes(), "gift"))
    assert items["HOT-1"].key == ["A"]
    assert items["HOT-1"].tags == ["动火", "特殊作业"]
    assert items["HOT-1"].topic == "动火作业"
    assert items["HOT-1"].explanation == "特级、一级动火票有效期不超过 8 小时。"
    assert items["Q3"].body == {"scoring": "share"}
    assert items["Q4"].body == {"scoring": "penalty"}
    assert items["Q7"].key == [{"number": "36", "tolerance": "1"}]
    assert items["Q9"].body == {"left": ["红色", "黄色", "蓝色"]}
    assert items["Q12"].stem == "断路器 ___ 再拔插头。"
    assert items["Q13"].stem == "公式 {U = I × R} 里 R 是:\n电阻吗？"
    assert items[""].key == [{"accept": ["安全带", "安全绳"]}]


def test_what_moodle_says_is_what_is_read():
    items = by_code(foreign.read_bytes((DATA / "safety.moodle.xml").read_bytes(), "moodle_xml"))
    assert items["EL-1"].picture.alt == "配电室"
    assert items["EL-1"].tags == ["触电", "急救"]
    assert items["安全距离"].key == [{"number": "0.7", "tolerance": "0.01"}]
    assert items["安全距离"].body == {"blanks": [{"unit": "m"}]}
    assert items["停送电"].key["rubric"] == [
        {"point": "停电验电", "share": 60},
        {"point": "接地挂牌", "share": 40},
    ]
    assert items["停电顺序"].body == {"scoring": "places"}


def test_what_qti_says_is_what_is_read(package):
    items = by_code(qti.read_package(package))
    assert items["order"].key == ["B", "A", "C"]
    assert items["multiple"].body == {"scoring": "penalty"}
    assert items["entry"].key == [{"accept": ["防震圈"]}, {"number": "5", "tolerance": "0.5"}]
    assert items["hotspot"].key == [{"name": "通道堵塞", "shape": "rect", "at": [2500, 5000, 5000, 10000]}]


@pytest.mark.parametrize(
    "text",
    ['<!DOCTYPE quiz [<!ENTITY a "aaaa">]><quiz>&a;</quiz>', "<quiz>" + "<a>" * 300, "<other/>", "<quiz"],
    ids=["entities", "deep", "other", "cut short"],
)
def test_xml_that_may_not_be_read_is_an_error(text):
    reading = foreign.read_bytes(text.encode(), "moodle_xml")
    assert reading.errors
    assert not reading.items


def test_a_package_without_a_manifest_is_an_error(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", "<a/>")
    assert "imsmanifest.xml" in qti.read_package(path).errors[0].message


# The trainers' table

ROWS = [
    # type, stem, options, answer → kind, key (None: refused)
    ("单选题", "先做什么？", ["通风", "检测"], "Ｂ", "single_choice", ["B"]),
    ("多选", "要带什么？", ["帽", "带", "镜"], "A、C", "multiple_choice", ["A", "C"]),
    ("多项选择题", "要带什么？", ["帽", "带", "镜"], "ａ，ｂ，ｃ", "multiple_choice", ["A", "B", "C"]),
    ("多选题", "要带什么？", ["帽", "带", "镜"], "A C", "multiple_choice", ["A", "C"]),
    (None, "自己看出来？", ["帽", "带", "镜"], "AB", "multiple_choice", ["A", "B"]),
    ("判断题", "可以。", [], "√", "true_false", ["true"]),
    ("判断", "不可以。", [], "×", "true_false", ["false"]),
    ("判断题", "可以。", [], True, "true_false", ["true"]),
    ("判断题", "可以。", ["正确", "错误"], "B", "true_false", ["false"]),
    ("填空题", "系好（　　）。", [], "安全带；安全绳", "fill_in", [{"accept": ["安全带", "安全绳"]}]),
    ("填空题", "___米，系___", [], "2±0.1[m]；带/绳", "fill_in", [{"number": "2", "tolerance": "0.1"}, {"accept": ["带", "绳"]}]),
    ("排序题", "顺序？", ["甲", "乙", "丙"], "C-A-B", "ordering", ["C", "A", "B"]),
    ("连线题", "配对？", ["红 → 禁止", "黄→注意", "→ 提示"], None, "matching", ["1", "2"]),
    ("简答题", "说说？", ["甲（60％）", "乙(40%)"], "答案", "short_answer",
     {"model": "答案", "rubric": [{"point": "甲", "share": 60}, {"point": "乙", "share": 40}]}),
    ("单选题", "先做什么？", ["通风", "检测"], "D", None, None),
    ("单选题", "先做什么？", ["通风", "检测"], {"f": 1}, None, None),
    ("单选题", "先做什么？", ["通风", "检测"], {"e": "#REF!"}, None, None),
    ("单选题", "先做什么？", ["通风", "检测"], None, None, None),
    ("单选题", None, ["通风", "检测"], "A", None, None),
    ("听力题", "听？", ["通风", "检测"], "A", None, None),
    ("判断题", "可以。", [], "也许", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("named", "stem", "options", "answer", "kind", "key"), ROWS)
def test_a_row_of_the_table(named, stem, options, answer, kind, key):
    row = [named, stem, *options, *[None] * (6 - len(options)), answer, "因为", "动火", "较难"]
    reading = excel.read([excel.Table("表", [["特殊作业题库"], header(), row])])
    assert reading.read == 1
    if kind is None:
        assert [(note.line) for note in reading.errors] == [3]
        return
    assert reading.errors == []
    item = reading.items[0]
    assert (item.kind, item.key, item.line) == (kind, key, 3)
    assert (item.explanation, item.topic, item.difficulty) == ("因为", "动火", 4)


def test_merged_and_blank_cells_columns_and_sheets():
    head = ["序号", None, "题 型", "题干：", "A", "B", "正确答案", "知识点", "备注"]
    rows = [
        head,
        [1, None, "单选题", "甲？", "一", "二", "A", "电气"],
        [2, None, None, "乙？", "一", "二", "B", None],
        [None] * 8,
        head,
    ]
    reading = excel.read(
        [excel.Table("一", rows, [(1, 2, 2, 2), (1, 7, 2, 7)]), excel.Table("空", [["说明"]])]
    )
    assert [(item.kind, item.topic, item.line) for item in reading.items] == [
        ("single_choice", "电气", 2),
        ("single_choice", "电气", 3),
    ]
    assert [(note.line, note.feature) for note in reading.unsupported] == [(1, "column")]
