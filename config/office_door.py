"""Open the back office by the roles of the day, and its tools for content to those who edit it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.models import TaskState

from common.clock import today
from people.actions.role_groups import join_groups
from people.models import User
from people.permissions import Capability, remember_grants, roles_with

# Wagtail lets everyone who may enter the back office choose among pages and files, drafts and closed ones too.
CONTENT_TOOLS = (
    "wagtailadmin_api:",
    "wagtailadmin_choose_",
    "wagtailadmin_tag_",
    "wagtailadmin_pages:",
    "wagtailadmin_workflows:",
    "wagtailadmin_editing_sessions:",
    "wagtailadmin_block_preview",
    "wagtail_bulk_action",
    "wagtailembeds:",
    "wagtaildocs",
    "wagtailimages",
    "wagtailmedia:",
)
# What a reviewer needs, while a page waits for them; Wagtail asks page by page whether it does.
REVIEW_TOOLS = ("wagtailadmin_pages:", "wagtailadmin_workflows:", "wagtailadmin_editing_sessions:")
OUTSIDE_THE_OFFICE = ("wagtaildocs_serve", "wagtaildocs_authenticate_with_password", "wagtailimages_serve")


class OfficeDoorMiddleware:
    """Open the back office by the roles of the day, and its tools for pages and files to those who edit content.

    Wagtail knows groups, which have no time: a role that began or ended at midnight is taken over at the first
    request of its holder, not by a job.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Bring the visitor's groups up to date, and refuse a tool to those who edit nothing.

        Who is not signed in is left to Wagtail. Raises PermissionDenied.
        """
        name = request.resolver_match.view_name if request.resolver_match else ""
        is_tool = name.startswith(CONTENT_TOOLS) and name not in OUTSIDE_THE_OFFICE
        if not request.path.startswith("/admin/"):
            return
        user = request.user
        if not isinstance(user, User) or user.is_superuser:
            return
        held = remember_grants(user, today())
        join_groups(user, held)
        if (
            is_tool
            and not held & roles_with(Capability.EDIT_CONTENT)
            and not user_has_any_page_permission(user)
            and not (name.startswith(REVIEW_TOOLS) and TaskState.objects.reviewable_by(user).exists())
        ):
            raise PermissionDenied
