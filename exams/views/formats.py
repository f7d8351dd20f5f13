"""The back office's import and export of a bank: look first, then do exactly that."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now
from common.spreadsheet import CONTENT_TYPE, Watermark
from exams.forms.formats import QuestionUploadForm
from exams.importers.exporting import FILES, LABELS, Exported, export_bank
from exams.importers.importing import import_questions
from exams.importers.template import template_bytes
from exams.models import Bank
from exams.queries.office import banks_for
from exams.views.office import editor, for_those_who, form_page
from jobs.models import Job
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.audit import record_audit
from people.importers.uploads import UploadGone, drop_upload, keep_upload, opened_upload
from people.permissions import Capability

# About five hundred questions; larger files run as a job.
LARGE_FILE_BYTES = 120_000
MAX_BYTES = 30 * 1024 * 1024
SESSION_KEY = "exams.imports"
KEPT_UPLOADS = 3
TASK = "exams.tasks.import_bank"


def _bank(request: HttpRequest, bank_id: int) -> Bank:
    return get_object_or_404(banks_for(request.user, Capability.WRITE_QUESTIONS), pk=bank_id)


def _page(bank: Bank, title: str, **more: object) -> dict[str, object]:
    context = form_page(title, ("exams_office:banks", pgettext("plural", "题库")), bank=bank, **more)
    return {**context, "formats": list(LABELS.items())}


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.WRITE_QUESTIONS)
def upload(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Take a file in and go on to its preview; the exports stand below."""
    bank = _bank(request, bank_id)
    is_sent = request.method == "POST"
    form = QuestionUploadForm(*((request.POST, request.FILES) if is_sent else ()))
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        if file.size <= MAX_BYTES:
            token = keep_upload(file, user_id=editor(request).pk, now=now())
            kept = dict(list(request.session.get(SESSION_KEY, {}).items())[-KEPT_UPLOADS + 1 :])
            kept[token] = {
                "bank_id": bank.pk,
                "file_name": file.name,
                "wanted": form.cleaned_data["wanted"],
                "is_large": file.size > LARGE_FILE_BYTES,
            }
            request.session[SESSION_KEY] = kept
            return redirect("exams_office:bank-import-preview", bank.pk, token)
        form.add_error("file", _("文件超过 30 MB，请分成几个文件。"))
    title = _("导入导出：%(bank)s") % {"bank": bank.name}
    status = 422 if form.errors else 200
    return render(request, "exams/bank_import.html", _page(bank, title, form=form), status=status)


def _kept(request: HttpRequest, bank: Bank, token: str) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = request.session.get(SESSION_KEY, {}).get(token)
    return kept if kept and kept["bank_id"] == bank.pk else None


def _keep(request: HttpRequest, token: str, **changed: Any) -> None:
    request.session[SESSION_KEY][token].update(changed)
    request.session.modified = True


def _gone(request: HttpRequest, bank: Bank) -> HttpResponse:
    messages.warning(request, _("这个文件已经处理过或已过期，请重新上传。"))
    return redirect("exams_office:bank-import", bank.pk)


@require_safe
@for_those_who(Capability.WRITE_QUESTIONS)
def preview(request: HttpRequest, bank_id: int, token: str) -> HttpResponse:
    """Show what a kept file would do to the bank as it is now, or what its import did."""
    bank = _bank(request, bank_id)
    kept = _kept(request, bank, token)
    if kept is None:
        return _gone(request, bank)
    if "report" in kept:
        return _answer(request, bank, token, kept, kept["report"], is_done=True)
    if "job" in kept or kept["is_large"]:
        return _of_job(request, bank, token, kept)
    report = _run(request, bank, token, kept, dry_run=True)
    return _gone(request, bank) if report is None else _answer(request, bank, token, kept, report)


def _of_job(request: HttpRequest, bank: Bank, token: str, kept: dict[str, Any]) -> HttpResponse:
    try:
        job = get_job_for(request.user, kept["job"]) if "job" in kept else None
    except Job.DoesNotExist:
        job = None
    if job is not None and job.result.get("report"):
        is_done = not job.params["dry_run"]
        return _answer(request, bank, token, kept, job.result["report"], is_done=is_done)
    if job is not None and job.state == "done":
        return _gone(request, bank)
    if job is None:
        job = _enqueue(request, bank, token, kept, dry_run=True)
    return redirect("jobs:detail", job.pk)


