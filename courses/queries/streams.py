"""Who may fetch which part of an encoded film."""

import datetime as dt
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from courses import watching
from courses.models import Film, FilmEncoding, LessonPage, PlaySession, StudyProgress
from courses.queries.access import readable
from courses.queries.films import get_film_for, may_edit_films
from courses.queries.study import intervals_of, needs_of
from courses.streams import (
    Stream,
    expiry,
    file_expiry,
    make_file_token,
    may_fetch,
    opens_file,
)
from people.models import User
from people.queries import employee_of


class SessionNeeded(Exception):
    """The person still has to prove that they watch this film: only a play session opens it."""


def open_stream(
    user: User | AnonymousUser, film_pk: int, session: UUID | None, now: dt.datetime
) -> tuple[Film, Stream | None]:
    """Return a film somebody may see and what their token shall say; None where nothing was made of the film.

    Whoever must prove the watching gets a token bound to their own live session; the film library, people
    without an employee number and those who have seen the film get one without.
    Raises: Film.DoesNotExist, PlaySession.DoesNotExist, SessionNeeded.
    """
    film = get_film_for(user, film_pk)
    made = film.made
    if made is None or not isinstance(user, User):
        return film, None
    if session is not None:
        PlaySession.objects.get(
            public_id=session,
            employee__user=user,
            closed_at__isnull=True,
            progress__lesson__film_id=film.pk,
        )
    elif _must_prove(user, film):
        raise SessionNeeded
    return film, Stream(user.pk, made.pk, made.folder, expiry(now, film.duration), session)


def file_address(film: Film, user: User | AnonymousUser, now: dt.datetime) -> str:
    """Return the address of a film as one file that works for `user` alone and for a while; empty without a file."""
    if not film.url or user.pk is None:
        return film.url
    token = make_file_token(user.pk, film.pk, film.filename, file_expiry(now, film.duration))
    return f"{film.url}?for={token}"


def may_fetch_file(user: User | AnonymousUser, film: Film, token: str, now: dt.datetime) -> bool:
    """Tell whether `user`, who may see a film, may fetch it as one file: by their own address, or working on films."""
    if user.pk is not None and opens_file(token, user.pk, film.pk, film.filename, now):
        return True
    return may_edit_films(user)


def _must_prove(user: User, film: Film) -> bool:
    """Tell whether a film is what a lesson asks this person to watch, and they have not yet."""
    employee = employee_of(user)
    if employee is None or may_edit_films(user):
        return False
    lessons = readable(user, LessonPage.objects.live().filter(film=film))
    asked = list(lessons.values_list("pk", flat=True))
    seen = StudyProgress.objects.filter(
        employee=employee, lesson__film=film, needs__film_sha256=film.sha256
    ).values_list("watched", "needs")
    return bool(asked) and not any(
        watching.is_film_done(intervals_of(watched), needs_of(needs)) for watched, needs in seen
    )


def get_encoding(stream: Stream) -> FilmEncoding:
    """Return the encoding a token is for. Raises FilmEncoding.DoesNotExist if it was made anew meanwhile."""
    return FilmEncoding.objects.get(pk=stream.encoding_id, folder=stream.folder)


def segment_allowed(stream: Stream, number: int) -> bool:
    """Tell whether a segment may go out under this token. One statement with a session, none without."""
    if stream.session is None:
        return True
    found = (
        PlaySession.objects.filter(public_id=stream.session, closed_at__isnull=True)
        .values_list("progress__watched", "progress__needs")
        .first()
    )
    if found is None:
        return False
    watched = intervals_of(found[0])
    return may_fetch(
        number,
        frontier_s=watching.frontier(watched),
        is_done=watching.is_film_done(watched, needs_of(found[1])),
    )
