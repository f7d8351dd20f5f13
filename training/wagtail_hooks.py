"""What the training room adds to the back office."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks


@hooks.register("register_log_actions")
def log_actions(actions):
    """Make the room's audit codes known."""
    for code, label in (
        ("training.programme.save", _("保存培训方案")),
        ("training.rule.save", _("保存培训规则")),
        ("training.rule.end", _("停用培训规则")),
        ("training.licence.add", _("登记证件")),
        ("training.licence.change", _("修改证件")),
    ):
        actions.register_action(code, label, label)
