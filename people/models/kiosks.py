"""Shared tablets in a workshop: which ones are registered, and the PIN people type on them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models.employees import Employee
from people.models.organisation import OrgUnit


class Kiosk(models.Model):
    """A tablet people of one unit share. It knows a token, of which only the digest is kept."""

    name = models.CharField(_("名称"), max_length=60, help_text=_("贴在平板上的名字，例如“一车间门口”"))
    unit = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        related_name="kiosks",
        verbose_name=_("部门"),
        help_text=_("只有这个部门和它下级的人能在上面登录"),
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    registered_at = models.DateTimeField(_("登记时间"))
    activated_at = models.DateTimeField(_("在平板上登记的时间"), null=True)
    last_used_at = models.DateTimeField(_("最近使用"), null=True)
    revoked_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = _("共用平板")
        verbose_name_plural = pgettext_lazy("plural", "共用平板")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class KioskPin(models.Model):
    """The six digits with which a person signs in on a shared tablet, hashed like a password."""

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="kiosk_pin")
    pin = models.CharField(max_length=128, editable=False)
    set_at = models.DateTimeField(_("设置时间"))

    class Meta:
        verbose_name = _("平板登录码")
        verbose_name_plural = _("平板登录码")

    def __str__(self) -> str:
        return str(self.employee)
