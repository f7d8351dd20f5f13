"""Directories people come from: settings, a test of the connection, dry run and run."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now
from jobs.models import Job
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.actions.directories import access_to, delete_directory_source, save_directory_source
from people.directories import (
    CHECK_ATTEMPTS,
    Access,
    CheckLine,
    DirectoryError,
    check_directory,
    open_directory,
)
from people.directory_forms import FORMS, DirectoryForm
from people.models import DirectoryKind, DirectorySource, DirectoryState, User
from people.permissions import Capability, allows
from people.queries import directories_for, get_directory_for, unit_directory
from people.tasks import DIRECTORY_STEPS
from people.views.office_import import office_context

SIGNS = {
    DirectoryState.NEVER: "care",
    DirectoryState.DONE: "safe",
    DirectoryState.PARTLY: "care",
    DirectoryState.STOPPED: "stop",
    DirectoryState.FAILED: "stop",
}


def require_administrator(request: HttpRequest) -> User:
    """Return the user if they manage directories anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not allows(request.user, Capability.MANAGE_DIRECTORIES):
        raise PermissionDenied
    return request.user


def _source_or_404(user: User, source_id: int) -> DirectorySource:
    try:
        return get_directory_for(user, source_id)
    except DirectorySource.DoesNotExist as error:
        raise Http404 from error


def _list_link() -> tuple[str, str]:
    return reverse("people_office:directories"), pgettext("plural", "人员目录")


def _page_link(source: DirectorySource) -> tuple[str, str]:
    return reverse("people_office:directory", args=[source.pk]), source.name


