"""Films are encoded by the queue, a part at a time, and shown in their new form once all of it is there."""

import datetime as dt
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from courses import encoding
from courses.errors import EncodingBusy
from courses.ladder import Size, segment_name, sizes_for
from courses.models import Film, FilmEncoding
from courses.queries import encoding_job_of
from courses.shapes import Loudness, Rendition
from jobs.models import Job
from jobs.queue import MORE_TO_DO, enqueue, report_progress
from people.models import User

log = structlog.get_logger("anxue.films")
ENCODE_TASK = "courses.tasks.encode_film"
FOLDER = "hls"
SOUND = "sound.m4a"
# After this long a job lets others go first. With the longest single step it stays below the queue's limit.
TURN_S = 60
LEFTOVERS_AFTER = dt.timedelta(days=2)


def request_encoding(*, film: Film, acting_user: User | None) -> Job:
    """Have a film encoded (again) and return the job; one that is queued or running already is returned."""
    with transaction.atomic():
        Film.objects.select_for_update().get(pk=film.pk)
        running = encoding_job_of(film)
        if running is not None:
            return running
        return enqueue(
            ENCODE_TASK,
            title=_("转码“%(title)s”") % {"title": film.title[:120]},
            params={"film_id": film.pk},
            requested_by=acting_user,
        )


def encode_film(*, job: Job, film_id: int, now: dt.datetime) -> dict[str, Any]:
    """Do as much of a film's encoding as one turn allows; return MORE_TO_DO until it is whole.

    What a turn leaves in WORK_DIR the next one goes on with, whichever process runs it. A film deleted or
    replaced meanwhile is left to its own job.
    Raises: EncodingBusy if another process has this film in hand, common.quarantine.Quarantined.
    """
    film = Film.objects.filter(pk=film_id).first()
    if film is None:
        return {"encoded": False}
    folder = Path(settings.WORK_DIR) / "films" / f"{film.pk}-{film.sha256[:16]}"
    with _alone_in(folder, film):
        turn = _Turn(job, film, folder)
        if not turn.run():
            return MORE_TO_DO
        kept = _keep(film, turn, now)
    shutil.rmtree(folder, ignore_errors=True)
    edit_url = reverse("wagtailmedia:edit", args=[film.pk])
    return {"encoded": kept, "next_url": edit_url, "renditions": [one["name"] for one in turn.renditions]}


