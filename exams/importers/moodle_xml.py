"""Moodle XML, the full format of Moodle's question bank. No Django here.

What is read of each question is in docs/question-formats.md; everything else is reported with its line.
"""

import posixpath
import re
import urllib.parse
from decimal import Decimal, InvalidOperation

from exams.importers.gift import plain_decimal
from exams.importers.html_text import plain_text
from exams.importers.items import (
    Item,
    Picture,
    Reading,
    lettered,
    numbered,
    read_rubric,
    scoring_body,
    weighted_scoring,
)
from exams.importers.xml_tree import Node
from exams.types.base import gettext_noop
from exams.types.fill_in import BLANK

CASE_LINES = 20  # an answer box this tall is for a case analysis
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_UNSUPPORTED = {
    "cloze": "cloze", "calculated": "calculated", "calculatedsimple": "calculated",
    "calculatedmulti": "calculated", "ddwtos": "drag_and_drop", "ddimageortext": "drag_and_drop",
    "ddmarker": "drag_and_drop", "gapselect": "gap_select", "randomsamatch": "random_matching",
    "description": "description", "random": "random",
}  # fmt: skip
# Elements that carry meaning here or none anywhere; others of a question are reported.
_KNOWN = {
    "name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden", "idnumber", "tags", "single",
    "shuffleanswers", "answernumbering", "showstandardinstruction", "answer", "subquestion", "usecase", "unitgradingtype",
    "unitpenalty", "showunits", "unitsleft", "units", "responseformat", "responserequired",
    "responsefieldlines", "graderinfo", "layouttype", "selecttype", "selectcount", "gradingtype",
    "showgrading", "numberingstyle", "shownumcorrect", "minwordlimit", "maxwordlimit", "attachments", "attachmentsrequired", "maxbytes", "filetypeslist", "responsetemplate", "image", "length",
}  # fmt: skip
_FEEDBACK = {"correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"}


def read(root: Node) -> Reading:
    """Read a <quiz>."""
    reading = Reading("moodle_xml")
    if root.tag != "quiz":
        reading.fails(
            root.line, gettext_noop("Moodle XML 的最外层应是 <quiz>，这里是 <%(tag)s>。"), tag=root.tag
        )
        return reading
    topic: str | None = None
    for node in root.children:
        if node.tag != "question":
            reading.lacks(
                node.line, "element", gettext_noop("不认识的元素 <%(tag)s> 没有读取。"), tag=node.tag
            )
        elif node.get("type") == "category":
            topic = _category(reading, node)
        else:
            reading.read += 1
            _Question(reading, node, topic).read()
    return reading


def _category(reading: Reading, node: Node) -> str | None:
    category = node.first("category")
    path = category.text.strip() if category else ""
    names = [name.strip() for name in path.split("/") if name.strip()]
    names = [name for name in names if not re.fullmatch(r"\$\w+\$|top", name)]
    if len(names) > 1:
        reading.lacks(
            node.line, "category_path", gettext_noop("知识点没有层级：类别路径“%(path)s”只取最后一级。"),
            path="/".join(names),
        )  # fmt: skip
    return names[-1] if names else None


def _text_of(node: Node | None) -> str:
    inner = node.first("text") if node else None
    return inner.text.strip() if inner else ""


