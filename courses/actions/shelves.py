"""The learning home and its shelves: where imported lessons and courses stand."""

import datetime as dt
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page, Site

from courses.actions.review import ensure_review_workflow
from courses.models import LearningHomePage, ShelfPage
from people.models import User

# Slug → title. The titles are content of the site, written once and then the editors' own.
SHELVES = {"speeches": "政策讲话", "cases": "警示案例", "rules": "操作规程", "courses": "课程"}
SHELF_OF_TYPE = {"speech": "speeches", "case": "cases", "rule": "rules"}
HOME_SLUG, HOME_TITLE = "learning", "学习"
_WELCOME_SLUG = "home"  # the page Wagtail's first migration makes
PageT = TypeVar("PageT", bound=Page)


class UnknownShelf(Exception):
    """No shelf has this slug. The message names it and the shelves there are."""

    def __init__(self, slug: str, known: list[str]) -> None:
        super().__init__(
            _("没有标识为“%(slug)s”的书架。现有书架：%(known)s。请检查 --parent 的写法，或先在后台新建书架。")
            % {"slug": slug, "known": "、".join(known) or _("无")}
        )
        self.slug = slug


def ensure_shelves(*, acting_user: User | None, now: dt.datetime) -> dict[str, ShelfPage]:
    """Make the learning home and its shelves where they are missing, and return the shelves by slug.

    The home becomes the root page of the default site; Wagtail's welcome page goes if nothing stands below it.
    Locks: the root of the page tree until commit, so that two callers do not both make a home.
    """
    with transaction.atomic():
        root = Page.objects.select_for_update().get(depth=1)
        home = LearningHomePage.objects.first()
        if home is None:
            home = _add(root, LearningHomePage(title=HOME_TITLE, slug=_free_slug(root)), acting_user, now)
            ensure_review_workflow(acting_user=acting_user, now=now)
        _make_root_page(home)
        found = {shelf.slug: shelf for shelf in ShelfPage.objects.child_of(home)}
        for slug, title in SHELVES.items():
            if slug not in found:
                found[slug] = _add(home, ShelfPage(title=title, slug=slug), acting_user, now)
    return found


def get_shelf(slug: str) -> ShelfPage:
    """Return the shelf with this slug. Raises UnknownShelf."""
    shelves: dict[str, ShelfPage] = {shelf.slug: shelf for shelf in ShelfPage.objects.order_by("path")}
    if slug not in shelves:
        raise UnknownShelf(slug, list(shelves) or list(SHELVES))
    return shelves[slug]


def _add(parent: Page, page: PageT, acting_user: User | None, now: dt.datetime) -> PageT:
    page.first_published_at = page.last_published_at = now
    page.owner = acting_user
    parent.add_child(instance=page)
    log(instance=page, action="wagtail.create", user=acting_user, content_changed=True)
    return page


def _free_slug(root: Page) -> str:
    taken = set(Page.objects.child_of(root).values_list("slug", flat=True))
    return HOME_SLUG if HOME_SLUG not in taken else f"{HOME_SLUG}-home"


def _make_root_page(home: LearningHomePage) -> None:
    """Point the default site at the home and drop the welcome page nobody wrote."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        Site.objects.create(hostname="localhost", root_page=home, is_default_site=True, site_name="安学")
        return
    welcome = site.root_page
    if welcome.pk == home.pk:
        return
    if welcome.specific_class is not Page or welcome.slug != _WELCOME_SLUG:
        return  # someone chose this root page
    site.root_page = Page.objects.get(pk=home.pk)
    site.site_name = site.site_name or "安学"  # else the back office greets people with the name of the host
    site.save(update_fields=["root_page", "site_name"])
    if welcome.numchild == 0:
        Page.objects.get(pk=welcome.pk).delete()
