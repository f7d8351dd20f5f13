"""Subtitles of films are saved whole, on top of the version their editor had before them."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from courses.models import Film, FilmSubtitle, SubtitleLanguage
from courses.subtitles import Lost, parse_subtitles, write_vtt
from people.audit import record_audit
from people.models import User


class StaleSubtitles(Exception):
    """Somebody else saved or deleted these subtitles meanwhile. `version` is the one there now, 0 for none."""

    def __init__(self, version: int) -> None:
        super().__init__(
            _("这份字幕已被别人改过，现在是第 %(version)d 版。您写的还在这一页，没有保存。")
            % {"version": version}
            if version
            else _("这份字幕已被别人删除。您写的还在这一页，没有保存。")
        )
        self.version = version


@dataclass(frozen=True, slots=True)
class SavedSubtitles:
    """Subtitles as they are kept now, and what of the file that was sent did not come over."""

    track: FilmSubtitle
    losses: tuple[Lost, ...]


def save_subtitles(
    *,
    film: Film,
    language: str,
    text: str,
    expected_version: int | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> SavedSubtitles:
    """Check WebVTT or SRT and keep it as a film's subtitles in one language.

    `expected_version` is the version the editor started from, 0 for none there; None puts the text in place of
    whatever is there. The same words saved again change nothing. The caller has checked the permission.
    Locks: the film. Raises: BadSubtitles with every fault; StaleSubtitles.
    """
    read = parse_subtitles(text, duration_s=film.duration or 0.0)
    written = write_vtt(read.cues)
    label = SubtitleLanguage(language).label
    with transaction.atomic():
        Film.objects.select_for_update(no_key=True).get(pk=film.pk)
        track = FilmSubtitle.objects.filter(film=film, language=language).first()
        _refuse_stale(track, expected_version)
        if track is not None and track.text == written:
            return SavedSubtitles(track, read.losses)
        before = track.version if track else 0
        track = track or FilmSubtitle(film=film, language=language)
        track.label, track.text, track.version = label, written, before + 1
        track.save()
        digest = hashlib.sha256(written.encode()).hexdigest()
        record_audit(
            film,
            "courses.subtitles.save",
            acting_user,
            {
                "language": language,
                "version": {"before": before, "after": track.version},
                "cues": len(read.cues),
                "sha256": digest,
                "at": now.isoformat(),
            },
        )
    return SavedSubtitles(track, read.losses)


def delete_subtitles(*, film: Film, language: str, expected_version: int, acting_user: User | None) -> None:
    """Delete a film's subtitles in one language; nothing happens if there are none.

    The caller has checked the permission. Locks: the film. Raises: StaleSubtitles.
    """
    with transaction.atomic():
        Film.objects.select_for_update(no_key=True).get(pk=film.pk)
        track = FilmSubtitle.objects.filter(film=film, language=language).first()
        if track is None:
            return
        _refuse_stale(track, expected_version)
        record_audit(
            film,
            "courses.subtitles.delete",
            acting_user,
            {"language": language, "version": {"before": track.version, "after": 0}, "text": track.text},
        )
        track.delete()


def _refuse_stale(track: FilmSubtitle | None, expected: int | None) -> None:
    there = track.version if track else 0
    if expected is not None and expected != there:
        raise StaleSubtitles(there)