def _enqueue(request: HttpRequest, bank: Bank, token: str, kept: dict[str, Any], *, dry_run: bool) -> Job:
    title = _("比对试题文件") if dry_run else _("导入试题")
    params = {"token": token, "bank_id": bank.pk, "dry_run": dry_run}
    params |= {name: kept[name] for name in ("file_name", "wanted")}
    job = enqueue(
        TASK, title=f"{title}：{kept['file_name']}", params=params, requested_by=request.user, total=100
    )
    _keep(request, token, job=str(job.pk))
    return job


def _run(
    request: HttpRequest, bank: Bank, token: str, kept: dict[str, Any], *, dry_run: bool
) -> dict[str, Any] | None:
    """Read the kept file here and now; None if it is gone."""
    user = editor(request)
    try:
        with opened_upload(token, user_id=user.pk) as path:
            return import_questions(
                path=path,
                file_name=kept["file_name"],
                bank_code=bank.code,
                wanted=kept["wanted"],
                dry_run=dry_run,
                acting_user=user,
                now=now(),
            ).kept()
    except UploadGone:
        return None


def _answer(
    request: HttpRequest,
    bank: Bank,
    token: str,
    kept: dict[str, Any],
    report: dict[str, Any],
    *,
    is_done: bool = False,
) -> HttpResponse:
    title = _("导入结果") if is_done else _("比对结果")
    context = _page(
        bank,
        title,
        token=token,
        kept=kept,
        report=report,
        format_label=LABELS.get(report["format"], report["format"]),
        outcome_labels={"created": _("新建"), "updated": _("更新")},
        to_save=report["created"] + report["updated"],
        is_done=is_done,
    )
    return render(request, "exams/bank_import_preview.html", context)


@require_POST
@for_those_who(Capability.WRITE_QUESTIONS)
def apply(request: HttpRequest, bank_id: int, token: str) -> HttpResponse:
    """Import the sound questions of a kept file; large ones as a job."""
    bank = _bank(request, bank_id)
    kept = _kept(request, bank, token)
    if kept is None:
        return _gone(request, bank)
    if kept["is_large"]:
        return redirect("jobs:detail", _enqueue(request, bank, token, kept, dry_run=False).pk)
    if "report" not in kept:
        report = _run(request, bank, token, kept, dry_run=False)
        if report is None:
            return _gone(request, bank)
        drop_upload(token, user_id=editor(request).pk)
        _keep(request, token, report=report)
    return redirect("exams_office:bank-import-preview", bank.pk, token)


def _exported(request: HttpRequest, bank: Bank, format_name: str) -> Exported:
    if format_name not in FILES:
        raise Http404
    return export_bank(bank, format_name, mark=Watermark.of(editor(request), now(), scope=bank.name))


@require_safe
@for_those_who(Capability.WRITE_QUESTIONS)
def export(request: HttpRequest, bank_id: int, format_name: str) -> HttpResponse:
    """Say what a format does not hold of this bank, and offer the file."""
    bank = _bank(request, bank_id)
    exported = _exported(request, bank, format_name)
    title = _("导出为 %(format)s") % {"format": LABELS[format_name]}
    losses = [
        {"code": loss.code, "message": _(loss.message), "is_left_out": loss.is_left_out}
        for loss in exported.losses
    ]
    file_url = reverse("exams_office:bank-export-file", args=[bank.pk, format_name])
    context = _page(
        bank, title, exported=exported, losses=losses[:500], loss_count=len(losses), file_url=file_url,
        left_out=len({loss.code for loss in exported.losses if loss.is_left_out}),
    )  # fmt: skip
    return render(request, "exams/bank_export.html", context)


@require_safe
@for_those_who(Capability.WRITE_QUESTIONS)
def export_file(request: HttpRequest, bank_id: int, format_name: str) -> HttpResponse:
    """Send the file; who took it is written down, because it holds the answers."""
    bank = _bank(request, bank_id)
    exported = _exported(request, bank, format_name)
    record_audit(
        bank, "exams.bank.export", editor(request), {"format": format_name, "questions": exported.count}
    )
    suffix, content_type = FILES[format_name]
    return _download(exported.data, f"{bank.code}.{suffix}", content_type)


@require_safe
@for_those_who(Capability.WRITE_QUESTIONS)
def template(request: HttpRequest) -> HttpResponse:
    """Send the workbook to fill in."""
    return _download(template_bytes(), _("试题导入模板.xlsx"), CONTENT_TYPE)


def _download(data: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
