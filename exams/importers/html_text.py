"""HTML of other systems as the plain text this bank keeps. No Django here."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

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
    "pre",
    "blockquote",
    "table",
}
# What plain text cannot stand for, by the word the report uses.
_LOST = {
    "table": "table", "video": "media", "audio": "media", "iframe": "embed", "object": "embed",
    "embed": "embed", "a": "link", "math": "formula", "sub": "subscript", "sup": "subscript",
    "script": "script", "svg": "drawing",
}  # fmt: skip
_SILENT = {"script", "style"}


@dataclass(slots=True)
class PlainText:
    """The text, the sources and alternatives of its pictures, and the features that were lost."""

    text: str = ""
    pictures: list[tuple[str, str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.found = PlainText()
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _LOST and _LOST[tag] not in self.found.lost:
            self.found.lost.append(_LOST[tag])
        if tag == "img":
            self.found.pictures.append((given.get("src") or "", given.get("alt") or ""))
        if tag == "br" or tag in _BLOCKS:
            self.parts.append("\n")
        self.silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        self.silent = max(self.silent - (tag in _SILENT), 0)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def plain_text(html: str) -> PlainText:
    """Return HTML as text: blocks and line breaks begin lines, the rest of the markup goes."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "".join(reader.parts)
    # A line of nothing but a no-break space is an empty line somebody wanted.
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip(" ")]
    reader.found.text = "\n".join(lines).strip()
    return reader.found
