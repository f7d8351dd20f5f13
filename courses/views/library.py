"""The film library in the back office, where Wagtail's own views do not know our rules."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from wagtailmedia.views.media import delete as delete_media

from courses.models import Film
from courses.queries import pages_using


def delete_film(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a film no page uses; otherwise name the pages. Permission is asked by the view behind."""
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
