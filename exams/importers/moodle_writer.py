"""Questions as Moodle XML. No Django here."""

import html
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from exams.importers.aiken import other_losses
from exams.importers.items import Item, Loss, Written, rubric_text
from exams.types.base import gettext_noop

# What XML 1.0 cannot hold.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TYPES = {
    "single_choice": "multichoice", "multiple_choice": "multichoice", "true_false": "truefalse",
    "matching": "matching", "ordering": "ordering", "short_answer": "essay", "case_analysis": "essay",
}  # fmt: skip


def write(items: Sequence[Item]) -> Written:
    """Write what Moodle XML can hold."""
    written = Written(b"", 0)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    topic: str | None = None
    for item in sorted(items, key=lambda item: item.topic or ""):
        losses = losses_of(item)
        written.losses += losses
        if any(loss.is_left_out for loss in losses):
            continue
        if item.topic and item.topic != topic:
            topic = item.topic
            path = f"$course$/top/{topic}"
            parts.append(f'<question type="category"><category>{_text(path)}</category></question>')
        parts.append(_question(item))
        written.count += 1
    written.data = "\n".join([*parts, "</quiz>", ""]).encode()
    return written


def xml_text(text: str) -> str:
    """Return a text as XML can hold it."""
    return escape(_ILLEGAL.sub("", text))


def xml_attribute(text: str) -> str:
    """Return a text as a quoted attribute; white space is kept as it is."""
    return quoteattr(_ILLEGAL.sub("", text), {"\n": "&#10;", "\t": "&#9;"})


def _text(text: str) -> str:
    return f"<text>{xml_text(text)}</text>"


def as_html(text: str) -> str:
    """Return plain text as HTML: a paragraph a line."""
    return "".join(f"<p>{html.escape(line, quote=False) or '&nbsp;'}</p>" for line in text.split("\n"))


def _html(text: str) -> str:
    return _text(as_html(text))


def _question(item: Item) -> str:
    kind = _TYPES.get(item.kind) or ("numerical" if "number" in item.key[0] else "shortanswer")
    stem, file = as_html(item.stem), ""
    if item.picture:
        name = item.picture.name
        stem += f'<p><img src="@@PLUGINFILE@@/{name}" alt={quoteattr(item.picture.alt)}/></p>'
        file = f'<file name={quoteattr(name)} path="/" encoding="base64">{item.picture.data}</file>'
    lines = [
        f'<question type="{kind}">',
        f"<name>{_text(item.code)}</name>",
        f'<questiontext format="html">{_text(stem)}{file}</questiontext>',
        f'<generalfeedback format="html">{_html(item.explanation or "") if item.explanation else _text("")}</generalfeedback>',
        "<defaultgrade>1</defaultgrade><penalty>0</penalty><hidden>0</hidden>",
        f"<idnumber>{xml_text(item.code)}</idnumber>",
        *_answers(item),
    ]
    if item.tags:
        lines.append("<tags>" + "".join(f"<tag>{_text(tag)}</tag>" for tag in item.tags) + "</tags>")
    return "\n".join([*lines, "</question>"])


def _answer(text: str, fraction: str) -> str:
    return f'<answer fraction="{fraction}" format="html">{_html(text)}</answer>'


def _answers(item: Item) -> list[str]:
    if item.kind == "true_false":
        return [
            f'<answer fraction="{100 if item.key == [value] else 0}" format="moodle_auto_format">{_text(value)}</answer>'
            for value in ("true", "false")
        ]
    if item.kind in {"single_choice", "multiple_choice"}:
        is_single = item.kind == "single_choice"
        share = "100" if is_single else f"{100 / len(item.key):.5f}".rstrip("0").rstrip(".")
        wrong = "0" if is_single else f"-{share}" if item.body.get("scoring") == "penalty" else "-100"
        rows = [
            _answer(option["text"], share if option["id"] in item.key else wrong) for option in item.options
        ]
        return [
            f"<single>{str(is_single).lower()}</single><shuffleanswers>true</shuffleanswers>",
            "<answernumbering>ABCD</answernumbering>",
            *rows,
        ]
    if item.kind == "fill_in":
        return _blank(item)
    if item.kind == "matching":
        left = dict(zip(item.key, item.body["left"], strict=True))
        rows = [
            f'<subquestion format="html">{_html(left[option["id"]]) if option["id"] in left else _text("")}'
            f"<answer>{_text(option['text'])}</answer></subquestion>"
            for option in item.options
        ]
        return ["<shuffleanswers>true</shuffleanswers>", *rows]
    if item.kind == "ordering":
        grading = "ABSOLUTE_POSITION" if item.body.get("scoring") == "places" else "ALL_OR_NOTHING"
        texts = {option["id"]: option["text"] for option in item.options}
        rows = [_answer(texts[step], str(place)) for place, step in enumerate(item.key, start=1)]
        return [
            f"<layouttype>VERTICAL</layouttype><selecttype>ALL</selecttype><gradingtype>{grading}</gradingtype>",
            *rows,
        ]
    lines = 25 if item.kind == "case_analysis" else 10
    return [
        f"<responseformat>plain</responseformat><responsefieldlines>{lines}</responsefieldlines>",
        f'<graderinfo format="html">{_html(rubric_text(item.key))}</graderinfo>',
    ]


def _blank(item: Item) -> list[str]:
    key, unit = item.key[0], item.body["blanks"][0]["unit"]
    if "number" not in key:
        return [
            "<usecase>0</usecase>",
            *(f'<answer fraction="100" format="plain_text">{_text(text)}</answer>' for text in key["accept"]),
        ]
    lines = [
        f'<answer fraction="100" format="moodle_auto_format">{_text(key["number"])}'
        f"<tolerance>{xml_text(key['tolerance'])}</tolerance></answer>"
    ]
    if unit:
        one = f"<unit><multiplier>1</multiplier><unit_name>{xml_text(unit)}</unit_name></unit>"
        lines.append(f"<unitgradingtype>0</unitgradingtype><units>{one}</units>")
    return lines


def losses_of(item: Item) -> list[Loss]:
    """Return what Moodle XML cannot hold of a question."""
    if item.kind == "hazard_spotting":
        message = gettext_noop("Moodle XML 写不出图上的隐患区域，这道题没有导出。")
        return [Loss(item.code, "kind", message, is_left_out=True)]
    if item.kind == "fill_in" and len(item.key) > 1:
        message = gettext_noop("Moodle 的填空题只有一个空，这道题没有导出。")
        return [Loss(item.code, "several_blanks", message, is_left_out=True)]
    found = []
    if item.kind == "multiple_choice" and not item.body.get("scoring"):
        message = gettext_noop("Moodle 没有“全部选对才得分”，写成少选按比例得分。")
        found.append(Loss(item.code, "scoring", message))
    if (
        item.kind == "multiple_choice"
        and item.body.get("scoring") == "penalty"
        and len(item.key) == len(item.options)
    ):
        found.append(Loss(item.code, "scoring", gettext_noop("没有错误选项时，Moodle 分不出计分规则。")))
    if item.kind == "fill_in" and item.body["blanks"][0]["unit"] and "number" not in item.key[0]:
        found.append(Loss(item.code, "unit", gettext_noop("Moodle 只有数字题有单位。")))
    if item.topic and "/" in item.topic:
        found.append(Loss(item.code, "topic", gettext_noop("知识点里的“/”在 Moodle 里是下一级类别。")))
    return found + other_losses(item)
