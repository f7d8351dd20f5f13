"""Unpack a SCORM package in a child process: only known kinds of files, each what its name says it is.

Names inside the archive are data: the files come out under numbers, and the caller stores them under numbers.
"""

import shutil
import stat
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from common import quarantine
from common.archives import ArchiveLimits, BadArchive, check_archive
from courses.scorm.manifest import MANIFEST, BadPackage, Finding, Manifest, launch_path, read_manifest

LIMITS = ArchiveLimits(max_entries=5_000, max_unpacked_bytes=500 * 1024 * 1024)
MAX_PACKAGE_BYTES = 200 * 1024 * 1024
MAX_PAGE_BYTES = 10 * 1024 * 1024  # an HTML page is read whole when it is served
MAX_PATH = 300
TIMEOUT_S = 120

_TEXT, _ANY = b"", None
# By the ending: what the file is served as, and what it must begin with. Pages carry no charset, because they
# name their own; many Chinese packages are written in GBK.
KINDS: dict[str, tuple[str, tuple[bytes, ...] | None]] = {
    ".html": ("text/html", (_TEXT,)),
    ".htm": ("text/html", (_TEXT,)),
    ".js": ("text/javascript", (_TEXT,)),
    ".mjs": ("text/javascript", (_TEXT,)),
    ".css": ("text/css", (_TEXT,)),
    ".json": ("application/json", (_TEXT,)),
    ".map": ("application/json", (_TEXT,)),
    ".xml": ("application/xml", (_TEXT,)),
    ".xsd": ("application/xml", (_TEXT,)),
    ".dtd": ("application/xml-dtd", (_TEXT,)),
    ".txt": ("text/plain", (_TEXT,)),
    ".vtt": ("text/vtt", (_TEXT,)),
    ".srt": ("text/plain", (_TEXT,)),
    ".md": ("text/plain", (_TEXT,)),
    ".csv": ("text/plain", (_TEXT,)),
    ".svg": ("image/svg+xml", (_TEXT,)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    ".webp": ("image/webp", (b"RIFF",)),
    ".bmp": ("image/bmp", (b"BM",)),
    ".ico": ("image/x-icon", (b"\0\0\1\0",)),
    ".cur": ("image/x-icon", (b"\0\0\2\0",)),
    ".mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")),
    ".wav": ("audio/wav", (b"RIFF",)),
    ".ogg": ("audio/ogg", (b"OggS",)),
    ".oga": ("audio/ogg", (b"OggS",)),
    ".ogv": ("video/ogg", (b"OggS",)),
    ".webm": ("video/webm", (b"\x1aE\xdf\xa3",)),
    ".mp4": ("video/mp4", _ANY),
    ".m4v": ("video/mp4", _ANY),
    ".m4a": ("audio/mp4", _ANY),
    ".woff": ("font/woff", (b"wOFF",)),
    ".woff2": ("font/woff2", (b"wOF2",)),
    ".ttf": ("font/ttf", (b"\0\1\0\0", b"true", b"ttcf")),
    ".otf": ("font/otf", (b"OTTO", b"\0\1\0\0")),
    ".eot": ("application/vnd.ms-fontobject", _ANY),
    ".pdf": ("application/pdf", (b"%PDF-",)),
}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_FRAMES = (b"<iframe", b"<frameset", b"<frame ")


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file that may be served. `number` is its name in the folder it was unpacked to."""

    number: int
    path: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A package as it was found."""

    manifest: Manifest
    files: tuple[PackedFile, ...]
    findings: tuple[Finding, ...]


