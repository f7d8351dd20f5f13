"""Who may read which page of the learning site."""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from wagtail.models import Page, PageViewRestriction

from courses.models import LessonPage
from people.models import User

AnyPage = TypeVar("AnyPage", bound=Page)


def get_lesson_for(user: User | AnonymousUser, pk: int) -> LessonPage:
    """Return a live lesson that `user`, signed in and active, may see.

    Raises LessonPage.DoesNotExist otherwise, whether or not there is such a page; views answer 404.
    """
    lesson: LessonPage | None = (
        LessonPage.objects.live().select_related("film", "package").filter(pk=pk).first()
    )
    if lesson is None or not can_read(user, lesson):
        raise LessonPage.DoesNotExist
    return lesson


def closed_paths(user: User | AnonymousUser) -> list[str]:
    """Return the tree paths whose pages, and all below them, are closed to a signed-in user.

    A page behind a shared password is closed to everyone here: what a person studies must be known by name.
    """
    if user.is_superuser:
        return []
    restrictions = PageViewRestriction.objects.exclude(restriction_type=PageViewRestriction.LOGIN)
    if user.pk is None:  # an employee without an account is in no group
        return list(restrictions.values_list("page__path", flat=True))
    open_to_me = PageViewRestriction.objects.filter(
        restriction_type=PageViewRestriction.GROUPS, groups__user=user.pk
    )
    return list(restrictions.exclude(pk__in=open_to_me).values_list("page__path", flat=True))


def can_read(user: User | AnonymousUser, page: Page) -> bool:
    """Tell whether a person is signed in, active and passes the page's view restrictions."""
    if not user.is_authenticated or not user.is_active:
        return False
    return not any(page.path.startswith(path) for path in closed_paths(user))


def readable(user: User | AnonymousUser, pages: QuerySet[AnyPage]) -> QuerySet[AnyPage]:
    """Leave out the pages a signed-in user may not read."""
    for path in closed_paths(user):
        pages = pages.exclude(path__startswith=path)
    return pages
