"""QTI 2.1 (2.0, 2.2) and 3.0: a package with imsmanifest.xml, or a single item's XML. No Django here."""

import base64
import posixpath
import urllib.parse
import zipfile
from pathlib import Path

from common.archives import ArchiveLimits, BadArchive, check_archive
from exams.importers.items import Item, Reading
from exams.importers.qti_items import read_item
from exams.importers.qti_tree import normalise
from exams.importers.xml_tree import BadXml, Node, parse_xml
from exams.types.base import gettext_noop

MANIFEST = "imsmanifest.xml"
LIMITS = ArchiveLimits(max_entries=20_000, max_unpacked_bytes=200 * 1024 * 1024)
MAX_PICTURE_BYTES = 15 * 1024 * 1024
# The words of LOM for difficulty, from easy to hard.
DIFFICULTIES = ("very easy", "easy", "medium", "difficult", "very difficult")
_REASONS = {
    "encrypted": gettext_noop("压缩包有密码，请去掉密码。"),
    "truncated": gettext_noop("压缩包不完整，请重新取得这个文件。"),
    "bomb": gettext_noop("压缩包解开后过大，没有打开。"),
    "unsafe_name": gettext_noop("压缩包里的文件名不安全，没有打开。"),
    "not_a_zip": gettext_noop("压缩包里没有 imsmanifest.xml，不是 QTI 题包。"),
}


def version_of(root: Node) -> str:
    """Return the format's name for an item or a manifest."""
    text = " ".join([root.tag, *(node.get("type") for node in root.all_named("resource")[:50])])
    return "qti30" if root.tag.startswith("qti-") or "v3p0" in text else "qti21"


def read_xml(root: Node) -> Reading:
    """Read a single item; pictures beside it are not there."""
    reading = Reading(version_of(root))
    root = normalise(root)
    if root.tag != "assessmentItem":
        reading.fails(
            root.line, gettext_noop("最外层应是 assessmentItem，这里是 %(tag)s。"), tag=root.tag[:60]
        )
        return reading
    reading.read = 1
    if item := read_item(reading, root, lambda _name: None):
        reading.items.append(item)
    return reading


def read_package(path: Path) -> Reading:
    """Read all items of a package."""
    try:
        check_archive(path, MANIFEST, LIMITS)
    except BadArchive as bad:
        reading = Reading("qti21")
        reading.fails(1, _REASONS[bad.code])
        return reading
    with zipfile.ZipFile(path) as archive:
        return _Package(archive).read()


class _Package:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.reading = Reading("qti21", place=MANIFEST)

    def read(self) -> Reading:
        try:
            manifest = parse_xml(self.archive.read(MANIFEST))
        except BadXml as bad:
            self.reading.fails(bad.line, gettext_noop("XML 读不下去：%(detail)s"), detail=str(bad)[:200])
            return self.reading
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self.reading.fails(1, gettext_noop("压缩包里的文件坏了：%(detail)s"), detail=str(error)[:200])
            return self.reading
        self.reading.format = version_of(manifest)
        for resource in manifest.all_named("resource"):
            self._resource(resource)
        return self.reading

    def _resource(self, resource: Node) -> None:
        kind, href = resource.get("type"), resource.get("href")
        self.reading.place = MANIFEST
        if "_item_" not in kind:
            if "_test_" in kind or "_section_" in kind or "stimulus" in kind:
                self.reading.lacks(
                    resource.line,
                    "test",
                    gettext_noop("题包里的试卷和材料（%(href)s）没有读取，只读取试题。"),
                    href=href,
                )
            return None
        self.reading.read += 1
        name = posixpath.normpath(urllib.parse.unquote(href))
        if name not in self.archive.namelist():
            return self.reading.fails(
                resource.line, gettext_noop("题包里没有文件“%(name)s”。"), name=name[:200]
            )
        self.reading.place = name
        try:
            root = normalise(parse_xml(self.archive.read(name)))
        except BadXml as bad:
            return self.reading.fails(
                bad.line, gettext_noop("XML 读不下去：%(detail)s"), detail=str(bad)[:200]
            )
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            return self.reading.fails(
                1, gettext_noop("压缩包里的文件坏了：%(detail)s"), detail=str(error)[:200]
            )
        if root.tag != "assessmentItem":
            return self.reading.fails(
                root.line, gettext_noop("最外层应是 assessmentItem，这里是 %(tag)s。"), tag=root.tag[:60]
            )
        if item := read_item(self.reading, root, self._open):
            _metadata(item, resource)
            self.reading.items.append(item)
        return None

    def _open(self, name: str) -> str | None:
        try:
            entry = self.archive.getinfo(name)
            if entry.file_size > MAX_PICTURE_BYTES:
                return None
            return base64.b64encode(self.archive.read(entry)).decode()
        except (KeyError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return None  # the reader reports a picture that is not there


def _metadata(item: Item, resource: Node) -> None:
    """Take over keywords, topic and difficulty as LOM writes them."""
    metadata = resource.first("metadata")
    if metadata is None:
        return
    keywords = [" ".join(node.text.split()) for node in metadata.all_named("keyword")]
    item.tags = [word for word in keywords if word] or None
    for node in metadata.all_named("taxon"):
        entry = node.first("entry")
        item.topic = " ".join(entry.text.split()) or None if entry else None
    for node in metadata.all_named("difficulty"):
        value = node.first("value")
        word = value.text.strip().lower() if value else ""
        item.difficulty = DIFFICULTIES.index(word) + 1 if word in DIFFICULTIES else None
