"""What the room adds to the back office."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from access.panels import PANELS
from access.permissions import BADGE_CAPABILITIES, GATE_CAPABILITIES, joint_scope
from access.personal_data import PROVIDERS
from access.queries.work import SECTIONS
from access.views import office_badges, office_gates


class AccessMenuItem(MenuItem):
    """A page of this room, shown to those who have one of its capabilities somewhere."""

    def __init__(self, label, view, capabilities, **kwargs):
        super().__init__(label, reverse(f"access_office:{view}"), **kwargs)
        self.capabilities = capabilities

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return bool(joint_scope(request.user, self.capabilities))


@hooks.register("register_admin_urls")
def access_urls():
    """Register the pages of the back office."""
    patterns = [
        path("badges/", office_badges.badges, name="badges"),
        path("badges/print/", office_badges.badge_sheets, name="badge-sheets"),
        path("badges/<uuid:public_id>/", office_badges.badge_of, name="badge"),
        path("gates/", office_gates.gates, name="gates"),
        path("gates/<int:gate_id>/renew/", office_gates.gate_renew, name="gate-renew"),
        path("gates/<int:gate_id>/revoke/", office_gates.gate_revoke, name="gate-revoke"),
        path("hooks/", office_gates.hooks, name="hooks"),
        path("hooks/<int:hook_id>/", office_gates.hook, name="hook"),
        path("hooks/<int:hook_id>/end/", office_gates.hook_end, name="hook-end"),
        path(
            "hooks/<int:hook_id>/resend/<int:delivery_id>/",
            office_gates.delivery_resend,
            name="delivery-resend",
        ),
        path("places/", office_gates.places, name="places"),
        path("places/add/", office_gates.place_form, name="place-add"),
        path("places/<int:place_id>/", office_gates.place_form, name="place-edit"),
    ]
    return [path("access/", include((patterns, "access_office")))]


@hooks.register("register_admin_menu_item")
def access_menu():
    """Put the room into the menu."""
    pages = [
        (_("胸牌"), "badges", BADGE_CAPABILITIES, "user"),
        (_("门禁"), "gates", GATE_CAPABILITIES, "lock"),
        (_("场所"), "places", GATE_CAPABILITIES, "site"),
        (_("变更推送"), "hooks", GATE_CAPABILITIES, "rotate"),
    ]
    items = [
        AccessMenuItem(label, view, capabilities, name=f"access-{view}", icon_name=icon, order=order)
        for order, (label, view, capabilities, icon) in enumerate(pages, start=1)
    ]
    return SubmenuMenuItem(_("胸牌与门禁"), Menu(items=items), name="access", icon_name="lock", order=320)


@hooks.register("employee_panels")
def employee_panels():
    """Add the badge to the employee page."""
    return PANELS


@hooks.register("work_sections")
def work_sections():
    """Add the badges to print to the page of the day."""
    return SECTIONS


@hooks.register("register_log_actions")
def log_actions(actions):
    """Make the room's audit codes known."""
    for code, label in (
        ("access.gate.register", _("登记门禁")),
        ("access.gate.renew", _("更换门禁令牌")),
        ("access.gate.revoke", _("停用门禁")),
        ("access.hook.create", _("新建变更推送")),
        ("access.hook.end", _("停用变更推送")),
        ("access.hook.resend", _("重发变更推送")),
        ("access.place.save", _("保存场所")),
        ("access.badge.issue", _("发放胸牌")),
        ("access.badge.print", _("打印胸牌")),
        ("access.badge.end", _("作废胸牌")),
    ):
        actions.register_action(code, label, label)


@hooks.register("personal_data")
def personal_data():
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS
