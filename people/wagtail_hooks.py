"""What people add to Wagtail's admin. Registration only."""

from functools import partial
from typing import Any, NamedTuple

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.admin.views.account import NameEmailSettingsPanel

from people import dossier
from people.account_panels import OwnRolesPanel
from people.admin_forms import OwnAccountForm
from people.models import EventKind
from people.panels import PANELS
from people.permissions import Capability, allows
from people.personal_data import PROVIDERS
from people.queries.kiosks import KIOSK_CAPABILITIES
from people.views import (
    office_copy,
    office_directories,
    office_employee,
    office_employment,
    office_identity,
    office_import,
    office_import_columns,
    office_kiosks,
    office_particulars,
    office_people,
    office_posts,
    office_retention,
    office_roles,
    office_second_factor,
    office_slips,
    office_tokens,
    office_unit_changes,
    office_unit_stays,
    office_units,
    photo,
)
from people.viewsets import LicenceTypeViewSet, PostViewSet, WorkFeatureViewSet

# Wagtail asks for a first and a last name on the page of one's own account; this site knows one name.
NameEmailSettingsPanel.form_class = OwnAccountForm


class CapabilityMenuItem(MenuItem):
    """A menu entry for those who have a capability, or one of several, anywhere."""

    def __init__(self, *args, capability, **kwargs):
        super().__init__(*args, **kwargs)
        self.capabilities = capability if isinstance(capability, tuple) else (capability,)

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return any(allows(request.user, capability) for capability in self.capabilities)


def directory_urls():
    """Return the pages of directories."""
    return [
        path("directories/", office_directories.directory_list, name="directories"),
        path("directories/add/<slug:kind>/", office_directories.directory_add, name="directory-add"),
        path("directories/<int:source_id>/", office_directories.directory, name="directory"),
        path("directories/<int:source_id>/edit/", office_directories.directory_edit, name="directory-edit"),
        path(
            "directories/<int:source_id>/check/", office_directories.directory_check, name="directory-check"
        ),
        path("directories/<int:source_id>/run/", office_directories.directory_run, name="directory-run"),
        path(
            "directories/<int:source_id>/preview/<uuid:job_id>/",
            office_directories.directory_preview,
            name="directory-preview",
        ),
        path(
            "directories/<int:source_id>/delete/",
            office_directories.directory_delete,
            name="directory-delete",
        ),
    ]


