"""The manifest of a SCORM package: version, items in order, where each starts, and what is asked but not done.

Pure. Everything a manifest demands that this platform does not do is named in `findings`: a package that loses
something on the way in must say so to whoever uploads it.
Source: SCORM 1.2 Content Aggregation Model (ADL 2001) chapter 2; SCORM 2004 4th Edition CAM chapter 3.
"""

import math
import posixpath
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MANIFEST = "imsmanifest.xml"
MAX_MANIFEST_BYTES = 5 * 1024 * 1024
MAX_ITEMS = 500
MAX_TEXT = 4000  # characters of launch data; SCORM 2004 asks for 4000, 1.2 for 4096
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


class BadPackage(Exception):
    """A package that cannot run here. `code` names what is wrong, `detail` where."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail[:300]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a package asks for or holds that is not done here. The words for it stand with the views."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the package a person can open. `passing_pct` is 0 to 100, None where nothing is asked.

    `href` is the path inside the package with its query, `is_sco` tells whether it reports to the platform.
    """

    identifier: str
    title: str
    href: str
    is_sco: bool
    depth: int
    passing_pct: float | None
    launch_data: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was read. `version` is `1.2` or `2004`, `edition` what the package calls itself."""

    version: str
    edition: str
    title: str
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the manifest as plain data, for JSON."""
        return asdict(self)


def read_manifest(data: bytes) -> Manifest:
    """Read imsmanifest.xml. Raises BadPackage: bad_xml, unknown_version, no_items."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise BadPackage("bad_xml", f"{len(data)} bytes")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadPackage("bad_xml", f"DTD or entity: {error}") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadPackage("bad_xml", str(error)) from error
    if _name(root) != "manifest":
        raise BadPackage("bad_xml", f"<{_name(root)}>")
    return _Reader(root).read()


def launch_path(href: str) -> str:
    """Return the file an item's address names: without query and fragment, percent signs read."""
    return unquote(urlsplit(href).path)


class _Reader:
    def __init__(self, root: Element) -> None:
        self.root = root
        self.findings: dict[str, list[str]] = {}
        self.items: list[Item] = []
        self.resources = dict(self._resources())

    def read(self) -> Manifest:
        version, edition = _version(self.root)
        organization = self._organization()
        for child in _children(organization, "item"):
            self._item(child, 0)
        if not self.items:
            raise BadPackage("no_items")
        self._whole(organization)
        title = _text(organization, "title") or self.items[0].title
        findings = tuple(
            Finding(code, "、".join(dict.fromkeys(filter(None, details)))[:300])
            for code, details in self.findings.items()
        )
        return Manifest(version, edition[:40], title[:255], tuple(self.items), findings)

    def note(self, code: str, detail: str = "") -> None:
        self.findings.setdefault(code, []).append(detail)

    def _organization(self) -> Element:
        holder = next(_children(self.root, "organizations"), None)
        found = [] if holder is None else list(_children(holder, "organization"))
        if holder is None or not found:
            raise BadPackage("no_items", "organizations")
        wanted = holder.get("default")
        chosen = next((one for one in found if one.get("identifier") == wanted), found[0])
        if len(found) > 1:
            left = [_text(one, "title") or one.get("identifier", "") for one in found if one is not chosen]
            self.note("several_organizations", "、".join(left))
        return chosen

    def _resources(self) -> Iterator[tuple[str, tuple[str, bool]]]:
        base = self.root.get(XML_BASE, "")
        for holder in _children(self.root, "resources"):
            inner = base + holder.get(XML_BASE, "")
            for resource in _children(holder, "resource"):
                href = resource.get("href", "")
                if href and not _is_elsewhere(href):
                    href = inner + resource.get(XML_BASE, "") + href
                kind = _attribute(resource, "scormtype").lower()
                yield resource.get("identifier", ""), (href, kind == "sco")

    def _item(self, element: Element, depth: int) -> None:
        title = (_text(element, "title") or element.get("identifier", ""))[:255]
        self._unsupported(element, title)
        reference = element.get("identifierref", "")
        if reference:
            self._openable(element, title, reference, depth)
        for child in _children(element, "item"):
            self._item(child, min(depth + 1, 9))

    def _openable(self, element: Element, title: str, reference: str, depth: int) -> None:
        href, is_sco = self.resources.get(reference, ("", False))
        if not href or _is_elsewhere(href):
            self.note("outside_item" if href else "missing_resource", f"{title} {href}".strip())
            return
        if element.get("isvisible", "true").lower() == "false":
            self.note("hidden_item", title)
            return
        if len(self.items) >= MAX_ITEMS:
            raise BadPackage("too_many_items", str(MAX_ITEMS))
        self.items.append(
            Item(
                identifier=element.get("identifier", "")[:200] or f"item-{len(self.items) + 1}",
                title=title,
                href=_joined(href, element.get("parameters", "")),
                is_sco=is_sco,
                depth=depth,
                passing_pct=_passing_pct(element),
                launch_data=(_text(element, "datafromlms") or "")[:MAX_TEXT],
            )
        )

    def _unsupported(self, element: Element, title: str) -> None:
        if rule := _text(element, "prerequisites"):
            self.note("prerequisites", f"{title}：{rule}")
        if _text(element, "maxtimeallowed") or _text(element, "timelimitaction"):
            self.note("time_limit", title)
        if _text(element, "completionthreshold") or _has(element, "completionthreshold"):
            self.note("completion_threshold", title)
        if _has(element, "presentation"):
            self.note("navigation_ui", title)
        for sequencing in _children(element, "sequencing"):
            if any(_name(one) not in {"objectives", "deliverycontrols"} for one in sequencing):
                self.note("sequencing", title)
            if any(_name(one) == "mapinfo" for one in sequencing.iter()):
                self.note("shared_objectives", title)

    def _whole(self, organization: Element) -> None:
        self._unsupported(organization, "")
        if _has(self.root, "manifest"):
            self.note("sub_manifest")
        if _has(self.root, "sequencingcollection"):
            self.note("sequencing")
        if not any(item.is_sco for item in self.items):
            self.note("no_sco")
        names = [item.identifier for item in self.items]
        if len(set(names)) != len(names):
            raise BadPackage("bad_xml", "identifier")


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _name(child) == name)


