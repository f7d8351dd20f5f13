"""HR's upload: check a list, look at what it would do, confirm exactly that."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now
from common.spreadsheet import CONTENT_TYPE
from common.text import half_width
from jobs.models import Job
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.actions.import_plan import ImportOptions
from people.errors import ImportStopped, PreviewOutdated
from people.forms import RosterUploadForm
from people.importers.importing import examine, import_file
from people.importers.summary import Summary, summarise
from people.importers.template import roster_template
from people.importers.uploads import UploadGone, drop_upload, keep_upload, opened_upload
from people.importers.workbook_file import MAX_BYTES
from people.models import OrgUnit, User
from people.permissions import Capability, allows, scope_for
from people.queries import (
    batch_changes,
    earlier_import,
    get_import_batch_for,
    open_unit_names,
    post_names,
    recent_batches,
)

# A sheet of 2,000 people and eight columns takes about this much; larger files run as a job.
LARGE_FILE_BYTES = 120_000
SESSION_KEY = "people.imports"
KEPT_UPLOADS = 3
MISSING_PER_PAGE = 100


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


def import_link() -> tuple[str, str]:
    """Return the address and the name of the upload page."""
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
            digest = hashlib.sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
            token = keep_upload(file, user_id=user.pk, now=now())
            kept = dict(list(request.session.get(SESSION_KEY, {}).items())[-KEPT_UPLOADS + 1 :])
            kept[token] = {
                "file_name": file.name,
                "sha256": digest.hexdigest(),
                "create_missing": form.cleaned_data["create_missing"],
                "full_roster": form.cleaned_data["full_roster"],
                "is_large": file.size > LARGE_FILE_BYTES,
            }
            request.session[SESSION_KEY] = kept
            return redirect("people_office:import-preview", token)
        form.add_error("file", _("文件超过 30 MB，请删去图片和空白格式，或分成几个文件"))
    context = office_context(_("人员导入")) | {"form": form, "batches": recent_batches(user)}
    return render(request, "people/import_upload.html", context)


def kept_list(request: HttpRequest, token: str) -> dict[str, Any] | None:
    """Return what the session knows of an uploaded list: how to read it, and the job that checks it."""
    kept: dict[str, Any] | None = request.session.get(SESSION_KEY, {}).get(token)
    return kept


def change_kept(request: HttpRequest, token: str, **changed: Any) -> None:
    """Note something about an uploaded list; None removes it."""
    kept = request.session[SESSION_KEY][token]
    for name, value in changed.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    request.session.modified = True


def options_of(kept: dict[str, Any], allow_ending: int = 0, *, skip_faulty: bool = False) -> ImportOptions:
    """Return how an uploaded list is to be read."""
    return ImportOptions(kept["create_missing"], kept["full_roster"], allow_ending, skip_faulty)


@never_cache
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a kept list would do to the data of now. Nothing is saved."""
    user = require_hr(request)
    kept = kept_list(request, token)
    if kept is None:
        return gone(request)
    if not kept.get("is_repeat") and (earlier := earlier_import(kept.get("sha256", ""))) is not None:
        context = office_context(_("这个文件导入过"), import_link())
        return render(
            request, "people/import_repeat.html", context | {"token": token, "kept": kept, "batch": earlier}
        )
    if kept["is_large"]:
        return _preview_of_job(request, token, kept)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = examine(
                path, file_name=kept["file_name"], options=options_of(kept), acting_user=user, now=now()
            )
    except UploadGone:
        return gone(request)
    return _answer(request, token, kept, summarise(examined))


@require_POST
def repeat(request: HttpRequest, token: str) -> HttpResponse:
    """Go on with a list that was imported before."""
    require_hr(request)
    if kept_list(request, token) is None:
        return gone(request)
    change_kept(request, token, is_repeat=True)
    return redirect("people_office:import-preview", token)


def _preview_of_job(request: HttpRequest, token: str, kept: dict[str, Any]) -> HttpResponse:
    try:
        job = get_job_for(request.user, kept["job"]) if kept.get("job") else None
    except Job.DoesNotExist:
        job = None
    if job is not None and job.result.get("summary"):
        return _answer(request, token, kept, job.result["summary"])
    if job is None or job.state == "done":
        job = enqueue_list_job(request, "people.tasks.check_list", _("比对人员名单"), token, kept)
        change_kept(request, token, job=str(job.pk))
    return redirect("jobs:detail", job.pk)


