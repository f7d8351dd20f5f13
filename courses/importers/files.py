"""From a path to documents: what kind of file it is, whether to open it at all, and which reader does.

Never raises for a bad file: a report carries what went wrong, and the other files go on.
"""

import os
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from common import quarantine
from common.archives import BadArchive, check_archive
from courses.documents import Document, DocumentProblem, ProblemCode
from courses.importers.docx import read_lines
from courses.importers.markdown import read_markdown
from courses.importers.pdf import read_pages
from courses.importers.pictures import MAX_PICTURE_BYTES
from courses.importers.text import read_text

DOCUMENT_MAX_BYTES = 20 * 1024 * 1024
SUFFIXES = (".docx", ".txt", ".md", ".pdf")
GUESSED = (".pdf",)  # what is made of these somebody has to compare with the original
PARSER_MEMORY_MB = 1024
PARSER_SECONDS = 60

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What a file is by its first bytes, whatever its name says.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (_OLE, "ole"),
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"\x7fELF", "ELF"),
    (b"MZ", "EXE"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"RIFF", "RIFF"),
)
_TWO_LETTERS = {"BMP", "EXE"}  # a text may begin with these letters; binary data has NULs soon after
_HTML = re.compile(
    rb"^\s*(?:<!--.{0,500}?-->\s*)?(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_OFFICE_PARTS = (
    (b"wordprocessingml.document.main+xml", "docx"),
    (b"macroEnabled", "macros"),
    (b"wordprocessingml.template.main+xml", "Word template"),
    (b"spreadsheetml", "Excel"),
    (b"presentationml", "PowerPoint"),
)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: its documents, or the problem that kept it out. `encoding` is of text files."""

    file: str
    path: Path
    encoding: str | None = None
    documents: list[Document] = field(default_factory=list)
    problem: DocumentProblem | None = None

    @property
    def is_draft_only(self) -> bool:
        """Whether the file's structure is guessed, so that what comes of it is never published unread."""
        return Path(self.file).suffix.lower() in GUESSED


def files_in(paths: Iterable[Path]) -> list[Path]:
    """List the files named, and those in the folders named, sorted; hidden and lock files are left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                inner
                for inner in path.rglob("*")
                if inner.is_file() and not _is_litter(inner.relative_to(path))
            )
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _is_litter(path: Path) -> bool:
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.parts) or path.name.lower() in {
        "thumbs.db",
        "desktop.ini",
    }


def printable(name: str) -> str:
    """Return a file's name fit for showing: names unpacked from Chinese archives may be GBK bytes."""
    raw = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", errors="replace")


def read_file(path: Path, *, name: str | None = None) -> FileReport:
    """Read one file into documents. `name` is the file's own name where the path is a stored copy's."""
    shown = name or printable(str(path))
    try:
        documents, encoding = _read(path, Path(shown))
    except DocumentProblem as problem:
        return FileReport(shown, path, problem=problem)
    except OSError as error:
        return FileReport(shown, path, problem=DocumentProblem("unreadable", error.strerror or str(error)))
    return FileReport(shown, path, encoding, documents)


def _read(path: Path, named: Path) -> tuple[list[Document], str | None]:
    suffix = named.suffix.lower()
    size = path.stat().st_size
    if not path.is_file():
        raise DocumentProblem("unreadable", "not a file")
    if suffix not in SUFFIXES:
        raise DocumentProblem("unsupported", suffix or "no suffix")
    if size == 0:
        raise DocumentProblem("empty")
    if size > DOCUMENT_MAX_BYTES:
        raise DocumentProblem("too_large", f"{size} bytes")
    title = title_of(named)
    if suffix == ".docx":
        return _read_docx(path, title), None
    if suffix == ".pdf":
        return _read_pdf(path, title), None
    data = path.read_bytes()
    _refuse_disguise(data)
    read = read_markdown if suffix == ".md" else read_text
    return read(data, fallback_title=title)


def pictures_of(report: FileReport) -> dict[str, bytes]:
    """Return the pictures the report's documents show, by their names in the file.

    Raises DocumentProblem if the file is no longer what was read.
    """
    names = {
        block.picture for document in report.documents for block in document.blocks if block.kind == "picture"
    }
    if not names:
        return {}
    try:
        with zipfile.ZipFile(report.path) as archive:
            return {name: _picture(archive, name) for name in sorted(names)}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
        raise DocumentProblem("unreadable", str(error)) from error