@hooks.register("register_admin_urls")
def people_urls():
    """Register the pages of HR."""
    patterns = [
        path("", office_people.employee_list, name="employees"),
        path("units/", office_units.unit_list, name="units"),
        path("units/export.xlsx", office_units.unit_export, name="units-export"),
        path("units/add/", office_unit_changes.unit_add, name="unit-add"),
        path("units/levels/", office_unit_changes.level_names_edit, name="levels"),
        path("units/<int:unit_id>/", office_units.unit_inspect, name="unit"),
        path("units/<int:unit_id>/stays/", office_unit_stays.unit_stays, name="unit-stays"),
        path("units/<int:unit_id>/edit/", office_unit_changes.unit_edit, name="unit-edit"),
        path("units/<int:unit_id>/leader/", office_unit_changes.unit_leader, name="unit-leader"),
        path("units/<int:unit_id>/move/", office_unit_changes.unit_move, name="unit-move"),
        path("units/<int:unit_id>/close/", office_unit_changes.unit_close, name="unit-close"),
        path("units/<int:unit_id>/reopen/", office_unit_changes.unit_reopen, name="unit-reopen"),
        path("posts/<int:post_id>/archive/", office_posts.post_archive, name="post-archive"),
        path("roles/", office_roles.role_list, name="roles"),
        path("roles/grant/", office_roles.role_grant, name="role-grant"),
        path("roles/<int:grant_id>/end/", office_roles.role_end, name="role-end"),
        path("roles/review/", office_roles.role_review, name="role-review"),
        path("roles/review/export/", office_roles.role_review_export, name="role-review-export"),
        path("roles/changes/", office_roles.role_changes, name="role-changes"),
        path("slips/", office_slips.slips, name="slips"),
        path("kiosks/", office_kiosks.kiosks, name="kiosks"),
        path("kiosks/<int:kiosk_id>/revoke/", office_kiosks.revoke, name="kiosk-revoke"),
        path("second-factor/", office_second_factor.second_factors, name="second-factors"),
        path("second-factor/reset/", office_second_factor.reset, name="second-factor-reset"),
        path("import/", office_import.upload, name="import"),
        path("import/template.xlsx", office_import.template, name="import-template"),
        path("import/result/<int:batch_id>/", office_import.result, name="import-result"),
        path("import/<str:token>/", office_import.preview, name="import-preview"),
        path("import/<str:token>/apply/", office_import.apply, name="import-apply"),
        path("import/<str:token>/again/", office_import.repeat, name="import-again"),
        path("import/<str:token>/columns/", office_import_columns.columns, name="import-columns"),
        path("import/<str:token>/marked/", office_import_columns.marked, name="import-marked"),
        path(
            "import/<str:token>/marked/<str:marked_token>/",
            office_import_columns.marked,
            name="import-marked",
        ),
        path("api-tokens/", office_tokens.token_list, name="api-tokens"),
        path("api-tokens/new/", office_tokens.token_create, name="api-token-create"),
        path("api-tokens/<int:grant_id>/revoke/", office_tokens.token_revoke, name="api-token-revoke"),
        *directory_urls(),
        path("new/", office_employment.employee_new, name="employee-new"),
        path("events/<uuid:event_id>/correct/", office_employment.event_correct, name="event-correct"),
        path(
            "<uuid:public_id>/change/<slug:kind>/", office_employment.employee_change, name="employee-change"
        ),
        path("export/", office_identity.list_export, name="list-export"),
        path("export/in-clear/", office_identity.list_export_in_clear, name="list-export-in-clear"),
        path("retention/", office_retention.retention, name="retention"),
        path("retention/<int:rule_id>/", office_retention.rule_edit, name="retention-rule"),
        path("retention/ask/", office_retention.erasure_request, name="erasure-request"),
        path("retention/decide/<int:request_id>/", office_retention.erasure_decide, name="erasure-decide"),
        path("holds/", office_retention.holds, name="holds"),
        path("holds/<int:hold_id>/end/", office_retention.hold_end, name="hold-end"),
        path("accesses/", office_identity.access_report, name="accesses"),
        path("<uuid:public_id>/particulars/", office_particulars.particulars_edit, name="particulars"),
        path("<uuid:public_id>/copy/", office_copy.request_copy_of, name="copy"),
        path("copies/<uuid:copy_id>/", office_copy.copy_file, name="copy-file"),
        path("<uuid:public_id>/photo.jpg", photo.office_photo, name="photo-file"),
        path("<uuid:public_id>/photo/", photo.photo_edit, name="photo"),
        path("<uuid:public_id>/reveal/", office_identity.reveal, name="reveal"),
        path("<uuid:public_id>/", office_employee.employee_inspect, name="employee"),
    ]
    return [path("people/", include((patterns, "people_office")))]


class Entry(NamedTuple):
    """A menu entry: its place in the menu, its words, the page it leads to, its sign, and who sees it."""

    order: int
    label: Any
    page: str
    icon: str
    capability: Capability | tuple[Capability, ...]
    name: str = ""


MENU = (
    Entry(200, pgettext_lazy("plural", "员工"), "employees", "group", Capability.VIEW_PEOPLE),
    Entry(205, _("人员导入"), "import", "upload", Capability.MANAGE_PEOPLE, "people-import"),
    Entry(210, _("组织机构"), "units", "site", Capability.VIEW_PEOPLE),
    Entry(215, pgettext_lazy("plural", "角色"), "roles", "lock", Capability.VIEW_ROLES),
    Entry(
        215,
        pgettext_lazy("plural", "人员目录"),
        "directories",
        "link",
        Capability.MANAGE_DIRECTORIES,
        "people-directories",
    ),
)
PRIVACY_MENU = (
    Entry(1, _("谁看过个人信息"), "accesses", "view", Capability.VIEW_AUDIT, "privacy-accesses"),
    Entry(2, _("保留期限与删除"), "retention", "bin", Capability.ERASE_PERSONAL_DATA, "privacy-retention"),
    Entry(3, _("法定保全"), "holds", "lock", Capability.HOLD_PERSONAL_DATA, "privacy-holds"),
)
SETTINGS_MENU = (
    Entry(240, pgettext_lazy("plural", "共用平板"), "kiosks", "mobile-alt", KIOSK_CAPABILITIES),
    Entry(245, _("两步验证"), "second-factors", "lock", Capability.GRANT_ROLES),
    Entry(900, _("接口令牌"), "api-tokens", "key", Capability.GRANT_ROLES),
)


def menu_item(entry):
    """Return the menu item of an entry."""
    return CapabilityMenuItem(
        entry.label,
        reverse(f"people_office:{entry.page}"),
        name=entry.name or entry.page,
        icon_name=entry.icon,
        order=entry.order,
        capability=entry.capability,
    )


