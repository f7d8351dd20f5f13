"""What exams add to the back office. Registration only."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions exams write to the audit log."""
    for code, label in (
        ("exams.bank.save", _("保存题库")),
        ("exams.bank.questions", _("保存试题")),
        ("exams.topic.save", _("保存知识点")),
        ("exams.question.retire", _("停用试题")),
        ("exams.question.restore", _("恢复试题")),
        ("exams.exam.save", _("保存考试")),
    ):
        actions.register_action(code, label, label)
