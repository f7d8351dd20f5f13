"""What this room registers with Wagtail."""

from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from courses.views import documents


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
