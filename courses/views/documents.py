"""Upload of documents in the back office: choose, look at what was made of them, keep what is good."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.admin import messages
from wagtail.models import Page
from wagtail.permission_policies.pages import PagePermissionPolicy

from common import clock
from courses.actions.lessons import create_lesson_pages
from courses.actions.shelves import SHELF_OF_TYPE, SHELVES, ensure_shelves
from courses.documents import Document, DocumentProblem
from courses.importers.files import FileReport, pictures_of
from courses.importers.messages import (
    LOSS_NAMES,
    REPAIR_NAMES,
    loss_place,
    loss_text,
    problem_message,
    warnings_of,
)
from courses.importers.upload_form import LESSON_TYPES, DocumentUploadForm
from courses.importers.uploads import Upload, UploadGone, discard_upload, keep_upload, open_upload, reports_of
from courses.models import LessonPage, ShelfPage
from people.models import User

FIRST_PARAGRAPHS = 4


def shelves_to_add_to(user: User) -> Any:
    """Return the shelves on which a user may add pages."""
    allowed = PagePermissionPolicy().instances_user_has_permission_for(user, "add")
    return ShelfPage.objects.filter(pk__in=allowed.values("pk")).order_by("path")


def may_import(user: User) -> bool:
    """Whether a user may import documents anywhere: add pages to a shelf, or make the shelves."""
    return _may_make_shelves(user) or shelves_to_add_to(user).exists()


def _may_make_shelves(user: User) -> bool:
    root = Page.get_first_root_node()
    return root is not None and bool(root.permissions_for_user(user).can_add_subpage())


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take files and keep them for their preview."""
    user = _editor(request)
    form = DocumentUploadForm(
        request.POST or None,
        request.FILES or None,
        shelves=shelves_to_add_to(user),
        initial={"lesson_type": "speech"},
    )
    if request.method == "POST" and form.is_valid():
        lesson_type = form.cleaned_data["lesson_type"]
        chosen = form.cleaned_data["shelf"]
        slug = chosen.slug if chosen else SHELF_OF_TYPE[lesson_type]
        token = keep_upload(
            form.cleaned_data["documents"],
            lesson_type=lesson_type,
            shelf_slug=slug,
            user_id=user.pk,
            now=clock.now(),
        )
        return redirect("courses_import_preview", token)
    return render(request, "courses/document_upload.html", {"form": form, **_page_furniture(_("选择文件"))})


