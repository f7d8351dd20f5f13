"""A sitting to look at: one room at a glance, one seat, the record. What can be done stands with those who run it."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from common import clock
from common.printing import qr_svg
from exams.models import OVER, Seat, SeatState, Sitting
from exams.permissions import may_invigilate
from exams.queries.sittings import (
    events_of,
    get_seat_of,
    get_sitting_seen_by,
    lines_of,
    record_of,
    seats_of,
    tally_of,
)
from exams.views.office import for_those_who, form_page
from people.permissions import Capability

LIST = "exams_office:sittings"
PAGE = 100
MOST_EVENTS = 200
FILTERS = (*SeatState.values, "handed_in")


def _seen(request: HttpRequest, sitting_id: int) -> Sitting:
    try:
        return get_sitting_seen_by(request.user, sitting_id)
    except Sitting.DoesNotExist as error:
        raise Http404 from error


def seat_in(sitting: Sitting, seat_id: int) -> Seat:
    """Return a seat of this sitting, or raise Http404."""
    try:
        return get_seat_of(sitting, seat_id)
    except Seat.DoesNotExist as error:
        raise Http404 from error


def sitting_page(title: str, sitting: Sitting | None = None, **more: object) -> dict[str, object]:
    """Return what a page on sittings needs: its title, its place below the list, and the way back."""
    context = form_page(title, (LIST, pgettext("plural", "考试场次")), **more)
    if sitting is not None:
        url = reverse("exams_office:sitting", args=[sitting.pk])
        crumbs: Any = context["breadcrumbs_items"]
        context["breadcrumbs_items"] = [crumbs[0], {"url": url, "label": sitting.title}, crumbs[1]]
        context |= {"back_url": url, "sitting": sitting}
    return context


@require_GET
@for_those_who(Capability.VIEW_SITTINGS)
def sitting_console(request: HttpRequest, sitting_id: int) -> HttpResponse:
    """Show a room: who is where and how far, what to do next. The page asks for its inner part every few seconds."""
    sitting = _seen(request, sitting_id)
    state, words = request.GET.get("state", ""), request.GET.get("q", "").strip()
    if state not in FILTERS:
        state = ""
    page = Paginator(seats_of(sitting, state=state, words=words), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "sitting": sitting,
        "tally": tally_of(sitting),
        "page": page,
        "lines": lines_of(page.object_list, reader=request.user, now=clock.now()),
        "state": state,
        "words": words,
        "now": clock.now(),
        "is_over": sitting.state in OVER,
        "may_run": may_invigilate(request.user, sitting),
        "query": request.GET.urlencode(),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "exams/_sitting_seats.html", context)
    lobby = settings.PUBLIC_BASE_URL + reverse("exams:lobby", args=[sitting.public_id])
    context |= sitting_page(sitting.title) | {
        "lobby": lobby,
        "lobby_qr": qr_svg(lobby),
        "events": list(events_of(sitting).reverse()[:MOST_EVENTS]),
        "invigilators": list(sitting.invigilators.order_by("name")),
    }
    return render(request, "exams/office_sitting.html", context)


@require_GET
@for_those_who(Capability.VIEW_SITTINGS)
def sitting_seat(request: HttpRequest, sitting_id: int, seat_id: int) -> HttpResponse:
    """Show one seat: the person, the paper's progress, and what can be done."""
    sitting = _seen(request, sitting_id)
    seat = seat_in(sitting, seat_id)
    context = sitting_page(
        seat.employee.name,
        sitting,
        line=lines_of([seat], reader=request.user, now=clock.now())[0],
        events=list(events_of(sitting).filter(employee=seat.employee)),
        is_own=seat.employee.user_id == request.user.pk,
        is_over=sitting.state in OVER,
        may_run=may_invigilate(request.user, sitting),
    )
    return render(request, "exams/office_sitting_seat.html", context)


@require_GET
@for_those_who(Capability.VIEW_SITTINGS)
def sitting_record(request: HttpRequest, sitting_id: int) -> HttpResponse:
    """Show the record of a sitting: attendance, times, incidents, each step with who took it."""
    sitting = _seen(request, sitting_id)
    record = record_of(sitting, reader=request.user, now=clock.now())
    context = sitting_page(_("考场记录表"), sitting, **record, may_run=may_invigilate(request.user, sitting))
    return render(request, "exams/office_sitting_record.html", context)
