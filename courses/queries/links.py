"""What a lesson's body points to: pages, documents, pictures, films and addresses. Reads no database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator

_check_address = URLValidator(schemes=["http", "https"])
_check_mail = EmailValidator()


@dataclass(slots=True)
class References:
    """Ids of pages, documents, pictures and films, and the addresses nobody can follow."""

    pages: set[int] = field(default_factory=set)
    documents: set[int] = field(default_factory=set)
    pictures: set[int] = field(default_factory=set)
    films: set[int] = field(default_factory=set)
    wrong_addresses: list[str] = field(default_factory=list)


def references_of(blocks: Iterable[dict[str, Any]]) -> References:
    """Return what the stored blocks of a lesson point to."""
    found = References()
    for block in blocks:
        value = block["value"]
        if block["type"] == "text":
            reader = _Reader(found)
            reader.feed(value or "")
            reader.close()
        elif block["type"] == "picture" and value.get("picture"):
            found.pictures.add(int(value["picture"]))
        elif block["type"] == "film" and value.get("film"):
            found.films.add(int(value["film"]))
        elif block["type"] == "document" and value.get("document"):
            found.documents.add(int(value["document"]))
    return found


def is_followable(address: str) -> bool:
    """Whether an address is written so that a browser can follow it; nobody is asked whether it answers."""
    address = address.strip()
    if address.startswith(("#", "/")) and not address.startswith("//"):
        return " " not in address
    scheme, _, rest = address.partition(":")
    try:
        if scheme == "mailto":
            _check_mail(rest.partition("?")[0])
        elif scheme == "tel":
            return bool(rest) and set(rest) <= set("+-0123456789 ()")
        else:
            _check_address(address)
            return "." in (urlsplit(address).hostname or "")
    except ValidationError:
        return False
    return True


class _Reader(HTMLParser):
    """Reads Wagtail's stored rich text, in which links name their target by kind and id."""

    def __init__(self, found: References) -> None:
        super().__init__()
        self.found = found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        identity = int(given["id"]) if given.get("id", "").isdecimal() else 0
        if tag == "a" and given.get("linktype") == "page":
            self.found.pages.add(identity)
        elif tag == "a" and given.get("linktype") == "document":
            self.found.documents.add(identity)
        elif tag == "a" and not is_followable(given.get("href", "")):
            self.found.wrong_addresses.append(given.get("href", ""))
        elif tag == "embed" and given.get("embedtype") == "image" and not given.get("alt"):
            self.found.pictures.add(identity)
