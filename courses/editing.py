"""What an editor or a reviewer meets next while a lesson is on its way to publication."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.models import Page


def put_next_step_first(items: list[Any], page: Page | None) -> None:
    """Make the next step of the review the large button; drafts are saved by themselves meanwhile.

    Whoever may approve is offered that; otherwise whoever may hand a draft in for review. `items` is Wagtail's
    menu, its first entry the large button.
    """
    if page is not None and page.live and not page.has_unpublished_changes:
        return
    for name in ("approve", "action-submit"):
        step = next((item for item in items if item.name == name and not _asks(item)), None)
        if step is not None:
            items.remove(step)
            items.insert(0, step)
            return


def _asks(item: Any) -> bool:
    """Whether an entry opens a dialogue: "approve" stands in the menu twice, once with a comment."""
    return bool(getattr(item, "launch_modal", False))


def say_what_follows(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Tell a reviewer what the answer led to; lead those who see no shelves back to their first page.

    Wagtail would send everybody to the shelf, where a reviewer without rights there meets a refusal.
    """
    action = request.POST.get("workflow-action-name")
    if "action-workflow-action" not in request.POST or not action:
        return None
    page.refresh_from_db()
    title = {"title": page.get_admin_display_title()}
    step = page.current_workflow_task
    if action != "approve":
        messages.success(request, _("“%(title)s”已退回作者修改。") % title)
    elif step is not None:
        messages.success(
            request, _("“%(title)s”这一步已批准，下一步：%(step)s。") % {**title, "step": step.name}
        )
    elif page.live:
        messages.success(request, _("“%(title)s”已通过全部审核并发布。") % title)
    else:
        messages.success(request, _("“%(title)s”已通过全部审核，到定好的时间发布。") % title)
    allowed = page.get_parent().permissions_for_user(request.user)
    return None if allowed.can_add_subpage() or allowed.can_edit() else redirect("wagtailadmin_home")
