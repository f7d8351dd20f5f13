"""Questions as a QTI package, 2.1 or 3.0. No Django here."""

import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from exams.importers.items import Item, Loss, Written, rubric_text
from exams.importers.moodle_writer import xml_attribute, xml_text
from exams.importers.qti import DIFFICULTIES, MANIFEST
from exams.importers.qti_items import TOOL
from exams.importers.qti_tree import kebab
from exams.importers.xml_tree import Node
from exams.types.base import gettext_noop
from exams.types.fill_in import BLANK
from exams.types.hazard_spotting import FULL
from exams.types.true_false import TYPE as TRUE_FALSE

NAMESPACES = {
    "qti21": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "qti30": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
_PACKAGES = {
    "qti21": ("http://www.imsglobal.org/xsd/imscp_v1p1", "imsqti_item_xmlv2p1"),
    "qti30": ("http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1", "imsqti_item_xmlv3p0"),
}
_TEMPLATE = {
    "qti21": "http://www.imsglobal.org/question/qti_v2p1/rptemplates/%s",
    "qti30": "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/%s.xml",
}
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_HTML = {"p", "div", "img", "object"}
_STAMP = (1980, 1, 1, 0, 0, 0)  # the same questions are the same file


def write(items: Sequence[Item], version: str) -> Written:
    """Write a package; `version` is qti21 or qti30."""
    written = Written(b"", 0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        resources = []
        for item in items:
            losses = losses_of(item)
            written.losses += losses
            if any(loss.is_left_out for loss in losses):
                continue
            written.count += 1
            name = identifier_of(item.code)
            _put(archive, f"items/{name}.xml", _document(_Builder(item, version).item(), version))
            files = [f"items/{name}.xml"]
            if item.picture:
                files.append(f"items/{_picture_name(item)}")
                if files[-1] not in archive.namelist():
                    _put(archive, files[-1], item.picture.content)
            resources.append(_resource(item, name, files, version))
        _put(archive, MANIFEST, _manifest(resources, version))
    written.data = buffer.getvalue()
    return written


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)


def identifier_of(code: str) -> str:
    """Return an identifier for a code: the code itself where XML allows it as a name."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", code) and not code.endswith("."):
        return code
    return f"q-{hashlib.sha256(code.encode()).hexdigest()[:16]}"


def _picture_name(item: Item) -> str:
    assert item.picture is not None
    suffix = item.picture.name.rpartition(".")[2].lower() or "webp"
    return f"{hashlib.sha256(item.picture.data.encode()).hexdigest()[:16]}.{suffix}"


def _resource(item: Item, name: str, files: list[str], version: str) -> str:
    lom = [
        f"<imsmd:keyword><imsmd:string>{xml_text(tag)}</imsmd:string></imsmd:keyword>"
        for tag in item.tags or ()
    ]
    general = f"<imsmd:general>{''.join(lom)}</imsmd:general>" if lom else ""
    level = DIFFICULTIES[(item.difficulty or 3) - 1]
    hard = (
        "<imsmd:educational><imsmd:difficulty><imsmd:source>LOMv1.0</imsmd:source>"
        f"<imsmd:value>{level}</imsmd:value></imsmd:difficulty></imsmd:educational>"
    )
    taxon = f"<imsmd:taxon><imsmd:entry><imsmd:string>{xml_text(item.topic or '')}</imsmd:string></imsmd:entry></imsmd:taxon>"
    topic = (
        f"<imsmd:classification><imsmd:taxonPath>{taxon}</imsmd:taxonPath></imsmd:classification>"
        if item.topic
        else ""
    )
    inner = "".join(f'<file href="{file}"/>' for file in files)
    return (
        f'<resource identifier="r-{name}" type="{_PACKAGES[version][1]}" href="{files[0]}">'
        f"<metadata><imsmd:lom>{general}{hard}{topic}</imsmd:lom></metadata>{inner}</resource>"
    )


def _manifest(resources: list[str], version: str) -> bytes:
    schema, number = ("QTIv2.1 Package", "1.0.0") if version == "qti21" else ("QTI Package", "3.0.0")
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest xmlns="{_PACKAGES[version][0]}" xmlns:imsmd="{_LOM}" identifier="manifest">'
        f"<metadata><schema>{schema}</schema><schemaversion>{number}</schemaversion></metadata>"
        "<organizations/><resources>\n" + "\n".join(resources) + "\n</resources></manifest>\n"
    )
    return text.encode()


def _document(root: Node, version: str) -> bytes:
    root.attributes = {"xmlns": NAMESPACES[version], **root.attributes}
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + _serialised(root, version) + "\n").encode()


def _serialised(node: Node, version: str) -> str:
    is_new = version == "qti30" and node.tag not in _HTML
    tag = f"qti-{kebab(node.tag)}" if is_new else node.tag
    attributes = "".join(
        f" {kebab(name) if is_new else name}={xml_attribute(value)}"
        for name, value in node.attributes.items()
    )
    inner = "".join(
        xml_text(part) if isinstance(part, str) else _serialised(part, version) for part in node.parts
    )
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def el(tag: str, *parts: Node | str, **attributes: Any) -> Node:
    """Return an element."""
    return Node(tag, {name: str(value) for name, value in attributes.items()}, 0, list(parts))


class _Builder:
    """One item as a tree in the spelling of QTI 2.1."""

    def __init__(self, item: Item, version: str) -> None:
        self.entry, self.version = item, version
        self.declarations: list[Node] = []
        self.body: list[Node] = []
        self.processing: Node | None = None

    def item(self) -> Node:
        """Return the assessmentItem."""
        entry = self.entry
        {
            "single_choice": self._choice, "multiple_choice": self._choice, "true_false": self._choice,
            "ordering": self._ordering, "matching": self._matching, "fill_in": self._fill_in,
            "short_answer": self._written, "case_analysis": self._written, "hazard_spotting": self._hazards,
        }[entry.kind]()  # fmt: skip
        outcomes = [el("outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")]
        feedback = []
        if entry.explanation:
            outcomes.append(
                el("outcomeDeclaration", identifier="FEEDBACK", cardinality="single", baseType="identifier")
            )
            lines = [el("p", line) for line in entry.explanation.split("\n")]
            text = [el("contentBody", *lines)] if self.version == "qti30" else lines
            feedback.append(
                el(
                    "modalFeedback",
                    *text,
                    outcomeIdentifier="FEEDBACK",
                    identifier="EXPLANATION",
                    showHide="show",
                )
            )
        return el(
            "assessmentItem", *self.declarations, *outcomes, el("itemBody", *self.body),
            *([self.processing] if self.processing else []), *feedback,
            identifier=identifier_of(entry.code), title=entry.code, adaptive="false", timeDependent="false",
            toolName=TOOL, toolVersion="1",
        )  # fmt: skip

    def _stem(self) -> None:
        self.body += [el("p", line) for line in self.entry.stem.split("\n")]
        if self.entry.picture and self.entry.kind != "hazard_spotting":
            self.body.append(el("p", el("img", src=_picture_name(self.entry), alt=self.entry.picture.alt)))

    def _declare(
        self, cardinality: str, base: str, values: Sequence[str], *more: Node, name: str = "RESPONSE"
    ) -> None:
        correct = [el("correctResponse", *(el("value", value) for value in values))] if values else []
        self.declarations.append(
            el(
                "responseDeclaration",
                *correct,
                *more,
                identifier=name,
                cardinality=cardinality,
                baseType=base,
            )
        )

    def _by(self, template: str) -> None:
        self.processing = el("responseProcessing", template=_TEMPLATE[self.version] % template)

    def _choice(self) -> None:
        entry = self.entry
        options = entry.options or list(TRUE_FALSE.fixed_options or ())
        is_many = entry.kind == "multiple_choice"
        scoring = entry.body.get("scoring") if is_many else None
        mapping = []
        if scoring:
            wrong = -1 if scoring == "penalty" else -len(entry.key)
            entries = [
                el("mapEntry", mapKey=option["id"], mappedValue=1 if option["id"] in entry.key else wrong)
                for option in options
            ]
            mapping = [el("mapping", *entries, lowerBound=0, upperBound=len(entry.key), defaultValue=0)]
        self._declare("multiple" if is_many else "single", "identifier", entry.key, *mapping)
        self._stem()
        choices = [el("simpleChoice", option["text"], identifier=option["id"]) for option in options]
        self.body.append(
            el(
                "choiceInteraction",
                *choices,
                responseIdentifier="RESPONSE",
                shuffle=str(entry.kind != "true_false").lower(),
                maxChoices=0 if is_many else 1,
            )
        )
        self._by("map_response" if scoring else "match_correct")

    def _ordering(self) -> None:
        names = {option["id"]: f"S{option['id']}" for option in self.entry.options}
        self._declare("ordered", "identifier", [names[step] for step in self.entry.key])
        self._stem()
        choices = [
            el("simpleChoice", option["text"], identifier=names[option["id"]])
            for option in self.entry.options
        ]
        self.body.append(el("orderInteraction", *choices, responseIdentifier="RESPONSE", shuffle="true"))
        self._by("match_correct")

    def _matching(self) -> None:
        entry = self.entry
        pairs = [f"L{place} R{option_id}" for place, option_id in enumerate(entry.key, start=1)]
        entries = [el("mapEntry", mapKey=pair, mappedValue=1) for pair in pairs]
        self._declare("multiple", "directedPair", pairs, el("mapping", *entries, defaultValue=0))
        self._stem()
        left = [
            el("simpleAssociableChoice", text, identifier=f"L{place}", matchMax=1)
            for place, text in enumerate(entry.body["left"], start=1)
        ]
        right = [
            el("simpleAssociableChoice", option["text"], identifier=f"R{option['id']}", matchMax=1)
            for option in entry.options
        ]
        self.body.append(
            el(
                "matchInteraction",
                el("simpleMatchSet", *left),
                el("simpleMatchSet", *right),
                responseIdentifier="RESPONSE",
                shuffle="true",
                maxAssociations=len(left),
            )
        )
        self._by("map_response")

    def _fill_in(self) -> None:
        entry, rules = self.entry, []
        for place, key in enumerate(entry.key, start=1):
            name = f"RESPONSE{place}"
            if "number" in key:
                self._declare("single", "float", [key["number"]], name=name)
                tolerance = f"{key['tolerance']} {key['tolerance']}"
                test = el(
                    "equal",
                    el("variable", identifier=name),
                    el("correct", identifier=name),
                    toleranceMode="absolute",
                    tolerance=tolerance,
                )
                value = el("sum", el("variable", identifier="SCORE"), el("baseValue", "1", baseType="float"))
                rules.append(
                    el(
                        "responseCondition",
                        el("responseIf", test, el("setOutcomeValue", value, identifier="SCORE")),
                    )
                )
            else:
                entries = [
                    el("mapEntry", mapKey=text, mappedValue=1, caseSensitive="false")
                    for text in key["accept"]
                ]
                self._declare(
                    "single", "string", key["accept"][:1], el("mapping", *entries, defaultValue=0), name=name
                )
                value = el("sum", el("variable", identifier="SCORE"), el("mapResponse", identifier=name))
                rules.append(el("setOutcomeValue", value, identifier="SCORE"))
        place = 0
        for line in entry.stem.split("\n"):
            parts: list[Node | str] = []
            for number, text in enumerate(BLANK.split(line)):
                if number:
                    place += 1
                    label = (
                        {"label": entry.body["blanks"][place - 1]["unit"]}
                        if entry.body["blanks"][place - 1]["unit"]
                        else {}
                    )
                    parts.append(el("textEntryInteraction", responseIdentifier=f"RESPONSE{place}", **label))
                parts.append(text)
            self.body.append(el("p", *parts))
        if entry.picture:
            self.body.append(el("p", el("img", src=_picture_name(entry), alt=entry.picture.alt)))
        self.processing = el("responseProcessing", *rules)

    def _written(self) -> None:
        self._declare("single", "string", [])
        self._stem()
        lines = 25 if self.entry.kind == "case_analysis" else 10
        self.body.append(el("extendedTextInteraction", responseIdentifier="RESPONSE", expectedLines=lines))
        self._for_scorers(rubric_text(self.entry.key).split("\n"))

    def _for_scorers(self, lines: list[str]) -> None:
        paragraphs = [el("p", line) for line in lines]
        inner = [el("contentBody", *paragraphs)] if self.version == "qti30" else paragraphs
        self.body.append(el("rubricBlock", *inner, view="scorer"))

    def _hazards(self) -> None:
        entry, picture = self.entry, self.entry.picture
        assert picture is not None
        entries = [
            el(
                "areaMapEntry",
                shape="poly" if one["shape"] == "polygon" else one["shape"],
                coords=_coords(one, picture.width, picture.height),
                mappedValue=1,
            )
            for one in entry.key
        ]
        wrong = 0 if entry.body.get("scoring") == "free" else -1
        self._declare("multiple", "point", [], el("areaMapping", *entries, lowerBound=0, defaultValue=wrong))
        self.body += [el("p", line) for line in entry.stem.split("\n")]
        name = _picture_name(entry)
        size = {"width": picture.width, "height": picture.height}
        image = (
            el("img", src=name, alt=picture.alt, **size)
            if self.version == "qti30"
            else el("object", picture.alt, data=name, type=f"image/{name.rpartition('.')[2]}", **size)
        )
        self.body.append(
            el("selectPointInteraction", image, responseIdentifier="RESPONSE", maxChoices=entry.body["taps"])
        )
        self._for_scorers([one["name"] for one in entry.key])
        self._by("map_response_point")


def _coords(region: dict[str, Any], width: int, height: int) -> str:
    sizes = (
        [width, height, width] if region["shape"] == "circle" else [width, height] * (len(region["at"]) // 2)
    )
    return ",".join(
        str(round(number * size / FULL)) for number, size in zip(region["at"], sizes, strict=True)
    )


def losses_of(item: Item) -> list[Loss]:
    """Return what QTI cannot hold of a question."""
    found = []
    if item.kind == "ordering" and item.body.get("scoring"):
        message = gettext_noop("QTI 的标准规则里排序全对才得分，“按排对位置的比例得分”写不出。")
        found.append(Loss(item.code, "scoring", message))
    if item.body.get("scoring") == "penalty" and item.options and len(item.key) == len(item.options):
        found.append(Loss(item.code, "scoring", gettext_noop("没有错误选项时，QTI 分不出计分规则。")))
    if item.kind == "hazard_spotting":
        if item.picture is None:
            message = gettext_noop("找不到这道题的图片文件，没有导出。")
            return [Loss(item.code, "picture", message, is_left_out=True)]
        found.append(Loss(item.code, "places", gettext_noop("图上的位置按像素取整。")))
    if item.kind == "fill_in" and any(blank["unit"] for blank in item.body["blanks"]):
        found.append(Loss(item.code, "unit", gettext_noop("单位写在 label 属性里，别的系统可能不显示。")))
    if item.kind == "fill_in" and any(text != "___" for text in BLANK.findall(item.stem)):
        found.append(Loss(item.code, "blank", gettext_noop("题干里的空再导入时都写成三个下划线。")))
    if "\n\n" in item.stem:
        found.append(Loss(item.code, "empty_line", gettext_noop("题干里的空行没有写出。")))
    if item.source:
        found.append(Loss(item.code, "source", gettext_noop("这种格式没有出处。")))
    if item.must_know:
        found.append(Loss(item.code, "must_know", gettext_noop("这种格式没有必知题的标记。")))
    return found
