"""What the pages of the training room share: their frame, pages of a list, and downloads."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from common.spreadsheet import CONTENT_TYPE
from people.models import User

PER_PAGE = 50


def admin_page(
    request: HttpRequest,
    template: str,
    title: str,
    context: dict[str, Any],
    *,
    parents: tuple[tuple[str, str], ...] = (),
    icon: str = "tasks",
    status: int = 200,
) -> HttpResponse:
    """Render a page in Wagtail's frame; `parents` are (address, label) of the pages above it."""
    crumbs = [{"url": url, "label": label} for url, label in parents]
    frame = {
        "page_title": title,
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [*crumbs, {"url": "", "label": title}],
    }
    return render(request, template, {**frame, **context}, status=status)


def page_of(request: HttpRequest, rows: Any) -> Page[Any]:
    """Return the page of a list the address asks for; a number out of range gives the nearest one."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))


def query_without_page(request: HttpRequest) -> str:
    """Return the query of the address without its page number, to be put in front of another one."""
    query = request.GET.copy()
    query.pop("p", None)
    return query.urlencode()


def workbook(data: bytes, name: str) -> HttpResponse:
    """Send an .xlsx file under a name that may be Chinese."""
    response = HttpResponse(data, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store, private"
    return response


def signed_in(request: HttpRequest) -> User:
    """Return the account behind a request. Wagtail's admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user
