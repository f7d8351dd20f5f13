"""The child's side of reading a file from another system (common.quarantine). No Django here."""

import codecs
import dataclasses
import re
from pathlib import Path
from typing import Any

from exams.importers import aiken, gift, moodle_xml, qti
from exams.importers.items import Reading
from exams.importers.xml_tree import BadXml, parse_xml
from exams.types.base import gettext_noop

MAX_READ = 100 * 1024 * 1024


def read_foreign(argument: dict[str, Any]) -> dict[str, Any]:
    """Read a file that is no workbook; `argument` is {"path", "format"}, and format may be `auto`."""
    path = Path(argument["path"])
    with path.open("rb") as handle:
        head = handle.read(4)
    if head[:2] == b"PK":
        return dataclasses.asdict(qti.read_package(path))
    return dataclasses.asdict(read_bytes(path.read_bytes(), argument["format"]))


def read_bytes(data: bytes, wanted: str) -> Reading:
    """Read what stands in a file. Never raises for what is in it."""
    name = detected(data) if wanted == "auto" else wanted
    if name in {"moodle_xml", "qti21", "qti30"}:
        return _read_xml(data, name)
    text = decoded(data)
    if text is None:
        reading = Reading(name)
        reading.fails(1, gettext_noop("看不懂文件的编码。请另存为 UTF-8 编码的文本。"))
        return reading
    reading = aiken.read(text) if name == "aiken" else gift.read(text)
    if not reading.read and not reading.errors:
        reading.fails(1, gettext_noop("文件里没有题。"))
    return reading


def _read_xml(data: bytes, name: str) -> Reading:
    try:
        root = parse_xml(data)
    except BadXml as bad:
        reading = Reading(name)
        reading.fails(bad.line, gettext_noop("XML 读不下去：%(detail)s"), detail=str(bad)[:200])
        return reading
    return moodle_xml.read(root) if name == "moodle_xml" else qti.read_xml(root)


def decoded(data: bytes) -> str | None:
    """Return a text in UTF-8, UTF-16 with its mark, or the encoding of Chinese Windows; None for none of them."""
    encodings = ["utf-8-sig", "gb18030"]
    if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # No text holds NUL, and PostgreSQL keeps none with it: this is UTF-16 without its mark, or something else.
        if "\0" in text:
            return None
        # Line ends are made one kind here; other separators of Unicode are no line ends to these formats.
        return re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return None


def detected(data: bytes) -> str:
    """Return the format a file seems to have."""
    start = data[:4000].lstrip(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"<") or (
        data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} and b"<\0" in start[:8]
    ):
        return (
            "qti21" if re.search(rb"<(?:\w+:)?(?:qti-)?assessment-?[iI]tem", data[:100_000]) else "moodle_xml"
        )
    text = decoded(data) or ""
    if re.search(r"(?im)^\s*ANSWER\s*[:：]", text) and not re.search(r"(?m)^\s*::|\{[^}]*[=~#TF]", text):
        return "aiken"
    return "gift"
