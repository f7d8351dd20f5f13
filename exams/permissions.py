"""Who may edit banks and exams and read attempts."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from people.models import User

MANAGE_PERMISSION = "exams.change_question"


def can_manage_questions(user: User | AnonymousUser | None) -> bool:
    """Tell whether a user may see and edit questions and exams. None is the system itself, which may."""
    return user is None or (user.is_active and user.has_perm(MANAGE_PERMISSION))


def require_manage_questions(user: User | None) -> None:
    """Raise PermissionDenied unless the user may edit questions and exams."""
    if not can_manage_questions(user):
        raise PermissionDenied(_("你没有管理题库和考试的权限。需要时请联系系统管理员授予考务员角色。"))
