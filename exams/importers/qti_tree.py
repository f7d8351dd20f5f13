"""What QTI 2.x and 3.0 share: the same elements under two spellings. No Django here."""

import re

from exams.importers.xml_tree import Node

# HTML and MathML keep their names; all else is qti-kebab-case in 3.0.
_HYPHEN = re.compile(r"-([a-z])")


def normalise(node: Node) -> Node:
    """Return a tree in the spelling of QTI 2.x, whichever it was in."""
    tag = node.tag
    if tag.startswith("qti-"):
        tag = _camel(tag.removeprefix("qti-"))
    attributes = {
        (name if name.startswith(("data-", "aria-")) else _camel(name)): value
        for name, value in node.attributes.items()
    }
    parts = [normalise(part) if isinstance(part, Node) else part for part in node.parts]
    return Node(tag, attributes, node.line, parts)


def _camel(name: str) -> str:
    return _HYPHEN.sub(lambda match: match[1].upper(), name)


def kebab(name: str) -> str:
    """Return a name in the spelling of QTI 3.0."""
    return re.sub(r"([A-Z])", lambda match: f"-{match[1].lower()}", name)
