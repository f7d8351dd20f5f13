"""Where a request for an exam comes from, and on what."""

import datetime as dt
import uuid

from django.http import HttpRequest
from django.urls import reverse

from common.addresses import client_address
from exams.admission import Presence
from exams.passwords import LONGEST
from people.sessions import is_kiosk, widen_limited_session

# An exam handed in late, a look at the result: a session opened by a ticket lasts so much beyond the paper's time.
AFTERWARDS = dt.timedelta(hours=2)


def presence_of(request: HttpRequest) -> Presence:
    """Return what the door of an exam goes by: the address, the shared tablet, and the password typed in."""
    return Presence(
        address=client_address(request),
        on_kiosk=is_kiosk(request),
        password=request.POST.get("password", "")[:LONGEST],
    )


def keep_ticket_session(request: HttpRequest, public_id: uuid.UUID, deadline_at: dt.datetime) -> None:
    """Let a session opened by a ticket reach this attempt, and last as long as it and a while: deadlines move."""
    widen_limited_session(request, reverse("exams:attempt", args=[public_id]), until=deadline_at + AFTERWARDS)
