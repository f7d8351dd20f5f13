"""The body of a .docx turned into lines: paragraphs with their numbers, tables, pictures, text boxes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from courses.importers.docx_numbering import Numbering, W

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_VML = "{urn:schemas-microsoft-com:vml}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


class Package(Protocol):
    """What the body needs of its file: its pictures, and where to put contents lists."""

    contents: list[str]

    def picture(self, relation: str) -> str:
        """Return the path of a picture in the package, or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says about structure."""

    heading: int | None = None
    numbering: tuple[str, int] | None = None
    bold: bool = False
    centred: bool = False
    contents: bool = False


def child_value(element: Any, name: str) -> str | None:
    """Return the `w:val` of a child element, None if there is none."""
    child = element.find(f"{W}{name}")
    return None if child is None else child.get(f"{W}val")


def is_on(element: Any) -> bool:
    """Whether a switch such as `w:b` is there and not turned off."""
    return element is not None and element.get(f"{W}val", "1") not in {"0", "false", "off"}


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

    def lines_of(self, parent: Any) -> Iterator[dict[str, Any]]:
        """Yield the lines below an element in their order."""
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag == f"{W}sdt":
                yield from self._content_control(element)
            elif element.tag == f"{_MC}AlternateContent":
                yield from self.lines_of(_alternative(element))
            elif element.tag in {f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag", f"{W}sdtContent"}:
                yield from self.lines_of(element)

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
        style = self._style_of(properties)
        words = _Words(self.package)
        words.read(element)
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
            yield {"text": text, "kind": kind, "page_break_before": words.page_break and place == 0, **common}
        for picture in words.pictures:
            yield {"text": "", "kind": "picture", "picture": picture}
        for box in words.boxes:
            yield from self.lines_of(box)

    def _style_of(self, properties: Any) -> Style:
        name = child_value(properties, "pStyle") if properties is not None else None
        return self.styles.get(name or "", Style())

    def _label(self, properties: Any, style: Style) -> tuple[str, str] | None:
        """Return the number Word would print and the kind of line it makes."""
        own = numbering_of(properties) if properties is not None else None
        numbering = own if own is not None and own[0] else style.numbering
        if (own is not None and own[0] == "0") or numbering is None:
            return None
        label = self.numbering.label(*numbering)
        if label is None:
            return None
        text, bullet = label
        if bullet:
            return "", "bullet"
        space = " " if text and (text[-1].isalnum() or text[-1] == ".") else ""
        return text + space, "numbered" if text[:1].isdecimal() else "text"

    def _table(self, element: Any) -> Iterator[dict[str, Any]]:
        rows = [self._cells(row) for row in _rows(element)]
        size = max(map(len, rows), default=0)
        if size <= 1:
            # A frame around the text, not a table.
            for row in _rows(element):
                for cell in row.findall(f"{W}tc"):
                    yield from self.lines_of(cell)
            return
        filled = [[*row, *[""] * (size - len(row))] for row in rows]
        if any(cell for row in filled for cell in row):
            yield {"text": "", "kind": "table", "rows": filled}
        for cell in element.iter(f"{DRAWING}blip"):
            picture = self.package.picture(cell.get(f"{R}embed", ""))
            if picture:
                yield {"text": "", "kind": "picture", "picture": picture}

    def _cells(self, row: Any) -> list[str]:
        cells: list[str] = []
        for cell in row.iter(f"{W}tc"):
            if next(cell.iterancestors(f"{W}tr")) is not row:
                continue  # of a table inside this one; its text comes with the cell that holds it
            properties = cell.find(f"{W}tcPr")
            merged = properties.find(f"{W}vMerge") if properties is not None else None
            goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            cells.append("" if goes_on else self._cell_text(cell))
            span = child_value(properties, "gridSpan") if properties is not None else None
            cells += [""] * (min(int(span), 64) - 1 if span and span.isdecimal() else 0)
        return cells

    def _cell_text(self, cell: Any) -> str:
        texts = []
        for line in self.lines_of(cell):
            texts += [line["text"].strip(), *(" ".join(row).strip() for row in line.get("rows", ()))]
        return " ".join(text for text in texts if text)


def _rows(table: Any) -> list[Any]:
    return [row for row in table.iter(f"{W}tr") if next(row.iterancestors(f"{W}tbl")) is table]


def _alternative(element: Any) -> Any:
    """Return the branch to read: both say the same, for newer and older programs."""
    choice = element.find(f"{_MC}Choice")
    if choice is not None and len(choice):
        return choice
    fallback = element.find(f"{_MC}Fallback")
    return fallback if fallback is not None else ()


def _is_indented(properties: Any) -> bool:
    indent = properties.find(f"{W}ind") if properties is not None else None
    if indent is None:
        return False
    return any(indent.get(f"{W}{name}", "0") not in {"", "0"} for name in ("firstLine", "firstLineChars"))


_SKIPPED = {
    f"{W}{name}"
    for name in ("pPr", "rPr", "del", "moveFrom", "delText", "instrText", "rt", "commentReference")
}


class _Words:
    """Collects what one paragraph says: its text, pictures and text boxes."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.pieces: list[str] = []
        self.pictures: list[str] = []
        self.boxes: list[Any] = []
        self.page_break = False
        self.has_bold = self.has_plain = False
        self.fields: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_bold(self) -> bool:
        return self.has_bold and not self.has_plain

    def read(self, element: Any) -> None:
        """Read the children of a paragraph or of something inside it."""
        for child in element:
            tag = child.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                self._note_field(child)
            elif tag == f"{W}r":
                self._run(child)
            elif tag == f"{W}fldSimple":
                if not _is_page_field(child.get(f"{W}instr", "")):
                    self.read(child)
            elif tag == f"{_MC}AlternateContent":
                self.read(_alternative(child))
            elif tag == f"{MATH}t":
                self.pieces.append(child.text or "")
            elif not self._special(child):
                self.read(child)

    def _note_field(self, element: Any) -> None:
        if element.tag == f"{W}instrText" and self.fields:
            self.fields[-1] += element.text or ""

    def _run(self, run: Any) -> None:
        properties = run.find(f"{W}rPr")
        if properties is not None and is_on(properties.find(f"{W}vanish")):
            return
        before = len(self.pieces)
        self.read(run)
        said = "".join(self.pieces[before:])
        if not said.strip():
            return
        bold = properties is not None and is_on(properties.find(f"{W}b"))
        self.has_bold, self.has_plain = self.has_bold or bold, self.has_plain or not bold
        raised = child_value(properties, "vertAlign") if properties is not None else None
        table = {"superscript": _SUPERSCRIPT, "subscript": _SUBSCRIPT}.get(raised or "")
        # m² and CO₂ must not become m2 and CO2; what has no raised form stays as it is.
        if table and all(ord(char) in table for char in said):
            self.pieces[before:] = [said.translate(table)]

    def _special(self, element: Any) -> bool:
        """Read an element that is not a container. Return False if it is one."""
        name = element.tag
        in_page_field = any(_is_page_field(field) for field in self.fields)
        if name == f"{W}t":
            if not in_page_field:
                self.pieces.append(element.text or "")
        elif name in {f"{W}tab", f"{W}ptab"}:
            self.pieces.append("\t")
        elif name in {f"{W}br", f"{W}cr"}:
            self.page_break = self.page_break or element.get(f"{W}type") == "page"
            self.pieces.append("\n")
        elif name == f"{W}noBreakHyphen":
            self.pieces.append("-")
        elif name == f"{W}fldChar":
            self._field(element.get(f"{W}fldCharType", ""))
        elif name == f"{W}txbxContent":
            self.boxes.append(element)
        elif name == f"{DRAWING}blip":
            self._picture(element.get(f"{R}embed", ""))
        elif name == f"{_VML}imagedata":
            self._picture(element.get(f"{R}id", ""))
        else:
            return False
        return True

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self.fields.append("")
        elif kind == "end" and self.fields:
            self.fields.pop()

    def _picture(self, relation: str) -> None:
        path = self.package.picture(relation)
        if path:
            self.pictures.append(path)


def _is_page_field(instruction: str) -> bool:
    return instruction.strip().upper().split(" ")[0] in {"PAGE", "NUMPAGES", "SECTIONPAGES"}
