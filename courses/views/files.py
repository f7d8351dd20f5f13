"""Films, subtitles and pictures for people who may see them; 404 for everyone else, 403 for another's address."""

from pathlib import Path

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.views.decorators.http import require_safe

from common.clock import now
from common.delivery import PRIVATE, deliver, picture_type
from courses.models import Film, FilmSubtitle
from courses.queries import get_film_for, get_subtitle_for, may_fetch_file

TYPES = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav"}
PICTURE_FOLDERS = ("images", "original_images")


@require_safe
def film(request: HttpRequest, pk: int, filename: str) -> HttpResponseBase:
    """Send a film, in ranges if asked. The name must be the file's: a replaced film has a new address.

    `?for=` is what makes the address one person's, for a while; without it only those who work on films get it.
    """
    found = _film_or_404(request, pk)
    if filename != found.filename:
        raise Http404(filename)
    if not may_fetch_file(request.user, found, request.GET.get("for", ""), now()):
        return HttpResponseForbidden()
    kind = TYPES.get(Path(found.file.name).suffix.lower(), "video/mp4")
    return deliver(request, found.file.storage, found.file.name, content_type=kind)


@require_safe
def poster(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a film's poster."""
    found = _film_or_404(request, pk)
    content_type = picture_type(found.thumbnail.name) if found.thumbnail else None
    if content_type is None:
        raise Http404
    return deliver(request, found.thumbnail.storage, found.thumbnail.name, content_type=content_type)


@require_safe
def subtitles(request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """Send a film's subtitles in one language as WebVTT."""
    try:
        track = get_subtitle_for(request.user, pk, language)
    except (Film.DoesNotExist, FilmSubtitle.DoesNotExist) as error:
        raise Http404 from error
    return HttpResponse(
        track.text, content_type="text/vtt; charset=utf-8", headers={"Cache-Control": PRIVATE}
    )


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a picture of the library, in any size, to people who are signed in. Nothing else has an address."""
    parts = name.split("/")
    content_type = picture_type(name)
    unsafe = any(part in {"", ".", ".."} for part in parts) or "\\" in name or "\0" in name
    if (
        not request.user.is_authenticated
        or unsafe
        or len(parts) < 2
        or parts[0] not in PICTURE_FOLDERS
        or content_type is None
    ):
        raise Http404
    return deliver(request, default_storage, name, content_type=content_type)


def _film_or_404(request: HttpRequest, pk: int) -> Film:
    try:
        return get_film_for(request.user, pk)
    except Film.DoesNotExist as error:
        raise Http404 from error
