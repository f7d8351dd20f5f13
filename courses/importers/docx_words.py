"""One paragraph of a .docx: its words, pictures and text boxes, and what of it cannot be kept."""

from typing import Any, Protocol

from courses.importers.docx_numbering import W

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_VML = "{urn:schemas-microsoft-com:vml}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
# Drawings that are no pictures: their data stands in parts of their own.
_NOT_PICTURES = ("/chart", "/diagram", "/chartex")


class Package(Protocol):
    """What the body needs of its file: its pictures, notes, comments, and where to put contents lists."""

    contents: list[str]

    def picture(self, relation: str) -> str:
        """Return the path of a picture in the package, or nothing."""
        ...

    def link(self, relation: str) -> str:
        """Return the address outside the package a relation leads to, or nothing."""
        ...

    def comment(self, identity: str) -> str:
        """Return who wrote a comment and what it says, or nothing."""
        ...

    def note_number(self, kind: str, identity: str) -> int:
        """Return the number under which a note (`footnote` or `endnote`) stands at the end, from 1."""
        ...


def child_value(element: Any, name: str) -> str | None:
    """Return the `w:val` of a child element, None if there is none."""
    child = element.find(f"{W}{name}")
    return None if child is None else child.get(f"{W}val")


def is_on(element: Any) -> bool:
    """Whether a switch such as `w:b` is there and not turned off."""
    return element is not None and element.get(f"{W}val", "1") not in {"0", "false", "off"}


def alternative(element: Any) -> Any:
    """Return the branch to read: both say the same, for newer and older programs."""
    choice = element.find(f"{MC}Choice")
    if choice is not None and len(choice):
        return choice
    fallback = element.find(f"{MC}Fallback")
    return fallback if fallback is not None else ()


def is_deleted_mark(properties: Any) -> bool:
    """Whether a tracked change takes away the end of a paragraph, so that the next one joins it."""
    return properties is not None and any(
        properties.find(f"{W}rPr/{W}{name}") is not None for name in ("del", "moveFrom")
    )


def all_text(element: Any) -> str:
    """Return every word below an element, deleted ones too."""
    return "".join(part.text or "" for part in element.iter(f"{W}t", f"{W}delText")).strip()


def loss(kind: str, text: str) -> dict[str, str]:
    """Describe one thing that did not come over as it stood in the file (courses.documents.LossKind)."""
    return {"kind": kind, "text": text.strip()}


_SKIPPED = {f"{W}{name}" for name in ("pPr", "rPr", "delText", "instrText", "rt")}


