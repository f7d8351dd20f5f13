"""What people add to Wagtail's admin. Registration only."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from people.models import EventKind


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions people write to the audit log."""
    for kind, label in EventKind.choices:
        actions.register_action(f"people.employee.{kind}", label, label)
    for code, label in (
        ("people.unit.create", _("新建组织单元")),
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
