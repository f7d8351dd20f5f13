"""The addresses the upload of large films talks to: begin, add a part, ask how far, give up.

    POST   films/upload/            name, size, modified → {id, offset, part}
    HEAD   films/upload/ID/         → Upload-Offset
    PATCH  films/upload/ID/         Upload-Offset, the bytes → {offset}
    DELETE films/upload/ID/

The words are those of tus (https://tus.io/protocols/resumable-upload): the offset is asked after a break, and
a part that begins elsewhere is answered 409 with the right one. The form that names the film takes the whole
file by its id (courses/admin_forms.py).
"""

from functools import wraps
from typing import Any, Protocol, cast
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common.clock import now
from courses.actions.uploads import begin_upload, drop_upload, get_upload, take_part
from courses.errors import UploadRefused
from courses.queries import may_edit_films
from courses.uploads import PART_BYTES, received
from people.models import User

STATUS = {"unknown": 404, "wrong_offset": 409, "too_large": 413, "too_many": 409, "no_room": 507}


class BeginForm(forms.Form):
    """Which file of the person's machine it is."""

    name = forms.CharField(max_length=255)
    size = forms.IntegerField(min_value=1)
    modified = forms.IntegerField(min_value=0, required=False)


class View(Protocol):
    """A view of this module."""

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer."""


def for_editors(view: View) -> View:
    """Let in those who work in the film library; say what is refused as JSON with words for people."""

    @never_cache
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_edit_films(request.user):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except UploadRefused as error:
            said = {"error": error.code, "message": str(error), "offset": error.offset}
            return JsonResponse(said, status=STATUS[error.code])

    return checked


@require_POST
@for_editors
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an upload, or find the one of the same file that was broken off."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        said = _("没有收到文件的名称或大小，请重新选择文件。")
        return JsonResponse({"error": "bad_request", "message": said, "offset": 0}, status=400)
    upload, offset = begin_upload(
        name=form.cleaned_data["name"],
        size=form.cleaned_data["size"],
        modified_ms=form.cleaned_data["modified"] or 0,
        acting_user=cast(User, request.user),
        now=now(),
    )
    return JsonResponse({"id": str(upload.pk), "offset": offset, "part": PART_BYTES})


@require_http_methods(["HEAD", "PATCH", "DELETE"])
@for_editors
def part(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Take a part, say how much is there, or give the upload up."""
    upload = get_upload(upload_id, cast(User, request.user))
    if request.method == "DELETE":
        drop_upload(upload)
        return HttpResponse(status=204)
    if request.method == "HEAD":
        return HttpResponse(headers={"Upload-Offset": str(received(upload.pk))})
    offset, length = _whole(request, "Upload-Offset"), _whole(request, "Content-Length")
    if offset is None or length is None:
        said = _("“%(name)s”的这一段没有写明位置，请刷新页面后重新选择文件。") % {"name": upload.name}
        return JsonResponse({"error": "bad_request", "message": said, "offset": 0}, status=400)
    there = take_part(upload=upload, offset=offset, source=request, length=length, now=now())
    return JsonResponse({"offset": there})


def _whole(request: HttpRequest, header: str) -> int | None:
    text = request.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
