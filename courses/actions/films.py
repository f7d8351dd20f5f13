"""Films come in: facts are read from the file, the rest is done by a job."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Collection

from courses.actions.encodings import request_encoding
from courses.actions.subtitles import save_subtitles
from courses.films import FilmFacts, draw_poster, file_sha256, inspect_film, make_fast_start
from courses.models import Film
from courses.subtitles import parse_subtitles
from jobs.queue import enqueue
from people.audit import record_audit
from people.models import User

FINISH_TASK = "courses.tasks.finish_film"
POSTER_AT = 0.25  # share of the film at which the poster is taken: later than a title on black


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film of the library; `created` is false if the very same file was there already."""

    film: Film
    created: bool


def store_film(
    *,
    path: Path,
    title: str,
    file_name: str = "",
    subtitles: str = "",
    collection: Collection | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> StoredFilm:
    """Take a film file into the library; a file that is there already is not stored twice.

    `subtitles` is WebVTT or SRT in Chinese. Enqueues: courses.tasks.finish_film (index first, poster).
    Raises: BadFilm, BadSubtitles; then nothing is stored.
    """
    facts = inspect_film(path, name=file_name)
    if subtitles:
        parse_subtitles(subtitles, duration_s=facts.duration_s)
    film = Film.objects.filter(sha256=facts.sha256).first()
    if film is not None:
        return StoredFilm(film, created=False)
    film = Film(title=title, type="video", uploaded_by_user=acting_user)
    film.collection = collection or Collection.get_first_root_node()
    with path.open("rb") as handle:
        film.file = File(handle, name=f"{Path(file_name or path.name).stem}.mp4")
        save_film(film=film, facts=facts, subtitles=subtitles, acting_user=acting_user, now=now)
    return StoredFilm(film, created=True)


def save_film(
    *, film: Film, facts: FilmFacts | None, subtitles: str, acting_user: User | None, now: dt.datetime
) -> Film:
    """Save a film; `facts` are those of a file that is new, else None.

    `subtitles` are Chinese ones that come with the film; empty, those that are there stay
    (courses.actions.subtitles). The caller has checked both and the permission. Raises: BadSubtitles.
    Enqueues: courses.tasks.finish_film when there is a new film, courses.tasks.encode_film for a new sound.
    """
    is_new = film.pk is None
    if facts is not None:
        film.duration, film.width, film.height = facts.duration_s, facts.width or None, facts.height or None
        film.sha256 = facts.sha256
    with transaction.atomic():
        film.save()
        if subtitles:
            save_subtitles(film=film, language="zh-hans", text=subtitles, acting_user=acting_user, now=now)
        record_audit(
            film, "wagtail.create" if is_new else "wagtail.edit", acting_user, {"sha256": film.sha256}
        )
        if facts is not None and film.type == "audio":
            if settings.ENCODE_FILMS:
                request_encoding(film=film, acting_user=acting_user)
        elif facts is not None:
            enqueue(
                FINISH_TASK,
                title=_("整理影片“%(title)s”") % {"title": film.title[:120]},
                params={"film_id": film.pk},
                requested_by=acting_user,
            )
    return film


def finish_film(*, film_id: int) -> dict[str, bool]:
    """Put a film's index first and draw its poster, where either is missing; return what was done.

    Called again it does nothing. A file replaced meanwhile is left to its own job.
    Enqueues: courses.tasks.encode_film, once the film is the file it will stay.
    """
    film = Film.objects.select_related("encoding").filter(pk=film_id).first()
    if film is None:
        return {"fast_start": False, "poster": False}
    with tempfile.TemporaryDirectory() as folder, _local_file(film, Path(folder)) as path:
        known = film.sha256
        facts = inspect_film(path, name=film.filename)
        # The poster first: once the file is replaced, `path` is gone.
        drawn = not film.thumbnail and _add_poster(film_id, path, Path(folder), facts.duration_s)
        moved = False
        if not facts.starts_fast:
            faster = Path(folder) / "fast.mp4"
            make_fast_start(path, faster)
            moved = _replace_file(film_id, known, faster)
    film.refresh_from_db()
    if settings.ENCODE_FILMS and film.made is None:
        request_encoding(film=film, acting_user=film.uploaded_by_user)
    return {"fast_start": moved, "poster": drawn}


@contextmanager
def _local_file(film: Film, folder: Path) -> Iterator[Path]:
    """Give the film as a local file: itself, or a copy of what a remote storage holds."""
    try:
        yield Path(film.file.path)
    except NotImplementedError:
        copy = folder / "source.mp4"
        with film.file.open("rb") as source, copy.open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
        yield copy


def _replace_file(film_id: int, known_sha256: str, path: Path) -> bool:
    """Swap a film's file for `path` unless someone else changed it; return whether it was swapped."""
    with transaction.atomic():
        film = Film.objects.select_for_update().get(pk=film_id)
        if film.sha256 != known_sha256:
            return False
        old_name, storage = film.file.name, film.file.storage
        with path.open("rb") as handle:
            film.file.save(Path(old_name).name, File(handle), save=False)
        film.sha256 = file_sha256(path)
        film.save(update_fields=["file", "sha256"])
        transaction.on_commit(lambda: storage.delete(old_name))
    return True


def _add_poster(film_id: int, source: Path, folder: Path, duration_s: float) -> bool:
    poster = folder / "poster.jpg"
    draw_poster(source, poster, at_s=duration_s * POSTER_AT)
    with transaction.atomic():
        film = Film.objects.select_for_update().get(pk=film_id)
        if film.thumbnail:
            return False
        with poster.open("rb") as handle:
            film.thumbnail.save(f"{Path(film.filename).stem}.jpg", File(handle), save=False)
        film.save(update_fields=["thumbnail"])
    return True
