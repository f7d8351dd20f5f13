"""Clearance (上岗资格) and the licences it rests on."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee, LicenceType


class Licence(models.Model):
    """An external licence a person holds (外部证件)."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="licences")
    licence_type = models.ForeignKey(LicenceType, on_delete=models.PROTECT, related_name="licences")
    number = models.CharField(_("证号"), max_length=60)
    issuer = models.CharField(_("发证机关"), max_length=120, blank=True)
    valid_from = models.DateField(_("有效期自"))
    valid_until = models.DateField(_("有效期至（含当日）"))
    review_due_on = models.DateField(_("复审日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("外部证件")
        verbose_name_plural = _("外部证件")
        ordering = ["employee_id", "valid_until"]
        constraints = [
            models.UniqueConstraint(fields=["licence_type", "number"], name="training_licence_number"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="training_licence_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.licence_type} {self.number}"


class ClearanceState(models.Model):
    """Whether a person may work in the present post, kept for gates; recomputed by every event that can change it.

    `reasons` is a list of training.shapes.ClearanceReason. `recheck_on` is the first day on which the
    answer changes by itself (a licence runs out).
    """

    employee = models.OneToOneField(Employee, on_delete=models.PROTECT, related_name="clearance")
    is_cleared = models.BooleanField(_("可上岗"))
    reasons = models.JSONField(default=list)
    recheck_on = models.DateField(_("下次复核日"), null=True, blank=True)
    computed_at = models.DateTimeField(_("计算时间"))

    class Meta:
        verbose_name = _("上岗资格")
        verbose_name_plural = _("上岗资格")
        indexes = [models.Index(fields=["recheck_on"], name="training_clearance_recheck")]

    def __str__(self) -> str:
        return f"{self.employee_id} {'cleared' if self.is_cleared else 'blocked'}"
