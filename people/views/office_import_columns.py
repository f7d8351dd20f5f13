"""Where HR says what the columns of a list hold, and where a list comes back with its errors marked."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from common.clock import now
from common.spreadsheet import CONTENT_TYPE
from people.actions.import_columns import forget_columns, save_columns
from people.importers.column_choice import SheetHead, field_choices, problems_of, sheet_heads
from people.importers.error_workbook import error_mark, error_workbook
from people.importers.importing import examine
from people.importers.uploads import UploadGone, opened_upload
from people.importers.workbook_file import BadWorkbook
from people.queries import column_mappings
from people.views.office_import import (
    change_kept,
    enqueue_list_job,
    gone,
    import_link,
    kept_list,
    office_context,
    options_of,
    require_hr,
)

SOURCE = "file"


def _preview_link(token: str) -> tuple[str, str]:
    return reverse("people_office:import-preview", args=[token]), _("比对结果")


@never_cache
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, token: str) -> HttpResponse:
    """Show the headers of a list with what stands below them, and keep what the user says they hold."""
    user = require_hr(request)
    kept = kept_list(request, token)
    if kept is None:
        return gone(request)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            heads = sheet_heads(path, file_name=kept["file_name"])
    except UploadGone:
        return gone(request)
    except BadWorkbook as bad:
        messages.error(request, bad.message)
        return redirect("people_office:import")
    if not heads:
        messages.error(request, _("文件“%(name)s”里没有内容，请核对。") % {"name": kept["file_name"]})
        return redirect("people_office:import")
    asked = request.POST if request.method == "POST" else request.GET
    named = next((head.index for head in heads if head.name == asked.get("name")), 0)
    head = heads[_within(asked.get("sheet"), len(heads), default=named)]
    row = _within(asked.get("row"), len(head.rows), default=head.likely_row)
    said = column_mappings(SOURCE).get(head.signature(row), {})
    chosen = _chosen(asked, head, row) if request.method == "POST" else head.guess(row, said)
    faults: list[str] = []
    if request.method == "POST":
        if "forget" in request.POST:
            forget_columns(source=SOURCE, signature=head.signature(row), acting_user=user)
            change_kept(request, token, job=None)
            return redirect("people_office:import-columns", token)
        faults = problems_of(chosen, head, row)
        if not faults:
            save_columns(
                source=SOURCE,
                signature=head.signature(row),
                headers=head.headers(row),
                columns=_by_field(chosen),
                acting_user=user,
                now=now(),
            )
            change_kept(request, token, job=None)
            return redirect("people_office:import-preview", token)
    context = office_context(_("各列的含义"), import_link()) | {
        "token": token,
        "kept": kept,
        "heads": heads,
        "head": head,
        "row": row,
        "rows": head.row_choices(),
        "columns": head.columns(row, chosen),
        "choices": field_choices(),
        "faults": faults,
        "is_remembered": bool(said),
    }
    return render(request, "people/import_columns.html", context, status=400 if faults else 200)


def _within(text: str | None, count: int, *, default: int) -> int:
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default
    return number if number < count else default


def _chosen(posted: Any, head: SheetHead, row: int) -> dict[int, str]:
    known = dict(field_choices())
    found = {column: posted.get(f"column-{column}", "") for column in range(head.width(row))}
    return {column: name for column, name in found.items() if name and name in known}


def _by_field(chosen: dict[int, str]) -> dict[str, list[int]]:
    fields: dict[str, list[int]] = {}
    for column, name in sorted(chosen.items()):
        fields.setdefault(name, []).append(column)
    return fields


@never_cache
@require_safe
def marked(request: HttpRequest, token: str, marked_token: str = "") -> HttpResponse:
    """Send the list back with its faulty cells red and the reasons in a column; a long list by way of a job."""
    user = require_hr(request)
    kept = kept_list(request, token)
    if kept is None:
        return gone(request)
    name = _("%(name)s-错误.xlsx") % {"name": Path(kept["file_name"]).stem}
    try:
        if marked_token:
            with opened_upload(marked_token, user_id=user.pk) as path:
                return _download(path.read_bytes(), name)
        if kept["is_large"]:
            job = enqueue_list_job(request, "people.tasks.mark_errors", _("标出名单里的错误"), token, kept)
            return redirect("jobs:detail", job.pk)
        with opened_upload(token, user_id=user.pk) as path:
            examined = examine(
                path, file_name=kept["file_name"], options=options_of(kept), acting_user=user, now=now()
            )
            with error_workbook(path, examined.file, error_mark(user, now())) as handle:
                return _download(handle.read(), name)
    except UploadGone:
        return gone(request)


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
