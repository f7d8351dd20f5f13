"""Numbers the law or the house sets and programs reckon with, each with its basis and its time in force."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.text import plain_number
from training.models.programmes import ProgrammeKind


class TrainingParameter(models.Model):
    """One number from a rule, or which kinds of training count, in one version; a change adds the next version.

    `value` is empty where the version is a list: `kinds` are then the kinds of programmes (ProgrammeKind) whose
    hours count towards the kind the code names (training.figures.COUNTS_TOWARDS). `reason` says why a house
    changed what shipped; who did it is in the audit as well.
    """

    code = models.CharField(_("编码"), max_length=60)
    title = models.CharField(_("名称"), max_length=120)
    value = models.DecimalField(_("数值"), max_digits=8, decimal_places=2, null=True, blank=True)
    kinds = models.JSONField(_("计入的培训类别"), default=list, blank=True)
    unit = models.CharField(_("计量单位"), max_length=20, blank=True)
    legal_basis = models.CharField(_("依据"), max_length=200)
    basis_verified = models.BooleanField(_("条文已核对原文"), default=False)
    effective_from = models.DateField(_("施行日期"))
    effective_before = models.DateField(_("失效日期（不含当日）"), null=True, blank=True)
    reason = models.CharField(_("修改原因"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("规则数值")
        verbose_name_plural = _("规则数值")
        ordering = ["code", "effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="training_parameter_version"),
            models.CheckConstraint(
                condition=Q(effective_before__isnull=True) | Q(effective_before__gt=F("effective_from")),
                name="training_parameter_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.shown}"

    @property
    def shown(self) -> str:
        """Return the number with its unit, or the names of the kinds."""
        if self.value is not None:
            return f"{plain_number(self.value)} {self.unit}".strip()
        return "、".join(str(kind.label) for kind in ProgrammeKind if kind in self.kinds)