class _Turn:
    """One turn of a film's encoding: the steps whose files are not there yet, in order; at least one."""

    def __init__(self, job: Job, film: Film, folder: Path) -> None:
        self.job, self.film, self.folder = job, film, folder
        self.ends_at = time.monotonic() + TURN_S
        self.renditions: list[Rendition] = []
        self.segments: dict[str, Path] = {}
        self.peaks: list[int] = []

    @property
    def sound(self) -> Path:
        return self.folder / SOUND

    def run(self) -> bool:
        """Return whether everything is made."""
        path = _copied(self.film, self.folder)
        self.source = encoding.read_source(path)
        self.sizes: tuple[Size, ...] = (
            sizes_for(self.source.width, self.source.height) if self.source.width else ()
        )
        for step, (weight, work) in enumerate(self._steps()):
            if step and time.monotonic() > self.ends_at:
                return False
            self.weight = weight
            work()
        return True

    def _steps(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """Yield the steps that are still to do, each with the share of the bar (0 to 1) before it."""
        if self.source.has_sound and not self._measured.exists():
            yield 0.0, self._measure
        if self.source.has_sound and not self.sound.exists():
            yield 0.05, self._encode_sound
        for number in range(self.source.pieces):
            if self._is_whole(number):
                continue
            yield 0.1 + 0.85 * number / self.source.pieces, lambda number=number: self._encode_piece(number)  # type: ignore[misc]
        yield 0.95, self._pack

    def _is_whole(self, number: int) -> bool:
        return all(encoding.piece_path(self.folder, size, number).exists() for size in self.sizes)

    def _measure(self) -> None:
        self._tell(0.0)
        part = self._measured.with_suffix(".part")
        part.write_text(json.dumps(encoding.measure_loudness(self.source.path)))
        part.replace(self._measured)

    @property
    def _measured(self) -> Path:
        return self.folder / "loudness.json"

    @property
    def loudness(self) -> Loudness | None:
        """Return what was measured, or None for silence and for films without sound."""
        return json.loads(self._measured.read_text()) if self._measured.exists() else None

    def _encode_sound(self) -> None:
        share = 0.05 if self.source.pieces else 0.9
        length_s = self.source.duration_s or 1
        encoding.encode_sound(
            self.source, self.loudness, self.sound, lambda done_s: self._tell(share * done_s / length_s)
        )

    def _encode_piece(self, number: int) -> None:
        share = 0.85 / self.source.pieces / encoding.PIECE_S
        encoding.encode_piece(
            self.source, number, self.sizes, self.folder, lambda done_s: self._tell(share * done_s)
        )

    def _pack(self) -> None:
        self._tell(0.0)
        sound = self.sound if self.source.has_sound else None
        for size in self.sizes:
            self.segments[size.name], rendition = encoding.pack(self.source, size, self.folder, sound)
            self.renditions.append(rendition)
        if not self.sizes:
            self.peaks = encoding.draw_wave(self.sound)

    def _tell(self, more: float) -> None:
        """Move the bar; the message is what the person who waits reads."""
        done = min(99, int((self.weight + more) * 100))
        report_progress(self.job, done=done, total=100, message=_("正在转码，影片此时已能观看"))


@contextmanager
def _alone_in(folder: Path, film: Film) -> Iterator[None]:
    """Hold the folder of one film's work; the system lets go of it when the process ends, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise EncodingBusy(_("影片“%(title)s”正由另一个任务转码。") % {"title": film.title}) from error
    try:
        yield
    finally:
        os.close(handle)


def _copied(film: Film, folder: Path) -> Path:
    """Return the film's file in the folder of the work, so that nobody takes it away meanwhile."""
    copy = folder / "source"
    if not copy.exists():
        part = folder / "source.part"
        with film.file.open("rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        part.replace(copy)
    return copy


def _keep(film: Film, turn: _Turn, now: dt.datetime) -> bool:
    """Put what was made into the file storage and name it; return False if the film changed meanwhile."""
    folder = f"{FOLDER}/{film.pk}/{secrets.token_hex(8)}"
    for rendition in turn.renditions:
        source = turn.segments[rendition["name"]]
        for number in range(len(rendition["segments"])):
            _put(source / segment_name(number), f"{folder}/{rendition['name']}/{segment_name(number)}")
    if not turn.sizes:
        _put(turn.sound, f"{folder}/{SOUND}")
    with transaction.atomic():
        current = Film.objects.select_for_update().filter(pk=film.pk, sha256=film.sha256).first()
        before = FilmEncoding.objects.filter(film_id=film.pk).first()
        if current is None:
            transaction.on_commit(lambda: remove_folder(folder))
            return False
        FilmEncoding.objects.update_or_create(
            film_id=film.pk,
            defaults={
                "source_sha256": film.sha256,
                "folder": folder,
                "renditions": turn.renditions,
                "loudness": turn.loudness or {},
                "peaks": turn.peaks,
                "encoded_at": now,
            },
        )
        # The old one stays until the sweep: somebody may be in the middle of it.
    log.info("film_encoded", film=film.pk, sizes=len(turn.renditions), replaced=before is not None)
    return True


def _put(source: Path, name: str) -> None:
    with source.open("rb") as handle:
        default_storage.save(name, File(handle))


def remove_folder(name: str) -> None:
    """Delete a folder of the file storage with all in it; one that is not there is no error."""
    try:
        folders, files = default_storage.listdir(name)
    except FileNotFoundError:
        return
    for file in files:
        default_storage.delete(f"{name}/{file}")
    for folder in folders:
        remove_folder(f"{name}/{folder}")
    default_storage.delete(name)


def sweep_encodings(*, now: dt.datetime) -> int:
    """Delete what encodings left behind: segments no film plays any more, and work nobody went on with.

    Returns how many folders went. Files are kept for two days after they lost their use.
    """
    gone = 0
    used = set(FilmEncoding.objects.values_list("folder", flat=True))
    for film_id in _listed(FOLDER)[0]:
        for name in _listed(f"{FOLDER}/{film_id}")[0]:
            folder = f"{FOLDER}/{film_id}/{name}"
            if folder not in used and _is_old(folder, now):
                remove_folder(folder)
                gone += 1
    works = Path(settings.WORK_DIR) / "films"
    for work in works.iterdir() if works.is_dir() else ():
        if _age(work.stat().st_mtime, now) > LEFTOVERS_AFTER:
            shutil.rmtree(work, ignore_errors=True)
            gone += 1
    return gone


def _listed(name: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(name)
    except FileNotFoundError:
        return [], []


def _is_old(folder: str, now: dt.datetime) -> bool:
    """Tell whether the first file found below a folder is older than two days; an empty folder is."""
    folders, files = _listed(folder)
    names = [f"{folder}/{file}" for file in files] or [
        f"{folder}/{inner}/{file}" for inner in folders for file in _listed(f"{folder}/{inner}")[1][:1]
    ]
    return all(now - default_storage.get_modified_time(name) > LEFTOVERS_AFTER for name in names[:1])


def _age(seconds: float, now: dt.datetime) -> dt.timedelta:
    return now - dt.datetime.fromtimestamp(seconds, dt.UTC)
