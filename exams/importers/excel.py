"""The table Chinese trainers keep their questions in: 题型 题干 选项A–F 答案 解析 知识点 难度. No Django here.

Read from the rows that people.importers.sheets gives: None, text, number, true/false, {"d"} a date, {"e"} an
error, {"f"} a formula whose result was never stored.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.text import squeeze
from exams.importers.excel_answers import KindlyRefused, answer_of
from exams.importers.items import LETTERS, Item, Reading
from exams.types.base import gettext_noop

EXAMPLES = "示例"  # the sheet of the template that shows how it is done
HEADER_ROWS = 20  # the header is looked for in so many rows
COLUMNS: dict[str, tuple[str, ...]] = {
    "kind": ("题型", "试题类型", "题目类型", "类型"),
    "stem": ("题干", "题目", "试题", "试题内容", "题目内容", "问题"),
    "answer": ("答案", "正确答案", "标准答案", "参考答案"),
    "explanation": ("解析", "答案解析", "试题解析", "说明"),
    "topic": ("知识点", "考点", "分类", "章节"),
    "difficulty": ("难度", "难易度", "难易程度", "难度系数"),
    "code": ("题号", "试题编号", "编号"),
    "source": ("出处", "来源", "依据"),
    "must_know": ("必知题", "必知", "必考"),
    "tags": ("标签",),
    "scoring": ("计分规则", "计分"),
}
KINDS: dict[str, str] = {
    name: kind
    for kind, names in {
        "single_choice": "单选 单选题 单项选择 单项选择题 选择题",
        "multiple_choice": "多选 多选题 多项选择 多项选择题 不定项选择题 不定项",
        "true_false": "判断 判断题 是非题 对错题",
        "fill_in": "填空 填空题",
        "ordering": "排序 排序题",
        "matching": "连线 连线题 匹配题 配对题",
        "short_answer": "简答 简答题 问答 问答题 论述题",
        "case_analysis": "案例 案例题 案例分析 案例分析题",
    }.items()
    for name in names.split()
}
DIFFICULTIES = {
    "易": 1, "很易": 1, "容易": 1, "简单": 1, "较易": 2, "较容易": 2, "中": 3, "中等": 3, "一般": 3,
    "较难": 4, "难": 5, "困难": 5, "很难": 5,
}  # fmt: skip
_IGNORED = {"序号", "分值", "分数"}
_OPTION_HEAD = re.compile(r"(?:选项|答案|备选项)?([A-J])(?:选项)?", re.IGNORECASE)
_DOWN = ("kind", "topic", "difficulty")  # a merged cell speaks for the rows beside it


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as it was read. `merged` holds (top, left, bottom, right), from 0."""

    name: str
    rows: Sequence[Sequence[Any]]
    merged: Sequence[Sequence[int]] = ()


def head_text(value: Any) -> str:
    """Return a header cell without what makes no difference."""
    return re.sub(r"[\s（）()*:：_]+", "", unicodedata.normalize("NFKC", str(value or "")))


def read(tables: Sequence[Table]) -> Reading:
    """Read all sheets that have a header with 题干 and 答案."""
    reading = Reading("excel")
    found = False
    for table in tables:
        if table.name == EXAMPLES:
            continue
        header = _header(table)
        if header is None:
            continue
        found = True
        reading.place = table.name if len(tables) > 1 else ""
        _read_table(reading, table, *header)
    if not found:
        reading.fails(
            1, gettext_noop("没有找到表头：要有一行写着“题干”和“答案”。可以下载模板，把题粘贴进去。")
        )
    return reading


def _header(table: Table) -> tuple[int, dict[str, int]] | None:
    for place, row in enumerate(table.rows[:HEADER_ROWS]):
        columns = _columns(row)
        if "stem" in columns and "answer" in columns:
            return place, columns
    return None


def _columns(row: Sequence[Any]) -> dict[str, int]:
    names = {name: field for field, known in COLUMNS.items() for name in known}
    columns: dict[str, int] = {}
    for place, cell in enumerate(row):
        text = head_text(cell)
        if option := _OPTION_HEAD.fullmatch(text):
            columns.setdefault(f"option_{option[1].upper()}", place)
        elif text in names:
            columns.setdefault(names[text], place)
    return columns


