"""Addresses of a film that work for one person, for a while: signed, and part of every address below them.

A playlist names its segments by relative addresses, so the token in front of it is in front of them too, and
no player has to carry anything else. What the token says is believed only together with the signature; whose
it is, is compared with who is signed in. A film as one file has an address of the same kind.
"""

import datetime as dt
import math
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from common.signing import mac, same
from courses.ladder import SEGMENT_S

PURPOSE = "film stream"
# A film that is played through never meets the end of its token; one left standing is asked for again.
GRACE = dt.timedelta(minutes=15)
LONGEST = dt.timedelta(hours=5)
FILE_PURPOSE = "film file"
# The address of a film as one file stands in the lesson's page, whose text may be read first.
FILE_GRACE = dt.timedelta(hours=2)
HOUR_S = 3600
# How far past what the server counts as seen the player may fetch: it keeps 30 s in store, a beat is up to 10 s
# old, and two beats may be on their way (static/js/study.js).
AHEAD_S = 60.0


class BadStream(Exception):
    """A token that is not one of ours or has been changed."""


class StreamExpired(Exception):
    """A token of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a token says: whose it is, what may be fetched, until when (UTC seconds), under which session.

    `session` is the play session that proves the watching; None where nothing has to be proved.
    """

    user_id: int
    encoding_id: int
    folder: str
    expires_s: int
    session: UUID | None = None


def expiry(now: dt.datetime, duration_s: float) -> int:
    """Return when a token for a film of that length ends, in seconds since 1970."""
    return int((now + min(dt.timedelta(seconds=duration_s) + GRACE, LONGEST)).timestamp())


def make_token(stream: Stream) -> str:
    """Return the token of a stream, safe in an address."""
    said = _said(stream)
    return f"{said}.{_signature(said)}"


def read_token(token: str, now: dt.datetime) -> Stream:
    """Return what a token says. Raises BadStream, StreamExpired."""
    said, _dot, signature = token.rpartition(".")
    if not same(signature, _signature(said)):
        raise BadStream
    user_id, encoding_id, folder, expires_s, session = said.split(".")
    if now.timestamp() > int(expires_s):
        raise StreamExpired
    return Stream(
        int(user_id),
        int(encoding_id),
        folder.replace("~", "/"),
        int(expires_s),
        UUID(session) if session else None,
    )


def _said(stream: Stream) -> str:
    session = stream.session.hex if stream.session else ""
    folder = stream.folder.replace("/", "~")
    return f"{stream.user_id}.{stream.encoding_id}.{folder}.{stream.expires_s}.{session}"


def _signature(said: str) -> str:
    return mac(settings.SECRET_KEY, PURPOSE, said)


def may_fetch(number: int, *, frontier_s: float, is_done: bool) -> bool:
    """Tell whether a segment (from 0) may be sent to somebody who has seen the film up to `frontier_s`."""
    return is_done or number * SEGMENT_S <= frontier_s + AHEAD_S


def file_expiry(now: dt.datetime, duration_s: float) -> int:
    """Return when the address of a whole film ends, in seconds since 1970.

    On the full hour, so that a page loaded anew names the same address and what the browser kept of it is good.
    """
    end = now + min(dt.timedelta(seconds=duration_s), LONGEST) + FILE_GRACE
    return math.ceil(end.timestamp() / HOUR_S) * HOUR_S


def make_file_token(user_id: int, film_id: int, name: str, expires_s: int) -> str:
    """Return the token that opens one file of a film to one person until then, safe in an address."""
    return f"{expires_s}.{mac(settings.SECRET_KEY, FILE_PURPOSE, user_id, film_id, name, expires_s)}"


def opens_file(token: str, user_id: int, film_id: int, name: str, now: dt.datetime) -> bool:
    """Tell whether a token opens this file to this person now."""
    said = token.partition(".")[0]
    if not (token.isascii() and said.isdigit() and len(said) < 12):
        return False
    return same(token, make_file_token(user_id, film_id, name, int(said))) and now.timestamp() <= int(said)