def privacy_menu():
    """Return who saw what, retention and holds as a menu of their own."""
    items = [menu_item(entry) for entry in PRIVACY_MENU]
    return SubmenuMenuItem(_("个人信息"), Menu(items=items), name="privacy", icon_name="lock", order=240)


for _entry in MENU:
    hooks.register("register_admin_menu_item", partial(menu_item, _entry))
for _entry in SETTINGS_MENU:
    hooks.register("register_settings_menu_item", partial(menu_item, _entry))
hooks.register("register_admin_menu_item", privacy_menu)


@hooks.register("register_account_settings_panel")
def own_roles_panel(request, user, profile):
    """Show people in the back office what they may do, on the page of their account."""
    return OwnRolesPanel(request, user, profile)


@hooks.register("register_admin_viewset")
def posts_viewset():
    """Register posts, what they work with, and licence types."""
    return [PostViewSet("posts"), WorkFeatureViewSet("work_features"), LicenceTypeViewSet("licence_types")]


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions people write to the audit log."""
    for kind, label in EventKind.choices:
        actions.register_action(f"people.employee.{kind}", label, label)
    for code, label in (
        ("people.employee.correct", _("更正人事变动")),
        ("people.employee.withdraw", _("撤回人事变动")),
        ("people.unit.create", _("新建组织单元")),
        ("people.unit.save", _("修改组织单元")),
        ("people.unit.move", _("调整组织单元的上级")),
        ("people.unit.close", _("撤销组织单元")),
        ("people.unit.reopen", _("恢复组织单元")),
        ("people.unit.leader", _("任免负责人")),
        ("people.levels.save", _("修改层级名称")),
        ("people.post.create", _("新建岗位")),
        ("people.post.archive", _("停用岗位")),
        ("people.post.restore", _("恢复岗位")),
        ("people.post.save", _("保存岗位")),
        ("people.work_feature.save", _("保存设备与作业")),
        ("people.licence_type.save", _("保存证件种类")),
        ("people.account.save", _("保存账号")),
        ("people.import.apply", _("导入人员")),
        ("people.directory.save", _("保存人员目录")),
        ("people.directory.delete", _("删除人员目录")),
        ("people.directory.sync", _("同步人员目录")),
        ("people.import.columns", _("说明名单各列的含义")),
        ("people.role.grant", _("授予角色")),
        ("people.role.end", _("收回角色")),
        ("people.ticket.issue", _("签发首次登录凭条")),
        ("people.ticket.use", _("使用首次登录凭条")),
        ("people.password.change", _("修改密码")),
        ("people.erasure.request", _("申请删除个人信息")),
        ("people.erasure.confirm", _("确认删除个人信息")),
        ("people.erasure.reject", _("不同意删除个人信息")),
        ("people.hold.place", _("登记法定保全")),
        ("people.hold.end", _("解除法定保全")),
        ("people.retention.save", _("修改保留期限")),
        ("people.photo.save", _("保存照片")),
        ("people.photo.delete", _("删除照片")),
        ("people.sign_in.lock", _("连续输错，账号锁定")),
        ("people.session.end", _("结束登录")),
        ("people.second_factor.add", _("开通两步验证")),
        ("people.second_factor.remove", _("关闭两步验证")),
        ("people.second_factor.reset", _("重置两步验证")),
        ("people.recovery_codes.add", _("生成备用码")),
        ("people.recovery_codes.remove", _("作废备用码")),
        ("people.identity.link", _("连接外部账号")),
        ("people.identity.unlink", _("断开外部账号")),
        ("people.kiosk.register", _("新建共用平板")),
        ("people.kiosk.pair", _("在平板上登记")),
        ("people.kiosk.revoke", _("停用共用平板")),
        ("people.kiosk.pin", _("设置平板登录码")),
        ("people.employee.particulars", _("修改人员资料")),
        ("people.api_grant.create", _("创建接口令牌")),
        ("people.api_grant.revoke", _("作废接口令牌")),
        ("people.api_grant.unmask", _("经接口读取完整号码")),
    ):
        actions.register_action(code, label, label)


@hooks.register("employee_panels")
def employee_panels():
    """Add what this room knows to the employee page."""
    return PANELS


@hooks.register("personal_data")
def personal_data():
    """Add what this room holds to the copy a person may ask for."""
    return PROVIDERS


@hooks.register("dossier_sections")
def dossier_sections():
    """Add what this room knows to a person's training file."""
    return dossier.SECTIONS
