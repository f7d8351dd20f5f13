"""XML of other systems as a small tree that knows its lines. No Django here.

Read with defusedxml: no entities, no outside files, no document types.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

MAX_DEPTH = 200


class BadXml(Exception):
    """The text is no XML that may be read. `line` is where it broke."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line


@dataclass(slots=True)
class Node:
    """An element: its name without the namespace, attributes (likewise), and texts and elements in order."""

    tag: str
    attributes: dict[str, str]
    line: int
    parts: "list[Node | str]" = field(default_factory=list)

    @property
    def children(self) -> "list[Node]":
        """Return the elements right inside."""
        return [part for part in self.parts if isinstance(part, Node)]

    def named(self, tag: str) -> "list[Node]":
        """Return the elements of a name right inside."""
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> "Node | None":
        """Return the first element of a name right inside."""
        return next(iter(self.named(tag)), None)

    def within(self) -> "Iterator[Node]":
        """Return all elements inside, in document order."""
        for child in self.children:
            yield child
            yield from child.within()

    def all_named(self, *tags: str) -> "list[Node]":
        """Return the elements of these names anywhere inside."""
        return [node for node in self.within() if node.tag in tags]

    @property
    def text(self) -> str:
        """Return all text inside."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)


class _Target:
    def __init__(self) -> None:
        self.stack: list[Node] = []
        self.root: Node | None = None
        self.expat: Any = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        node = Node(_local(tag), {_local(name): value for name, value in attributes.items()}, self._line())
        if len(self.stack) >= MAX_DEPTH:
            raise BadXml(node.line, f"deeper than {MAX_DEPTH}")
        if self.stack:
            self.stack[-1].parts.append(node)
        else:
            self.root = node
        self.stack.append(node)

    def end(self, tag: str) -> None:
        self.stack.pop()

    def data(self, text: str) -> None:
        if self.stack:
            self.stack[-1].parts.append(text)

    def close(self) -> Node | None:
        return self.root

    def _line(self) -> int:
        return int(self.expat.CurrentLineNumber)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def parse_xml(data: bytes) -> Node:
    """Return the root of an XML document. Raises BadXml."""
    target = _Target()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.expat = parser.parser
    try:
        parser.feed(data)
        parser.close()
    except ParseError as error:
        raise BadXml(error.position[0], str(error)) from error
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise BadXml(int(target.expat.CurrentLineNumber), f"{type(error).__name__}: {error}") from error
    if target.root is None:
        raise BadXml(1, "no element")
    return target.root
