"""The back office: the list of certificates, one certificate with its history, and changes of its standing."""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from certificates.actions.standing import resume_certificate, revoke_certificate, suspend_certificate
from certificates.content import SAMPLE_CODE, sample_fields
from certificates.errors import CertificateError
from certificates.forms import ReasonForm
from certificates.numbering import BadNumber, parse_number
from certificates.queries import (
    cards,
    certificates_for,
    get_certificate_template,
    get_office_certificate_for,
    may_manage,
    search_certificates,
)
from certificates.rendering import render_pdf
from certificates.standing import FINAL_STATES, State
from common.clock import now
from people.models import User
from people.permissions import Capability, allows

PER_PAGE = 50
ACTIONS = {"suspend": suspend_certificate, "resume": resume_certificate, "revoke": revoke_certificate}


@require_safe
def certificate_list(request: HttpRequest) -> HttpResponse:
    """List the certificates in scope, newest first, found by number, name or employee number."""
    if not allows(request.user, Capability.VIEW_RESULTS):
        raise PermissionDenied
    asked = request.GET.get("q", "").strip()
    rows = certificates_for(request.user)
    if asked:
        rows = search_certificates(rows, _canonical(asked))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    context = {
        "page_title": pgettext_lazy("plural", "证书"),
        "header_title": pgettext_lazy("plural", "证书"),
        "header_icon": "form",
        "breadcrumbs_items": [{"url": "", "label": pgettext_lazy("plural", "证书")}],
        "page": page,
        "cards": cards(page.object_list, now()),
        "asked": asked,
    }
    return render(request, "certificates/certificate_list.html", context)


@require_safe
def certificate_inspect(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one certificate: its fields as printed, its standing and every change of it."""
    return _inspect_page(request, public_id, ReasonForm())


@require_POST
def certificate_change(request: HttpRequest, public_id: UUID, change: str) -> HttpResponse:
    """Suspend, resume or revoke a certificate with a reason."""
    if change not in ACTIONS:
        raise Http404
    certificate = get_office_certificate_for(request.user, public_id, Capability.MANAGE_CERTIFICATES)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _inspect_page(request, public_id, form, status=422)
    try:
        ACTIONS[change](
            certificate_id=certificate.pk,
            reason=form.cleaned_data["reason"],
            acting_user=cast(User, request.user),
            now=now(),
        )
    except CertificateError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("证书 %(number)s 的状态已变更。") % {"number": certificate.number})
    return redirect("certificates_office:inspect", public_id=public_id)


@require_safe
def template_preview(request: HttpRequest, template_id: int) -> HttpResponse:
    """Send a template's PDF filled with sample data. Nothing is stored and no number is taken."""
    if not request.user.has_perm("certificates.change_certificatetemplate"):
        raise PermissionDenied
    template = get_certificate_template(template_id)
    moment = now()
    fields = sample_fields(
        title=template.title,
        body=template.body,
        footnote=template.footnote,
        prefix=template.number_prefix,
        issuer=settings.ORGANISATION_NAME or _("安学培训平台"),
    )
    pdf = render_pdf(fields, SAMPLE_CODE, issued_at=moment, sample=True)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="preview.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _canonical(asked: str) -> str:
    """Return a number in its printed form, however it was typed; other text as it is."""
    try:
        return str(parse_number(asked))
    except BadNumber:
        return asked


def _inspect_page(request: HttpRequest, public_id: UUID, form: ReasonForm, status: int = 200) -> HttpResponse:
    certificate = get_office_certificate_for(request.user, public_id)
    card = cards([certificate], now())[0]
    state = card.standing.state
    context = {
        "page_title": certificate.number,
        "header_title": certificate.number,
        "header_icon": "form",
        "breadcrumbs_items": [
            {"url": reverse("certificates_office:list"), "label": pgettext_lazy("plural", "证书")},
            {"url": "", "label": certificate.number},
        ],
        "card": card,
        "certificate": certificate,
        "form": form,
        "may_change": may_manage(request.user, certificate),
        "is_final": state in FINAL_STATES,
        "is_suspended": state == State.SUSPENDED,
    }
    return render(request, "certificates/certificate_inspect.html", context, status=status)
