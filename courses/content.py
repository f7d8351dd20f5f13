"""The outline of a lesson's body: its headings as a table of contents, and the sections reading is proved in.

Pure: a body is what a StreamField stores, a list of `{"type", "value", "id"}`, or anything that gives such a
list by `get_prep_value()`.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Protocol, runtime_checkable

from common.canonical import canonical_json
from common.text import count_readable
from courses.shapes import LessonFact

START = "start"
FACT = "fact-"
SECTION_LEVEL = 2


@runtime_checkable
class Prepared(Protocol):
    """A StreamValue, as far as this module looks at it."""

    def get_prep_value(self) -> list[dict[str, Any]]:
        """Return the blocks as plain data."""
        ...


Body = Prepared | Sequence[dict[str, Any]]
Facts = Sequence[LessonFact]
# Where rich text ends a paragraph or an item of a list, or an inner list begins in the midst of one.
_PARAGRAPH_ENDS = re.compile(r"</(?:p|li|h[1-6])>|<br\s*/?>|<[ou]l>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a lesson: the id of the block that opens it, its heading and how much there is to read.

    `level` is 2 to 4 as in the heading blocks. The text before the first heading has the id `start`, an empty
    title and level 2. `readable_chars` counts each Chinese character and each Latin word as one.
    """

    id: str
    title: str
    level: int
    readable_chars: int


def outline(body: Body) -> list[Section]:
    """List every heading in order, each with the text up to the next heading of any level."""
    return _stretches(body, lowest=4, keep_start=False)


def sections(body: Body) -> list[Section]:
    """List the sections: each level-2 heading opens one; text before the first is the section `start`.

    A body without level-2 headings is one section `start`; an empty body has none.
    """
    return _stretches(body, lowest=SECTION_LEVEL, keep_start=True)


def named_sections(body: Body, facts: Facts = ()) -> dict[str, Section]:
    """Return the sections under the names study proof knows them by: `start`, then `s1`, `s2` and so on.

    Ids of blocks change when a document is imported again; the place of a section does not. The lesson's
    facts follow as sections of their own, each under `fact-` and its name, without a title.
    """
    found = sections(body)
    first = 0 if found and found[0].id == START else 1
    named = {f"s{number}" if number else START: section for number, section in enumerate(found, first)}
    for fact in facts:
        name = f"{FACT}{fact['name']}"
        named[name] = Section(name, "", SECTION_LEVEL, count_readable(fact["text"]))
    return named


def section_lines(body: Body, facts: Facts = ()) -> dict[str, list[str]]:
    """Return what stands in each named section, a line a paragraph, step, row or moment; headings first."""
    named = iter(named_sections(body))
    lines: dict[str, list[str]] = {}
    current: list[str] | None = None
    for block in _blocks(body):
        opens = block["type"] == "heading" and int(block["value"]["level"]) <= SECTION_LEVEL
        if opens or current is None:
            current = lines.setdefault(next(named), [])
        current += _block_lines(block)
    for fact in facts:
        lines[f"{FACT}{fact['name']}"] = [line for line in fact["text"].splitlines() if line.strip()]
    return lines


def _block_lines(block: dict[str, Any]) -> list[str]:
    if block["type"] == "text":
        pieces = _PARAGRAPH_ENDS.split(block["value"])
        return [line for piece in pieces if (line := " ".join(plain_text(piece).split()))]
    value = block["value"]
    for rows in ("steps", "entries", "rows"):
        if isinstance(value, dict) and isinstance(value.get(rows), list):
            above = [text for name, text in value.items() if name in ("title", "caption") and text]
            if headings := " ".join(column["heading"] for column in value.get("columns", [])):
                above.append(headings)
            return above + [line for row in value[rows] if (line := " ".join(_words(row)))]
    line = " ".join(_words(value))
    return [line] if line.strip() else []


def body_text(body: Body) -> str:
    """Return the words of a body, one line a block, for search."""
    lines = (" ".join(_words(block["value"], block["type"])) for block in _blocks(body))
    return "\n".join(line for line in lines if line.strip())


def content_digest(body: Body, film_sha256: str, facts: Facts = (), package_sha256: str = "") -> str:
    """Return the SHA-256 in hex that stands for one state of a lesson: its body, facts, film and package.

    The ids the editor gives to blocks are left out: the same words in the same order are the same content,
    however they came in.
    """
    content: dict[str, Any] = {"body": _without_ids(list(_blocks(body))), "film": film_sha256}
    if facts:
        content["facts"] = [[fact["name"], fact["text"]] for fact in facts]
    if package_sha256:
        content["package"] = package_sha256
    return hashlib.sha256(canonical_json(content)).hexdigest()


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    if isinstance(value, dict):
        drop = {"id"} if {"type", "value"} <= value.keys() else set()
        return {name: _without_ids(item) for name, item in value.items() if name not in drop}
    return str(value) if isinstance(value, float) else value


def _stretches(body: Body, *, lowest: int, keep_start: bool) -> list[Section]:
    found: list[Section] = []
    identity, title, level, chars, open_now = START, "", SECTION_LEVEL, 0, False

    def close() -> None:
        if open_now and (keep_start or identity != START):
            found.append(Section(identity, title, level, chars))

    for block in _blocks(body):
        value = block["value"]
        if block["type"] == "heading" and int(value["level"]) <= lowest:
            close()
            identity, title, level = block.get("id") or START, value["text"], int(value["level"])
            chars, open_now = count_readable(title), True
        else:
            chars += count_readable(" ".join(_words(value, block["type"])))
            open_now = True
    close()
    return found


def _blocks(body: Body) -> Iterable[dict[str, Any]]:
    # A StreamValue is a sequence too, of bound blocks: ask it for its data first.
    return body.get_prep_value() if isinstance(body, Prepared) else body


# Keys whose values steer a block and are never read by a learner.
_MUTE = {"level", "sign", "id", "type", "picture", "film", "audio", "document", "ppe", "is_right"}


def _words(value: Any, block_type: str = "") -> Iterable[str]:
    """Yield the texts inside a block's stored value."""
    if isinstance(value, str):
        yield plain_text(value) if block_type == "text" else value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _MUTE:
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def plain_text(html: str) -> str:
    """Return the text of rich-text HTML, with a space where a tag stood."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return " ".join(reader.found)


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)
