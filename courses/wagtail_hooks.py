"""What this room registers with Wagtail."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.models import Page

from courses.models import CoursePage, LearningHomePage, LessonPage, ShelfPage
from courses.queries import can_read
from courses.views import documents, library, pages

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


@hooks.register("register_admin_urls")
def document_import_urls():
    """Put the upload of documents below /admin/."""
    return [
        path("import-documents/", documents.upload, name="courses_import_documents"),
        path("import-documents/done/", documents.done, name="courses_import_done"),
        path("import-documents/<str:token>/", documents.preview, name="courses_import_preview"),
        path("import-documents/<str:token>/discard/", documents.discard, name="courses_import_discard"),
    ]


class DocumentImportMenuItem(MenuItem):
    """Shown to people who may add lessons."""

    def is_shown(self, request):
        """Whether this person may import."""
        return documents.may_import(request.user)


@hooks.register("register_admin_menu_item")
def document_import_menu_item():
    """Put the upload of documents in the menu, after the pages."""
    return DocumentImportMenuItem(
        _("导入文档"),
        reverse("courses_import_documents"),
        name="import-documents",
        icon_name="upload",
        order=150,
    )


@hooks.register("register_admin_urls", order=-10)
def register_film_addresses() -> list[URLPattern]:
    """Put our deletion of films before wagtailmedia's, which knows nothing of films in use."""
    return [path("media/delete/<int:pk>/", library.delete_film, name="courses_film_delete")]
