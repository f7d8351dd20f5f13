"""The parts of a large file on its way in: one file each in settings.WORK_DIR, which nobody can fetch.

How much has arrived is the length of that file, asked each time: nothing else can disagree with it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol
from uuid import UUID

from django.conf import settings

FOLDER = "uploads"
PART_BYTES = 4 * 1024 * 1024  # what the page sends at once; on 2 Mbit/s about 16 s, so a break loses little
MOST_PART_BYTES = 16 * 1024 * 1024
KEPT_FREE_BYTES = 1024**3  # room the database and the logs need on the same disk
_COPY = 64 * 1024


class Readable(Protocol):
    """Where the bytes of a part come from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


class OffsetDiffers(Exception):
    """The part does not begin where the file ends. `offset` is where it ends."""

    def __init__(self, offset: int) -> None:
        super().__init__(str(offset))
        self.offset = offset


def part_path(upload_id: UUID) -> Path:
    """Return where an upload's bytes lie."""
    return Path(settings.WORK_DIR) / FOLDER / f"{upload_id}.part"


def received(upload_id: UUID) -> int:
    """Return how many bytes have arrived; none if the file is gone."""
    path = part_path(upload_id)
    return path.stat().st_size if path.exists() else 0


def has_room(size: int) -> bool:
    """Tell whether the disk holds that many bytes more and keeps what others need."""
    folder = Path(settings.WORK_DIR) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free - size > KEPT_FREE_BYTES


def append(upload_id: UUID, offset: int, source: Readable, *, at_most: int) -> int:
    """Write a part behind what is there and return the new length. What arrived of a broken part is kept.

    Bytes past `at_most` are not read. Two parts at once cannot mix: the second waits and then differs.
    Raises OffsetDiffers, OSError (e.g. no space left).
    """
    with _locked(upload_id) as target:
        length = target.seek(0, os.SEEK_END)
        if length != offset:
            raise OffsetDiffers(length)
        while at_most > 0 and (chunk := source.read(min(_COPY, at_most))):
            target.write(chunk)
            at_most -= len(chunk)
            length += len(chunk)
        target.flush()
        os.fsync(target.fileno())
    return length


@contextmanager
def _locked(upload_id: UUID) -> Iterator[IO[bytes]]:
    path = part_path(upload_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as target:
        fcntl.flock(target, fcntl.LOCK_EX)
        yield target


def discard(upload_id: UUID) -> None:
    """Delete what arrived; nothing there is no error."""
    part_path(upload_id).unlink(missing_ok=True)


def left_behind(known: set[str]) -> Iterator[Path]:
    """Yield the part files whose id is not among `known`."""
    folder = Path(settings.WORK_DIR) / FOLDER
    for path in folder.glob("*.part") if folder.is_dir() else ():
        if path.stem not in known:
            yield path
