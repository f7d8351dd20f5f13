"""Badges: the code on a person's badge, and who looked at what lies behind it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee


class EndReason(models.TextChoices):
    LOST = "lost", _("遗失")
    REPLACED = "replaced", _("换发")
    RETURNED = "returned", _("交回")


class Badge(models.Model):
    """A badge of a person. Its code is random (160 bits) and says nothing by itself.

    The digest finds it; the encrypted text is there to print the same badge again.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="badges")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    code_encrypted = models.TextField(editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    issued_at = models.DateTimeField(_("发放时间"))
    printed_at = models.DateTimeField(_("打印时间"), null=True, blank=True)  # the first time
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("作废时间"), null=True, blank=True)
    end_reason = models.CharField(_("作废原因"), max_length=10, choices=EndReason, blank=True)

    class Meta:
        verbose_name = _("胸牌")
        verbose_name_plural = _("胸牌")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(ended_at__isnull=True), name="access_one_badge_each"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="access_badge_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.issued_at:%Y-%m-%d}"


class BadgeLook(models.Model):
    """That somebody scanned a badge and what they were shown. Kept for 190 days."""

    class Shown(models.TextChoices):
        PUBLIC = "public", _("只有可否上岗")
        FULL = "full", _("姓名与原因")
        OWN = "own", _("本人")

    badge = models.ForeignKey(Badge, on_delete=models.PROTECT, related_name="looks")
    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    shown = models.CharField(_("看到的内容"), max_length=10, choices=Shown)
    was_cleared = models.BooleanField(_("当时可上岗"))
    looked_at = models.DateTimeField(_("时间"), db_index=True)

    class Meta:
        verbose_name = _("胸牌查看")
        verbose_name_plural = _("胸牌查看")
        ordering = ["-looked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.badge_id} {self.looked_at:%Y-%m-%d %H:%M}"
