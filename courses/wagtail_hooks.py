"""What this room registers with Wagtail."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from wagtail import hooks
from wagtail.models import Page

from courses.models import CoursePage, LearningHomePage, LessonPage, ShelfPage
from courses.queries import can_read
from courses.views import library, pages

LEARNING_PAGES = (LearningHomePage, ShelfPage, LessonPage, CoursePage)


@hooks.register("before_serve_page", order=-10)
def serve_learning_page(
    page: Page, request: HttpRequest, serve_args: list[Any], serve_kwargs: dict[str, Any]
) -> HttpResponse | None:
    """Show pages of the learning site to people who are signed in and may read them."""
    if not isinstance(page, LEARNING_PAGES):
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not can_read(request.user, page):
        raise Http404
    return pages.serve(request, page)


@hooks.register("register_admin_urls", order=-10)
def register_film_addresses() -> list[URLPattern]:
    """Put our deletion of films before wagtailmedia's, which knows nothing of films in use."""
    return [path("media/delete/<int:pk>/", library.delete_film, name="courses_film_delete")]
