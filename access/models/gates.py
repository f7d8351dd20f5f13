"""Gates: what asks whether somebody may pass, how often it asked, and the lists it was given."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models import OrgUnit


class KeyBy(models.TextChoices):
    EMPLOYEE_NO = "employee_no", _("工号")
    BADGE = "badge", _("胸牌码摘要（名单里不出现工号）")


class Gate(models.Model):
    """A gate, or a server of gates. It knows a token, of which only the digest is kept, and asks about its units."""

    name = models.CharField(_("名称"), max_length=60, help_text=_("例如“东门闸机”"))
    units = models.ManyToManyField(
        OrgUnit,
        related_name="gates",
        verbose_name=_("可查询的单位（含下级）"),
        help_text=_("只能问到这些单位的人；借调来的、承包商在这里干活的也算。"),
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    ip_ranges = models.JSONField(_("来源地址"), default=list, blank=True)
    calls_per_minute = models.PositiveIntegerField(
        _("每分钟最多查询次数"),
        default=600,
        help_text=_("换班高峰一台闸机每秒一两次；服务器带多台闸机的调高。"),
    )
    list_hours = models.PositiveSmallIntegerField(
        _("离线名单有效小时数"), default=24, help_text=_("过期后闸机按现场规定处理：不放行，或改为人工查验。")
    )
    key_by = models.CharField(
        _("离线名单按什么认人"), max_length=12, choices=KeyBy, default=KeyBy.EMPLOYEE_NO
    )
    expires_on = models.DateField(_("令牌最后有效日"))
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    registered_at = models.DateTimeField(_("登记时间"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("门禁")
        verbose_name_plural = pgettext_lazy("plural", "门禁")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class GateAsks(models.Model):
    """How often a gate asked within an hour, and what it was told: nobody is named. Kept for 190 days."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="asks")
    hour = models.DateTimeField(_("小时"))
    cleared = models.PositiveIntegerField(_("可上岗"), default=0)
    blocked = models.PositiveIntegerField(_("不可上岗"), default=0)
    unknown = models.PositiveIntegerField(_("查无此人"), default=0)
    last_at = models.DateTimeField(_("最近一次"))

    class Meta:
        verbose_name = _("门禁查询次数")
        verbose_name_plural = _("门禁查询次数")
        constraints = [models.UniqueConstraint(fields=["gate", "hour"], name="access_asks_once_per_hour")]

    def __str__(self) -> str:
        return f"{self.gate_id} {self.hour:%Y-%m-%d %H}"


class SignedList(models.Model):
    """One version of the list of who may pass, as a gate got it: what later versions are compared with.

    `entries` is the canonical JSON of {key: last good day or ""}, deflated.
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="lists")
    version = models.PositiveIntegerField(_("版本"))
    key_by = models.CharField(max_length=12, choices=KeyBy)
    count = models.PositiveIntegerField(_("人数"))
    sha256 = models.CharField(max_length=64)
    entries = models.BinaryField()
    created_at = models.DateTimeField(_("生成时间"))
    expires_at = models.DateTimeField(_("失效时间"))
    checked_at = models.DateTimeField(help_text="when the facts were last found to give this very list")

    class Meta:
        verbose_name = _("离线名单")
        verbose_name_plural = _("离线名单")
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["gate", "version"], name="access_list_version")]

    def __str__(self) -> str:
        return f"{self.gate_id} v{self.version}"
