"""What this room registers with Wagtail."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.models import Page
from wagtail.permission_policies.pages import PagePermissionPolicy

from courses.editing import put_next_step_first, say_what_follows
from courses.models import Attachment, CoursePage, LearningHomePage, LessonPage, ShelfPage
from courses.panels import PANELS
from courses.personal_data import PROVIDERS
from courses.queries import can_read, may_edit_films
from courses.queries.packages import may_edit_packages
from courses.views import documents, film_questions, library, package_office, pages, subtitles, uploads
from courses.views.health import ContentHealthReport
from people.panels import EmployeePanel
from people.personal_data import Provider

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


@hooks.register("before_serve_document")
def serve_attachment(document: Attachment, request: HttpRequest) -> HttpResponse | None:
    """Hand attachments only to people who are signed in; Wagtail alone would hand them to anyone."""
    if request.user.is_authenticated:
        return None
    return redirect_to_login(request.get_full_path())


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
    return [
        path("media/delete/<int:pk>/", library.delete_film, name="courses_film_delete"),
        path("films/<int:pk>/encode/", library.encode_again, name="courses_film_encode"),
        path("films/upload/", uploads.begin, name="courses_upload"),
        path("films/upload/<uuid:upload_id>/", uploads.part, name="courses_upload_part"),
    ]


@hooks.register("insert_global_admin_css")
def film_upload_style() -> SafeString:
    """Show how far an upload is wherever a form of the film library stands."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/film-upload.css"))


@hooks.register("insert_global_admin_js")
def film_upload_script() -> SafeString:
    """Let forms of the film library send large files in parts, on their own page and in the chooser alike."""
    return format_html('<script type="module" src="{}"></script>', static("js/film-upload.js"))


@hooks.register("construct_page_action_menu")
def next_step_first(menu_items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """Offer the next step of the review as the large button."""
    put_next_step_first(menu_items, context.get("page"))


@hooks.register("after_edit_page")
def after_review(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Say what a reviewer's answer led to."""
    return say_what_follows(request, page)


@hooks.register("employee_panels")
def employee_panels() -> tuple[EmployeePanel, ...]:
    """Add what this room knows to the employee page."""
    return PANELS


@hooks.register("personal_data")
def personal_data() -> tuple[Provider, ...]:
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS


@hooks.register("register_admin_urls")
def content_health_urls():
    """Put the report on the health of the content among the reports."""
    return [
        path("reports/content-health/", ContentHealthReport.as_view(), name="courses_content_health"),
        path(
            "reports/content-health/results/",
            ContentHealthReport.as_view(results_only=True),
            name="courses_content_health_results",
        ),
    ]


class ContentHealthMenuItem(MenuItem):
    """Shown to people who edit pages."""

    def is_shown(self, request):
        """Whether this person edits any page."""
        return PagePermissionPolicy().user_has_any_permission(request.user, ["add", "change", "publish"])


@hooks.register("register_reports_menu_item")
def content_health_menu_item():
    """Put the report on the health of the content first among the reports."""
    return ContentHealthMenuItem(
        _("内容体检"),
        reverse("courses_content_health"),
        name="content-health",
        icon_name="clipboard-list",
        order=50,
    )


@hooks.register("register_admin_urls")
def film_tool_urls():
    """Put subtitles, questions and the settings of the player below /admin/."""
    film = "films/<int:film_pk>/"
    track = f"{film}subtitles/<slug:language>/"
    questions = f"{film}questions/"
    return [
        path("films/player/", film_questions.player_settings, name="courses_player_settings"),
        path(f"{film}subtitles/", subtitles.tracks, name="courses_subtitles"),
        path(track, subtitles.edit, name="courses_subtitle_edit"),
        path(f"{track}delete/", subtitles.remove, name="courses_subtitle_delete"),
        path(questions, film_questions.questions, name="courses_film_questions"),
        path(f"{questions}add/", film_questions.question_form, name="courses_film_question_add"),
        path(f"{questions}preview/", film_questions.question_preview, name="courses_film_question_preview"),
        path(
            f"{questions}<int:question_pk>/", film_questions.question_form, name="courses_film_question_edit"
        ),
        path(
            f"{questions}<int:question_pk>/retire/",
            film_questions.question_retire,
            name="courses_film_question_retire",
        ),
    ]


class PlayerSettingsMenuItem(MenuItem):
    """Shown to people who work in the film library."""

    def is_shown(self, request):
        """Whether this person edits films."""
        return may_edit_films(request.user)


@hooks.register("register_settings_menu_item")
def player_settings_menu_item():
    """Put the settings of the player into the settings menu."""
    return PlayerSettingsMenuItem(
        _("播放设置"),
        reverse("courses_player_settings"),
        name="player-settings",
        icon_name="media",
        order=230,
    )


@hooks.register("register_log_actions")
def film_log_actions(actions):
    """Make the audit codes of films known."""
    for code, label in (
        ("courses.subtitles.save", _("保存字幕")),
        ("courses.subtitles.delete", _("删除字幕")),
        ("courses.film_question.save", _("保存影片提问")),
        ("courses.film_question.retire", _("停用影片提问")),
        ("courses.film_question.restore", _("恢复影片提问")),
        ("courses.player.save", _("修改播放设置")),
    ):
        actions.register_action(code, label, label)


@hooks.register("register_admin_urls")
def package_urls():
    """Put the SCORM packages below /admin/."""
    return [
        path("packages/", package_office.index, name="courses_packages"),
        path("packages/upload/", package_office.upload, name="courses_package_upload"),
        path("packages/<int:pk>/", package_office.detail, name="courses_package"),
    ]


class PackageMenuItem(MenuItem):
    """Shown to people who edit content."""

    def is_shown(self, request):
        """Whether this person works with packages."""
        return may_edit_packages(request.user)


@hooks.register("register_admin_menu_item")
def package_menu_item():
    """Put the packages in the menu, behind the documents."""
    return PackageMenuItem(
        _("课件包"),
        reverse("courses_packages"),
        name="packages",
        icon_name="folder-open-inverse",
        order=151,
    )