@require_safe
def directory_list(request: HttpRequest) -> HttpResponse:
    """List the directories in scope with how their last run went."""
    user = require_administrator(request)
    names = {entry.id: entry.full_name for entry in unit_directory().values()}
    rows = [
        {
            "source": source,
            "unit": names[source.root_unit_id],
            "sign": SIGNS[DirectoryState(source.last_state)],
        }
        for source in directories_for(user)
    ]
    context = office_context(pgettext("plural", "人员目录")) | {"rows": rows, "kinds": DirectoryKind.choices}
    return render(request, "people/directory_list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def directory_add(request: HttpRequest, kind: str) -> HttpResponse:
    """Set up a directory of one product."""
    user = require_administrator(request)
    if kind not in FORMS:
        raise Http404
    source = DirectorySource(kind=kind)
    title = _("添加 %(product)s") % {"product": source.get_kind_display()}
    return _edit(request, user, source, office_context(title, _list_link()))


@never_cache
@require_http_methods(["GET", "POST"])
def directory_edit(request: HttpRequest, source_id: int) -> HttpResponse:
    """Change a directory."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    context = office_context(_("修改"), _list_link(), _page_link(source))
    return _edit(request, user, source, context)


def _edit(request: HttpRequest, user: User, source: DirectorySource, context: dict[str, Any]) -> HttpResponse:
    """Show the form; save it, or try what stands in it without saving."""
    form = FORMS[source.kind](request.POST or None, instance=source, user=user)
    lines: list[CheckLine] = []
    if request.method == "POST" and form.is_valid():
        if "test" in request.POST:
            lines = _tried(form)
        else:
            saved = save_directory_source(
                source=form.filled(), secrets=form.typed_secrets, acting_user=user, now=now()
            )
            messages.success(request, _("“%(name)s”已保存。") % {"name": saved.name})
            return redirect("people_office:directory", saved.pk)
    return render(request, "people/directory_form.html", context | {"form": form, "lines": lines})


def _tried(form: DirectoryForm) -> list[CheckLine]:
    """Try the settings of a form, with the stored secrets where none were typed."""
    source = form.filled()
    try:
        stored = access_to(source).secrets
    except DirectoryError as error:
        return [CheckLine(_("登录目录"), False, str(error))]
    access = Access(
        source.kind,
        source.settings,
        {**stored, **form.typed_secrets},
        source.number_field,
        source.root_department,
    )
    return check_directory(open_directory(access, attempts=CHECK_ATTEMPTS), source.number_field)


@require_safe
def directory(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show a directory: how the last run went, who could not be taken over, and what can be done now."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    names = {entry.id: entry.full_name for entry in unit_directory().values()}
    context = office_context(source.name, _list_link()) | {
        "source": source,
        "unit": names[source.root_unit_id],
        "sign": SIGNS[DirectoryState(source.last_state)],
        "report": source.last_report,
        "linked": source.links.count(),
    }
    return render(request, "people/directory_detail.html", context)


@require_POST
def directory_check(request: HttpRequest, source_id: int) -> HttpResponse:
    """Test the connection of a saved directory and show what works."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    try:
        opened = open_directory(access_to(source), attempts=CHECK_ATTEMPTS)
        lines = check_directory(opened, source.number_field)
    except DirectoryError as error:
        lines = [CheckLine(_("登录目录"), False, str(error))]
    context = office_context(_("测试连接"), _list_link(), _page_link(source)) | {
        "source": source,
        "lines": lines,
    }
    return render(request, "people/directory_check.html", context)


@require_POST
def directory_run(request: HttpRequest, source_id: int) -> HttpResponse:
    """Queue a dry run, or a run; after a dry run exactly what it showed."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    if request.POST.get("mode") == "dry":
        return _queued(user, source, "people.tasks.check_directory_source", _("试运行人员目录"), {})
    allowed = request.POST.get("allow_ending", "")
    params = {
        "fingerprint": request.POST.get("fingerprint", "")[:64],
        "allow_ending": int(allowed) if allowed.isascii() and allowed.isdigit() else 0,
    }
    return _queued(user, source, "people.tasks.sync_directory_source", _("同步人员目录"), params)


def _queued(
    user: User, source: DirectorySource, task: str, title: str, params: dict[str, Any]
) -> HttpResponse:
    job = enqueue(
        task,
        title=f"{title}：{source.name}",
        params={"source": source.pk, **params},
        requested_by=user,
        total=DIRECTORY_STEPS,
    )
    return redirect("jobs:detail", job.pk)


@never_cache
@require_safe
def directory_preview(request: HttpRequest, source_id: int, job_id: UUID) -> HttpResponse:
    """Show what a dry run found. Nothing is saved."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    try:
        job = get_job_for(user, job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error
    if job.task != "people.tasks.check_directory_source" or job.params.get("source") != source.pk:
        raise Http404
    summary = job.result.get("summary")
    if summary is None and "error" not in job.result:
        return redirect("jobs:detail", job.pk)
    context = office_context(_("比对结果"), _list_link(), _page_link(source)) | {
        "source": source,
        "summary": summary,
        "error": job.result.get("error", ""),
        "sections": _sections(summary) if summary else [],
    }
    return render(request, "people/directory_preview.html", context)


def _sections(summary: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (
        ("created", _("新员工"), ""),
        ("moved", _("转岗"), ""),
        ("terms", _("用工变更"), ""),
        ("left", _("离职、离岗"), "care"),
        ("returned", _("返岗、再入职"), ""),
        ("details", _("只改资料"), "safe"),
    )
    counts = {**summary["counts"], "details": summary["details"]}
    return [
        {"title": title, "sign": sign, "lines": summary["lines"].get(key, []), "count": counts.get(key, 0)}
        for key, title, sign in kinds
    ]


@require_http_methods(["GET", "POST"])
def directory_delete(request: HttpRequest, source_id: int) -> HttpResponse:
    """Ask, then delete a directory. People and units stay."""
    user = require_administrator(request)
    source = _source_or_404(user, source_id)
    if request.method == "POST":
        name = source.name
        delete_directory_source(source=source, acting_user=user, now=now())
        messages.success(request, _("“%(name)s”已删除，人员和部门没有改动。") % {"name": name})
        return redirect("people_office:directories")
    context = office_context(_("删除"), _list_link(), _page_link(source)) | {
        "source": source,
        "linked": source.links.count(),
    }
    return render(request, "people/directory_delete.html", context)
