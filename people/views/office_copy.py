"""A copy of everything held on a person, asked for by those who answer for the person."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from common.clock import now
from people.actions.copies import request_copy
from people.errors import AlreadyShown
from people.models import PersonalDataCopy
from people.permissions import Capability
from people.privacy_forms import ReasonForm
from people.queries.copies import get_copy_for
from people.sessions import recent_authentication_required
from people.views.office_employee import employee_link, person_in_office
from people.views.office_identity import why_from
from people.views.office_import import office_context


@never_cache
@require_http_methods(["GET", "POST"])
@recent_authentication_required
def request_copy_of(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for a reason, and for a fresh sign-in before it, then queue the copy; the job's page leads to the download."""
    user, employee, may = person_in_office(request, public_id)
    if Capability.UNMASK_IDENTITY not in may:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            copy = request_copy(employee=employee, why=why_from(request, form), acting_user=user, now=now())
        except AlreadyShown:
            messages.warning(request, _("这份数据已经在导出。还要一份，请重新填写事由。"))
            return redirect("people_office:employee", public_id)
        return redirect("jobs:detail", copy.job_id)
    context = office_context(_("导出个人全部数据"), employee_link(employee)) | {
        "form": form,
        "employee": employee,
    }
    return render(
        request, "people/copy_request.html", context, status=422 if request.method == "POST" else 200
    )


@never_cache
@require_safe
def copy_file(request: HttpRequest, copy_id: UUID) -> FileResponse:
    """Send a copy of somebody's data to who asked for it, for as long as it is kept."""
    try:
        copy = get_copy_for(request.user, copy_id, now(), own=False)
    except PersonalDataCopy.DoesNotExist as error:
        raise Http404 from error
    return sent_copy(copy)


def sent_copy(copy: PersonalDataCopy) -> FileResponse:
    """Return a copy's file as a download."""
    name = f"{_('个人数据')}-{copy.employee.employee_no}-{copy.requested_at:%Y%m%d}.zip"
    return FileResponse(copy.file.open("rb"), as_attachment=True, filename=name)
