"""The four gates of a case (四不放过): the list of files, one file, its entries and their material."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from courses.models import WarningCasePage
from courses.queries import readable
from people.models import OrgUnit
from people.permissions import Capability, allows, scope_for
from training.actions.gates import MAX_FILE_BYTES, Evidence, open_case_file, record_gate
from training.errors import GateRefused
from training.forms import CaseFileForm, GateForm
from training.models import CaseFile, Gate
from training.permissions import may, require_scope
from training.queries.gates import (
    case_files_for,
    entry_with_file,
    gates_by_file,
    gates_of,
    get_case_file_for,
    pushes_of,
    uneducated,
)
from training.views.pages import admin_page, page_of, query_without_page, signed_in

MISSING_SHOWN = 100
WHOLE = "whole"  # the whole file, where an address names a gate


@require_http_methods(["GET", "HEAD", "POST"])
def case_files(request: HttpRequest) -> HttpResponse:
    """Show the files of the user's part of the tree, and open a new one."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    scope = scope_for(request.user, Capability.HANDLE_CASES)
    form = CaseFileForm(
        request.POST or None,
        lessons=readable(request.user, WarningCasePage.objects.live()).order_by("-last_published_at"),
        units=OrgUnit.objects.filter(scope.q("path"), closed_on=None).order_by("path"),
    )
    if request.method == "POST":
        if not scope:
            raise PermissionDenied
        if form.is_valid():
            opened = open_case_file(**form.cleaned_data, acting_user=signed_in(request), now=clock.now())
            return redirect("training_office:case-file", opened.public_id)
    page = page_of(request, case_files_for(request.user))
    gates = gates_by_file(page.object_list)
    context = {
        "page": page,
        "rows": [(shown, *gates[shown.pk]) for shown in page.object_list],
        "form": form,
        "may_handle": bool(scope),
        "query": query_without_page(request),
    }
    return admin_page(
        request,
        "training/case_file_list.html",
        _("四不放过档案"),
        context,
        icon="folder-open-inverse",
        status=422 if request.method == "POST" else 200,
    )


@require_safe
def case_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one file: its four gates with everything recorded, and who is not educated yet."""
    return _shown(request, _file_for(request, public_id))


@require_POST
def case_file_gate(request: HttpRequest, public_id: UUID, gate: str) -> HttpResponse:
    """Record something at a gate, close it or open it again."""
    require_scope(request.user, Capability.HANDLE_CASES)
    found = _file_for(request, public_id)
    if gate not in {WHOLE, *Gate.values}:
        raise Http404
    if not allows(request.user, Capability.HANDLE_CASES, found.unit):
        raise PermissionDenied
    form = GateForm(request.POST, request.FILES)
    if not form.is_valid() or (gate == WHOLE and form.cleaned_data["act"] == "note"):
        return _shown(request, found, gate, [_("请写明情况，再选择登记或关闭。")], form)
    uploaded = form.cleaned_data["file"]
    evidence = None
    if uploaded is not None:
        # One byte more than allowed is enough to refuse; the rest is not read into memory.
        evidence = Evidence(uploaded.name, uploaded.read(MAX_FILE_BYTES + 1))
    try:
        record_gate(
            case_file=found,
            gate="" if gate == WHOLE else gate,
            act=form.cleaned_data["act"],
            text=form.cleaned_data["text"],
            evidence=evidence,
            acting_user=signed_in(request),
            now=clock.now(),
        )
    except GateRefused as error:
        return _shown(request, found, gate, [str(error)], form)
    messages.success(request, _("已登记。"))
    return redirect(f"{reverse('training_office:case-file', args=[public_id])}#{gate}")


@require_safe
def gate_material(request: HttpRequest, public_id: UUID, entry_id: int) -> HttpResponseBase:
    """Send the file of an entry, never to be shown inside the site."""
    found = _file_for(request, public_id)
    entry = entry_with_file(found, entry_id)
    if entry is None:
        raise Http404
    response = FileResponse(entry.file.open("rb"), as_attachment=True, filename=entry.file_name)
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _file_for(request: HttpRequest, public_id: UUID) -> CaseFile:
    require_scope(request.user, Capability.VIEW_COVERAGE)
    try:
        return get_case_file_for(request.user, public_id)
    except CaseFile.DoesNotExist as error:
        raise Http404 from error


def _shown(
    request: HttpRequest,
    found: CaseFile,
    refused_gate: str = "",
    problems: list[str] | None = None,
    form: GateForm | None = None,
) -> HttpResponse:
    gates, whole = gates_of(found)
    missing = uneducated(found, clock.today())
    context = {
        "case_file": found,
        "gates": gates,
        "whole": whole,
        "all_closed": all(gate.is_closed for gate in gates),
        "missing": missing[:MISSING_SHOWN],
        "missing_count": missing.count(),
        "pushes": pushes_of(found),
        "may_handle": allows(request.user, Capability.HANDLE_CASES, found.unit),
        "may_push": may(request.user, Capability.PUSH_CASES),
        "refused_gate": refused_gate,
        "problems": problems or [],
        "form": form or GateForm(),
    }
    return admin_page(
        request,
        "training/case_file_inspect.html",
        found.title,
        context,
        parents=((reverse("training_office:case-files"), _("四不放过档案")),),
        icon="folder-open-inverse",
        status=422 if problems else 200,
    )