def _read_table(reading: Reading, table: Table, head: int, columns: dict[str, int]) -> None:
    used = set(columns.values())
    for place, cell in enumerate(table.rows[head]):
        if place not in used and head_text(cell) and head_text(cell) not in _IGNORED:
            reading.lacks(
                head + 1,
                "column",
                gettext_noop("不认识的列“%(name)s”没有读取。"),
                name=str(cell).strip()[:40],
            )
    spread = _merged_values(table, columns)
    for place in range(head + 1, len(table.rows)):
        row = table.rows[place]
        cells = {name: row[column] if column < len(row) else None for name, column in columns.items()}
        if all(cell is None or not str(cell).strip() for cell in cells.values()):
            continue
        if _columns(row).keys() >= {"stem", "answer"}:
            continue  # the header again, as at the top of a printed page
        for name in _DOWN:
            if name in cells and cells[name] is None:
                cells[name] = spread.get((place, columns[name]))
        if (
            cells["stem"] is None
            and cells["answer"] is None
            and not any(cell is not None for name, cell in cells.items() if name.startswith("option_"))
        ):
            continue  # a heading or the last line of an export
        reading.read += 1
        line = place + 1
        try:
            item = _item(line, table.name, cells)
        except KindlyRefused as refused:
            reading.fails(line, refused.message, **refused.params)
            continue
        item.place = reading.place
        reading.items.append(item)


def _merged_values(table: Table, columns: dict[str, int]) -> dict[tuple[int, int], Any]:
    wanted = {columns[name] for name in _DOWN if name in columns}
    values = {}
    for top, left, bottom, right in table.merged:
        if left == right and left in wanted and top < len(table.rows) and left < len(table.rows[top]):
            for place in range(top + 1, min(bottom + 1, len(table.rows))):
                values[place, left] = table.rows[top][left]
    return values


def _item(line: int, sheet: str, cells: dict[str, Any]) -> Item:
    texts = {name: _text(name, cell) for name, cell in cells.items()}
    stem = texts["stem"].strip()
    if not stem:
        raise KindlyRefused(gettext_noop("这一行没有题干。"))
    options = [texts.get(f"option_{letter}", "").strip() for letter in LETTERS]
    while options and not options[-1]:
        options.pop()
    item = Item(
        line=line, kind=_kind(texts.get("kind", ""), sheet, stem, options, texts["answer"]), stem=stem
    )
    answer_of(item, options, texts["answer"].strip(), texts.get("scoring", ""))
    item.code = squeeze(texts.get("code", ""))
    item.topic = squeeze(texts.get("topic", "")) or None
    item.difficulty = _difficulty(texts.get("difficulty", ""))
    for name in ("explanation", "source"):
        if name in cells:
            setattr(item, name, texts[name].strip())
    if "must_know" in cells:
        item.must_know = squeeze(texts["must_know"]) in {"是", "√", "对", "1", "Y", "必知", "True"}
    if "tags" in cells:
        item.tags = [tag for tag in re.split(r"[、,，;；]", texts["tags"]) if tag.strip()]
        item.tags = [squeeze(tag) for tag in item.tags]
    return item


def _text(name: str, cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "正确" if cell else "错误"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dict):
        if "d" in cell:
            return str(cell["d"])
        message = (
            gettext_noop("单元格里是错误值 %(value)s，请改成文字。")
            if "e" in cell
            else gettext_noop("单元格里是没有结果的公式，请在 Excel 里打开、保存一次，或改成文字。")
        )
        raise KindlyRefused(message, value=str(cell.get("e", "")))
    return str(cell).replace("\r\n", "\n").replace("\r", "\n")


def _kind(named: str, sheet: str, stem: str, options: list[str], answer: str) -> str:
    name = head_text(named)
    if name:
        if name not in KINDS:
            raise KindlyRefused(
                gettext_noop("不认识的题型“%(name)s”。可以写：单选题、多选题、判断题、填空题、排序题、连线题、简答题、案例分析题。"),
                name=named.strip()[:20],
            )  # fmt: skip
        return KINDS[name]
    if head_text(sheet) in KINDS:
        return KINDS[head_text(sheet)]
    letters = re.sub(r"[\s,，、;；.。]", "", unicodedata.normalize("NFKC", answer)).upper()
    if options and re.fullmatch(r"[A-J]+", letters):
        return "single_choice" if len(letters) == 1 else "multiple_choice"
    raise KindlyRefused(gettext_noop("没有写题型，从答案也看不出来。"))


def _difficulty(text: str) -> int | None:
    text = head_text(text)
    if not text:
        return None
    if text in DIFFICULTIES:
        return DIFFICULTIES[text]
    if text in {"1", "2", "3", "4", "5"}:
        return int(text)
    raise KindlyRefused(
        gettext_noop("看不懂难度“%(text)s”。写 1 到 5，或易、较易、中、较难、难。"), text=text[:20]
    )
