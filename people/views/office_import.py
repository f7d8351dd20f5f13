"""HR's upload: check a list, look at what it would do, confirm exactly that."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now
from common.spreadsheet import CONTENT_TYPE
from jobs.models import Job
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.actions.imports import ImportOptions
from people.errors import PreviewOutdated
from people.forms import RosterUploadForm
from people.importers.importing import examine, import_file
from people.importers.roster_file import MAX_BYTES
from people.importers.summary import Summary, summarise
from people.importers.template import roster_template
from people.importers.uploads import UploadGone, drop_upload, keep_upload, opened_upload
from people.models import OrgUnit, User
from people.permissions import Capability, allows
from people.queries import batch_changes, get_import_batch_for, recent_batches

# A sheet of 2,000 people and eight columns takes about this much; larger files run as a job.
LARGE_FILE_BYTES = 120_000
SESSION_KEY = "people.imports"
KEPT_UPLOADS = 3


def require_hr(request: HttpRequest) -> User:
    """Return the user if they may manage people anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not allows(request.user, Capability.MANAGE_PEOPLE):
        raise PermissionDenied
    return request.user


def office_context(title: str, *above: tuple[str, str]) -> dict[str, Any]:
    """Return what Wagtail's page frame needs: a title and the way up."""
    items = [{"url": url, "label": label} for url, label in above]
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": "group",
        "breadcrumbs_items": [*items, {"url": "", "label": title}],
    }


def _import_link() -> tuple[str, str]:
    return reverse("people_office:import"), _("人员导入")


@never_cache
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a list in and go on to its preview; below it stand the lists applied last."""
    user = require_hr(request)
    initial = {"create_missing": not OrgUnit.objects.exists()}
    form = RosterUploadForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        if file.size <= MAX_BYTES:
            token = keep_upload(file, user_id=user.pk, now=now())
            kept = dict(list(request.session.get(SESSION_KEY, {}).items())[-KEPT_UPLOADS + 1 :])
            kept[token] = {
                "file_name": file.name,
                "create_missing": form.cleaned_data["create_missing"],
                "full_roster": form.cleaned_data["full_roster"],
                "is_large": file.size > LARGE_FILE_BYTES,
            }
            request.session[SESSION_KEY] = kept
            return redirect("people_office:import-preview", token)
        form.add_error("file", _("文件超过 30 MB，请删去图片和空白格式，或分成几个文件"))
    context = office_context(_("人员导入")) | {"form": form, "batches": recent_batches(user)}
    return render(request, "people/import_upload.html", context)


def _kept(request: HttpRequest, token: str) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = request.session.get(SESSION_KEY, {}).get(token)
    return kept


def _options(kept: dict[str, Any], allow_ending: int = 0) -> ImportOptions:
    return ImportOptions(kept["create_missing"], kept["full_roster"], allow_ending)


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a kept list would do to the data of now. Nothing is saved."""
    user = require_hr(request)
    kept = _kept(request, token)
    if kept is None:
        return _gone(request)
    if kept["is_large"]:
        return _preview_of_job(request, token, kept)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = examine(
                path, file_name=kept["file_name"], options=_options(kept), acting_user=user, now=now()
            )
    except UploadGone:
        return _gone(request)
    return _render_preview(request, token, kept, summarise(examined))


def _preview_of_job(request: HttpRequest, token: str, kept: dict[str, Any]) -> HttpResponse:
    try:
        job = get_job_for(request.user, kept["job"]) if kept.get("job") else None
    except Job.DoesNotExist:
        job = None
    if job is not None and job.result.get("summary"):
        return _render_preview(request, token, kept, job.result["summary"])
    if job is None or job.state == "done":
        job = _enqueue(request, "people.tasks.check_list", _("比对人员名单"), token, kept)
        request.session[SESSION_KEY][token]["job"] = str(job.pk)
        request.session.modified = True
    return redirect("jobs:detail", job.pk)