def _has(element: Element, name: str) -> bool:
    # Not any(): an element without children counts as false.
    return next(_children(element, name), None) is not None


def _text(element: Element, name: str) -> str:
    found = next(_children(element, name), None)
    return " ".join((found.text or "").split()) if found is not None else ""


def _attribute(element: Element, name: str) -> str:
    for key, value in element.attrib.items():
        if key.rpartition("}")[2].lower() == name:
            return value
    return ""


def _version(root: Element) -> tuple[str, str]:
    """Return the version by what the manifest says of itself, else by its namespaces."""
    metadata = next(_children(root, "metadata"), None)
    said = _text(metadata, "schemaversion") if metadata is not None else ""
    if said.startswith("1.2"):
        return "1.2", said
    if "2004" in said or re.search(r"\b1\.3\b", said):
        return "2004", said
    spaces = " ".join(str(one.tag) + " ".join(one.attrib) for one in root.iter())
    if "adlcp_rootv1p2" in spaces:
        return "1.2", said
    if "adlcp_v1p3" in spaces:
        return "2004", said
    raise BadPackage("unknown_version", said or "schemaversion")


def _is_elsewhere(href: str) -> bool:
    return bool(urlsplit(href).scheme) or href.startswith("//")


def _joined(href: str, parameters: str) -> str:
    """Return an item's address with its parameters (SCORM 2004 CAM 3.4.1.8) and without steps upwards."""
    path, mark, rest = href.partition("?")
    clean = posixpath.normpath(path.replace("\\", "/")).lstrip("/")
    address = clean + mark + rest
    parameters = parameters.strip()
    if not parameters or parameters.startswith("#"):
        return address + parameters
    return address + ("&" if mark else "?") + parameters.lstrip("?&")


def _passing_pct(element: Element) -> float | None:
    """Return the score an item asks for: masteryscore (0 to 100), or the primary objective's measure (-1 to 1)."""
    if text := _text(element, "masteryscore"):
        return _number(text, 1.0)
    for sequencing in _children(element, "sequencing"):
        for primary in sequencing.iter():
            if _name(primary) != "primaryobjective":
                continue
            if primary.get("satisfiedByMeasure", "false").lower() != "true":
                return None
            return _number(_text(primary, "minnormalizedmeasure") or "1.0", 100.0)
    return None


def _number(text: str, factor: float) -> float | None:
    try:
        value = float(text) * factor
    except ValueError:
        return None
    return min(max(value, 0.0), 100.0) if math.isfinite(value) else None
