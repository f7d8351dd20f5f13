"""Questions as rows of the trainers' table. No Django here; common.spreadsheet makes the workbook."""

from dataclasses import dataclass, field
from typing import Any

from exams.importers.excel_answers import blanks_text, escape
from exams.importers.items import LETTERS, Item, Loss
from exams.types.base import gettext_noop
from exams.types.multiple_choice import SCORINGS
from exams.types.ordering import SCORINGS as ORDER_SCORINGS

OPTIONS = 6  # A–F, more only where a question has more
_KINDS = {
    "single_choice": "单选题", "multiple_choice": "多选题", "true_false": "判断题", "fill_in": "填空题",
    "ordering": "排序题", "matching": "连线题", "short_answer": "简答题", "case_analysis": "案例分析题",
}  # fmt: skip


@dataclass(slots=True)
class Rows:
    """A table with its header, and what it could not hold."""

    header: list[str]
    rows: list[list[Any]]
    losses: list[Loss] = field(default_factory=list)


def header(options: int = OPTIONS) -> list[str]:
    """Return the header, in the order trainers know; what this platform adds comes last."""
    letters = [f"选项{letter}" for letter in LETTERS[:options]]
    return [
        "题型",
        "题干",
        *letters,
        "答案",
        "解析",
        "知识点",
        "难度",
        "题号",
        "出处",
        "必知题",
        "标签",
        "计分规则",
    ]


def rows_of(items: list[Item]) -> Rows:
    """Return all questions but those on pictures."""
    losses, held = [], []
    for item in items:
        if item.kind not in _KINDS:
            message = gettext_noop("Excel 写不出图上的隐患区域，这道题没有导出。")
            losses.append(Loss(item.code, "kind", message, is_left_out=True))
            continue
        if item.picture:
            losses.append(Loss(item.code, "picture", gettext_noop("Excel 里没有题的图片或视频。")))
        held.append((item, _options_and_answer(item)))
    options = max([OPTIONS, *(len(texts) for _item, (texts, _answer, _rule) in held)])
    rows = []
    for item, (texts, answer, scoring) in held:
        padded = [*texts, *[None] * (options - len(texts))]
        rows.append(
            [
                _KINDS[item.kind], item.stem, *padded, answer, item.explanation or None, item.topic,
                item.difficulty, item.code, item.source or None, "是" if item.must_know else None,
                "、".join(item.tags or ()) or None, scoring,
            ]
        )  # fmt: skip
    return Rows(header(options), rows, losses)


def _options_and_answer(item: Item) -> tuple[list[str], str, str | None]:
    texts = [option["text"] for option in item.options]
    ids = [option["id"] for option in item.options]
    if item.kind == "true_false":
        return [], "对" if item.key == ["true"] else "错", None
    if item.kind == "fill_in":
        return [], blanks_text(item), None
    if item.kind == "matching":
        left = dict(zip(item.key, item.body["left"], strict=True))
        pairs = [(left.get(option_id, ""), text) for option_id, text in zip(ids, texts, strict=True)]
        return [f"{escape(one)} → {escape(other)}".strip() for one, other in pairs], "", None
    if item.kind in {"short_answer", "case_analysis"}:
        return [f"{row['point']}（{row['share']}%）" for row in item.key["rubric"]], item.key["model"], None
    answer = "".join(LETTERS[ids.index(option_id)] for option_id in item.key)
    rules = {"multiple_choice": SCORINGS, "ordering": ORDER_SCORINGS}.get(item.kind, ())
    scoring = next((rule.label for rule in rules if rule.code == item.body.get("scoring")), None)
    return texts, answer, scoring
