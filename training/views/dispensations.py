"""Waivers, extensions, recognised training and practical checks in the office; and who lacks hours."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from people.permissions import Capability
from training.actions.checks import record_practical_check
from training.actions.dispensations import NOT_RECOGNISED, ask_dispensation, decide_dispensation
from training.errors import CheckRefused, DispensationRefused
from training.models import Component, ComponentKind, Dispensation, Obligation
from training.occurrence_forms import DecisionForm, DispensationForm
from training.permissions import may, may_ask_dispensations, require_scope
from training.queries.dispensations import dispensations_for, get_dispensation_for
from training.queries.hand_signed import checks_of
from training.queries.hours import gap_list
from training.queries.obligations import explain, get_obligation_for
from training.queries.parts import get_component_of
from training.views.pages import admin_page, page_of, query_without_page, signed_in


def _obligation_or_404(request: HttpRequest, public_id: uuid.UUID) -> Obligation:
    try:
        return get_obligation_for(request.user, public_id)
    except Obligation.DoesNotExist as error:
        raise Http404 from error


def _parents(obligation: Obligation) -> tuple[tuple[str, str], ...]:
    return (
        (reverse("training_office:obligations"), _("培训任务")),
        (
            reverse("training_office:obligation", args=[obligation.public_id]),
            f"{obligation.employee} {obligation.programme}",
        ),
    )


@require_safe
def dispensations(request: HttpRequest) -> HttpResponse:
    """Show the requests about the people in scope, those waiting for a decision first."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "page": page_of(request, dispensations_for(request.user)),
        "query": query_without_page(request),
        "may_manage": may(request.user, Capability.MANAGE_TRAINING),
    }
    return admin_page(request, "training/dispensation_list.html", _("豁免、延期与认定"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def dispensation_form(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask for a waiver, an extension or a recognition of earlier training."""
    if not may_ask_dispensations(request.user):
        raise PermissionDenied
    obligation = _obligation_or_404(request, public_id)
    components = obligation.programme.components.exclude(kind__in=NOT_RECOGNISED)
    form = DispensationForm(request.POST or None, request.FILES or None, components=components)
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data}
        data["hours"] = data["hours"] or 0
        try:
            ask_dispensation(obligation=obligation, **data, acting_user=signed_in(request), now=clock.now())
        except DispensationRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已提交，由另一位有权限的人审批后生效。"))
            return redirect("training_office:dispensations")
    return admin_page(
        request,
        "training/dispensation_form.html",
        _("申请豁免、延期或认定"),
        {"form": form, "obligation": obligation, "why": explain(obligation)},
        parents=_parents(obligation),
        status=422 if request.method == "POST" else 200,
    )


def _dispensation_or_404(request: HttpRequest, public_id: uuid.UUID) -> Dispensation:
    try:
        return get_dispensation_for(request.user, public_id)
    except Dispensation.DoesNotExist as error:
        raise Http404 from error


@require_POST
def dispensation_decide(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Approve or refuse a request somebody else made."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    request_ = _dispensation_or_404(request, public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择同意或不同意。"))
        return redirect("training_office:dispensations")
    try:
        decide_dispensation(
            dispensation=request_,
            is_approved=form.cleaned_data["decision"] == "yes",
            note=form.cleaned_data["note"],
            acting_user=signed_in(request),
            now=clock.now(),
        )
    except DispensationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已审批。"))
    return redirect("training_office:dispensations")


@require_safe
def dispensation_file(request: HttpRequest, public_id: uuid.UUID) -> FileResponse:
    """Send the evidence of a request."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    request_ = _dispensation_or_404(request, public_id)
    if not request_.evidence:
        raise Http404
    return FileResponse(
        request_.evidence.open("rb"), as_attachment=True, filename=request_.evidence_name or "evidence"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def practical_check(request: HttpRequest, public_id: uuid.UUID, component_id: int) -> HttpResponse:
    """Tick what somebody did right, and sign for it."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    obligation = _obligation_or_404(request, public_id)
    try:
        component = get_component_of(obligation, component_id, ComponentKind.PRACTICAL)
    except Component.DoesNotExist as error:
        raise Http404 from error
    problem = ""
    ticked = set(request.POST.getlist("passed"))
    if request.method == "POST":
        try:
            check = record_practical_check(
                obligation=obligation,
                component=component,
                results=[str(number) in ticked for number in range(len(component.checklist))],
                signature=request.POST.get("signature", ""),
                typed_name=request.POST.get("typed_name", ""),
                is_confirmed="is_confirmed" in request.POST,
                remark=request.POST.get("remark", "")[:200],
                acting_user=signed_in(request),
                now=clock.now(),
            )
        except CheckRefused as error:
            problem = str(error)
        except PermissionDenied as error:
            raise Http404 from error
        else:
            if check.is_passed:
                messages.success(request, _("考核合格，已登记。"))
            else:
                messages.warning(request, _("已登记：还有项目不合格，练习后再考核。"))
            return redirect("training_office:obligation", public_id)
    context = {
        "obligation": obligation,
        "component": component,
        "rows": [(str(number), text) for number, text in enumerate(component.checklist)],
        "ticked": ticked,
        "problem": problem,
        "signature": request.POST.get("signature", ""),
        "typed_name": request.POST.get("typed_name", ""),
        "remark": request.POST.get("remark", ""),
        "earlier": checks_of(obligation, component),
    }
    return admin_page(
        request,
        "training/practical_form.html",
        component.title,
        context,
        parents=_parents(obligation),
        status=422 if problem else 200,
    )


@require_safe
def hours_gaps(request: HttpRequest) -> HttpResponse:
    """Show who lacks hours that are owed this year, the most pressing first."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "page": page_of(request, gap_list(request.user, clock.today())),
        "query": query_without_page(request),
    }
    return admin_page(request, "training/hours_list.html", _("学时缺口"), context, icon="time")
