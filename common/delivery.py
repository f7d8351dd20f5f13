"""Send a stored file to someone who may have it, a part at a time if asked (HTTP Range, RFC 9110 §14).

Phones refuse to play a film that is not served in ranges. Behind nginx the server itself sends the file
(X-Accel-Redirect); files of a remote storage are fetched from a short-lived signed address.
"""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import Storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

CHUNK = 64 * 1024
PRIVATE = "private, no-cache"  # kept by the reader's browser alone, and asked about each time
ACCEL_PREFIX = "/_protected/"
PICTURE_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class Unsatisfiable(Exception):
    """The range asked for lies outside the file."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte a Range header asks for, or None to send the whole file.

    Several ranges and what cannot be read are answered with the whole file, as the standard allows.
    Raises Unsatisfiable where the range starts behind the end or is empty.
    """
    unit, _equals, spec = header.strip().partition("=")
    first_text, dash, last_text = (part.strip() for part in spec.partition("-"))
    if unit.strip().lower() != "bytes" or not dash or not _numbers(first_text, last_text):
        return None
    if not first_text:
        length = int(last_text)
        if length == 0 or size == 0:
            raise Unsatisfiable
        return max(size - length, 0), size - 1
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text else size - 1
    if last_text and int(last_text) < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, last


def _numbers(first: str, last: str) -> bool:
    return bool(first or last) and all(
        part == "" or (part.isascii() and part.isdigit()) for part in (first, last)
    )


def picture_type(name: str) -> str | None:
    """Return the content type of a picture by its name, or None for anything else (SVG included)."""
    return PICTURE_TYPES.get(Path(name).suffix.lower())


def deliver(
    request: HttpRequest, storage: Storage, name: str, *, content_type: str = "", accelerate: bool = True
) -> HttpResponseBase:
    """Answer with a stored file. The caller has asked whether this reader may have it.

    `accelerate=False` keeps nginx out: of the headers set here it passes on a few only.

    Raises Http404 if there is no such file or its name leaves the storage.
    """
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        response: HttpResponseBase = HttpResponseRedirect(storage.url(name))
        response["Cache-Control"] = "private, no-store"
        return response
    except (SuspiciousFileOperation, ValueError) as error:
        raise Http404(name) from error
    if not path.is_file():
        raise Http404(name)
    content_type = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if settings.X_ACCEL_REDIRECT and accelerate:
        response = _accelerated(path.relative_to(storage.path("")), content_type)
    else:
        response = _send(request, path, content_type)
    response["Cache-Control"] = PRIVATE
    response["Content-Disposition"] = content_disposition_header(False, path.name) or "inline"
    return response


def _accelerated(relative: Path, content_type: str) -> HttpResponse:
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = ACCEL_PREFIX + quote(relative.as_posix())
    return response


def _send(request: HttpRequest, path: Path, content_type: str) -> HttpResponseBase:
    stat = path.stat()
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    modified = int(stat.st_mtime)
    if answered := get_conditional_response(request, etag, modified):
        answered["ETag"], answered["Last-Modified"] = etag, http_date(modified)
        return answered
    try:
        part = _asked_part(request, stat.st_size, etag, modified)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stat.st_size}"})
    first, last = part or (0, stat.st_size - 1)
    length = last - first + 1
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(_slice(path, first, length), content_type=content_type)
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{stat.st_size}"
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    response["ETag"], response["Last-Modified"] = etag, http_date(modified)
    return response


def _asked_part(request: HttpRequest, size: int, etag: str, modified: int) -> tuple[int, int] | None:
    header = request.headers.get("Range", "")
    if_range = request.headers.get("If-Range", "")
    # If-Range: a part only of the very file the client already has a part of (RFC 9110 §13.1.5).
    if not header or (if_range and if_range != etag and parse_http_date_safe(if_range) != modified):
        return None
    return parse_range(header, size)


def _slice(path: Path, first: int, length: int) -> Iterator[bytes]:
    """Yield some bytes of a file, opened when the first is asked for."""
    with path.open("rb") as handle:
        handle.seek(first)
        while length > 0 and (chunk := handle.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
