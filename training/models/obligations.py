"""Obligations: one person owes one programme for one cause."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee, EmploymentEvent
from training.models.programmes import Component, Programme, TrainingRule


class ObligationState(models.TextChoices):
    OPEN = "open", _("未完成")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")


class Obligation(models.Model):
    """That a person owes a programme, why, until when, and whether work may start before.

    `closed_at` is when it was done or cancelled, so that any past day can be asked. The reason it exists is
    always at hand: `rule` with its legal basis, and the `event` that set it off.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="obligations")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="obligations")
    rule = models.ForeignKey(TrainingRule, on_delete=models.PROTECT, related_name="obligations")
    event = models.ForeignKey(
        EmploymentEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    cause = models.CharField(_("起因"), max_length=80, help_text="e.g. `event:<uuid>`")
    before_work = models.BooleanField(_("上岗前必须完成"))
    state = models.CharField(_("状态"), max_length=10, choices=ObligationState, default=ObligationState.OPEN)
    owed_from = models.DateField(_("起算日"))
    due_on = models.DateField(_("截止日"))
    created_at = models.DateTimeField(_("生成时间"))
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    close_reason = models.CharField(_("结束原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("培训任务")
        verbose_name_plural = _("培训任务")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "programme", "cause"], name="training_obligation_once_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="training_obligation_closed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="training_obl_state_due")]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.programme}"


class ComponentDone(models.Model):
    """That one component of an obligation is satisfied, and by what. Inserted only."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="components_done")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="+")
    evidence = models.JSONField(help_text="training.shapes.Evidence")
    done_at = models.DateTimeField(_("完成时间"))

    class Meta:
        verbose_name = _("环节完成")
        verbose_name_plural = _("环节完成")
        constraints = [
            models.UniqueConstraint(fields=["obligation", "component"], name="training_component_done_once"),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id}/{self.component_id}"
