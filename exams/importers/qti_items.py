"""A QTI item, 2.0 to 2.2 or 3.0: one assessmentItem as a question. No Django here.

`read_item` takes the normalised tree (qti_tree) and a way to open the files beside the item.
"""

import posixpath
import re
from decimal import Decimal, InvalidOperation

from exams.importers.gift import plain_decimal
from exams.importers.items import (
    Item,
    Reading,
    lettered,
    numbered,
    read_rubric,
    scoring_body,
    weighted_scoring,
)
from exams.importers.moodle_xml import CASE_LINES
from exams.importers.qti_text import BodyReader, Opener, block_text, choice_text
from exams.importers.xml_tree import Node
from exams.types.base import gettext_noop
from exams.types.hazard_spotting import FULL
from exams.types.true_false import TYPE as TRUE_FALSE

TOOL = "AnXue"
_TEMPLATES = ("match_correct", "map_response", "map_response_point")
_JUDGEMENTS = [["正确", "错误"], ["对", "错"], ["True", "False"], ["true", "false"]]
_PLAIN_RULES = {
    "responseCondition", "responseIf", "responseElse", "responseElseIf", "setOutcomeValue", "sum", "variable", "equal",
    "stringMatch", "match", "correct", "baseValue", "mapResponse", "isNull", "not", "and", "or",
}  # fmt: skip
_SHAPES = {"rect": "rect", "circle": "circle", "poly": "polygon"}


def read_item(reading: Reading, root: Node, opener: Opener) -> Item | None:
    """Read one item; None with notes in the reading where it cannot be a question."""
    return _ItemReader(reading, root, opener).read()


