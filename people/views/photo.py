"""A person's photograph: sent to those who may see the person, changed by those who manage the person."""

import base64
import tempfile
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import quarantine
from common.clock import now
from people.actions.photos import delete_photo, save_photo
from people.errors import PhotoRefused
from people.importers.photos import MAX_BYTES
from people.models import Employee, EmployeePhoto
from people.permissions import Capability
from people.privacy_forms import PhotoForm
from people.queries import employee_of
from people.views.office_employee import employee_link, person_in_office
from people.views.office_import import office_context


@login_required
@require_safe
def own_photo(request: HttpRequest) -> FileResponse:
    """Send somebody the own photograph."""
    employee = employee_of(request.user)
    if employee is None:
        raise Http404
    return _sent(employee)


@require_safe
def office_photo(request: HttpRequest, public_id: UUID) -> FileResponse:
    """Send a photograph to those who may see the person; 404 for everyone else."""
    _user, employee, _may = person_in_office(request, public_id)
    return _sent(employee)


def _sent(employee: Employee) -> FileResponse:
    found = EmployeePhoto.objects.filter(employee=employee).first()
    if found is None:
        raise Http404
    response = FileResponse(found.file.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = f'"{found.sha256[:32]}"'
    return response


@require_http_methods(["GET", "POST"])
def photo_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a photograph on a person's page, or take it off (`delete`)."""
    user, employee, may = person_in_office(request, public_id)
    if Capability.MANAGE_PEOPLE not in may:
        raise Http404
    if request.method == "POST" and "delete" in request.POST:
        if delete_photo(employee=employee, acting_user=user, now=now()):
            messages.success(request, _("照片已删除。"))
        return redirect("people_office:employee", public_id)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            jpeg = drawn_anew(form.cleaned_data["photo"])
        except PhotoRefused as error:
            form.add_error("photo", _why(error.code))
        else:
            save_photo(employee=employee, jpeg=jpeg, acting_user=user, now=now())
            messages.success(request, _("照片已保存。"))
            return redirect("people_office:employee", public_id)
    context = office_context(_("照片"), employee_link(employee)) | {
        "form": form,
        "employee": employee,
        "has_photo": EmployeePhoto.objects.filter(employee=employee).exists(),
    }
    return render(request, "people/photo_edit.html", context, status=422 if request.method == "POST" else 200)


def drawn_anew(upload: object) -> bytes:
    """Return an uploaded photograph drawn anew in a child process. Raises PhotoRefused."""
    if upload.size > MAX_BYTES:  # type: ignore[attr-defined]
        raise PhotoRefused("too_large")
    with tempfile.NamedTemporaryFile() as handle:
        for piece in upload.chunks():  # type: ignore[attr-defined]
            handle.write(piece)
        handle.flush()
        try:
            drawn = quarantine.run("people.importers.photos:draw_anew", handle.name, timeout_s=20)
        except quarantine.Quarantined as error:
            raise PhotoRefused("not_an_image") from error
    if "flaw" in drawn:
        raise PhotoRefused(drawn["flaw"])
    return base64.b64decode(drawn["jpeg"])


def _why(code: str) -> str:
    words = {
        "too_large": _("照片超过 10 MB，请压缩后再传。"),
        "not_an_image": _("这个文件不是能读的照片，请换一张 JPEG、PNG 或 WebP。"),
        "too_small": _("照片太小，短边至少 200 像素，请换一张清楚的。"),
        "too_many_pixels": _("照片像素太多，请缩小到 5000 万像素以内。"),
    }
    return words[code]