def _picture(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(MAX_PICTURE_BYTES)


def title_of(named: Path) -> str:
    """Make a title of a file's name."""
    name = named.name
    while Path(name).suffix.lower() in {".docx", ".doc", ".txt", ".md", ".pdf", ".wps"}:
        name = Path(name).stem
    bare = re.sub(r"[_\s]+", " ", name).strip(" -·")
    return bare or named.stem


def _kind_of(data: bytes) -> str:
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and (kind not in _TWO_LETTERS or b"\x00" in data[:64]):
            return kind
    if data[4:12] in {b"ftypisom", b"ftypmp42", b"ftypMSNV", b"ftypavc1", b"ftypiso2"}:
        return "MP4"
    return "HTML" if _HTML.match(data[:2000]) else ""


def _refuse_disguise(data: bytes) -> None:
    kind = _kind_of(data)
    if kind:
        names = {"zip": _office_kind_of_bytes(data), "ole": "Word 97-2003"}
        raise DocumentProblem("wrong_type", names.get(kind, kind))


def _office_kind_of_bytes(data: bytes) -> str:
    if b"word/" in data:
        return "docx"
    return "xlsx" if b"xl/" in data else "zip"


def _read_docx(path: Path, title: str) -> list[Document]:
    with path.open("rb") as handle:
        data = handle.read(4096)
    kind = _kind_of(data)
    if kind == "ole":
        raise _ole_problem(path)
    if kind != "zip":
        if not data.strip(b" \t\r\n\x00"):
            raise DocumentProblem("empty")
        raise DocumentProblem("wrong_type", kind or "text")
    try:
        check_archive(path, "[Content_Types].xml")
    except BadArchive as bad:
        raise DocumentProblem(_code_of(bad, path), bad.detail) from bad
    _refuse_other_office(path)
    try:
        parsed = quarantine.run(
            "courses.importers.docx:parse",
            {"path": str(path.resolve())},
            memory_mb=PARSER_MEMORY_MB,
            timeout_s=PARSER_SECONDS,
        )
    except quarantine.Quarantined as stopped:
        code: ProblemCode = "unreadable" if stopped.reason == "failed" else "bomb"
        raise DocumentProblem(code, str(stopped)) from stopped
    return read_lines(parsed, fallback_title=title)


def _read_pdf(path: Path, title: str) -> list[Document]:
    with path.open("rb") as handle:
        head = handle.read(4096)
        handle.seek(max(path.stat().st_size - 2048, 0))
        is_whole = b"%%EOF" in handle.read()
    # Readers forgive some bytes before the sign (ISO 32000-1, annex H), and so do we.
    if b"%PDF-" not in head[:1024]:
        if not head.strip(b" \t\r\n\x00"):
            raise DocumentProblem("empty")
        kind = _kind_of(head)
        names = {"zip": _office_kind_of_bytes(head), "ole": "Word 97-2003", "": "text"}
        raise DocumentProblem("wrong_type", names.get(kind, kind))
    try:
        parsed = quarantine.run(
            "courses.importers.pdf_pages:parse",
            {"path": str(path.resolve())},
            memory_mb=PARSER_MEMORY_MB,
            timeout_s=PARSER_SECONDS,
        )
    except quarantine.Quarantined as stopped:
        code: ProblemCode = "unreadable" if stopped.reason == "failed" else "bomb"
        raise DocumentProblem(code, f"pdf {stopped}") from stopped
    if parsed.get("problem") == "unreadable" and not is_whole:
        raise DocumentProblem("truncated", parsed["detail"])
    return read_pages(parsed, fallback_title=title)


def _code_of(bad: BadArchive, path: Path) -> ProblemCode:
    codes: dict[str, ProblemCode] = {
        "encrypted": "encrypted",
        "truncated": "truncated",
        "bomb": "bomb",
        "not_a_zip": "wrong_type",
        "unsafe_name": "unreadable",
    }
    if bad.code == "truncated" and path.stat().st_size < 22:
        return "truncated"  # shorter than the smallest archive
    return codes.get(bad.code, "unreadable")


def _ole_problem(path: Path) -> DocumentProblem:
    """Tell a password-protected .docx from an old .doc: both are OLE containers."""
    names = {name: name.encode("utf-16-le") for name in ("EncryptedPackage", "WordDocument", "Workbook")}
    data = path.read_bytes()
    if names["EncryptedPackage"] in data:
        return DocumentProblem("encrypted")
    if names["WordDocument"] in data:
        return DocumentProblem("wrong_type", "Word 97-2003")
    if names["Workbook"] in data:
        return DocumentProblem("wrong_type", "Excel 97-2003")
    return DocumentProblem("encrypted", "OLE container")


def _refuse_other_office(path: Path) -> None:
    """Refuse workbooks, slides, templates and macros that carry the name of a .docx."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("[Content_Types].xml") as part:
            types = part.read(1024 * 1024)
            macros = any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise DocumentProblem("truncated", str(error)) from error
    kind = next((kind for sign, kind in _OFFICE_PARTS if sign in types), "zip")
    if macros:
        kind = "macros"
    if kind != "docx":
        raise DocumentProblem("wrong_type", kind)