class _ItemReader(BodyReader):
    """Finds the type and the answer."""

    def read(self) -> Item | None:
        root, item = self.root, self.item
        is_own = root.get("toolName") == TOOL
        item.code = " ".join((root.get("title") if is_own else root.get("identifier")).split())
        body = root.first("itemBody")
        if body is None:
            self.reading.fails(root.line, gettext_noop("题里没有 itemBody。"))
            return None
        self.walk(body)
        item.stem = "\n".join(
            line for line in (" ".join(line.split(" ")).strip() for line in self.lines) if line
        )
        self._surroundings(body)
        readers = {
            "choiceInteraction": self._choice, "orderInteraction": self._order, "matchInteraction": self._match,
            "inlineChoiceInteraction": self._inline_choice, "textEntryInteraction": self._text_entry,
            "extendedTextInteraction": self._extended_text, "hotspotInteraction": self._hotspot,
            "selectPointInteraction": self._select_point, "gapMatchInteraction": self._gap_match,
        }  # fmt: skip
        if not self.interactions:
            self.lacks(root, "description", gettext_noop("没有作答部分的文字不是题，没有导入。"))
            return None
        names = {node.tag for node in self.interactions}
        if len(self.interactions) > 1 and names != {"textEntryInteraction"}:
            self.lacks(
                self.interactions[1],
                "composite",
                gettext_noop("一道题里有几处作答，没有对应的题型，没有导入。"),
            )
            return None
        first = self.interactions[0]
        if first.tag not in readers:
            self.lacks(
                first,
                first.tag,
                gettext_noop("作答方式 %(kind)s 没有对应的题型，这道题没有导入。"),
                kind=first.tag,
            )
            return None
        before = len(self.reading.errors), len(self.reading.unsupported)
        is_kept = readers[first.tag](first)
        if is_kept is False or len(self.reading.errors) > before[0]:
            return None
        self._processing()
        return item

    def _surroundings(self, body: Node) -> None:
        feedback = self.root.named("modalFeedback")
        if len(feedback) == 1:
            self.item.explanation = block_text(feedback[0]) or None
        for node in feedback[1:] if len(feedback) > 1 else []:
            self.lacks(node, "feedback", gettext_noop("有几条反馈时没有读取；只有一条时读作解析。"))
        for node in self.root.children:
            if node.tag in {"templateDeclaration", "templateProcessing"}:
                self.lacks(node, "template", gettext_noop("题目模板（每次换数字）没有读取。"))
        if self.root.get("adaptive") == "true":
            self.lacks(self.root, "adaptive", gettext_noop("自适应的题照普通题读取。"))
        for node in body.all_named("rubricBlock"):
            if "scorer" not in node.get("view"):
                self.lacks(node, "rubric", gettext_noop("给考生看的说明（rubricBlock）没有读取。"))

    # The answers

    def _declaration(self, node: Node) -> Node | None:
        wanted = node.get("responseIdentifier")
        return next(
            (one for one in self.root.named("responseDeclaration") if one.get("identifier") == wanted), None
        )

    def _correct(self, node: Node) -> list[str]:
        declaration = self._declaration(node)
        correct = declaration.first("correctResponse") if declaration else None
        return [value.text.strip() for value in correct.named("value")] if correct else []

    def _mapping(self, node: Node) -> dict[str, float]:
        declaration = self._declaration(node)
        mapping = declaration.first("mapping") if declaration else None
        found = {}
        for entry in mapping.named("mapEntry") if mapping else ():
            value = _number(entry.get("mappedValue"))
            if value is None:
                self.reading.fails(
                    entry.line,
                    gettext_noop("mappedValue“%(text)s”不是数字。"),
                    text=entry.get("mappedValue")[:20],
                )
            else:
                found[entry.get("mapKey")] = float(value)
        return found

    def _template(self) -> str:
        processing = self.root.first("responseProcessing")
        name = posixpath.basename(processing.get("template")) if processing else ""
        return name.removesuffix(".xml")

    def _processing(self) -> None:
        processing = self.root.first("responseProcessing")
        if processing is None or self._template() in _TEMPLATES:
            return
        rules = {node.tag for node in processing.within()}
        if self.interactions[0].tag == "textEntryInteraction" and rules <= _PLAIN_RULES:
            return  # conditions on texts and numbers with a tolerance, which `_text_entry` has read
        if self.item.kind in {"short_answer", "case_analysis"}:
            return
        self.lacks(
            processing, "response_processing", gettext_noop("自定义的评分规则没有读取，按标准答案评分。")
        )

    def _choice(self, node: Node) -> None:
        choices = node.named("simpleChoice")
        texts = [choice_text(self, choice) for choice in choices]
        ids = [choice.get("identifier") for choice in choices]
        self._choose(node, ids, texts, is_single=node.get("maxChoices", "1") == "1")

    def _choose(self, node: Node, ids: list[str], texts: list[str], *, is_single: bool) -> None:
        item, mapping = self.item, self._mapping(node)
        correct = self._correct(node) or [key for key, value in mapping.items() if value > 0]
        item.options = lettered(texts)
        letters = {choice_id: option["id"] for choice_id, option in zip(ids, item.options, strict=True)}
        item.key = [letters.get(choice_id, choice_id) for choice_id in correct]
        if is_single and texts in _JUDGEMENTS and len(item.key) == 1:
            options = TRUE_FALSE.fixed_options or ()
            item.kind, item.options = "true_false", []
            item.key = [
                option["id"]
                for option, letter in zip(options, letters.values(), strict=False)
                if [letter] == item.key
            ]
            return
        if is_single or len(correct) == 1:
            item.kind = "single_choice"
            if not is_single:
                self.lacks(
                    node, "several_answers", gettext_noop("可多选、但只有一个正确答案的题，按单选题读取。")
                )
            if any(value > 0 for key, value in mapping.items() if key not in correct):
                self.lacks(node, "weights", gettext_noop("单选题的部分得分没有读取，只有一个选项得分。"))
            return
        item.kind = "multiple_choice"
        if self._template() == "map_response" and mapping:
            total = sum(value for value in mapping.values() if value > 0) or 1
            declaration = self._declaration(node)
            inner = declaration.first("mapping") if declaration else None
            default = float(_number(inner.get("defaultValue", "0")) or 0) if inner else 0.0
            weights = [
                (mapping.get(choice_id, default) * 100 / total, choice_id in correct) for choice_id in ids
            ]
            scoring, is_exact = weighted_scoring(weights)
            item.body = scoring_body(scoring)
            if not is_exact:
                self.lacks(
                    node, "weights", gettext_noop("各选项的权重没有对应的计分规则，按“少选按比例得分”读取。")
                )

    def _inline_choice(self, node: Node) -> None:
        choices = node.named("inlineChoice")
        self._choose(
            node, [choice.get("identifier") for choice in choices],
            [choice_text(self, choice) for choice in choices], is_single=True,
        )  # fmt: skip

    def _order(self, node: Node) -> None:
        choices = node.named("simpleChoice")
        self.item.kind = "ordering"
        self.item.options = lettered([choice_text(self, choice) for choice in choices])
        letters = {
            choice.get("identifier"): option["id"]
            for choice, option in zip(choices, self.item.options, strict=True)
        }
        self.item.key = [letters.get(value, value) for value in self._correct(node)]

    def _pairs(self, node: Node) -> list[tuple[str, str]]:
        values = self._correct(node) or [key for key, value in self._mapping(node).items() if value > 0]
        pairs = [value.split() for value in values]
        return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]

    def _match(self, node: Node) -> None:
        sets = node.named("simpleMatchSet")
        left, right = (
            one.named("simpleAssociableChoice") for one in [*sets, Node("", {}, 0), Node("", {}, 0)][:2]
        )
        rights = {choice.get("identifier"): str(place) for place, choice in enumerate(right, start=1)}
        partner = {rights[other]: one for one, other in self._pairs(node) if other in rights}
        given = {one: other for other, one in partner.items()}
        self._matching([(choice.get("identifier"), choice_text(self, choice)) for choice in left],
                       [choice_text(self, choice) for choice in right], given)  # fmt: skip
        if self._template() == "match_correct":
            self.lacks(node, "scoring", gettext_noop("连线题每对一项得一份分，“全对才得分”没有读取。"))

    def _matching(self, left: list[tuple[str, str]], right: list[str], given: dict[str, str]) -> None:
        item = self.item
        item.kind, item.options = "matching", numbered(right)
        item.body = {"left": [text for _id, text in left]}
        item.key = [given.get(left_id, "") for left_id, _text in left]

    def _gap_match(self, node: Node) -> None:
        gaps = [gap.get("identifier") for gap in node.all_named("gap")]
        texts = node.named("gapText")
        numbers = {text.get("identifier"): str(place) for place, text in enumerate(texts, start=1)}
        given = {gap: numbers[text] for text, gap in self._pairs(node) if text in numbers}
        left = [(gap, f"（{place}）") for place, gap in enumerate(gaps, start=1)]
        self._matching(left, [choice_text(self, text) for text in texts], given)
        self.lacks(node, "gap_match", gettext_noop("拖词填空读作连线题：左边是空的序号，右边是词。"))

    def _text_entry(self, _first: Node) -> None:
        item = self.item
        item.kind, item.key, item.body = "fill_in", [], {"blanks": []}
        for node in self.interactions:
            item.body["blanks"].append(
                {"unit": node.get("label") if self.root.get("toolName") == TOOL else ""}
            )
            declaration = self._declaration(node)
            correct, mapping = self._correct(node), self._mapping(node)
            if declaration is not None and declaration.get("baseType") in {"float", "integer"}:
                self._number_blank(node, correct or list(mapping))
                continue
            best = max(mapping.values(), default=0)
            accepted = [*correct, *(key for key, value in mapping.items() if value == best > 0)]
            for key, value in mapping.items():
                if 0 < value < best:
                    self.lacks(
                        node, "weights", gettext_noop("只得部分分的写法“%(text)s”没有读取。"), text=key[:40]
                    )
            item.key.append({"accept": list(dict.fromkeys(accepted))})

    def _number_blank(self, node: Node, values: list[str]) -> None:
        number = _number(values[0]) if values else None
        tolerance = Decimal(0)
        processing = self.root.first("responseProcessing")
        for equal in processing.all_named("equal") if processing else ():
            names = {one.get("identifier") for one in equal.all_named("variable")}
            if node.get("responseIdentifier") in names and equal.get("toleranceMode") == "absolute":
                tolerance = _number((equal.get("tolerance").split() or ["0"])[0]) or Decimal(0)
            elif node.get("responseIdentifier") in names and equal.get("toleranceMode") == "relative":
                self.lacks(equal, "relative_tolerance", gettext_noop("按百分比的误差没有读取，误差记为 0。"))
        if number is None:
            return self.reading.fails(
                node.line, gettext_noop("数字空的答案“%(text)s”不是数字。"), text="".join(values)[:40]
            )
        self.item.key.append({"number": plain_decimal(number), "tolerance": plain_decimal(tolerance)})
        return None

    def _extended_text(self, node: Node) -> None:
        lines = node.get("expectedLines")
        is_tall = lines.isascii() and lines.isdigit() and int(lines[:6]) >= CASE_LINES
        self.item.kind = "case_analysis" if is_tall else "short_answer"
        text = self._for_scorers()
        self.item.key = read_rubric(text) if text else None

    def _for_scorers(self) -> str:
        blocks = [one for one in self.root.all_named("rubricBlock") if "scorer" in one.get("view")]
        return "\n".join(block_text(block) for block in blocks).strip()

    # Places on a picture

    def _hotspot(self, node: Node) -> bool:
        right = self._correct(node) or [key for key, value in self._mapping(node).items() if value > 0]
        spots = [(one.get("shape"), one.get("coords"), one.get("hotspotLabel") or one.get("label"))
                 for one in node.all_named("hotspotChoice") if one.get("identifier") in right]  # fmt: skip
        return self._hazards(node, spots)

    def _select_point(self, node: Node) -> bool:
        declaration = self._declaration(node)
        area = declaration.first("areaMapping") if declaration else None
        names = self._for_scorers().splitlines()
        entries = (
            [one for one in area.named("areaMapEntry") if (_number(one.get("mappedValue")) or 0) > 0]
            if area
            else []
        )
        spots = [(one.get("shape"), one.get("coords"), names[n] if len(names) == len(entries) else "")
                 for n, one in enumerate(entries)]  # fmt: skip
        if not self._hazards(node, spots):
            return False
        if area is None or (_number(area.get("defaultValue", "0")) or 0) >= 0:
            self.item.body["scoring"] = "free"
        return True

    def _hazards(self, node: Node, spots: list[tuple[str, str, str]]) -> bool:
        picture = self.item.picture
        if picture is None or not (picture.width and picture.height):
            self.lacks(
                node,
                node.tag,
                gettext_noop("图上点选的题要带图片和它的宽高（width、height），这道题没有导入。"),
            )
            return False
        self.item.kind, self.item.key = "hazard_spotting", []
        for place, (shape, coords, name) in enumerate(spots, start=1):
            at = _region(shape, coords, picture.width, picture.height)
            if at is None:
                self.lacks(
                    node,
                    "shape",
                    gettext_noop("形状 %(shape)s（%(coords)s）没有读取。"),
                    shape=shape,
                    coords=coords[:40],
                )
                continue
            self.item.key.append({"name": name or f"第 {place} 处", "shape": _SHAPES[shape], "at": at})
        taps = node.get("maxChoices")
        self.item.body = {"taps": int(taps) if taps.isdigit() and taps.isascii() and len(taps) < 4 else 0}
        return True


def _region(shape: str, coords: str, width: int, height: int) -> list[int] | None:
    numbers = [_number(text) for text in re.split(r"[,\s]+", coords.strip())]
    if shape not in _SHAPES or None in numbers or len(numbers) < 3:
        return None
    if shape == "circle":
        sizes = [width, height, width]
        if len(numbers) != len(sizes):
            return None
    else:
        sizes = [width, height] * (len(numbers) // 2)
        if len(numbers) % 2 or (shape == "rect" and len(numbers) != 4):
            return None
    return [
        max(0, min(FULL, round(float(number or 0) * FULL / size)))
        for number, size in zip(numbers, sizes, strict=True)
    ]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 50 else None
