"""One-time tickets: they sign a person in for one sitting, without a password and its costly hash.

Two thousand people cannot give their passwords within a minute on two cores (measured: M1); a ticket costs one
digest. Sources: reliability cases C3 and C7, ASVS 6.5.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from common.signing import keyed_digest, make_token
from common.throttle import within_limit
from exams.actions.seats import mark_arrived, require_open_doors
from exams.actions.sittings import locked, note
from exams.errors import SittingRefused, TicketRefused
from exams.models import OVER, AttemptState, Seat, SittingEventKind
from people.models import User

PURPOSE = "exams.sitting.ticket"
# Wrong tickets of one address; right ones are never refused, for a whole works sits behind one.
MAX_WRONG = 300
WINDOW_S = 15 * 60


@dataclass(frozen=True, slots=True)
class SeatTicket:
    """A ticket with its token, which is shown this once and kept nowhere."""

    seat: Seat
    token: str = field(repr=False)


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return keyed_digest(PURPOSE, token)


@transaction.atomic
def issue_tickets(
    *, sitting_id: int, seat_ids: Collection[int] | None = None, acting_user: User | None, now: dt.datetime
) -> list[SeatTicket]:
    """Issue tickets to these seats (None: to all that have not arrived); earlier ones of them end.

    Who holds a ticket sits that person's exam, so nobody issues one for themselves; and a session opened by a
    ticket reaches nothing but that exam. Raises SittingRefused (`over`); PermissionDenied.
    """
    sitting = locked(sitting_id, acting_user)
    if sitting.state in OVER:
        raise SittingRefused("over", _("这个场次已经结束，不再签发入场凭条。"))
    seats = Seat.objects.filter(sitting=sitting).select_related("employee__user").order_by("number")
    if seat_ids is None:
        chosen = list(seats.filter(arrived_at=None, attempt=None))
        if acting_user is not None:
            chosen = [seat for seat in chosen if seat.employee.user_id != acting_user.pk]
    else:
        chosen = list(seats.filter(pk__in=seat_ids))
        if acting_user is not None and any(seat.employee.user_id == acting_user.pk for seat in chosen):
            raise PermissionDenied(_("不能给自己签发入场凭条，请另一位监考人出示。"))
    issued = [SeatTicket(seat, make_token()) for seat in chosen]
    for ticket in issued:
        ticket.seat.ticket_digest = digest_of(ticket.token)
        ticket.seat.ticket_issued_at = now
        ticket.seat.ticket_used_at = None
    Seat.objects.bulk_update(
        [ticket.seat for ticket in issued],
        ["ticket_digest", "ticket_issued_at", "ticket_used_at"],
        batch_size=500,
    )
    if issued:
        note(
            sitting,
            SittingEventKind.TICKETS,
            acting_user=acting_user,
            now=now,
            employee=issued[0].seat.employee if len(issued) == 1 else None,
            count=len(issued),
        )
    return issued


def seat_of_ticket(*, token: str, address: str, now: dt.datetime) -> Seat:
    """Return the seat an unused ticket opens now; nothing is changed.

    Raises TicketRefused for a token that is unknown, used, replaced or too old; TooManyWrong besides, once an
    address has shown hundreds of wrong ones; SittingRefused (`doors_closed`, `over`).
    """
    seat = (
        Seat.objects.select_related("sitting__exam", "employee__user", "attempt")
        .defer("attempt__paper", "attempt__seed")
        .filter(ticket_digest=digest_of(token))
        .first()
    )
    if (
        seat is None
        or seat.ticket_used_at is not None
        or seat.employee.user is None
        or not seat.employee.user.is_active
        or (now > seat.sitting.tickets_until and not _is_writing(seat))
    ):
        if not within_limit("seat-ticket", address, limit=MAX_WRONG, window_s=WINDOW_S, now=now):
            raise TooManyWrong
        raise TicketRefused
    require_open_doors(seat.sitting)
    return seat


def _is_writing(seat: Seat) -> bool:
    """Tell whether the seat's paper is open: until it is handed in, its phone may break and another one be needed."""
    return seat.attempt is not None and seat.attempt.state == AttemptState.OPEN


class TooManyWrong(TicketRefused):
    """This address showed hundreds of wrong tickets within a quarter of an hour."""

    code = "too_many_wrong"


@transaction.atomic
def redeem_ticket(*, token: str, address: str, now: dt.datetime) -> Seat:
    """Use up a ticket and note the arrival; of two requests at once, one is refused.

    Raises as `seat_of_ticket`.
    """
    seat = seat_of_ticket(token=token, address=address, now=now)
    unused = Seat.objects.filter(pk=seat.pk, ticket_digest=digest_of(token), ticket_used_at=None)
    if not unused.update(ticket_used_at=now):
        raise TicketRefused
    mark_arrived(seat, now)
    return seat
