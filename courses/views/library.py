"""The film library in the back office, where Wagtail's own views do not know our rules."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtailmedia.views.media import delete as delete_media

from courses.actions.encodings import request_encoding
from courses.models import Film
from courses.queries import may_edit_films, pages_using
from people.models import User


@require_POST
def encode_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a film encoded anew and lead to the job's bar; people who did not ask for it go back to the film."""
    if not may_edit_films(request.user):
        raise PermissionDenied
    film = get_object_or_404(Film, pk=pk)
    job = request_encoding(film=film, acting_user=cast(User, request.user))
    if job.requested_by_id == request.user.pk:
        return redirect("jobs:detail", job.pk)
    messages.info(request, _("“%(title)s”已在转码，完成后自动换上。") % {"title": film.title})
    return redirect("wagtailmedia:edit", pk)


def delete_film(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a film no page uses; otherwise name the pages, to those who work in the film library."""
    if not may_edit_films(request.user):
        raise PermissionDenied
    film = get_object_or_404(Film, pk=pk)
    titles = pages_using(film)
    if not titles:
        response: HttpResponse = delete_media(request, pk)
        return response
    messages.error(
        request,
        _("影片“%(title)s”正用于：%(pages)s。请先在这些页面里取下影片，再删除。")
        % {"title": film.title, "pages": _("、").join(titles)},
    )
    return redirect("wagtailmedia:edit", pk)
