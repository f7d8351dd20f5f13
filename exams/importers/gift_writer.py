"""Questions as GIFT. No Django here."""

import re

from exams.importers.aiken import other_losses
from exams.importers.items import Item, Loss, Written
from exams.types.base import gettext_noop

_MARKED = re.compile(r"\s*(\[|%)")


def write(items: list[Item]) -> Written:
    """Write what GIFT can hold, grouped under the categories of the topics."""
    written = Written(b"", 0)
    blocks: list[str] = []
    topic: str | None = None
    for item in sorted(items, key=lambda item: item.topic or ""):
        losses = losses_of(item)
        written.losses += losses
        if any(loss.is_left_out for loss in losses):
            continue
        if item.topic and item.topic != topic:
            topic = item.topic
            blocks.append(f"$CATEGORY: {topic}")
        blocks.append(_block(item))
        written.count += 1
    written.data = "".join(f"{block}\n\n" for block in blocks).encode()
    return written


def escape(text: str) -> str:
    """Take away the meaning of what means something in GIFT."""
    text = re.sub(r"([~=#{}:\\])", r"\\\1", text)
    return text.replace("\n", "\\n")


def _block(item: Item) -> str:
    head = "".join(f"// [tag:{tag.replace(']', chr(92) + ']')}]\n" for tag in item.tags or ())
    stem = escape(item.stem)
    marked = "[plain]" if _MARKED.match(item.stem) else ""
    lines = _answers(item)
    if item.explanation:
        lines.append(f"####{escape(item.explanation)}")
    inside = "\n".join(f"\t{line}" for line in lines)
    return f"{head}::{escape(item.code)}::{marked}{stem} {{\n{inside}\n}}" if lines else (
        f"{head}::{escape(item.code)}::{marked}{stem} {{}}"
    )  # fmt: skip


def _answers(item: Item) -> list[str]:
    if item.kind == "true_false":
        return [item.key[0].upper()]
    if item.kind == "single_choice":
        return [
            f"={_plain(option['text'])}" if option["id"] in item.key else f"~{_plain(option['text'])}"
            for option in item.options
        ]
    if item.kind == "multiple_choice":
        share = f"{100 / len(item.key):.5f}".rstrip("0").rstrip(".")
        wrong = f"-{share}" if item.body.get("scoring") == "penalty" else "-100"
        return [
            f"~%{share if option['id'] in item.key else wrong}%{_plain(option['text'], is_weighted=True)}"
            for option in item.options
        ]
    if item.kind == "fill_in":
        key = item.key[0]
        if "number" in key:
            return [f"#{key['number']}:{key['tolerance']}"]
        return [f"={_plain(text)}" for text in key["accept"]]
    if item.kind == "matching":
        left = dict(zip(item.key, item.body["left"], strict=True))
        return [
            f"={escape(left.get(option['id'], ''))} -> {escape(option['text'])}" for option in item.options
        ]
    return []


def _plain(text: str, *, is_weighted: bool = False) -> str:
    """Return an answer's text; the mark keeps what looks like a weight or a format from being one."""
    return f"[plain]{escape(text)}" if _MARKED.match(text) else escape(text)


def losses_of(item: Item) -> list[Loss]:
    """Return what GIFT cannot hold of a question."""

    def out(feature: str, message: str) -> list[Loss]:
        return [Loss(item.code, feature, message, is_left_out=True)]

    if item.kind in {"ordering", "hazard_spotting"}:
        return out("kind", gettext_noop("GIFT 没有这种题型，这道题没有导出。"))
    if item.kind == "fill_in" and len(item.key) > 1:
        return out("several_blanks", gettext_noop("GIFT 的填空题只有一个空，这道题没有导出。"))
    texts = [option["text"] for option in item.options] + item.body.get("left", [])
    if item.kind == "matching" and any("->" in text for text in texts):
        return out("arrow", gettext_noop("连线的文字里有“->”，GIFT 写不出，这道题没有导出。"))
    if item.kind == "multiple_choice" and len(item.options) == len(item.key) == 1:
        return out("options", gettext_noop("多选题至少要有两个答案，这道题没有导出。"))
    scoring = item.body.get("scoring")
    has_wrong = len(item.options) > len(item.key or ())
    cases = (
        (item.kind == "multiple_choice" and not scoring, "scoring",
         gettext_noop("GIFT 没有“全部选对才得分”，写成少选按比例得分。")),
        (scoring == "penalty" and not has_wrong, "scoring",
         gettext_noop("没有错误选项时，GIFT 分不出计分规则。")),
        (item.kind == "case_analysis", "kind", gettext_noop("GIFT 只有问答题，案例分析题写成简答题。")),
        (item.kind in {"short_answer", "case_analysis"}, "rubric",
         gettext_noop("GIFT 没有参考答案和评分标准。")),
        (item.kind == "fill_in" and item.body["blanks"][0]["unit"], "unit",
         gettext_noop("GIFT 的填空题没有单位。")),
        (item.picture, "picture", gettext_noop("GIFT 不能带图片或视频。")),
        ("/" in (item.topic or ""), "topic", gettext_noop("知识点里的“/”在 GIFT 里是下一级类别。")),
    )  # fmt: skip
    return [Loss(item.code, name, text) for is_so, name, text in cases if is_so] + other_losses(item)
