"""Where a request came from, as the actions want to know it."""

from django.http import HttpRequest

from common.addresses import client_address
from exams.seb import SebHeaders
from exams.shapes import Origin
from people.sessions import kiosk_session

_LONGEST = 200


def origin_of(request: HttpRequest) -> Origin:
    """Return the address, the browser, the shared tablet and the Safe Exam Browser's hashes of a request."""
    kiosk = kiosk_session(request)
    return Origin(
        address=client_address(request),
        agent=_plain(request.headers.get("User-Agent", "")),
        kiosk=kiosk.kiosk_id if kiosk else 0,
        seb=SebHeaders(
            url=request.build_absolute_uri(),
            config_key_hash=_plain(request.headers.get("X-SafeExamBrowser-ConfigKeyHash", "")),
            request_hash=_plain(request.headers.get("X-SafeExamBrowser-RequestHash", "")),
        ),
    )


def _plain(text: str) -> str:
    """Return a header's text as a column can hold it: PostgreSQL refuses NUL."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST]
