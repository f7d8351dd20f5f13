"""Reader of .docx: paragraphs, headings, lists with Word's numbers, tables and pictures, in their order.

`parse` runs in a child process (common.quarantine), knows nothing of Django and returns plain data. Headers,
footers, comments, deleted text, hidden text and contents lists are not part of the text; each of them is
listed as a loss, with its place.
"""

import dataclasses
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from courses.documents import Document, DocumentProblem, SourceLine, understand
from courses.documents.shapes import RepairLog
from courses.importers.docx_body import Body, Style, numbering_of
from courses.importers.docx_numbering import W, read_numbering
from courses.importers.docx_words import DRAWING, MATH, R, all_text, child_value, is_on, loss
from courses.importers.pictures import MAX_PICTURE_BYTES, is_usable

_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAMES = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", R[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/drawingml/main", DRAWING[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", MATH[1:-1].encode()),
)
MAX_PART_BYTES = 100 * 1024 * 1024
MAX_LINES = 200_000


def read_lines(parsed: dict[str, Any], *, fallback_title: str) -> list[Document]:
    """Return the documents in what `parse` found. Raises DocumentProblem."""
    if "problem" in parsed:
        raise DocumentProblem(parsed["problem"], parsed["detail"])
    lines = [
        SourceLine(
            **{
                **{name: value for name, value in line.items() if name != "losses"},
                "rows": tuple(tuple(row) for row in line.get("rows", [])),
            },
            number=number,
            whole=True,
        )
        for number, line in enumerate(parsed["lines"])
    ]
    log = RepairLog()
    for one in parsed["losses"]:
        log.lose(one["kind"], None, one["text"])
    for line, read in zip(lines, parsed["lines"], strict=True):
        for one in read.get("losses", ()):
            log.lose(one["kind"], line, one["text"])
        if line.picture in parsed["left_out"]:
            log.add("picture_left_out", line, line.picture.rsplit("/", 1)[-1])
            log.lose("picture", line, line.picture.rsplit("/", 1)[-1])
    lines = [line for line in lines if line.kind != "picture" or line.picture not in parsed["left_out"]]
    for text in parsed["contents"]:
        log.add("contents_list", lines[0] if lines else SourceLine(""), text, removed=text)
    return understand(_with_title(lines), fallback_title=fallback_title, log=log)


def _with_title(lines: list[SourceLine]) -> list[SourceLine]:
    """Take a single first heading of the highest level for the title where no title is marked."""
    if any(line.heading == 0 for line in lines):
        return lines
    levels = [line.heading for line in lines if line.heading]
    first = next((place for place, line in enumerate(lines) if line.text.strip()), None)
    if first is None or lines[first].heading is None or levels.count(min(levels)) > 1:
        return lines
    if lines[first].heading == min(levels):
        lines[first] = dataclasses.replace(lines[first], heading=0)
    return lines


