"""Child side of the PDF reader: every line of text with its place and size. Runs in quarantine, knows no Django.

PDFium draws what a browser draws, so what it calls text is what a reader sees. Nothing is rendered or run here:
pictures, scripts, forms and attachments are counted or left alone.
"""

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2
from pypdfium2 import raw

MAX_PAGES = 300
MAX_CHARS = 1_000_000
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_TEXTLESS = {0x00, 0xFFFD, 0xFFFE, 0xFFFF}


def parse(argument: dict[str, str]) -> dict[str, Any]:
    """Read the PDF at argument["path"]; return {"pages": […]} or {"problem", "detail"}."""
    try:
        document = pypdfium2.PdfDocument(argument["path"])
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            return {"problem": "encrypted", "detail": "pdf"}
        return {"problem": "unreadable", "detail": str(error)}
    try:
        # An owner's password alone opens the file, yet says that its text is not to be taken out.
        if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
            return {"problem": "encrypted", "detail": "pdf"}
        if len(document) > MAX_PAGES:
            return {"problem": "too_large", "detail": f"{len(document)} pages"}
        return _read(document)
    finally:
        document.close()


def _read(document: Any) -> dict[str, Any]:
    pages, chars = [], 0
    for page in document:
        read = _page(page)
        chars += sum(len(line["text"]) for line in read["lines"])
        if chars > MAX_CHARS:
            return {"problem": "too_large", "detail": f"more than {MAX_CHARS} characters"}
        pages.append(read)
        page.close()
    return {"pages": pages}


def _page(page: Any) -> dict[str, Any]:
    width, height = page.get_size()
    text = page.get_textpage()
    lines = list(_lines(text))
    text.close()
    kinds = (raw.FPDF_PAGEOBJ_IMAGE,)
    return {
        "width": width,
        "height": height,
        "lines": lines,
        "pictures": sum(1 for _one in page.get_objects(filter=kinds, max_depth=3)),
        "notes": _count_notes(page),
    }


def _count_notes(page: Any) -> int:
    """Count what readers wrote onto a page: comments, marks, stamps. Links are not among them."""
    count = 0
    for place in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, place)
        if note:
            count += raw.FPDFAnnot_GetSubtype(note) not in {
                raw.FPDF_ANNOT_LINK,
                raw.FPDF_ANNOT_WIDGET,
                raw.FPDF_ANNOT_POPUP,
            }
            raw.FPDFPage_CloseAnnot(note)
    return count


class _Line:
    """The characters of one line, with the box round them."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.sizes: list[float] = []
        self.weights: list[int] = []
        self.box: list[float] = []

    def add(self, char: str, box: tuple[float, float, float, float] | None, weight: int) -> None:
        self.chars.append(char)
        if box is None or char.isspace():
            return
        left, bottom, right, top = box
        self.sizes.append(top - bottom)
        self.weights.append(weight)
        known = self.box or [left, bottom, right, top]
        self.box = [min(known[0], left), min(known[1], bottom), max(known[2], right), max(known[3], top)]

    def data(self) -> dict[str, Any] | None:
        text = "".join(self.chars).strip()
        if not text or not self.box:
            return None
        middle = len(self.sizes) // 2
        return {
            "text": text,
            "left": self.box[0],
            "bottom": self.box[1],
            "right": self.box[2],
            "top": self.box[3],
            "size": sorted(self.sizes)[middle],
            "bold": sorted(self.weights)[middle] >= 600,
        }


def _lines(text: Any) -> Iterator[dict[str, Any]]:
    line = _Line()
    for place in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, place)
        if code in {0x0A, 0x0D}:
            if read := line.data():
                yield read
            line = _Line()
            continue
        char = "\ufffd" if code in _TEXTLESS or 0xD800 <= code <= 0xDFFF else chr(code)
        line.add(char, _box(text, place), raw.FPDFText_GetFontWeight(text, place))
    if read := line.data():
        yield read


def _box(text: Any, place: int) -> tuple[float, float, float, float] | None:
    if raw.FPDFText_IsGenerated(text, place) == 1:
        return None
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(text, place, ctypes.byref(box)):
        return None
    return box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top)
