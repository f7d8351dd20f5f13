"""Packages in a lesson's template, where nobody studies: a preview, or a reader who is no employee."""

from typing import Any

from django import template
from django.http import HttpRequest

from courses.models import LessonPage
from courses.queries.packages import may_edit_packages
from courses.views.package_player import package_run
from people.models import User

register = template.Library()


@register.simple_tag
def package_preview(page: LessonPage, request: HttpRequest, is_studied_here: bool) -> dict[str, Any] | None:
    """Return what the player needs to let an editor try the package; None for anybody who studies it."""
    if is_studied_here or page.package is None:
        return None
    if not isinstance(request.user, User) or not may_edit_packages(request.user):
        return None
    return package_run(request, page.package, None, user_id=request.user.pk)
