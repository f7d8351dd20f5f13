r"""GIFT, the text format of Moodle: questions between blank lines, answers in braces. No Django here.

A backslash takes away the meaning of ~ = # { } and :, and `\n` is a line break. What is read of each question
is in docs/question-formats.md; everything else is reported.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from exams.importers.html_text import plain_text
from exams.importers.items import Item, Reading, lettered, numbered, scoring_body, weighted_scoring
from exams.types.base import gettext_noop
from exams.types.fill_in import BLANK

# Escaped characters stand as non-characters of Unicode while the rest is cut at the bare ones.
_SPECIAL = "~=#{}:\\"
_HIDDEN = {sign: chr(0xFDD0 + place) for place, sign in enumerate(_SPECIAL)} | {"n": "\ufddf"}
_SHOWN = str.maketrans({hidden: "\n" if sign == "n" else sign for sign, hidden in _HIDDEN.items()})
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
_WEIGHT = re.compile(r"\s*%(-?\d+(?:\.\d*)?)%")
_JUDGEMENT = re.compile(r"\s*(TRUE|FALSE|T|F)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_COMMENT_FACT = re.compile(r"\[(id|tag):((?:\\\]|[^\]])*)\]")
_FEEDBACK = gettext_noop("选项的反馈没有读取；通用反馈（####）读作解析。")


@dataclass(slots=True)
class _Answer:
    sign: str
    text: str
    line: int
    weight: float | None = None
    feedback: str = ""


@dataclass(slots=True)
class _Block:
    """The lines of one question, without its comments."""

    line: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    code: str = ""
    tags: list[str] = field(default_factory=list)

    def line_at(self, text: str, offset: int) -> int:
        """Return the line of the file in which an offset of the joined text lies."""
        return self.lines[min(text.count("\n", 0, offset), len(self.lines) - 1)][0]


def read(text: str) -> Reading:
    """Read a GIFT file."""
    reading = Reading("gift")
    topic: str | None = None
    block = _Block()
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        bare = line.strip()
        if bare.startswith("//"):
            for name, written in _COMMENT_FACT.findall(bare):
                value = written.replace("\\]", "]").strip()
                if name == "id":
                    block.code = block.code or value
                else:
                    block.tags.append(value)
        elif bare.startswith("$CATEGORY:") and not block.lines:
            topic = _topic(reading, number, bare.removeprefix("$CATEGORY:"))
        elif bare:
            block.lines.append((number, _hide(line)))
        elif block.lines:
            _read_block(reading, block, topic)
            block = _Block()
    return reading


def _topic(reading: Reading, line: int, path: str) -> str | None:
    names = [name.strip() for name in path.strip().split("/") if name.strip()]
    names = [name for name in names if name not in {"$course$", "$module$", "$system$", "$cat1$", "top"}]
    if len(names) > 1:
        reading.lacks(
            line, "category_path", gettext_noop("知识点没有层级：类别路径“%(path)s”只取最后一级。"),
            path="/".join(names),
        )  # fmt: skip
    return names[-1] if names else None


def _hide(line: str) -> str:
    for hidden in _HIDDEN.values():
        line = line.replace(hidden, "")
    return re.sub(r"\\([~=#{}:\\n])", lambda match: _HIDDEN[match[1]], line)


def _shown(text: str) -> str:
    return text.translate(_SHOWN).strip()


def _read_block(reading: Reading, block: _Block, topic: str | None) -> None:
    reading.read += 1
    line = block.lines[0][0]
    text = "\n".join(part for _number, part in block.lines)
    code, start = block.code, 0
    if title := _TITLE.match(text):
        code, start = code or _shown(title[1]), title.end()
    opening, closing = text.find("{", start), text.rfind("}")
    if opening < 0 and closing < 0:
        return reading.lacks(line, "description", gettext_noop("没有答案的文字（说明）不是题，没有导入。"))
    if not start <= opening < closing:
        return reading.fails(line, gettext_noop("花括号没有成对：答案要写在 { } 里，中间不能有空行。"))
    inside = text[opening + 1 : closing]
    if "{" in inside or "}" in inside:
        return reading.fails(line, gettext_noop("一道题里只能有一对花括号；文字里的花括号前要加 \\。"))
    before, after = text[start:opening], text[closing + 1 :]
    markup, before = _format_of(before)
    stem = _formatted(reading, line, _shown(before), markup)
    tail = _formatted(reading, line, _shown(after), markup)
    answers, _mark, general = inside.partition("####")
    item = Item(line=line, kind="", stem=stem, code=" ".join(code.split()), topic=topic)
    item.tags = block.tags or None
    if general.strip():
        item.explanation = _formatted(reading, line, _shown(general), markup)
    reader = _Answers(reading, block, text, opening + 1, markup)
    try:
        reader.read(item, answers)
    except _Refused as refused:
        return reading.fails(refused.line, refused.message, **refused.params)
    if tail:
        item.stem = f"{stem} ___ {tail}".strip()
        if item.kind != "fill_in":
            reading.lacks(line, "missing_word", gettext_noop("答案写在句子中间：这个位置在题干里写成 ___。"))
    elif item.kind == "fill_in" and not BLANK.search(item.stem):
        item.stem = f"{item.stem} ___".strip()
    reading.items.append(item)
    return None


class _Refused(Exception):
    def __init__(self, line: int, message: str, **params: Any) -> None:
        super().__init__(message)
        self.line, self.message, self.params = line, message, params


def _format_of(text: str) -> tuple[str, str]:
    match = _FORMAT.match(text)
    return (match[1].lower(), text[match.end() :]) if match else ("", text)


def _formatted(reading: Reading, line: int, text: str, markup: str) -> str:
    if markup == "html":
        plain = plain_text(text)
        for feature in plain.lost:
            reading.lacks(line, feature, gettext_noop("题目里的 HTML（%(what)s）只留下文字。"), what=feature)
        if plain.pictures:
            reading.lacks(line, "picture", gettext_noop("GIFT 不能带图片文件，题里的图片没有导入。"))
        return plain.text
    if markup == "markdown" and text:
        reading.lacks(line, "markdown", gettext_noop("Markdown 的排版记号照原样留在文字里。"))
    return text


class _Answers:
    """What stands in the braces of one question."""

    def __init__(self, reading: Reading, block: _Block, text: str, offset: int, markup: str) -> None:
        self.reading, self.block, self.text, self.offset, self.markup = reading, block, text, offset, markup
        self.line = block.lines[0][0]

    def read(self, item: Item, inside: str) -> None:
        """Find out the type and fill the item. Raises _Refused."""
        if not inside.strip():
            item.kind = "short_answer"
        elif inside.lstrip().startswith("#"):
            self._numeric(item, inside)
        elif match := _JUDGEMENT.fullmatch(inside):
            self._tell_feedback(self.line, match[2] or "")
            item.kind = "true_false"
            item.key = ["true" if match[1].upper().startswith("T") else "false"]
        else:
            self._list(item, inside)

    def _list(self, item: Item, inside: str) -> None:
        answers = self._split(inside)
        if not answers:
            raise _Refused(self.line, gettext_noop("看不出答案：每个答案前要写 =（对）或 ~（错）。"))
        for answer in answers:
            self._tell_feedback(answer.line, answer.feedback)
        if all(answer.sign == "=" and "->" in answer.text for answer in answers):
            self._matching(item, answers)
        elif any(answer.sign == "~" for answer in answers):
            self._choice(item, answers)
        else:
            self._short(item, answers)

    def _split(self, inside: str) -> list[_Answer]:
        found = []
        for match in re.finditer(r"([=~])([^=~]*)", inside):
            line = self.block.line_at(self.text, self.offset + match.start())
            rest, _mark, feedback = match[2].partition("#")
            weight = None
            if weighted := _WEIGHT.match(rest):
                weight, rest = float(weighted[1]), rest[weighted.end() :]
            markup, rest = _format_of(rest)
            shown = _formatted(self.reading, line, _shown(rest), markup or self.markup)
            found.append(_Answer(match[1], shown, line, weight, feedback.strip()))
        lead = re.match(r"[^=~]*", inside)
        if lead and lead[0].strip():
            raise _Refused(self.line, gettext_noop("“%(text)s”前面没有 = 或 ~。"), text=_shown(lead[0])[:40])
        return found

    def _tell_feedback(self, line: int, feedback: str) -> None:
        if feedback.strip():
            self.reading.lacks(line, "feedback", _FEEDBACK)

    def _matching(self, item: Item, answers: list[_Answer]) -> None:
        pairs = [answer.text.partition("->") for answer in answers]
        left = [(one.strip(), other.strip()) for one, _arrow, other in pairs]
        item.kind = "matching"
        item.options = numbered([right for _left, right in left])
        item.key = [str(place) for place, (one, _right) in enumerate(left, start=1) if one]
        item.body = {"left": [one for one, _right in left if one]}

    def _choice(self, item: Item, answers: list[_Answer]) -> None:
        item.options = lettered([answer.text for answer in answers])
        ids = [option["id"] for option in item.options]
        exact = [
            place for place, answer in enumerate(answers) if answer.sign == "=" and answer.weight is None
        ]
        exact += [place for place, answer in enumerate(answers) if answer.weight == 100]
        if len(exact) == 1:
            item.kind, item.key = "single_choice", [ids[exact[0]]]
            partial = next((a for n, a in enumerate(answers) if n != exact[0] and a.weight), None)
            if partial:
                self.reading.lacks(
                    partial.line, "weights",
                    gettext_noop("单选题的部分得分（%(weight)s%%）没有读取，只有一个选项得分。"),
                    weight=f"{partial.weight:g}",
                )  # fmt: skip
            return
        right = [place for place, answer in enumerate(answers) if place in exact or (answer.weight or 0) > 0]
        item.kind, item.key = "multiple_choice", [ids[place] for place in right]
        if exact:
            item.body = {}
            self.reading.lacks(
                self.line, "several_right",
                gettext_noop("有 %(n)s 个答案都标成全对：按多选题（全部选对才得分）读取。"), n=len(exact),
            )  # fmt: skip
            return
        weights = [(answer.weight or 0, place in right) for place, answer in enumerate(answers)]
        scoring, is_exact = weighted_scoring(weights)
        item.body = scoring_body(scoring)
        if not is_exact:
            self.reading.lacks(
                self.line, "weights", gettext_noop("各选项的权重没有对应的计分规则，按“少选按比例得分”读取。")
            )

    def _short(self, item: Item, answers: list[_Answer]) -> None:
        item.kind, item.body = "fill_in", {"blanks": [{"unit": ""}]}
        full = [answer for answer in answers if answer.weight is None or answer.weight >= 100]
        for answer in answers:
            if answer not in full:
                self.reading.lacks(
                    answer.line, "weights",
                    gettext_noop("只得部分分的写法“%(text)s”没有读取。"), text=answer.text[:40],
                )  # fmt: skip
        if any("*" in answer.text for answer in full):
            self.reading.lacks(self.line, "wildcard", gettext_noop("* 在这里不是通配符，照字面比对。"))
        item.key = [{"accept": [answer.text for answer in full]}]

    def _numeric(self, item: Item, inside: str) -> None:
        body = inside.strip()[1:]
        item.kind, item.body = "fill_in", {"blanks": [{"unit": ""}]}
        if "=" not in body:
            value, _mark, feedback = body.partition("#")
            self._tell_feedback(self.line, feedback)
            item.key = [_number(self.line, _shown(value))]
            return
        answers = self._split(body)
        for answer in answers:
            self._tell_feedback(answer.line, answer.feedback)
        full = [answer for answer in answers if answer.weight is None or answer.weight >= 100]
        for answer in [*(a for a in answers if a not in full), *full[1:]]:
            self.reading.lacks(
                answer.line, "weights",
                gettext_noop("数字题只读取第一个全对的范围，“%(text)s”没有读取。"), text=answer.text[:40],
            )  # fmt: skip
        if not full:
            raise _Refused(self.line, gettext_noop("数字题没有一个得满分的答案。"))
        item.key = [_number(full[0].line, full[0].text)]


def _number(line: int, text: str) -> dict[str, str]:
    """Read `3`, `3:0.1` or `2.9..3.1`."""
    low, dots, high = text.partition("..")
    value, _colon, tolerance = text.partition(":")
    try:
        if dots:
            bounds = Decimal(low.strip()), Decimal(high.strip())
            middle, half = (bounds[0] + bounds[1]) / 2, abs(bounds[1] - bounds[0]) / 2
        else:
            middle, half = Decimal(value.strip()), Decimal(tolerance.strip() or "0")
        if not (middle.is_finite() and half.is_finite() and abs(middle.adjusted()) < 50):
            raise InvalidOperation
    except (InvalidOperation, OverflowError) as error:
        message = gettext_noop("“%(text)s”不是数字。数字题写成 {#3:0.1} 或 {#2.9..3.1}。")
        raise _Refused(line, message, text=text[:40]) from error
    return {"number": plain_decimal(middle), "tolerance": plain_decimal(half)}


def plain_decimal(number: Decimal) -> str:
    """Return a number without an exponent and idle zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