@dataclass(frozen=True, slots=True)
class DocumentPreview:
    """One document as the preview shows it."""

    key: str
    document: Document
    repairs: list[tuple[str, int, str]]
    losses: list[tuple[str, str, str]]
    warnings: list[str]
    first_paragraphs: list[str]


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show what was made of the files; on POST keep the chosen documents as drafts."""
    user = _editor(request)
    try:
        kept = open_upload(token, user_id=user.pk, now=clock.now())
    except UploadGone:
        messages.error(request, _("这次上传已过期、已导入或已放弃，请重新选择文件。"))
        return redirect("courses_import_documents")
    with reports_of(kept) as reports:
        if request.method == "POST":
            return _keep(request, user, kept, reports)
    return render(
        request,
        "courses/document_preview.html",
        {
            "token": token,
            "type_name": dict(LESSON_TYPES)[kept.lesson_type],
            "shelf_name": _shelf_name(kept.shelf_slug),
            "files": [_file_preview(number, report) for number, report in enumerate(reports)],
            "document_count": sum(len(report.documents) for report in reports),
            **_page_furniture(_("预览")),
        },
    )


@require_POST
def discard(request: HttpRequest, token: str) -> HttpResponse:
    """Give an upload up."""
    user = _editor(request)
    try:
        open_upload(token, user_id=user.pk, now=clock.now())
    except UploadGone:
        return redirect("courses_import_documents")
    discard_upload(token)
    messages.success(request, _("已放弃这次导入，没有保存任何内容。"))
    return redirect("courses_import_documents")


@require_http_methods(["GET"])
def done(request: HttpRequest) -> HttpResponse:
    """List the drafts an import made, with links to edit them."""
    user = _editor(request)
    numbers = [int(number) for number in request.GET.getlist("page") if number.isdecimal()][:500]
    editable = PagePermissionPolicy().instances_user_has_permission_for(user, "change")
    pages = LessonPage.objects.filter(pk__in=numbers).filter(pk__in=editable.values("pk")).order_by("path")
    return render(request, "courses/document_done.html", {"pages": pages, **_page_furniture(_("导入结果"))})


def _editor(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not may_import(user):
        raise PermissionDenied
    return user


def _page_furniture(label: str) -> dict[str, Any]:
    return {
        "page_title": _("导入文档"),
        "header_title": _("导入文档"),
        "header_icon": "doc-full",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("首页")},
            {"url": reverse("courses_import_documents"), "label": _("导入文档")},
            {"url": "", "label": label},
        ],
    }


def _shelf_name(slug: str) -> str:
    shelf = ShelfPage.objects.filter(slug=slug).first()
    return shelf.title if shelf else SHELVES.get(slug, slug)


def _file_preview(number: int, report: FileReport) -> dict[str, Any]:
    return {
        "name": report.file,
        "encoding": report.encoding,
        "error": problem_message(report.file, report.problem) if report.problem else "",
        "documents": [
            DocumentPreview(
                key=f"{number}-{place}",
                document=document,
                repairs=[(str(REPAIR_NAMES[one.kind]), one.count, one.example) for one in document.repairs],
                losses=[
                    (str(LOSS_NAMES[one.kind]), loss_place(one), loss_text(one)) for one in document.losses
                ],
                warnings=warnings_of(document),
                first_paragraphs=[one.text for one in document.blocks if one.kind == "paragraph"][
                    :FIRST_PARAGRAPHS
                ],
            )
            for place, document in enumerate(report.documents)
        ],
    }


def _keep(request: HttpRequest, user: User, kept: Upload, reports: list[FileReport]) -> HttpResponse:
    """Create drafts of the documents that are ticked, file by file."""
    chosen = set(request.POST.getlist("document"))
    shelf = _shelf(user, kept.shelf_slug)
    pages: list[int] = []
    known = failed = 0
    for number, report in enumerate(reports):
        documents = [one for place, one in enumerate(report.documents) if f"{number}-{place}" in chosen]
        if not documents:
            continue
        try:
            results = create_lesson_pages(
                documents=documents,
                lesson_type=kept.lesson_type,
                shelf=shelf,
                pictures=pictures_of(report),
                source=report.file.rsplit(".", 1)[0],
                publish=False,
                acting_user=user,
                now=clock.now(),
            )
        except (ValidationError, DocumentProblem) as error:
            problem = (
                error if isinstance(error, DocumentProblem) else DocumentProblem("unreadable", str(error))
            )
            messages.error(request, problem_message(report.file, problem))
            failed += 1
            continue
        pages += [result.page.pk for result in results]
        known += sum(not result.created for result in results)
    if not pages and not failed:
        messages.error(request, _("请至少勾选一篇文档。"))
        return redirect("courses_import_preview", kept.token)
    if not failed:
        discard_upload(kept.token)
    _tell(request, created=len(pages) - known, known=known)
    query = "&".join(f"page={page}" for page in pages)
    return redirect(f"{reverse('courses_import_done')}?{query}")


def _shelf(user: User, slug: str) -> ShelfPage:
    """Return the shelf to import to, making the shelves if the person may. Raises PermissionDenied."""
    shelf = shelves_to_add_to(user).filter(slug=slug).first()
    if shelf is None and slug in SHELVES and _may_make_shelves(user):
        shelf = ensure_shelves(acting_user=user, now=clock.now())[slug]
    if shelf is None:
        raise PermissionDenied
    found: ShelfPage = shelf
    return found


def _tell(request: HttpRequest, *, created: int, known: int) -> None:
    if created:
        text = ngettext("已存为 %(count)d 篇草稿。", "已存为 %(count)d 篇草稿。", created)
        messages.success(request, text % {"count": created})
    if known:
        text = ngettext(
            "%(count)d 篇已在书架上，没有重复导入。", "%(count)d 篇已在书架上，没有重复导入。", known
        )
        messages.warning(request, text % {"count": known})
