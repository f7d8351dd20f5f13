"""What takes an obligation off its ordinary course: waivers, extensions, recognised training. Asked by one, decided by another."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.models.obligations import Obligation
from training.models.programmes import Component


class DispensationKind(models.TextChoices):
    WAIVER = "waiver", _("豁免")
    EXTENSION = "extension", _("延期")
    RECOGNITION = "recognition", _("以往培训认定")


class Dispensation(models.Model):
    """A request concerning one obligation, with its reason. Inserted only; the decision is a row of its own.

    `until` is the last day a waiver holds, or the new due day of an extension, and `due_before` the due day it
    replaces. A recognition names the component it settles, the hours it credits and the days it was held.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="dispensations")
    kind = models.CharField(_("类别"), max_length=12, choices=DispensationKind)
    reason = models.TextField(_("理由"), max_length=1000)
    until = models.DateField(_("至（含当日）"), null=True, blank=True)
    due_before = models.DateField(_("原截止日"))
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    hours = models.DecimalField(_("认定学时"), max_digits=5, decimal_places=1, default=0)
    held_on = models.DateField(_("培训日期"), null=True, blank=True)
    evidence = models.FileField(_("证明材料"), upload_to="dispensations/%Y/%m/", blank=True)
    evidence_name = models.CharField(_("文件名"), max_length=120, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(_("申请时间"))

    class Meta:
        verbose_name = _("豁免、延期与认定")
        verbose_name_plural = _("豁免、延期与认定")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="recognition", component__isnull=False, held_on__isnull=False)
                | (~Q(kind="recognition") & Q(until__isnull=False, component__isnull=True)),
                name="training_dispensation_says_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.kind}"


class DispensationDecision(models.Model):
    """What a second person decided about a request. Inserted only."""

    dispensation = models.OneToOneField(Dispensation, on_delete=models.PROTECT, related_name="decision")
    is_approved = models.BooleanField(_("同意"))
    note = models.CharField(_("意见"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("审批时间"))

    class Meta:
        verbose_name = _("审批")
        verbose_name_plural = _("审批")

    def __str__(self) -> str:
        return f"{self.dispensation_id} {self.is_approved}"