def unpack_package(path: Path, folder: Path) -> dict[str, Any]:
    """Check and unpack a package into `folder` in a child process; return `Unpacked` as plain data.

    Raises BadPackage. Codes beside those of the manifest: not_a_zip, encrypted, truncated, bomb, unsafe_name,
    program, launch_missing, launch_not_html, no_manifest, manifest_not_at_top, too_large, killed, timeout.
    Source: reliability cases F1 to F5.
    """
    if path.stat().st_size > MAX_PACKAGE_BYTES:
        raise BadPackage("too_large", str(MAX_PACKAGE_BYTES // 1024**2))
    argument = {"path": str(path), "folder": str(folder)}
    try:
        result: dict[str, Any] = quarantine.run(
            "courses.scorm.archive:unpack_here", argument, memory_mb=512, timeout_s=TIMEOUT_S
        )
    except quarantine.Quarantined as error:
        raise BadPackage(error.reason, error.detail) from error
    if "code" in result:
        raise BadPackage(result["code"], result["detail"])
    return result


def unpack_here(argument: dict[str, str]) -> dict[str, Any]:
    """Child side of unpack_package: what is wrong comes back as `code` and `detail`."""
    try:
        return asdict(_unpack(Path(argument["path"]), Path(argument["folder"])))
    except BadPackage as error:
        return {"code": error.code, "detail": error.detail}
    except BadArchive as error:
        return {"code": error.code, "detail": error.detail}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError) as error:
        return {"code": "truncated", "detail": f"{type(error).__name__}: {error}"[:300]}


def _unpack(path: Path, folder: Path) -> Unpacked:
    _check(path)
    with zipfile.ZipFile(path) as archive:
        entries = {_true_name(entry): entry for entry in archive.infolist() if not entry.is_dir()}
        if len({name.casefold() for name in entries}) != len(entries):
            raise BadPackage("unsafe_name", "duplicate")
        manifest = read_manifest(archive.read(entries[MANIFEST]))
        files, findings = _take_out(archive, entries, folder)
    served = {file.path: file for file in files}
    known = {name.casefold(): file for name, file in served.items()}
    for item in manifest.items:
        start = launch_path(item.href)
        if start.casefold() not in known:
            raise BadPackage("launch_missing", f"{item.title}：{start}")
        if known[start.casefold()].content_type != "text/html":
            raise BadPackage("launch_not_html", f"{item.title}：{start}")
        page = (folder / str(known[start.casefold()].number)).read_bytes().lower()
        if any(mark in page for mark in _FRAMES):
            findings.append(Finding("frames", start))
    return Unpacked(manifest, tuple(files), (*manifest.findings, *_joined(findings)))


def _check(path: Path) -> None:
    try:
        check_archive(path, MANIFEST, LIMITS)
    except BadArchive as error:
        if error.detail != f"no {MANIFEST}":
            raise
        with zipfile.ZipFile(path) as archive:
            inner = [name for name in archive.namelist() if name.endswith(f"/{MANIFEST}")]
        raise BadPackage(
            "manifest_not_at_top" if inner else "no_manifest", inner[0] if inner else ""
        ) from error


def _true_name(entry: zipfile.ZipInfo) -> str:
    """Return a member's name; without the UTF-8 mark it is UTF-8 or, from a Chinese Windows, GB 18030."""
    name = entry.filename
    if not entry.flag_bits & 0x800 and not name.isascii():
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    mode = entry.external_attr >> 16
    strange = mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    unreadable = not name.isprintable() or len(name) > MAX_PATH
    name = name.replace("\\", "/")
    if strange or unreadable or {"..", "."} & set(PurePosixPath(name).parts) or name.startswith("/"):
        raise BadPackage("unsafe_name", name[:100])
    return name


def _take_out(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], folder: Path
) -> tuple[list[PackedFile], list[Finding]]:
    files: list[PackedFile] = []
    findings: list[Finding] = []
    for number, (name, entry) in enumerate(entries.items(), start=1):
        suffix = PurePosixPath(name).suffix.lower()
        with archive.open(entry) as source:
            head = source.read(64)
            if head.startswith(_PROGRAMS) and suffix not in {".js", ".mjs", ".txt"}:
                raise BadPackage("program", name)
            problem = _problem(suffix, head, entry.file_size)
            if problem:
                findings.append(Finding(problem, name))
                continue
            target = folder / str(number)
            with target.open("wb") as handle:
                handle.write(head)
                # The reader gives no more than the directory states, and its check sum is looked at.
                shutil.copyfileobj(source, handle)
        files.append(PackedFile(number, name, KINDS[suffix][0], entry.file_size))
    return files, findings


def _problem(suffix: str, head: bytes, size: int) -> str:
    """Return why a file is left out, or an empty text."""
    if suffix == ".swf":
        return "flash"
    if suffix not in KINDS:
        return "unknown_kind"
    content_type, beginnings = KINDS[suffix]
    if content_type == "text/html" and (size > MAX_PAGE_BYTES or head[:2] in (b"\xff\xfe", b"\xfe\xff")):
        return "page_unreadable"
    if size == 0 or beginnings is None:
        is_film = content_type in {"video/mp4", "audio/mp4"}
        return "wrong_content" if size and is_film and head[4:8] != b"ftyp" else ""
    if beginnings == (_TEXT,):
        is_wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
        return "wrong_content" if b"\0" in head and not is_wide else ""
    return "" if head.startswith(beginnings) else "wrong_content"


def _joined(findings: list[Finding]) -> list[Finding]:
    """Put findings of one kind together: how many, and the first few names."""
    names: dict[str, list[str]] = {}
    for one in findings:
        names.setdefault(one.code, []).append(one.detail)
    return [
        Finding(code, "、".join(found[:5]) + (f" …（{len(found)}）" if len(found) > 5 else ""))
        for code, found in names.items()
    ]
