"""Files about licences: a list of them taken in, its form, and scans."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from common.delivery import deliver
from common.spreadsheet import Sheet, workbook_bytes
from people.importers.workbook_file import MAX_BYTES
from people.permissions import Capability
from training.actions.licence_import import import_licences
from training.actions.licences import note_scan_seen, save_scan
from training.errors import LicenceRefused
from training.importers.licence_list import COLUMNS, TITLES, read_licences
from training.importers.licence_scan import scan_drawn_anew
from training.licence_forms import LicenceListForm, ScanForm
from training.models import Licence
from training.permissions import require_scope
from training.views.licences import licence_or_404, licence_page, list_link
from training.views.pages import admin_page, signed_in, workbook

SHOWN_FAULTS = 500


@require_http_methods(["GET", "HEAD", "POST"])
def licence_import(request: HttpRequest) -> HttpResponse:
    """Take in a workbook of licences and say what came of each row that could not be saved."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    form = LicenceListForm(request.POST or None, request.FILES or None)
    done = None
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            found = _read(upload)
            done = import_licences(
                rows=found.rows, faults=found.faults, acting_user=signed_in(request), now=clock.now()
            )
        except LicenceRefused as error:
            form.add_error("file", str(error))
    context = {"form": form, "done": done, "faults": done.faults[:SHOWN_FAULTS] if done else ()}
    refused = request.method == "POST" and done is None
    return admin_page(
        request,
        "training/licence_import.html",
        _("导入证件"),
        context,
        parents=(list_link(),),
        icon="key",
        status=422 if refused else 200,
    )


def _read(upload: Any) -> Any:
    if upload.size > MAX_BYTES:
        raise LicenceRefused(_("文件超过 30 MB，请删去多余的内容后另存。"))
    with tempfile.NamedTemporaryFile(suffix=Path(upload.name).suffix.lower()) as handle:
        for piece in upload.chunks():
            handle.write(piece)
        handle.flush()
        return read_licences(Path(handle.name), file_name=upload.name)


@require_safe
def licence_template(request: HttpRequest) -> HttpResponse:
    """Send an empty workbook with the columns the import reads."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    header = [TITLES[name] for name in COLUMNS]
    note = _("证件种类填名称或编码；日期写成 2026-01-02；复审日期、最近从事日期可以不填。")
    sheet = Sheet(_("证件"), header, [], widths=[14, 28, 24, 26, 14, 14, 14, 20], notes=[note])
    return workbook(workbook_bytes([sheet], mark=None), f"{_('证件名单模板')}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def licence_scan(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the scan of a licence, or put one in place of it."""
    shown = licence_or_404(request, pk, Capability.MANAGE_TRAINING)
    if request.method != "POST":
        # It shows the whole identity number: for those who compare it with the official site, and written down.
        note_scan_seen(licence=shown, acting_user=signed_in(request), now=clock.now())
        return scan_response(request, shown)
    form = ScanForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            data, suffix = scan_drawn_anew(form.cleaned_data["scan"])
        except LicenceRefused as error:
            form.add_error("scan", str(error))
        else:
            save_scan(
                licence=shown, data=data, suffix=suffix, acting_user=signed_in(request), now=clock.now()
            )
            messages.success(request, _("扫描件已保存。"))
            return redirect("training_office:licence", pk)
    return licence_page(request, shown, 422, scan_form=form)


def scan_response(request: HttpRequest, licence: Licence) -> HttpResponseBase:
    """Send the scan of a licence the reader may see. Raises Http404 if there is none."""
    if not licence.scan:
        raise Http404
    return deliver(request, licence.scan.storage, licence.scan.name or "")
