"""Cards of three-level education: one as a PDF, many as a job, and the page behind the code on paper."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from common.throttle import within_limit
from jobs.queue import enqueue
from people.audit import record_audit
from people.identity import mask_name
from people.permissions import Capability
from people.queries import capabilities_for, employee_of, employees_for
from people.queries.identity import particulars
from training.forms import CardFilter
from training.models import Obligation
from training.permissions import require_scope
from training.queries.cards import card_of, cards_for, with_card
from training.queries.training_file import TrainingFile, training_file_of
from training.rendering import print_cards, print_training_file
from training.views.pages import admin_page, page_of, query_without_page, signed_in

REQUESTS_PER_MINUTE = 60
MOST_AT_ONCE = 500
TASK = "training.tasks.print_level_cards"


@login_required
@require_safe
def own_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send a person the own card as a PDF."""
    own = employee_of(request.user)
    found = with_card().filter(public_id=public_id, employee=own).first() if own else None
    if found is None:
        raise Http404
    return _sent(found)


@require_safe
def card_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send one card as a PDF to those who answer for the person; that it was printed is written down."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    found = cards_for(signed_in(request)).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    record_audit(
        found.employee, "training.card.print", signed_in(request), {"programme": found.programme.code}
    )
    return _sent(found)


def _sent(obligation: Obligation) -> HttpResponse:
    number = particulars(obligation.employee, frozenset()).id_number
    pdf = print_cards([card_of(obligation)], id_numbers=[number])
    response = HttpResponse(pdf, content_type="application/pdf")
    name = f"{_('安全教育卡')}-{obligation.employee.employee_no}-{obligation.programme.code}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    response["Cache-Control"] = "no-store, private"
    return response


@login_required
@require_safe
def own_file(request: HttpRequest) -> HttpResponse:
    """Send a person the own training file as a PDF."""
    own = employee_of(request.user)
    if own is None:
        raise Http404
    return _file(request, training_file_of(own, clock.now(), None))


@require_safe
def training_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send a person's training file to those who answer for the person; that it was printed is written down."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    user = signed_in(request)
    employee = employees_for(user, Capability.VIEW_COVERAGE).filter(public_id=public_id).first()
    if employee is None:
        raise Http404
    record_audit(employee, "training.file.print", user)
    return _file(request, training_file_of(employee, clock.now(), capabilities_for(user, employee)))


def _file(request: HttpRequest, found: TrainingFile) -> HttpResponse:
    pdf = print_training_file(
        employee=found.employee,
        place=found.place,
        id_number=found.id_number,
        sections=found.sections,
        cards=found.cards,
        seal=found.seal,
        proofs=found.proofs,
        printed_for=str(signed_in(request)),
        now=clock.now(),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    name = f"{_('安全教育培训档案')}-{found.employee.employee_no}-{clock.today().isoformat()}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, name) or "inline"
    response["Cache-Control"] = "no-store, private"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def cards(request: HttpRequest) -> HttpResponse:
    """List the cards of the people in scope; POST prints those the filter shows, as a job with one PDF."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    form = CardFilter(request.GET)
    rows = _filtered(request, form)
    if request.method == "POST":
        ids = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
        if not ids:
            raise PermissionDenied
        job = enqueue(
            TASK,
            title=_("打印安全教育卡"),
            params={"obligation_ids": ids},
            requested_by=signed_in(request),
            total=len(ids),
        )
        return redirect("jobs:detail", job.pk)
    page = page_of(request, rows)
    context = {
        "form": form,
        "page": page,
        "total": page.paginator.count,
        "most": MOST_AT_ONCE,
        "query": query_without_page(request),
    }
    return admin_page(request, "training/card_list.html", _("安全教育卡"), context, icon="doc-full")


def _filtered(request: HttpRequest, form: CardFilter) -> QuerySet[Obligation]:
    rows = cards_for(signed_in(request))
    if not form.is_valid():
        return rows
    words, programme = form.cleaned_data["q"], form.cleaned_data["programme"]
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    if words:
        rows = rows.filter(Q(employee__name__icontains=words) | Q(employee__employee_no__icontains=words))
    if programme:
        rows = rows.filter(programme=programme)
    if since:
        rows = rows.filter(owed_from__gte=since)
    if until:
        rows = rows.filter(owed_from__lte=until)
    return rows


@require_safe
def card_check(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what the ledger says of a card, to whoever holds the paper: without account, without the whole name."""
    client = request.META.get("REMOTE_ADDR", "")
    if not within_limit("card-check", client, limit=REQUESTS_PER_MINUTE, window_s=60, now=clock.now()):
        response = render(request, "training/card_busy.html", status=429)
        response["Retry-After"] = "60"
        return response
    obligation = with_card().filter(public_id=public_id).first()
    if obligation is None:
        raise Http404
    card = card_of(obligation)
    context = {"card": card, "masked_name": mask_name(card.employee.name)}
    response = render(request, "training/card_check.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response
