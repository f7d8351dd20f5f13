"""Uploaded documents between preview and confirmation: kept in the default storage, bound to one person.

Nothing comes back from the browser but the token: what is confirmed is read again from the kept files.
"""

import datetime as dt
import json
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from courses.documents import DocumentProblem
from courses.importers.files import DOCUMENT_MAX_BYTES, FileReport, read_file

FOLDER = "document-uploads"
KEPT_FOR = dt.timedelta(hours=24)
_TOKEN = re.compile(r"[0-9a-f]{32}")


class UploadGone(Exception):
    """No such upload for this person: never made, confirmed, given up, or older than KEPT_FOR."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Files waiting for confirmation. `stored` is None for a file too large to be kept."""

    token: str
    lesson_type: str
    shelf_slug: str
    names: tuple[str, ...]
    stored: tuple[str | None, ...]


def keep_upload(
    files: "Sequence[UploadedFile[Any]]", *, lesson_type: str, shelf_slug: str, user_id: int, now: dt.datetime
) -> str:
    """Keep uploaded files for their preview and return the token that leads to them."""
    sweep_uploads(now=now)
    token = secrets.token_hex(16)
    entries: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        stored = None
        if (file.size or 0) <= DOCUMENT_MAX_BYTES:
            # The person's file name is data, never part of a path.
            stored = default_storage.save(f"{FOLDER}/{token}/{number}", file)
        entries.append({"name": Path(file.name or "").name, "stored": stored})
    manifest = {
        "user": user_id,
        "kept_at": now.isoformat(),
        "lesson_type": lesson_type,
        "shelf_slug": shelf_slug,
        "files": entries,
    }
    default_storage.save(_manifest(token), ContentFile(json.dumps(manifest).encode()))
    return token


def open_upload(token: str, *, user_id: int, now: dt.datetime) -> Upload:
    """Return the upload with this token. Raises UploadGone, also for another person's."""
    manifest = _read_manifest(token)
    if manifest is None or manifest["user"] != user_id or _is_old(manifest, now):
        raise UploadGone(token)
    return Upload(
        token,
        manifest["lesson_type"],
        manifest["shelf_slug"],
        tuple(entry["name"] for entry in manifest["files"]),
        tuple(entry["stored"] for entry in manifest["files"]),
    )


@contextmanager
def reports_of(upload: Upload) -> Iterator[list[FileReport]]:
    """Read the files of an upload. The reports' paths are good inside the `with` only."""
    with tempfile.TemporaryDirectory() as folder:
        yield [
            _report(Path(folder) / f"{number}{Path(name).suffix.lower()}", name, stored)
            for number, (name, stored) in enumerate(zip(upload.names, upload.stored, strict=True))
        ]


def _report(path: Path, name: str, stored: str | None) -> FileReport:
    if stored is None:
        return FileReport(name, path, problem=DocumentProblem("too_large", "not kept"))
    with default_storage.open(stored) as source, path.open("wb") as target:
        for chunk in source.chunks():
            target.write(chunk)
    return read_file(path, name=name)


def discard_upload(token: str) -> None:
    """Delete the files of an upload; nothing happens if they are gone."""
    if not _TOKEN.fullmatch(token):
        return
    folder = f"{FOLDER}/{token}"
    if not default_storage.exists(_manifest(token)):
        return
    for name in default_storage.listdir(folder)[1]:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)


def sweep_uploads(*, now: dt.datetime) -> int:
    """Delete uploads older than KEPT_FOR and return how many there were."""
    try:
        tokens = default_storage.listdir(FOLDER)[0]
    except FileNotFoundError:
        return 0
    swept = 0
    for token in tokens:
        manifest = _read_manifest(token)
        if manifest is not None and _is_old(manifest, now):
            discard_upload(token)
            swept += 1
    return swept


def _manifest(token: str) -> str:
    return f"{FOLDER}/{token}/manifest.json"


def _read_manifest(token: str) -> dict[str, Any] | None:
    if not _TOKEN.fullmatch(token) or not default_storage.exists(_manifest(token)):
        return None
    with default_storage.open(_manifest(token)) as file:
        found: dict[str, Any] = json.load(file)
    return found


def _is_old(manifest: dict[str, Any], now: dt.datetime) -> bool:
    return now - dt.datetime.fromisoformat(manifest["kept_at"]) > KEPT_FOR