def parse(argument: dict[str, str]) -> dict[str, Any]:
    """Read the .docx at argument["path"]; return {"lines", "contents", "left_out"} or {"problem", "detail"}."""
    try:
        with zipfile.ZipFile(argument["path"]) as archive:
            return _Package(archive).read()
    except DocumentProblem as problem:
        return {"problem": problem.code, "detail": problem.detail}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        return {"problem": "truncated", "detail": str(error)}
    except (etree.XMLSyntaxError, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
        return {"problem": "unreadable", "detail": f"{type(error).__name__}: {error}"}


def parse_xml(data: bytes) -> Any:
    """Parse one part. Raises DocumentProblem for a DTD, which no office program writes (XXE, entity bombs)."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if "<!DOCTYPE".encode(encoding) in data or "<!ENTITY".encode(encoding) in data:
            raise DocumentProblem("unreadable", "DTD")
    if _STRICT in data:
        for strict, usual in _STRICT_NAMES:
            data = data.replace(strict, usual)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    return etree.fromstring(data, parser)


class _Package:
    """One .docx file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = set(archive.namelist())
        self.main = self._main_part()
        self.links: dict[str, str] = {}
        self.relations = self._relations_of(self.main)
        self.contents: list[str] = []
        self.notes: dict[tuple[str, str], int] = {}
        self.comments = self._comments()

    def read(self) -> dict[str, Any]:
        root = self._xml(self.main)
        body = root.find(f"{W}body")
        if body is None:
            raise DocumentProblem("unreadable", "no body")
        numbering = read_numbering(self._related("numbering"))
        reader = Body(self, self._styles(), numbering)
        lines = []
        for line in reader.lines_of(body):
            lines.append(line)
            if len(lines) > MAX_LINES:
                raise DocumentProblem("too_large", f"more than {MAX_LINES} paragraphs")
        lines += self._notes(reader)
        pictures = {line["picture"] for line in lines if line.get("picture")}
        left_out = sorted(name for name in pictures if not self._is_usable(name))
        return {
            "lines": lines,
            "contents": self.contents,
            "left_out": left_out,
            "losses": list(self._edges(reader)),
        }

    def _is_usable(self, name: str) -> bool:
        with self.archive.open(name) as part:
            return is_usable(part.read(MAX_PICTURE_BYTES + 1))

    def _xml(self, name: str) -> Any:
        with self.archive.open(name) as part:
            data = part.read(MAX_PART_BYTES + 1)
        if len(data) > MAX_PART_BYTES:
            raise DocumentProblem("bomb", name)
        return parse_xml(data)

    def _main_part(self) -> str:
        if "_rels/.rels" in self.names:
            for relation in self._xml("_rels/.rels").findall(f"{_RELATIONS}Relationship"):
                target = str(relation.get("Target", "")).lstrip("/")
                if relation.get("Type", "").endswith("/officeDocument") and target in self.names:
                    return target
        if "word/document.xml" in self.names:
            return "word/document.xml"
        raise DocumentProblem("wrong_type", "no document part")

    def _relations_of(self, part: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(part)
        relations = f"{folder}/_rels/{name}.rels"
        if relations not in self.names:
            return {}
        found = {}
        for relation in self._xml(relations).findall(f"{_RELATIONS}Relationship"):
            if relation.get("TargetMode") == "External":
                self.links[relation.get("Id", "")] = relation.get("Target", "")
                continue
            target = relation.get("Target", "")
            path = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join(folder, target))
            )
            found[relation.get("Id", "")] = (relation.get("Type", "").rsplit("/", 1)[-1], path)
        return found

    def _related(self, kind: str) -> Any:
        for found, path in self.relations.values():
            if found == kind and path in self.names:
                return self._xml(path)
        return None

    def picture(self, relation: str) -> str:
        """Return the path of a picture in the package, or nothing."""
        kind, path = self.relations.get(relation, ("", ""))
        return path if kind == "image" and path in self.names else ""

    def link(self, relation: str) -> str:
        """Return the address outside the package a relation leads to, or nothing."""
        return self.links.get(relation, "")

    def comment(self, identity: str) -> str:
        """Return who wrote a comment and what it says, or nothing."""
        return self.comments.get(identity, "")

    def note_number(self, kind: str, identity: str) -> int:
        """Return the number under which a note stands at the end: notes are counted as they are met."""
        return self.notes.setdefault((kind, identity), len(self.notes) + 1)

    def _comments(self) -> dict[str, str]:
        root = self._related("comments")
        found = {}
        for one in root if root is not None else ():
            author, text = one.get(f"{W}author", ""), " ".join(all_text(p) for p in one.iter(f"{W}p")).strip()
            found[one.get(f"{W}id", "")] = f"{author}：{text}" if author else text
        return found

    def _edges(self, reader: Body) -> Iterator[dict[str, str]]:
        """Yield the texts of headers and footers, each once; page numbers alone are nobody's loss."""
        texts: dict[str, None] = {}
        for kind, path in self.relations.values():
            if kind in {"header", "footer"} and path in self.names:
                texts[" ".join(line["text"].strip() for line in reader.lines_of(self._xml(path))).strip()] = (
                    None
                )
        for text in texts:
            if re.sub(r"[\s\d第页共/／—–-]|of|Page", "", text):
                yield loss("header_footer", text)

    def _notes(self, reader: Body) -> Iterator[dict[str, Any]]:
        """Yield the notes as paragraphs at the end, in the order of their numbers in the text."""
        texts: dict[tuple[str, str], dict[str, Any]] = {}
        for kind in ("footnote", "endnote"):
            root = self._related(f"{kind}s")
            for note in root if root is not None else ():
                if note.get(f"{W}type") is None:
                    lines = list(reader.lines_of(note))
                    text = " ".join(line["text"].strip() for line in lines).strip()
                    losses = [one for line in lines for one in line.get("losses", ())]
                    texts[kind, note.get(f"{W}id", "")] = {"text": text, "losses": losses}
        for key, number in self.notes.items():
            found = texts.pop(key, {"text": "", "losses": []})
            if found["text"]:
                found["losses"].insert(0, loss("note", found["text"]))
            else:
                found["losses"].append(loss("note", ""))
            yield {**found, "text": f"〔注{number}〕{found['text']}"}
        for found in texts.values():
            if found["text"]:
                yield {**found, "text": f"注：{found['text']}"}

    def _styles(self) -> dict[str, Style]:
        root = self._related("styles")
        if root is None:
            return {}
        elements = {one.get(f"{W}styleId", ""): one for one in root.findall(f"{W}style")}
        return {identity: _style(identity, elements) for identity in elements}


def _style(identity: str, elements: dict[str, Any]) -> Style:
    """Resolve a style through the styles it is based on."""
    heading: int | None = None
    numbering: tuple[str, int] | None = None
    bold = centred = contents = False
    seen: set[str] = set()
    while identity in elements and identity not in seen:
        seen.add(identity)
        element = elements[identity]
        name = (child_value(element, "name") or "").lower()
        contents = contents or name.startswith(("toc ", "toc heading", "目录"))
        if heading is None:
            heading = _heading_of(name, element.find(f"{W}pPr"))
        properties = element.find(f"{W}pPr")
        if properties is not None:
            numbering = numbering or numbering_of(properties)
            centred = centred or child_value(properties, "jc") == "center"
        run = element.find(f"{W}rPr")
        bold = bold or (run is not None and is_on(run.find(f"{W}b")))
        identity = child_value(element, "basedOn") or ""
    return Style(heading, numbering, bold, centred, contents)


def _heading_of(name: str, properties: Any) -> int | None:
    if name in {"title", "标题"}:
        return 0
    for prefix in ("heading ", "标题 "):
        if name.startswith(prefix) and name[len(prefix) :].strip().isdecimal():
            return int(name[len(prefix) :])
    level = child_value(properties, "outlineLvl") if properties is not None else None
    return int(level) + 1 if level is not None and level.isdecimal() and int(level) < 9 else None