def enqueue_list_job(
    request: HttpRequest, task: str, title: str, token: str, kept: dict[str, Any], **more: Any
) -> Job:
    """Queue work on a kept list and return its job."""
    params = {name: kept[name] for name in ("file_name", "create_missing", "full_roster")}
    return enqueue(
        task,
        title=f"{title}：{kept['file_name']}"[:200],
        params={**params, "token": token, **more},
        requested_by=request.user,
        total=100,
    )


def _answer(request: HttpRequest, token: str, kept: dict[str, Any], summary: Summary) -> HttpResponse:
    """Show the comparison, or first ask what the columns hold."""
    if summary["needs_columns"] and "faults" not in request.GET:
        url = reverse("people_office:import-columns", args=[token])
        return redirect(f"{url}?{urlencode({'name': summary['needs_columns'][0]})}")
    lines = summary["lines"]
    sections = [
        {"title": title, "sign": sign, "lines": lines.get(key, []), "count": summary["counts"].get(key, 0)}
        for key, title, sign in (
            ("created", _("新员工"), ""),
            ("moved", _("转岗"), ""),
            ("terms", _("用工变更"), ""),
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
    missing = Paginator(summary["missing_people"], MISSING_PER_PAGE)
    context = office_context(_("比对结果"), import_link()) | {
        "token": token,
        "kept": kept,
        "summary": summary,
        "sections": sections,
        "missing_page": missing.get_page(request.GET.get("page")),
        # The brake is lifted by saying how many, faulty rows by leaving them out; any other fault stops the file.
        "can_apply": summary["changes_anything"] and (not summary["fault_count"] or summary["can_skip"]),
        "has_faults": bool(summary["fault_count"]),
    }
    return render(request, "people/import_preview.html", context)


def gone(request: HttpRequest) -> HttpResponse:
    """Send back to the upload, saying why."""
    messages.warning(request, _("这份名单已经处理过或已过期，请重新上传。"))
    return redirect("people_office:import")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


@require_POST
def apply(request: HttpRequest, token: str) -> HttpResponse:
    """Apply exactly what the preview showed, or show the new preview if the data has changed since."""
    user = require_hr(request)
    kept = kept_list(request, token)
    if kept is None:
        return gone(request)
    back = redirect("people_office:import-preview", token)
    fingerprint = request.POST.get("fingerprint", "")
    skip_faulty = request.POST.get("skip_faulty") == "on"
    allow_ending = _number(half_width(request.POST.get("allow_ending", "").strip()))
    if "ending" in request.POST and allow_ending != _number(request.POST["ending"]):
        messages.error(request, _("写下的人数和要办理离职的人数不一样，什么也没有保存。请核对名单后再写。"))
        return back
    if kept["is_large"]:
        job = enqueue_list_job(
            request, "people.tasks.apply_list", _("导入人员名单"), token, kept,
            fingerprint=fingerprint, allow_ending=allow_ending, skip_faulty=skip_faulty,
        )  # fmt: skip
        change_kept(request, token, job=None)
        return redirect("jobs:detail", job.pk)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            examined = import_file(
                path,
                file_name=kept["file_name"],
                options=options_of(kept, allow_ending, skip_faulty=skip_faulty),
                expected_fingerprint=fingerprint,
                acting_user=user,
                now=now(),
            )
    except UploadGone:
        return gone(request)
    except PreviewOutdated:
        messages.warning(request, _("比对之后数据有了变化，什么也没有保存。请看过新的比对结果再确认。"))
        return back
    except ImportStopped as stopped:
        message = _("写入时数据有了变化：%(done)s 人已写入，其余没有写入。请看剩下的比对结果再确认。")
        messages.warning(request, message % {"done": stopped.done})
        return back
    if examined.batch is None:
        messages.error(request, _("什么也没有保存，请看比对结果。"))
        return back
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
    context = office_context(_("导入结果"), import_link()) | {"batch": batch, "changes": changes}
    return render(request, "people/import_result.html", context)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """Send the workbook to fill in."""
    user = require_hr(request)
    units = open_unit_names(scope_for(user, Capability.MANAGE_PEOPLE))
    content = roster_template(units=units, posts=post_names())
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = (
        "attachment; filename*=UTF-8''%E4%BA%BA%E5%91%98%E5%90%8D%E5%8D%95%E6%A8%A1%E6%9D%BF.xlsx"
    )
    return response
