"""Hand out the files of a package so that they can do nothing but run.

A package is foreign HTML and JavaScript. Its pages carry a policy that puts them into an origin of their own,
lets them load nothing but their own files, and sends nothing anywhere; what they report goes to the page around
them by message. The address carries who may read it, so that no cookie is looked at.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import Storage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.templatetags.static import static
from django.utils.html import format_html

from common.delivery import deliver

SALT = "courses.packages"
TICKET_AGE_S = 12 * 3600  # as long as a session of the site
SANDBOX = "allow-scripts allow-forms"
RUNTIMES = {"1.2": "vendor/scorm12.min.js", "2004": "vendor/scorm2004.min.js"}
STAGE = "js/scorm-stage.js"
_HEAD = re.compile(rb"<head\b[^>]*>", re.IGNORECASE)
_BEFORE = re.compile(rb"<html\b[^>]*>|<!doctype[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may read which package: an account, in one play session, or an editor trying it out (no session).

    `platform` is the origin of the page around it, the only one that is told anything.
    """

    package_id: int
    user_id: int
    session: UUID | None
    platform: str


def ticket_text(ticket: Ticket) -> str:
    """Return a ticket as it stands in an address, signed and good for TICKET_AGE_S."""
    session = ticket.session.hex if ticket.session else ""
    return signing.dumps([ticket.package_id, ticket.user_id, session, ticket.platform], salt=SALT)


def read_ticket(text: str) -> Ticket:
    """Read a ticket. Raises signing.BadSignature for one that was not made here, or is too old."""
    package_id, user_id, session, platform = signing.loads(text, salt=SALT, max_age=TICKET_AGE_S)
    return Ticket(package_id, user_id, UUID(session) if session else None, platform)


def package_origin(request: HttpRequest) -> str:
    """Return the origin packages are served from: SCORM_HOST's, or the site's own where none is set."""
    if settings.SCORM_HOST:
        return f"{request.scheme}://{settings.SCORM_HOST}"
    return f"{request.scheme}://{request.get_host()}"


def sandbox() -> str:
    """Return what a package may do in its frame. An origin of its own name may be kept, this site's never."""
    return f"{SANDBOX} allow-same-origin" if settings.SCORM_HOST else SANDBOX


def message_origin(request: HttpRequest) -> str:
    """Return the origin messages of a package come from: `null` for a frame without one."""
    return package_origin(request) if settings.SCORM_HOST else "null"


def launch_address(request: HttpRequest, ticket: str, href: str) -> str:
    """Return the address a part of a package starts at."""
    path, mark, query = href.partition("?")
    return f"{package_origin(request)}/packages/{ticket}/{quote(path, safe='/%')}{mark}{query}"


def policy(request: HttpRequest, ticket: str) -> str:
    """Return the Content-Security-Policy of a package's files."""
    host = f"{request.scheme}://{request.get_host()}"
    own = f"{host}/packages/{ticket}/"
    runtime = f"{host}{settings.STATIC_URL}"
    directives = {
        "default-src": "'none'",
        "script-src": f"{own} {runtime} 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src": f"{own} 'unsafe-inline'",
        "img-src": f"{own} data: blob:",
        "media-src": f"{own} data: blob:",
        "font-src": f"{own} data:",
        "connect-src": own,
        "frame-src": f"{own} data: blob:",
        "worker-src": "blob:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "sandbox": sandbox(),
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def with_runtime(page: bytes, *, version: str, platform: str) -> bytes:
    """Return a page with the run-time API as the first thing in its head, where SCORM content looks for it.

    In a frame of another origin a package cannot climb to the page around it, so the API comes to the package.
    """
    tags = format_html(
        '<script src="{}"></script><script src="{}" data-version="{}" data-platform="{}"></script>',
        static(RUNTIMES[version]),
        static(STAGE),
        version,
        platform,
    ).encode("ascii")
    found = _HEAD.search(page)
    if found is None:
        places = list(_BEFORE.finditer(page[:4096]))
        found = places[-1] if places else None
    at = found.end() if found else 0
    return page[:at] + tags + page[at:]


def serve_file(
    request: HttpRequest, storage: Storage, name: str, *, content_type: str, version: str, ticket: str
) -> HttpResponseBase:
    """Answer with one file of a package. The caller has asked whether the ticket is good.

    Neither nginx nor a remote storage sends it by itself: they would leave the policy away.
    """
    response: HttpResponseBase
    if content_type == "text/html":
        with storage.open(name) as handle:
            page = handle.read()
        platform = read_ticket(ticket).platform
        response = HttpResponse(with_runtime(page, version=version, platform=platform))
    elif _is_local(storage, name):
        response = deliver(request, storage, name, content_type=content_type, accelerate=False)
    else:
        response = FileResponse(storage.open(name))
    # The page says its own encoding; many packages are in GBK.
    response["Content-Type"] = content_type
    for header, value in _headers(request, ticket).items():
        response[header] = value
    del response["Content-Disposition"]
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    return response


def _headers(request: HttpRequest, ticket: str) -> dict[str, Any]:
    return {
        "Content-Security-Policy": policy(request, ticket),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, max-age=3600",
        # A sandboxed page has no origin; its own data files are asked for as from another site.
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _is_local(storage: Storage, name: str) -> bool:
    try:
        storage.path(name)
    except NotImplementedError:
        return False
    return True
