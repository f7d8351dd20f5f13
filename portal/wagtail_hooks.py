"""What the portal adds to Wagtail's admin. Registration only."""

from wagtail import hooks

from portal.panels import TodayPanel


@hooks.register("construct_homepage_panels")
def put_today_first(request, panels):
    """Begin the first page of the back office with what needs doing today."""
    panels.insert(0, TodayPanel())


@hooks.register("construct_help_menu")
def keep_help_at_home(request, menu_items):
    """Drop help entries that lead to other sites: a plant's network often has no way there."""
    menu_items[:] = [item for item in menu_items if not str(item.url).startswith("http")]
