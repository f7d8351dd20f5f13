"""How the organisation changed: what happened to its units, and where each of them hung from when to when."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models.organisation import OrgUnit

# A unit's first placement begins here: its people may have stood in it long before the platform knew of it.
BEGINNING = dt.date(1900, 1, 1)


class UnitEventKind(models.TextChoices):
    CREATED = "created", _("新建")
    RENAMED = "renamed", _("改名")
    MOVED = "moved", _("调整上级")
    CLOSED = "closed", pgettext_lazy("unit", "撤销")
    REOPENED = "reopened", pgettext_lazy("unit", "恢复")


class UnitEvent(models.Model):
    """Something that happened to a unit. Inserted only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("类别"), max_length=12, choices=UnitEventKind)
    effective_on = models.DateField(_("生效日期"))
    from_parent = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_parent = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    from_name = models.CharField(_("原名称"), max_length=80, blank=True)
    to_name = models.CharField(_("新名称"), max_length=80, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("机构变动")
        verbose_name_plural = _("机构变动")
        ordering = ["effective_on", "recorded_at"]

    def __str__(self) -> str:
        return f"{self.unit} {self.get_kind_display()} {self.effective_on}"


class UnitPlacement(models.Model):
    """Where a unit hung: below `parent` (empty: at the top) from `starts_on` up to, not including, `ends_before`."""

    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="placements")
    parent = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField(_("开始"), default=BEGINNING)
    ends_before = models.DateField(_("结束（不含当日）"), null=True, blank=True)

    class Meta:
        verbose_name = _("上级区间")
        verbose_name_plural = _("上级区间")
        ordering = ["unit_id", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_before__isnull=True) | Q(ends_before__gt=F("starts_on")),
                name="people_placement_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("unit")), name="people_placement_not_in_itself"
            ),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(ends_before__isnull=True), name="people_placement_one_open"
            ),
            models.UniqueConstraint(fields=["unit", "starts_on"], name="people_placement_one_per_day"),
        ]
        indexes = [models.Index(fields=["ends_before", "starts_on"], name="people_placement_span")]

    def __str__(self) -> str:
        return f"{self.unit} < {self.parent} {self.starts_on}"
