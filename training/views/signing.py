"""Signing by hand: a person's own rows on the phone, and a session's rows in the back office."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from common.devices import device_of, remember_device
from people.models import Employee
from people.permissions import Capability
from people.queries import employee_of
from training.actions.record_signing import sign_records
from training.errors import SigningRefused
from training.models import RecordSignature, SignerRole, TrainingRecord
from training.permissions import require_scope
from training.queries.record_signing import Session, rows_to_sign, session_for, sessions_for
from training.views.pages import admin_page, page_of, query_without_page, signed_in


def _own(request: HttpRequest) -> Employee:
    employee = employee_of(request.user)
    if employee is None:
        raise Http404
    return employee


@never_cache
@login_required
@require_safe
def own_rows(request: HttpRequest) -> HttpResponse:
    """Show the trainings a person has still to sign for."""
    rows = rows_to_sign(_own(request))
    return render(request, "training/sign_list.html", {"rows": rows, "tab": "home"})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_own_row(request: HttpRequest, record_id: int) -> HttpResponse:
    """Let a person read what one training was, and sign for it."""
    employee = _own(request)
    row = rows_to_sign(employee).filter(pk=record_id).first()
    if row is None:
        if RecordSignature.objects.filter(record=record_id, signer=employee).exists():
            return redirect("training:sign-list")
        raise Http404
    problem = ""
    if request.method == "POST":
        problem, signed = _sign(request, [row.pk], SignerRole.TRAINEE, employee)
        if signed is not None:
            messages.success(request, _("已签字。"))
            response: HttpResponse = redirect("training:sign-list")
            remember_device(request, response)
            return response
    context = {"row": row, "problem": problem, "tab": "home", **_typed(request)}
    return render(request, "training/sign_row.html", context, status=422 if problem else 200)


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {
        "signature": request.POST.get("signature", ""),
        "typed_name": request.POST.get("typed_name", ""),
    }


def _sign(
    request: HttpRequest, record_ids: list[int], role: str, signer: Employee
) -> tuple[str, list[RecordSignature] | None]:
    """Return what stands against the signature, or the signatures made."""
    try:
        made = sign_records(
            record_ids=record_ids,
            role=role,
            signer=signer,
            signature=request.POST.get("signature", ""),
            typed_name=request.POST.get("typed_name", ""),
            is_confirmed="is_confirmed" in request.POST,
            device=device_of(request),
            acting_user=signed_in(request),
            now=clock.now(),
        )
    except SigningRefused as error:
        return str(error), None
    except TrainingRecord.DoesNotExist as error:
        raise Http404 from error
    return "", made


# The back office


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Show the sessions of the last months with what is still unsigned, those first."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    found = sorted(sessions_for(signed_in(request), clock.now()), key=lambda session: session.is_complete)
    context = {
        "page": page_of(request, found),
        "query": query_without_page(request),
        "waiting": sum(not session.is_complete for session in found),
    }
    return admin_page(
        request, "training/sign_sessions.html", _("现场教育签字"), context, parents=_parents(), icon="edit"
    )


@require_safe
def session(request: HttpRequest, record_id: int) -> HttpResponse:
    """Show who of a session has signed, and lead to the signatures that are missing."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    found = _session(request, record_id)
    context = {
        "session": found,
        "signer": employee_of(request.user),
        "is_trainer": _is_named(found, employee_of(request.user)),
    }
    return admin_page(
        request,
        "training/sign_session.html",
        found.first.title,
        context,
        parents=(*_parents(), (reverse("training_office:sign-sessions"), _("现场教育签字"))),
        icon="edit",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def sign_session(request: HttpRequest, record_id: int, role: str, employee_id: int = 0) -> HttpResponse:
    """Take one signature: of the trainer or whoever answers for all rows, or of one trainee on this device."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    if role not in SignerRole.values or (role == SignerRole.TRAINEE) != bool(employee_id):
        raise Http404
    found = _session(request, record_id)
    signer: Employee | None
    if role == SignerRole.TRAINEE:
        rows = [row.record for row in found.rows if row.record.employee_id == employee_id]
        signer = rows[0].employee if rows else None
    else:
        rows = [row.record for row in found.rows if role not in row.signed]
        signer = employee_of(request.user)
    if not rows or signer is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        problem, made = _sign(request, [row.pk for row in rows], role, signer)
        if made is not None:
            count = len(made)
            text = ngettext("已签 %(n)s 条记录。", "已签 %(n)s 条记录。", count) % {"n": count}
            messages.success(request, text)
            response: HttpResponse = redirect("training_office:sign-session", found.key)
            remember_device(request, response)
            return response
    context = {
        "session": found,
        "rows": rows,
        "signer": signer,
        "role": SignerRole(role),
        "problem": problem,
        "draft_key": f"sign-{found.key}-{role}-{signer.pk}",
        **_typed(request),
    }
    return admin_page(
        request,
        "training/sign_pad.html",
        _("%(role)s签字") % {"role": SignerRole(role).label},
        context,
        parents=(
            (reverse("training_office:sign-sessions"), _("现场教育签字")),
            (reverse("training_office:sign-session", args=[found.key]), found.first.title),
        ),
        icon="edit",
        status=422 if problem else 200,
    )


def _parents() -> tuple[tuple[str, str], ...]:
    return ((reverse("training_office:on-site"), _("现场教育登记")),)


def _session(request: HttpRequest, record_id: int) -> Session:
    try:
        return session_for(signed_in(request), record_id)
    except TrainingRecord.DoesNotExist as error:
        raise Http404 from error


def _is_named(found: Session, employee: Employee | None) -> bool:
    """Tell whether the session names this person as its trainer; the action decides for certain."""
    return employee is not None and found.first.trainer_name == employee.name