def _enqueue(
    request: HttpRequest, task: str, title: str, token: str, kept: dict[str, Any], **more: Any
) -> Job:
    params = {name: kept[name] for name in ("file_name", "create_missing", "full_roster")}
    return enqueue(
        task,
        title=f"{title}：{kept['file_name']}"[:200],
        params={**params, "token": token, **more},
        requested_by=request.user,
        total=2,
    )


def _render_preview(request: HttpRequest, token: str, kept: dict[str, Any], summary: Summary) -> HttpResponse:
    lines = summary["lines"]
    sections = [
        {"title": title, "sign": sign, "lines": lines.get(key, []), "count": summary["counts"].get(key, 0)}
        for key, title, sign in (
            ("created", _("新员工"), ""),
            ("moved", _("转岗"), ""),
            ("left", _("离职、离岗"), "care"),
            ("returned", _("返岗、再入职"), ""),
        )
    ]
    sections.append(
        {
            "title": _("只改资料"),
            "sign": "safe",
            "lines": lines.get("details", []),
            "count": summary["details"],
        }
    )
    # The brake is lifted by saying how many; every other fault stops the file.
    stopping = summary["fault_count"] - (1 if summary["ending"] else 0)
    context = office_context(_("比对结果"), _import_link()) | {
        "token": token,
        "kept": kept,
        "summary": summary,
        "sections": sections,
        "can_apply": not stopping and summary["changes_anything"],
        "has_faults": bool(summary["fault_count"]),
    }
    return render(request, "people/import_preview.html", context)


def _gone(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("这份名单已经处理过或已过期，请重新上传。"))
    return redirect("people_office:import")


@require_POST
def apply(request: HttpRequest, token: str) -> HttpResponse:
    """Apply exactly what the preview showed, or show the new preview if the data has changed since."""
    user = require_hr(request)
    kept = _kept(request, token)
    if kept is None:
        return _gone(request)
    fingerprint = request.POST.get("fingerprint", "")
    allowed = request.POST.get("allow_ending", "")
    allow_ending = int(allowed) if allowed.isascii() and allowed.isdigit() else 0
    if kept["is_large"]:
        job = _enqueue(
            request, "people.tasks.apply_list", _("导入人员名单"), token, kept,
            fingerprint=fingerprint, allow_ending=allow_ending,
        )  # fmt: skip
        request.session[SESSION_KEY][token].pop("job", None)
        request.session.modified = True
        return redirect("jobs:detail", job.pk)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = import_file(
                path,
                file_name=kept["file_name"],
                options=_options(kept, allow_ending),
                expected_fingerprint=fingerprint,
                acting_user=user,
                now=now(),
            )
    except UploadGone:
        return _gone(request)
    except PreviewOutdated:
        messages.warning(request, _("比对之后数据有了变化，什么也没有保存。请看过新的比对结果再确认。"))
        return redirect("people_office:import-preview", token)
    if examined.faults or examined.batch is None:
        messages.error(request, _("什么也没有保存，请看比对结果。"))
        return redirect("people_office:import-preview", token)
    drop_upload(token, user_id=user.pk)
    del request.session[SESSION_KEY][token]
    request.session.modified = True
    return redirect("people_office:import-result", examined.batch.pk)


@require_safe
def result(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show what a list did, and lead on to the slips of the new people."""
    user = require_hr(request)
    batch = get_import_batch_for(user, batch_id)
    if batch is None:
        raise Http404
    changes = batch_changes(batch)
    context = office_context(_("导入结果"), _import_link()) | {"batch": batch, "changes": changes}
    return render(request, "people/import_result.html", context)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """Send the workbook to fill in."""
    require_hr(request)
    response = HttpResponse(roster_template(), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = (
        "attachment; filename*=UTF-8''%E4%BA%BA%E5%91%98%E5%90%8D%E5%8D%95%E6%A8%A1%E6%9D%BF.xlsx"
    )
    return response