class Words:
    """Collects what one paragraph says: its text, pictures and text boxes; and what of it is lost."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.pieces: list[str] = []
        self.pictures: list[tuple[str, str]] = []  # path and description
        self.losses: list[dict[str, str]] = []
        self.description = ""
        self.boxes: list[Any] = []
        self.page_break = False
        self.has_bold = self.has_plain = False
        self.bold_words = self.marked_words = ""  # the first of them
        self.fields: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_bold(self) -> bool:
        return self.has_bold and not self.has_plain

    @property
    def emphasis(self) -> str:
        """Return the first words set off from those around them; a paragraph that is bold as a whole sets off none."""
        return self.marked_words or (self.bold_words if self.has_plain else "")

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
            elif tag == f"{MC}AlternateContent":
                self.read(alternative(child))
            elif tag == f"{MATH}t":
                self.pieces.append(child.text or "")
            elif not self._changed(child) and not self._special(child) and not self._drawing(child):
                self.read(child)

    def _read_said(self, element: Any) -> str:
        """Read an element and return the words it added."""
        before = len(self.pieces)
        self.read(element)
        return "".join(self.pieces[before:]).strip()

    def _changed(self, element: Any) -> bool:
        """Read tracked changes and formulas, and note what they lose. Return False for anything else."""
        name = element.tag
        if name in {f"{W}del", f"{W}moveFrom"}:
            if said := all_text(element):
                self.losses.append(loss("deleted", said))
        elif name in {f"{W}ins", f"{W}moveTo"}:
            if said := self._read_said(element):
                self.losses.append(loss("inserted", said))
        elif name == f"{MATH}oMath":
            if said := self._read_said(element):
                self.losses.append(loss("formula", said))
        else:
            return self._reference(element)
        return True

    def _reference(self, element: Any) -> bool:
        """Read what leads elsewhere: comments, notes, links. Return False for anything else."""
        name = element.tag
        if name == f"{W}commentReference":
            if said := self.package.comment(element.get(f"{W}id", "")):
                self.losses.append(loss("comment", said))
        elif name in {f"{W}footnoteReference", f"{W}endnoteReference"}:
            kind = "footnote" if "footnote" in name else "endnote"
            self.pieces.append(f"〔注{self.package.note_number(kind, element.get(f'{W}id', ''))}〕")
        elif name == f"{W}hyperlink":
            said = self._read_said(element)
            if address := self.package.link(element.get(f"{R}id", "")):
                self.losses.append(loss("link", f"{said} {address}"))
        else:
            return False
        return True

    def _drawing(self, element: Any) -> bool:
        """Read a drawing with its description; note charts, objects and signs. Return False for what is no drawing."""
        if element.tag in {f"{_DRAWN}inline", f"{_DRAWN}anchor"}:
            named = element.find(f"{_DRAWN}docPr")
            self.description = (named.get("descr") or "").strip() if named is not None else ""
            self.read(element)
            self.description = ""
            return True
        if element.tag == f"{W}object":
            self.losses.append(loss("object", ""))
        elif element.tag == f"{W}sym":
            # A sign of a font of its own (a box ticked in Wingdings): no character stands for it.
            self.losses.append(loss("symbol", f"{element.get(f'{W}font', '')} {element.get(f'{W}char', '')}"))
        elif element.tag == f"{DRAWING}graphicData" and element.get("uri", "").endswith(_NOT_PICTURES):
            self.losses.append(loss("object", self.description))
        return False

    def _note_field(self, element: Any) -> None:
        if element.tag == f"{W}instrText" and self.fields:
            self.fields[-1] += element.text or ""

    def _run(self, run: Any) -> None:
        properties = run.find(f"{W}rPr")
        if properties is not None and is_on(properties.find(f"{W}vanish")):
            if hidden := all_text(run):
                self.losses.append(loss("hidden", hidden))
            return
        before = len(self.pieces)
        self.read(run)
        said = "".join(self.pieces[before:])
        if not said.strip() or said.startswith("〔注"):
            return
        bold = properties is not None and is_on(properties.find(f"{W}b"))
        self.has_bold, self.has_plain = self.has_bold or bold, self.has_plain or not bold
        self._note_look(properties, said, bold)
        raised = child_value(properties, "vertAlign") if properties is not None else None
        table = {"superscript": _SUPERSCRIPT, "subscript": _SUBSCRIPT}.get(raised or "")
        # m² and CO₂ must not become m2 and CO2; what has no raised form stays as it is.
        if table and all(ord(char) in table for char in said):
            self.pieces[before:] = [said.translate(table)]

    def _note_look(self, properties: Any, said: str, bold: bool) -> None:
        """Note the looks a lesson does not keep; words struck through mean the opposite without their line."""
        if properties is None:
            return
        if is_on(properties.find(f"{W}strike")) or is_on(properties.find(f"{W}dstrike")):
            self.losses.append(loss("struck", said))
        if bold:
            self.bold_words = self.bold_words or said
        if _is_marked(properties):
            self.marked_words = self.marked_words or said

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
            self._picture(element.get(f"{R}embed", ""), element.get(f"{R}link", ""))
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

    def _picture(self, relation: str, linked: str = "") -> None:
        path = self.package.picture(relation)
        if path:
            self.pictures.append((path, self.description))
        elif linked or relation:
            # A picture that is only linked stands on somebody's disk or on the network.
            self.losses.append(loss("picture", self.package.link(linked) or self.description))


def _is_page_field(instruction: str) -> bool:
    return instruction.strip().upper().split(" ")[0] in {"PAGE", "NUMPAGES", "SECTIONPAGES"}


def _is_marked(properties: Any) -> bool:
    """Whether a run is underlined, highlighted or in a colour other than a grey."""
    line, paint, colour = (child_value(properties, name) or "" for name in ("u", "highlight", "color"))
    parts = {colour[place : place + 2].lower() for place in (0, 2, 4)} if len(colour) == 6 else {""}
    return line not in {"", "none"} or paint not in {"", "none"} or len(parts) > 1
