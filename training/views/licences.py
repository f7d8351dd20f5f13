"""External licences: the list, one of them, and what is done with it: corrected, reviewed, compared."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from people.actions.licence_types import load_licence_types
from people.identity import mask_in_text
from people.permissions import Capability, allows_everywhere
from people.queries import employees_for
from training.actions.licences import record_check, record_review, save_licence
from training.errors import LicenceRefused
from training.licence_forms import CheckForm, LicenceFilter, LicenceForm, ReviewForm, ScanForm
from training.models import Licence
from training.permissions import may, require_scope
from training.queries.licences import (
    STATES,
    get_licence_for,
    lacks_seen,
    licence_workbook,
    licences_seen,
    narrowed,
)
from training.views.pages import admin_page, page_of, query_without_page, signed_in, workbook

_FIELDS = (
    "licence_type",
    "number",
    "issuer",
    "valid_from",
    "valid_until",
    "review_due_on",
    "review_done_on",
    "last_worked_on",
    "reassessed_on",
)
# Where special operations are looked up (checked by hand: the site asks for a captcha).
USUAL_SITE = "cx.mem.gov.cn"


def list_link() -> tuple[str, str]:
    """Return the way back to the list."""
    return reverse("training_office:licences"), _("外部证件")


def _asked(request: HttpRequest) -> dict[str, Any]:
    form = LicenceFilter(request.GET)
    form.is_valid()
    data = form.cleaned_data
    kind = data.get("kind")
    return {
        "form": form,
        "state": data.get("state", ""),
        "words": data.get("q", ""),
        "kind_id": kind.pk if kind else None,
    }


@require_safe
def licences(request: HttpRequest) -> HttpResponse:
    """Show the licences of the people in scope, the first to run out first; or who lacks one."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    asked = _asked(request)
    today = clock.today()
    rows: Any
    if asked["state"] == "missing":
        rows = lacks_seen(request.user, words=asked["words"], kind_id=asked["kind_id"], on=today)
    else:
        rows = narrowed(
            licences_seen(request.user),
            state=asked["state"],
            words=asked["words"],
            kind_id=asked["kind_id"],
            on=today,
        )
    context = {
        "form": asked["form"],
        "page": page_of(request, rows),
        "shows_lacks": asked["state"] == "missing",
        "is_narrowed": any(request.GET.get(name) for name in ("q", "state", "kind")),
        "may_manage": may(request.user, Capability.MANAGE_TRAINING),
        "may_load": allows_everywhere(request.user, Capability.MANAGE_ORGANISATION),
        "today": today,
        "query": query_without_page(request),
    }
    return admin_page(request, "training/licence_list.html", _("外部证件"), context, icon="key")


@require_safe
def licence_export(request: HttpRequest) -> HttpResponse:
    """Send the list as filtered, and who lacks a licence, as a workbook."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    asked = _asked(request)
    today = clock.today()
    state = asked["state"]
    found = licences_seen(request.user)
    rest = {"words": asked["words"], "kind_id": asked["kind_id"], "on": today}
    rows = found.none() if state == "missing" else narrowed(found, state=state, **rest)
    purpose = _("外部证件（%(state)s）") % {"state": STATES.get(state, _("全部证件"))}
    data = licence_workbook(
        rows,
        lacks_seen(request.user, **rest),
        purpose=purpose,
        exported_by=signed_in(request),
        now=clock.now(),
    )
    return workbook(data, f"{_('外部证件')}-{today}.xlsx")


@require_POST
def licence_kinds(request: HttpRequest) -> HttpResponse:
    """Load the kinds of licences that ship with the platform, where they do not exist yet."""
    if not allows_everywhere(request.user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied
    added, filled = load_licence_types(acting_user=signed_in(request))
    messages.success(
        request,
        _("已载入 %(added)d 种证件，补齐 %(filled)d 种；已有的没有改动。")
        % {"added": added, "filled": filled},
    )
    return redirect("training_office:licences")


def licence_or_404(request: HttpRequest, pk: int, capability: Capability) -> Licence:
    """Return a licence of a person in scope; Http404 otherwise."""
    require_scope(request.user, capability)
    try:
        return get_licence_for(request.user, pk, capability)
    except Licence.DoesNotExist as error:
        raise Http404 from error


@require_safe
def licence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one licence with its scan, its checks, and what can be done with it."""
    shown = licence_or_404(request, pk, Capability.VIEW_COVERAGE)
    return licence_page(request, shown)


def licence_page(request: HttpRequest, shown: Licence, status: int = 200, **forms: Any) -> HttpResponse:
    """Render the page of a licence; `forms` are bound ones that were refused."""
    may_manage = may(request.user, Capability.MANAGE_TRAINING) and (
        employees_for(request.user, Capability.MANAGE_TRAINING).filter(pk=shown.employee_id).exists()
    )
    context = {
        "licence": shown,
        "checks": shown.checks.select_related("checked_by")[:20],
        "may_manage": may_manage,
        "today": clock.today(),
        "review_form": ReviewForm(initial={"valid_until": shown.valid_until}),
        "check_form": CheckForm(initial={"site": USUAL_SITE}),
        "scan_form": ScanForm(),
        **forms,
    }
    title = f"{shown.employee.name} · {shown.licence_type.name}"
    return admin_page(
        request,
        "training/licence_inspect.html",
        title,
        context,
        parents=(list_link(),),
        icon="key",
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def licence_form(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Register a licence, or correct one of a person in scope."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    people = employees_for(request.user, Capability.MANAGE_TRAINING)
    licence = licence_or_404(request, pk, Capability.MANAGE_TRAINING) if pk is not None else None
    initial = {"employee_no": request.GET.get("employee_no", "")[:32]}
    if licence is not None:
        initial = {name: getattr(licence, name) for name in _FIELDS}
        initial["employee_no"] = licence.employee.employee_no
        # A special-operation licence is numbered by its holder's identity number, which nobody needs to read here.
        initial["number"] = mask_in_text(licence.number)
    form = LicenceForm(request.POST or None, initial=initial, people=people)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data}
        if licence is not None and fields["number"] == initial["number"]:
            fields["number"] = licence.number
        employee = people.get(employee_no=fields.pop("employee_no"))
        try:
            saved = save_licence(
                employee=employee,
                licence=licence,
                acting_user=signed_in(request),
                now=clock.now(),
                **fields,
            )
        except LicenceRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已保存 %(name)s 的证件。") % {"name": employee.name})
            return redirect("training_office:licence", saved.pk)
    return admin_page(
        request,
        "training/licence_form.html",
        _("修改证件") if licence else _("登记证件"),
        {"form": form},
        parents=(list_link(),),
        icon="key",
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def licence_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a licence was reviewed."""
    shown = licence_or_404(request, pk, Capability.MANAGE_TRAINING)
    form = ReviewForm(request.POST)
    if form.is_valid():
        try:
            record_review(licence=shown, **form.cleaned_data, acting_user=signed_in(request), now=clock.now())
        except LicenceRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("复审已登记。"))
            return redirect("training_office:licence", pk)
    return licence_page(request, shown, 422, review_form=form)


@require_POST
def licence_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what the official query site showed."""
    shown = licence_or_404(request, pk, Capability.MANAGE_TRAINING)
    form = CheckForm(request.POST)
    if form.is_valid():
        try:
            record_check(licence=shown, **form.cleaned_data, acting_user=signed_in(request), now=clock.now())
        except LicenceRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("核验结果已登记。"))
            return redirect("training_office:licence", pk)
    return licence_page(request, shown, 422, check_form=form)
