"""Roles, each over a part of the tree and, where set, for a time."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.models.organisation import OrgUnit


class Role(models.TextChoices):
    TEAM_LEADER = "team_leader", _("班组长")
    TRAINER = "trainer", _("培训教员")
    HR_OFFICER = "hr_officer", _("人事专员")
    SAFETY_OFFICER = "safety_officer", _("安全员")
    EDITOR = "editor", _("内容编辑")
    QUESTION_WRITER = "question_writer", _("命题员")
    EXAMINER = "examiner", _("考务员")
    MARKER = "marker", _("阅卷员")
    AUDITOR = "auditor", _("审计员")
    ADMINISTRATOR = "administrator", _("系统管理员")


class RoleGrant(models.Model):
    """One role, held by one account over one unit and everything below it.

    What a role may do stands in people/permissions.py; nobody needs a grant to be a learner.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="role_grants")
    starts_on = models.DateField(_("开始"))
    ends_before = models.DateField(_("结束（不含当日）"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    exception_reason = models.CharField(
        _("例外理由"),
        max_length=200,
        blank=True,
        help_text=_("与此人另一角色不相容而仍须授予时填写；会列在角色复核页上。"),
    )

    class Meta:
        verbose_name = _("角色授权")
        verbose_name_plural = _("角色授权")
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "unit"], name="people_grant_once"),
            models.CheckConstraint(
                condition=Q(ends_before__isnull=True) | Q(ends_before__gt=F("starts_on")),
                name="people_grant_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.unit}"
