"""The body of a .docx turned into lines: paragraphs with their numbers, tables, pictures, text boxes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from courses.importers.docx_numbering import Numbering, W
from courses.importers.docx_words import (
    MC,
    Package,
    Words,
    all_text,
    alternative,
    child_value,
    is_deleted_mark,
    loss,
)

# How the label of an inner item of a list begins: 1. a) ① （1）; 一、 and （一） are headings' labels.
_ITEM_LABEL = re.compile(r"[（(]?[0-9a-zA-Z①-⑳]")


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says about structure."""

    heading: int | None = None
    numbering: tuple[str, int] | None = None
    bold: bool = False
    centred: bool = False
    contents: bool = False


def numbering_of(properties: Any) -> tuple[str, int] | None:
    """Return the numbering and depth a `w:pPr` names."""
    element = properties.find(f"{W}numPr")
    if element is None:
        return None
    depth = child_value(element, "ilvl") or "0"
    return child_value(element, "numId") or "", int(depth) if depth.isdecimal() else 0


class Body:
    """Turns the elements of a text into lines."""

    def __init__(self, package: Package, styles: dict[str, Style], numbering: Numbering) -> None:
        self.package = package
        self.styles = styles
        self.numbering = numbering
        self.has_emphasis = False
        self.carried: Words | None = None  # paragraphs whose ends were deleted: they go on in the next

    def lines_of(self, parent: Any) -> Iterator[dict[str, Any]]:
        """Yield the lines below an element in their order."""
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._rest()
                yield from self._table(element)
            elif element.tag == f"{W}sdt":
                yield from self._content_control(element)
            elif element.tag == f"{MC}AlternateContent":
                yield from self.lines_of(alternative(element))
            elif element.tag in {f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag", f"{W}sdtContent"}:
                yield from self.lines_of(element)
        yield from self._rest()

    def _rest(self) -> Iterator[dict[str, Any]]:
        """Yield what was carried to a next paragraph that never came."""
        words, self.carried = self.carried, None
        if words is not None:
            yield from self._lines(words, None)

    def _content_control(self, element: Any) -> Iterator[dict[str, Any]]:
        gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
        content = element.find(f"{W}sdtContent")
        if content is None:
            return
        if gallery is not None and gallery.get(f"{W}val") == "Table of Contents":
            self.package.contents += [line["text"] for line in self.lines_of(content) if line.get("text")]
            return
        yield from self.lines_of(content)

    def _paragraph(self, element: Any) -> Iterator[dict[str, Any]]:
        properties = element.find(f"{W}pPr")
        words, self.carried = self.carried or Words(self.package), None
        words.read(element)
        if words.emphasis and not self.has_emphasis:
            # Once for the file: there may be some in every paragraph, and it would hide what else was lost.
            self.has_emphasis = True
            words.losses.append(loss("emphasis", words.emphasis))
        if is_deleted_mark(properties):
            self.carried = words
        else:
            yield from self._lines(words, properties)

    def _lines(self, words: Words, properties: Any) -> Iterator[dict[str, Any]]:
        """Yield one paragraph's lines, then its pictures and text boxes. Losses stand with the first line."""
        style = self._style_of(properties)
        texts = words.text.split("\n")
        if style.contents:
            self.package.contents += [text for text in texts if text.strip()]
            return
        heading = style.heading
        if properties is not None and (level := child_value(properties, "outlineLvl")) is not None:
            heading = int(level) + 1 if level.isdecimal() and int(level) < 9 else None
        common: dict[str, Any] = {
            "heading": heading,
            "bold": words.is_bold or (style.bold and not words.has_plain),
            "centred": style.centred
            or (properties is not None and child_value(properties, "jc") == "center"),
            "indented": _is_indented(properties),
        }
        if words.text.strip():
            label = self._label(properties, style)
            if label:
                texts[0] = label[0] + texts[0]
        else:
            label = None
        for place, text in enumerate(texts):
            kind = "text" if place or not label else label[1]
            if not text.strip() and place:
                continue
            yield {
                "text": text,
                "kind": kind,
                "depth": label[2] if label and not place else 0,
                "page_break_before": words.page_break and place == 0,
                "losses": [] if place else words.losses,
                **common,
            }
        for path, description in words.pictures:
            yield {"text": "", "kind": "picture", "picture": path, "description": description}
        for box in words.boxes:
            lines = list(self.lines_of(box))
            if said := " ".join(line["text"] for line in lines if line["text"].strip()):
                lines[0]["losses"] = [loss("text_box", said), *lines[0].get("losses", ())]
            yield from lines

    def _style_of(self, properties: Any) -> Style:
        name = child_value(properties, "pStyle") if properties is not None else None
        return self.styles.get(name or "", Style())

    def _label(self, properties: Any, style: Style) -> tuple[str, str, int] | None:
        """Return the number Word would print, the kind of line it makes and how deep it stands."""
        own = numbering_of(properties) if properties is not None else None
        numbering = own if own is not None and own[0] else style.numbering
        if (own is not None and own[0] == "0") or numbering is None:
            return None
        label = self.numbering.label(*numbering)
        if label is None:
            return None
        text, bullet = label
        if bullet:
            return "", "bullet", numbering[1]
        space = " " if text and (text[-1].isalnum() or text[-1] == ".") else ""
        is_item = text[:1].isdecimal() or (numbering[1] > 0 and _ITEM_LABEL.match(text) is not None)
        return text + space, "numbered" if is_item else "text", numbering[1] if is_item else 0

    def _table(self, element: Any) -> Iterator[dict[str, Any]]:
        rows = _rows(element)
        size = max((sum(_span(cell) for cell in _cells(row)) for row in rows), default=0)
        if size <= 1:
            # A frame around the text, not a table.
            for row in rows:
                for cell in _cells(row):
                    yield from self.lines_of(cell)
            return
        table = _Table()
        for row in rows:
            if row.find(f"{W}trPr/{W}del") is not None:
                table.losses.append(loss("deleted", all_text(row)))
                continue
            texts = self._texts_of(row, table)
            table.rows.append([*texts, *[""] * (size - len(texts))][:size])
        if any(cell for row in table.rows for cell in row) or table.losses:
            yield {"text": "", "kind": "table", "rows": table.rows, "losses": table.losses}
        yield from table.pictures

    def _texts_of(self, row: Any, table: "_Table") -> list[str]:
        """Return the texts of a row's cells; merged cells give empty ones, as the lesson's table has none."""
        before = child_value(row, f"trPr/{W}gridBefore") or "0"
        texts = [""] * (min(int(before), 64) if before.isdecimal() else 0)
        for cell in _cells(row):
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            text = "" if goes_on else self._text_of(cell, table)
            if _span(cell) > 1 or (merged is not None and not goes_on):
                table.losses.append(loss("merged_cells", text))
            texts += [text, *[""] * (_span(cell) - 1)]
        if row.find(f"{W}trPr/{W}ins") is not None:
            table.losses.append(loss("inserted", " ".join(text for text in texts if text)))
        return texts

    def _text_of(self, cell: Any, table: "_Table") -> str:
        texts = []
        for line in self.lines_of(cell):
            inner = [" ".join(row).strip() for row in line.get("rows", ())]
            texts += [line["text"].strip(), *inner]
            table.losses += line.get("losses", ())
            if inner:
                table.losses.append(loss("inner_table", " ".join(inner)))
            if line.get("picture"):
                table.losses.append(loss("picture_moved", line["description"]))
                table.pictures.append(line)
        return " ".join(text for text in texts if text)


@dataclass(slots=True)
class _Table:
    """What has been read of one table."""

    rows: list[list[str]] = field(default_factory=list)
    losses: list[dict[str, str]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)


def _cells(row: Any) -> list[Any]:
    """Return the cells of a row itself, not those of a table inside it."""
    return [cell for cell in row.iter(f"{W}tc") if next(cell.iterancestors(f"{W}tr")) is row]


def _span(cell: Any) -> int:
    """Return over how many columns a cell goes, at most 64."""
    properties = cell.find(f"{W}tcPr")
    span = child_value(properties, "gridSpan") if properties is not None else None
    return min(max(int(span), 1), 64) if span and span.isdecimal() else 1


def _rows(table: Any) -> list[Any]:
    return [row for row in table.iter(f"{W}tr") if next(row.iterancestors(f"{W}tbl")) is table]


def _is_indented(properties: Any) -> bool:
    indent = properties.find(f"{W}ind") if properties is not None else None
    if indent is None:
        return False
    return any(indent.get(f"{W}{name}", "0") not in {"", "0"} for name in ("firstLine", "firstLineChars"))
