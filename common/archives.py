"""A first look at files that are zip archives (.xlsx, .docx), before any parser opens them."""

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What a well-meant office file stays within."""

    max_entries: int = 2_000
    max_unpacked_bytes: int = 200 * 1024 * 1024
    max_ratio: int = 200  # unpacked : packed of one entry above 1 MiB


class BadArchive(Exception):
    """The file must not be opened. `code` is one of not_a_zip, encrypted, truncated, bomb, unsafe_name."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_archive(path: Path, required_entry: str, limits: ArchiveLimits | None = None) -> None:
    """Refuse archives that are broken, encrypted, too large when unpacked, or not what their name says.

    `required_entry` is a member the format must have, e.g. `word/document.xml`. Only the directory is read.
    Sizes are those the directory states; readers never unpack more than that.
    Raises BadArchive. Source: reliability cases F1 and F2 (bombs, slips, duplicate names).
    """
    limits = limits or ArchiveLimits()
    with path.open("rb") as handle:
        head = handle.read(8)
    if head == OLE_MAGIC:
        # Office writes password-protected .docx/.xlsx as an OLE container around the encrypted package.
        raise BadArchive("encrypted", "OLE container")
    if head[:2] != b"PK":
        raise BadArchive("not_a_zip")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadArchive("truncated", str(error)) from error
    _check_entries(entries, limits)
    if required_entry not in {entry.filename for entry in entries}:
        raise BadArchive("not_a_zip", f"no {required_entry}")


def _check_entries(entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(entries) > limits.max_entries:
        raise BadArchive("bomb", f"{len(entries)} entries")
    if sum(entry.file_size for entry in entries) > limits.max_unpacked_bytes:
        raise BadArchive("bomb", "unpacked size")
    names: set[str] = set()
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise BadArchive("encrypted", entry.filename)
        if entry.file_size > 1024 * 1024 and entry.file_size > limits.max_ratio * max(entry.compress_size, 1):
            raise BadArchive("bomb", entry.filename)
        # Office formats compare names without regard to case: two spellings of one name are a duplicate.
        name = entry.filename.replace("\\", "/").casefold()
        if _leads_out(name) or stat.S_ISLNK(entry.external_attr >> 16) or name in names:
            raise BadArchive("unsafe_name", entry.filename)
        names.add(name)


def _leads_out(name: str) -> bool:
    """Tell whether a member's name would leave the folder it is unpacked into, on any system."""
    return name.startswith("/") or re.match(r"[a-z]:", name) is not None or ".." in PurePosixPath(name).parts
