"""Put a post out of use, and into use again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from common.clock import now, today
from people.actions.posts import archive_post, restore_post
from people.errors import PostRefused
from people.permissions import Capability, allows
from people.queries.posts import posts_with_people
from people.views.office_import import office_context
from people.views.office_people import require_viewer


@require_http_methods(["GET", "POST"])
def post_archive(request: HttpRequest, post_id: int) -> HttpResponse:
    """Ask whether to archive a post (or restore an archived one), and do it."""
    user = require_viewer(request)
    if not allows(user, Capability.MANAGE_ORGANISATION):
        raise PermissionDenied
    post = get_object_or_404(posts_with_people(today()), pk=post_id)
    refusal = ""
    if request.method == "POST":
        try:
            if post.archived_on:
                restore_post(post=post, acting_user=user, now=now())
                messages.success(request, _("岗位“%(name)s”已恢复使用。") % {"name": post.name})
            else:
                archive_post(post=post, acting_user=user, now=now())
                messages.success(request, _("岗位“%(name)s”已停用。") % {"name": post.name})
            return redirect("posts:index")
        except PostRefused as refused:
            refusal = str(refused)
    title = _("恢复使用") if post.archived_on else _("停用")
    parents = [
        (reverse("posts:index"), pgettext("plural", "岗位")),
        (reverse("posts:edit", args=[post.pk]), post.name),
    ]
    context = office_context(title, *parents) | {"post": post, "title": title, "refusal": refusal}
    return render(request, "people/post_archive.html", context, status=422 if refusal else 200)
