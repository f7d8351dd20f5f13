"""The outline of a lesson's body: its headings as a table of contents, and the sections reading is proved in.

Pure: a body is what a StreamField stores, a list of `{"type", "value", "id"}`, or anything that gives such a
list by `get_prep_value()`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Protocol, runtime_checkable

from common.canonical import canonical_json
from common.text import count_readable

START = "start"
SECTION_LEVEL = 2


@runtime_checkable
class Prepared(Protocol):
    """A StreamValue, as far as this module looks at it."""

    def get_prep_value(self) -> list[dict[str, Any]]:
        """Return the blocks as plain data."""
        ...


Body = Prepared | Sequence[dict[str, Any]]


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


def named_sections(body: Body) -> dict[str, Section]:
    """Return the sections under the names study proof knows them by: `start`, then `s1`, `s2` and so on.

    Ids of blocks change when a document is imported again; the place of a section does not.
    """
    found = sections(body)
    first = 0 if found and found[0].id == START else 1
    return {f"s{number}" if number else START: section for number, section in enumerate(found, first)}


def body_text(body: Body) -> str:
    """Return the words of a body, one line a block, for search."""
    lines = (" ".join(_words(block["value"], block["type"])) for block in _blocks(body))
    return "\n".join(line for line in lines if line.strip())


def content_digest(body: Body, film_sha256: str) -> str:
    """Return the SHA-256 in hex that stands for one state of a lesson: its body and its film.

    The ids the editor gives to blocks are left out: the same words in the same order are the same content,
    however they came in.
    """
    content = {"body": _without_ids(list(_blocks(body))), "film": film_sha256}
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
_MUTE = {"level", "sign", "id", "type", "picture", "film"}


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
