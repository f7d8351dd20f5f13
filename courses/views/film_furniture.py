"""What the back-office pages of one film share: who may come in, their heads and the way back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.models import Film
from courses.queries import may_edit_films
from people.models import User


def for_film_editors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in those who work in the film library; everyone else gets 403, whether there is such a film or not."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_edit_films(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def film_or_404(pk: int) -> Film:
    """Return a film of the library. Raises Http404."""
    film: Film | None = Film.objects.filter(pk=pk, type="video").first()
    if film is None:
        raise Http404
    return film


def editor_of(request: HttpRequest) -> User:
    """Return who is signed in. Raises PermissionDenied for a visitor without an account."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def furniture(film: Film, *path: tuple[str, str], icon: str = "media") -> dict[str, Any]:
    """Return the head of a film's page; `path` is (address, label) below the film, the last without an address."""
    title = path[-1][1]
    return {
        "film": film,
        "page_title": title,
        "header_title": f"{film.title} · {title}",
        "header_icon": icon,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("首页")},
            {"url": reverse("wagtailmedia:index"), "label": _("影片")},
            {"url": reverse("wagtailmedia:edit", args=[film.pk]), "label": film.title},
            *({"url": url, "label": label} for url, label in path[:-1]),
            {"url": "", "label": f"{title} · {film.title}"},
        ],
    }
