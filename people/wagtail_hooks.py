"""What people add to Wagtail's admin. Registration only."""

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.account import NameEmailSettingsPanel

from people.admin_forms import OwnAccountForm
from people.models import EventKind
from people.permissions import Capability, allows
from people.views import office_import, office_people, office_slips
from people.viewsets import LicenceTypeViewSet, PostViewSet

# Wagtail asks for a first and a last name on the page of one's own account; this site knows one name.
NameEmailSettingsPanel.form_class = OwnAccountForm


class CapabilityMenuItem(MenuItem):
    """A menu entry for those who have a capability anywhere."""

    def __init__(self, *args, capability, **kwargs):
        super().__init__(*args, **kwargs)
        self.capability = capability

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return allows(request.user, self.capability)


@hooks.register("register_admin_urls")
def people_urls():
    """Register the pages of HR."""
    patterns = [
        path("", office_people.employee_list, name="employees"),
        path("units/", office_people.unit_list, name="units"),
        path("units/<int:unit_id>/", office_people.unit_edit, name="unit"),
        path("slips/", office_slips.slips, name="slips"),
        path("import/", office_import.upload, name="import"),
        path("import/template.xlsx", office_import.template, name="import-template"),
        path("import/result/<int:batch_id>/", office_import.result, name="import-result"),
        path("import/<str:token>/", office_import.preview, name="import-preview"),
        path("import/<str:token>/apply/", office_import.apply, name="import-apply"),
        path("<uuid:public_id>/", office_people.employee_inspect, name="employee"),
    ]
    return [path("people/", include((patterns, "people_office")))]


@hooks.register("register_admin_menu_item")
def employees_menu():
    """Put the list of people into the menu."""
    return CapabilityMenuItem(
        pgettext_lazy("plural", "员工"),
        reverse("people_office:employees"),
        name="employees",
        icon_name="group",
        order=200,
        capability=Capability.VIEW_PEOPLE,
    )


@hooks.register("register_admin_menu_item")
def units_menu():
    """Put the organisation into the menu."""
    return CapabilityMenuItem(
        _("组织机构"),
        reverse("people_office:units"),
        name="units",
        icon_name="site",
        order=210,
        capability=Capability.VIEW_PEOPLE,
    )


@hooks.register("register_admin_menu_item")
def import_menu():
    """Put the upload of lists into the menu."""
    return CapabilityMenuItem(
        _("人员导入"),
        reverse("people_office:import"),
        name="people-import",
        icon_name="upload",
        order=205,
        capability=Capability.MANAGE_PEOPLE,
    )


@hooks.register("register_admin_viewset")
def posts_viewset():
    """Register posts and licence types."""
    return [PostViewSet("posts"), LicenceTypeViewSet("licence_types")]


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions people write to the audit log."""
    for kind, label in EventKind.choices:
        actions.register_action(f"people.employee.{kind}", label, label)
    for code, label in (
        ("people.unit.create", _("新建组织单元")),
        ("people.unit.save", _("修改组织单元")),
        ("people.post.create", _("新建岗位")),
        ("people.post.save", _("保存岗位")),
        ("people.licence_type.save", _("保存证件种类")),
        ("people.account.save", _("保存账号")),
        ("people.import.apply", _("导入人员")),
        ("people.role.grant", _("授予角色")),
        ("people.role.end", _("收回角色")),
        ("people.ticket.issue", _("签发首次登录凭条")),
        ("people.ticket.use", _("使用首次登录凭条")),
        ("people.password.change", _("修改密码")),
    ):
        actions.register_action(code, label, label)
