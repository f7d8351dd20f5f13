"""The text of a QTI item: what stands around the places to answer, and its picture. No Django here."""

import posixpath
import re
import urllib.parse
from collections.abc import Callable

from exams.importers.items import Item, Picture, Reading
from exams.importers.xml_tree import Node
from exams.types.base import gettext_noop

Opener = Callable[[str], str | None]  # a name inside the package → base64, or None
_BLOCKS = {
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
    "table",
    "blockquote",
    "prompt",
    "pre",
}
_HTML_LOST = {
    "table": "table",
    "math": "formula",
    "video": "media",
    "audio": "media",
    "a": "link",
    "sub": "subscript",
    "sup": "subscript",
}
_NOT_SHOWN = {
    "rubricBlock", "feedbackBlock", "feedbackInline", "templateBlock", "templateInline", "stylesheet",
}  # fmt: skip


class BodyReader:
    """Walks the itemBody: gathers lines, interactions and the picture."""

    def __init__(self, reading: Reading, root: Node, opener: Opener) -> None:
        self.reading, self.root, self.opener = reading, root, opener
        self.item = Item(line=root.line, kind="", stem="", place=reading.place)
        self.interactions: list[Node] = []
        self.lines: list[str] = [""]

    def lacks(self, node: Node, feature: str, message: str, **params: object) -> None:
        """Report a feature at an element's line."""
        self.reading.lacks(node.line, feature, message, **params)

    def walk(self, node: Node) -> None:
        """Gather what an element holds."""
        for part in node.parts:
            if isinstance(part, str):
                self.lines[-1] += re.sub(r"\s+", " ", part)
            elif part.tag.endswith("Interaction"):
                self._interaction(part)
            elif part.tag in _NOT_SHOWN:
                if part.tag.startswith(("feedback", "template")):
                    feature = "feedback" if part.tag.startswith("feedback") else "template"
                    self.lacks(part, feature, gettext_noop("<%(tag)s> 没有读取。"), tag=part.tag)
            elif part.tag in {"img", "object"}:
                self._picture(part)
            else:
                self._markup(part)

    def _markup(self, part: Node) -> None:
        if part.tag in _HTML_LOST:
            message = gettext_noop("题目里的 HTML（%(what)s）只留下文字。")
            self.lacks(part, _HTML_LOST[part.tag], message, what=part.tag)
        begins_line = part.tag in _BLOCKS or part.tag == "br"
        if begins_line:
            self.lines.append("")
        self.walk(part)
        if begins_line:
            self.lines.append("")

    def _interaction(self, node: Node) -> None:
        self.interactions.append(node)
        if node.tag in {"textEntryInteraction", "inlineChoiceInteraction"}:
            self.lines[-1] += "___"
            return
        for child in node.children:
            if child.tag == "prompt":
                self.lines.append("")
                self.walk(child)
                self.lines.append("")
            elif child.tag in {"img", "object"}:
                self._picture(child)
        if node.tag == "gapMatchInteraction":
            for part in node.children:
                if part.tag not in {"prompt", "gapText", "gapImg"}:
                    self._gaps(part)

    def _gaps(self, node: Node) -> None:
        self.lines.append("")
        for part in node.parts:
            if isinstance(part, str):
                self.lines[-1] += re.sub(r"\s+", " ", part)
            elif part.tag == "gap":
                self.lines[-1] += f"（{len(self.root.all_named('gap')[: self._gap_place(part) + 1])}）___"
            else:
                self._gaps(part)

    def _gap_place(self, gap: Node) -> int:
        return next(n for n, node in enumerate(self.root.all_named("gap")) if node is gap)

    def _picture(self, node: Node) -> None:
        source = urllib.parse.unquote(node.get("src") or node.get("data"))
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.reading.place), source))
        data = self.opener(name) if source and "://" not in source and self.item.picture is None else None
        if data is None:
            self.lacks(
                node, "picture", gettext_noop("这张图片没有导入：每道题只能在题干里带一张随文件来的图片。")
            )
            return
        alt = node.get("alt") or " ".join(node.text.split())
        sizes = [
            int(text) if (text := node.get(name)).isascii() and text.isdigit() else 0
            for name in ("width", "height")
        ]
        self.item.picture = Picture(posixpath.basename(name), data, alt, *sizes)


def block_text(node: Node) -> str:
    """Return the text of a block, a line for each of its paragraphs."""
    rows = [" ".join(child.text.split()) for child in node.all_named("p")] or [" ".join(node.text.split())]
    return "\n".join(rows)


def choice_text(reader: BodyReader, node: Node) -> str:
    """Return the text of a choice; report what else it holds."""
    for inner in node.within():
        if inner.tag in {"img", "object"}:
            reader.lacks(inner, "picture", gettext_noop("选项里的图片没有导入，选项只能是文字。"))
        elif inner.tag.startswith("feedback"):
            reader.lacks(inner, "feedback", gettext_noop("选项的反馈没有读取。"))
    return " ".join(_without_feedback(node).split())


def _without_feedback(node: Node) -> str:
    return "".join(
        part if isinstance(part, str) else "" if part.tag.startswith("feedback") else _without_feedback(part)
        for part in node.parts
    )