class _Question:
    """One <question>."""

    def __init__(self, reading: Reading, node: Node, topic: str | None) -> None:
        self.reading, self.node, self.topic = reading, node, topic
        self.item = Item(line=node.line, kind="", stem="", topic=topic)

    def read(self) -> None:
        """Add the question to the reading, or say why not."""
        kind = self.node.get("type")
        readers = {
            "multichoice": self._multichoice, "truefalse": self._truefalse, "shortanswer": self._shortanswer,
            "numerical": self._numerical, "matching": self._matching, "essay": self._essay,
            "ordering": self._ordering,
        }  # fmt: skip
        if kind not in readers:
            return self.lacks(
                self.node, _UNSUPPORTED.get(kind, "question_type"),
                gettext_noop("题型 %(kind)s 没有对应的题型，这道题没有导入。"), kind=kind or "?",
            )  # fmt: skip
        item = self.item
        name, number = _text_of(self.node.first("name")), self.node.first("idnumber")
        item.code = " ".join(((number.text if number else "").strip() or name).split())
        item.stem = self.formatted(self.node.first("questiontext"), with_picture=True)
        general = self.node.first("generalfeedback")
        item.explanation = self.formatted(general) or None
        if tags := self.node.first("tags"):
            item.tags = [text for tag in tags.named("tag") if (text := " ".join(_text_of(tag).split()))]
        self._settings()
        count = len(self.reading.errors)
        readers[kind]()
        if len(self.reading.errors) == count:
            self.reading.items.append(item)
        return None

    def lacks(self, node: Node, feature: str, message: str, **params: object) -> None:
        """Report a feature at an element's line."""
        self.reading.lacks(node.line, feature, message, **params)

    def _settings(self) -> None:
        for node in self.node.children:
            if node.tag in _FEEDBACK or node.tag == "hint":
                if _text_of(node):
                    self.lacks(node, "feedback", gettext_noop("答对、答错时的反馈和提示没有读取。"))
            elif (
                node.tag == "penalty" and node.text.strip() not in {"", "0", "1"} and not _is_zero(node.text)
            ):
                self.lacks(node, "penalty", gettext_noop("重答扣分（penalty）在这里没有，没有读取。"))
            elif node.tag == "hidden" and node.text.strip() == "1":
                self.lacks(node, "hidden", gettext_noop("隐藏的题照常导入，不用时请停用。"))
            elif node.tag == "usecase" and node.text.strip() == "1":
                self.lacks(node, "case", gettext_noop("填空题不分大小写，“区分大小写”没有读取。"))
            elif node.tag == "units" and len(node.children) > 1:
                self.lacks(node, "units", gettext_noop("几种单位的换算没有读取，只读取第一个单位。"))
            elif node.tag not in _KNOWN:
                self.lacks(node, "element", gettext_noop("不认识的元素 <%(tag)s> 没有读取。"), tag=node.tag)

    def formatted(self, node: Node | None, *, with_picture: bool = False) -> str:
        """Return the text of an element as plain text; take its first picture where there is room for one."""
        if node is None:
            return ""
        text, markup = _text_of(node), node.get("format", "moodle_auto_format")
        if markup == "markdown" and text:
            self.lacks(node, "markdown", gettext_noop("Markdown 的排版记号照原样留在文字里。"))
        if markup not in {"html", "moodle_auto_format"}:
            return text
        if markup != "html" and not re.search(r"<\w+[^>]*>", text):
            return text
        plain = plain_text(text)
        for feature in plain.lost:
            self.lacks(node, feature, gettext_noop("题目里的 HTML（%(what)s）只留下文字。"), what=feature)
        for place, (source, alt) in enumerate(plain.pictures):
            if place or not with_picture or not self._take_picture(node, source, alt):
                self.lacks(
                    node,
                    "picture",
                    gettext_noop("这张图片没有导入：每道题只能在题干里带一张随文件来的图片。"),
                )
        return plain.text

    def _take_picture(self, node: Node, source: str, alt: str) -> bool:
        name = posixpath.basename(urllib.parse.unquote(source))
        for file in node.named("file"):
            if file.get("name") == name and name.lower().endswith(_PICTURES):
                self.item.picture = Picture(name, "".join(file.text.split()), alt)
                return source.startswith("@@PLUGINFILE@@")
        return False

    def _answers(self) -> list[tuple[Node, str, float]]:
        found = []
        for node in self.node.named("answer"):
            try:
                fraction = float(node.get("fraction", "0"))
            except ValueError:
                self.reading.fails(
                    node.line, gettext_noop("fraction“%(text)s”不是数字。"), text=node.get("fraction")[:20]
                )
                fraction = 0.0
            feedback = node.first("feedback")
            if feedback and _text_of(feedback):
                self.lacks(feedback, "feedback", gettext_noop("选项的反馈没有读取；通用反馈读作解析。"))
            found.append((node, self.formatted(node), fraction))
        return found

    def _multichoice(self) -> None:
        answers = self._answers()
        self.item.options = lettered([text for _node, text, _fraction in answers])
        ids = [option["id"] for option in self.item.options]
        single = self.node.first("single")
        if single is not None and single.text.strip().lower() in {"true", "1"}:
            self.item.kind = "single_choice"
            self.item.key = [
                option_id for option_id, answer in zip(ids, answers, strict=True) if answer[2] >= 99.9
            ]
            for node, _text, fraction in answers:
                if 0 < fraction < 99.9 or fraction < 0:
                    self.lacks(
                        node, "weights", gettext_noop("单选题的部分得分（%(weight)s%%）没有读取，只有一个选项得分。"),
                        weight=f"{fraction:g}",
                    )  # fmt: skip
            return
        weights = [(fraction, fraction > 0) for _node, _text, fraction in answers]
        self.item.key = [option_id for option_id, (_w, right) in zip(ids, weights, strict=True) if right]
        if len(self.item.key) == 1:
            self.item.kind = "single_choice"
            self.lacks(
                self.node, "several_answers", gettext_noop("可多选、但只有一个正确答案的题，按单选题读取。")
            )
            return
        self.item.kind = "multiple_choice"
        scoring, is_exact = weighted_scoring(weights)
        self.item.body = scoring_body(scoring)
        if not is_exact:
            self.lacks(
                self.node, "weights", gettext_noop("各选项的权重没有对应的计分规则，按“少选按比例得分”读取。")
            )

    def _truefalse(self) -> None:
        self.item.kind = "true_false"
        right = [text.strip().lower() for _node, text, fraction in self._answers() if fraction >= 99.9]
        self.item.key = [text for text in right if text in {"true", "false"}]

    def _shortanswer(self) -> None:
        self._one_blank()
        texts = []
        for node, text, fraction in self._answers():
            if fraction < 99.9:
                self.lacks(
                    node, "weights", gettext_noop("只得部分分的写法“%(text)s”没有读取。"), text=text[:40]
                )
                continue
            if "*" in text:
                self.lacks(node, "wildcard", gettext_noop("* 在这里不是通配符，照字面比对。"))
            texts.append(text)
        self.item.key = [{"accept": texts}]

    def _one_blank(self) -> None:
        self.item.kind, self.item.body = "fill_in", {"blanks": [{"unit": ""}]}
        if not BLANK.search(self.item.stem):
            self.item.stem = f"{self.item.stem} ___".strip()

    def _numerical(self) -> None:
        self._one_blank()
        key = None
        for node, text, fraction in self._answers():
            tolerance = node.first("tolerance")
            if fraction < 99.9 or key is not None or text.strip() == "*":
                self.lacks(
                    node,
                    "weights",
                    gettext_noop("数字题只读取第一个全对的范围，“%(text)s”没有读取。"),
                    text=text[:40],
                )
                continue
            try:
                key = {
                    "number": _plain(text), "tolerance": _plain(tolerance.text if tolerance else "0")
                }  # fmt: skip
            except InvalidOperation:
                return self.reading.fails(node.line, gettext_noop("“%(text)s”不是数字。"), text=text[:40])
        self.item.key = [key] if key else []
        units = self.node.first("units")
        unit = next(
            (name for one in (units.named("unit") if units else ()) if (name := one.first("unit_name"))), None
        )
        if unit is not None:
            self.item.body = {"blanks": [{"unit": unit.text.strip()}]}
        return None

    def _matching(self) -> None:
        self.item.kind = "matching"
        pairs = []
        for node in self.node.named("subquestion"):
            answer = node.first("answer")
            pairs.append((self.formatted(node), _text_of(answer)))
        self.item.options = numbered([right for _left, right in pairs])
        self.item.key = [str(place) for place, (left, _right) in enumerate(pairs, start=1) if left]
        self.item.body = {"left": [left for left, _right in pairs if left]}

    def _essay(self) -> None:
        box = self.node.first("responsefieldlines")
        lines = box.text.strip()[:6] if box else ""
        is_tall = lines.isascii() and lines.isdigit() and int(lines) >= CASE_LINES
        self.item.kind = "case_analysis" if is_tall else "short_answer"
        info = self.formatted(self.node.first("graderinfo"))
        self.item.key = read_rubric(info) if info else None
        attachments = self.node.first("attachments")
        if attachments is not None and attachments.text.strip() not in {"", "0"}:
            self.lacks(attachments, "attachments", gettext_noop("考生不能交附件，这个设置没有读取。"))

    def _ordering(self) -> None:
        self.item.kind = "ordering"
        texts = [self.formatted(node) for node in self.node.named("answer")]
        self.item.options = lettered(texts)
        self.item.key = [option["id"] for option in self.item.options]
        grading = self.node.first("gradingtype")
        rule = grading.text.strip() if grading else "ABSOLUTE_POSITION"
        self.item.body = scoring_body("all" if rule in {"ALL_OR_NOTHING", "-1"} else "places")
        if rule not in {"ALL_OR_NOTHING", "-1", "ABSOLUTE_POSITION", "0"}:
            self.lacks(
                grading or self.node, "grading",
                gettext_noop("排序的计分方式 %(rule)s 没有，按排对位置的比例得分。"), rule=rule,
            )  # fmt: skip


def _is_zero(text: str) -> bool:
    return not text.strip().strip("0.")


def _plain(text: str) -> str:
    number = Decimal(text.strip() or "0")
    if not number.is_finite() or abs(number.adjusted()) > 50:
        raise InvalidOperation
    return plain_decimal(number)
