"""Other systems that are told when somebody's clearance is lost or regained."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Employee, OrgUnit


class Hook(models.Model):
    """An address that is told, about whom, and the secret its messages are signed with."""

    name = models.CharField(_("名称"), max_length=60)
    url = models.URLField(_("地址"), max_length=300, help_text=_("只能是 https:// 开头的地址"))
    units = models.ManyToManyField(OrgUnit, related_name="hooks", verbose_name=_("单位（含下级）"))
    secret_encrypted = models.TextField(editable=False)
    on_loss = models.BooleanField(_("失去上岗资格时通知"), default=True)
    on_gain = models.BooleanField(_("恢复上岗资格时通知"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("创建时间"))
    ended_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("变更推送")
        verbose_name_plural = _("变更推送")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("等待发送")
    SENT = "sent", _("已送达")
    DEAD = "dead", _("多次失败，已停发")


class Delivery(models.Model):
    """One message to one address, written with the change it is about and sent until it arrives.

    Delivery is at least once and not in order: `event_id` says what is the same, `id` what is newer.
    """

    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, related_name="deliveries")
    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    is_cleared = models.BooleanField()
    happened_at = models.DateTimeField(_("变更时间"))
    state = models.CharField(_("状态"), max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_try_at = models.DateTimeField()
    problem = models.CharField(_("问题"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("送达时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("推送消息")
        verbose_name_plural = _("推送消息")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "next_try_at"], name="access_delivery_due")]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.event_id}"
