"""Encoded films for people who may see them: an address of their own, its playlists, its segments.

Refusals say why with their status alone; players show no text. 403: not yours, over, or not yet seen that far;
404: no such film or part.
"""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseForbidden,
    JsonResponse,
)
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.clock import now
from common.delivery import deliver
from courses.ladder import master_playlist, media_playlist, segment_name
from courses.models import Film, FilmEncoding, PlaySession
from courses.queries import SessionNeeded, file_address, get_encoding, open_stream, segment_allowed
from courses.streams import BadStream, Stream, StreamExpired, make_token, read_token

PLAYLIST = "application/vnd.apple.mpegurl"
SEGMENT = "video/mp2t"
SOUND = "sound.m4a"


@never_cache
@require_safe
def address(request: HttpRequest, pk: int) -> JsonResponse:
    """Say where a film plays for this person: `stream` (empty if there is none) and `file`, the film as a whole.

    `?session=` names the play session that proves the watching.
    """
    try:
        session = UUID(request.GET["session"]) if request.GET.get("session") else None
        film, stream = open_stream(request.user, pk, session, now())
    except SessionNeeded:
        return JsonResponse({"error": "session_needed"}, status=403)
    except (Film.DoesNotExist, PlaySession.DoesNotExist, ValueError):
        return JsonResponse({"error": "unknown"}, status=404)
    where = ""
    if stream is not None and film.type == "video":
        where = reverse("courses:stream-playlist", args=[make_token(stream)])
    elif stream is not None:
        where = reverse("courses:stream-sound", args=[make_token(stream)])
    return JsonResponse({"stream": where, "file": file_address(film, request.user, now())})


def _opened(request: HttpRequest, token: str) -> Stream | HttpResponse:
    """Return what a token says if it is this person's, else the refusal."""
    try:
        stream = read_token(token, now())
    except BadStream as error:
        raise Http404 from error
    except StreamExpired:
        return HttpResponseForbidden()
    # Whoever was disabled or signed out meanwhile is nobody here.
    return stream if request.user.pk == stream.user_id else HttpResponseForbidden()


@never_cache
@require_safe
def playlist(request: HttpRequest, token: str, size: int = 0) -> HttpResponse:
    """Send the playlist of all sizes, or that of one."""
    stream = _opened(request, token)
    if isinstance(stream, HttpResponse):
        return stream
    try:
        made = get_encoding(stream)
    except FilmEncoding.DoesNotExist as error:
        raise Http404 from error
    if not size:
        return HttpResponse(master_playlist(made.renditions), content_type=PLAYLIST)
    for rendition in made.renditions:
        if rendition["name"] == str(size):
            return HttpResponse(media_playlist(rendition["segments"]), content_type=PLAYLIST)
    raise Http404(str(size))


@require_safe
def segment(request: HttpRequest, token: str, size: int, number: int) -> HttpResponseBase:
    """Send one segment, unless it lies further ahead than the person has seen."""
    stream = _opened(request, token)
    if isinstance(stream, HttpResponse):
        return stream
    if not segment_allowed(stream, number):
        return HttpResponseForbidden()
    name = f"{stream.folder}/{size}/{segment_name(number)}"
    return deliver(request, default_storage, name, content_type=SEGMENT)


@require_safe
def sound(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the sound that was made of a recording, in ranges if asked."""
    stream = _opened(request, token)
    if isinstance(stream, HttpResponse):
        return stream
    return deliver(request, default_storage, f"{stream.folder}/{SOUND}", content_type="audio/mp4")
