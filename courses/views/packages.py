"""Packages while they run: their files by ticket, and what they report."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from common.clock import now
from courses.actions.packages import Report, take_report
from courses.errors import BadPackageReport
from courses.models import PackageFile
from courses.queries.packages import is_editor, is_session_live, next_data_of, package_file
from courses.scorm.serving import read_ticket, serve_file
from courses.views.reports import progress_report
from courses.views.study import for_students
from people.models import Employee

MAX_REPORT_BYTES = 1_200_000  # 250,000 characters of Chinese, percent-encoded in a form, and the rest


@csrf_exempt
@require_safe
def file(request: HttpRequest, ticket: str, path: str) -> HttpResponseBase:
    """Send a file of a package to whoever holds a good ticket; 404 for everything else."""
    if settings.SCORM_HOST and request.get_host() != settings.SCORM_HOST:
        raise Http404
    try:
        held = read_ticket(ticket)
        found = package_file(held.package_id, path)
    except (signing.BadSignature, PackageFile.DoesNotExist) as error:
        raise Http404 from error
    is_open = is_session_live(held.session, held.user_id) if held.session else is_editor(held.user_id)
    if not is_open:
        raise Http404
    return serve_file(
        request,
        default_storage,
        f"{found.package.folder}/{found.number}",
        content_type=found.content_type,
        version=found.package.version,
        ticket=ticket,
    )


@for_students
def report(request: HttpRequest, employee: Employee, session_id: UUID) -> HttpResponse:
    """Take what a package reports and say how far the person is."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_REPORT_BYTES:
            raise ValueError("too large")
        said = json.loads(request.POST.get("report", ""))
        given = Report(
            seq=_number(said["seq"]), part=str(said["part"]), cmi=said["cmi"], is_final=bool(said["final"])
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadPackageReport(_("课件包上报的数据格式不对，没有保存。请刷新页面。")) from error
    progress = take_report(session_public_id=session_id, employee_id=employee.pk, report=given, now=now())
    data = next_data_of(progress, given.part)
    return JsonResponse({"progress": progress_report(progress), "data": data})


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise ValueError("seq")
    return value
