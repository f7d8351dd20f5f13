"""Obligations: one person owes one programme for one cause."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee, EmploymentEvent
from training.models.occurrences import Occurrence
from training.models.programmes import Component, Programme, TrainingRule
from training.models.pushes import CasePush


class ObligationState(models.TextChoices):
    OPEN = "open", _("未完成")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")
    WAIVED = "waived", _("已豁免")


class Obligation(models.Model):
    """That a person owes a programme, why, until when, and whether work may start before.

    `closed_at` is when it was done or cancelled, so that any past day can be asked. The reason it exists is
    always at hand: either `rule` with its legal basis, or the `push` of a case; and the `event` that set it off
    (none for those who stood in a concerned post when the case was pushed), or the `occurrence`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="obligations")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="obligations")
    rule = models.ForeignKey(
        TrainingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    push = models.ForeignKey(
        CasePush, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    event = models.ForeignKey(
        EmploymentEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    occurrence = models.ForeignKey(
        Occurrence, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    cause = models.CharField(
        _("起因"), max_length=80, help_text="see training.rules: event, push, standing, …"
    )
    cycle = models.CharField(_("周期"), max_length=12, blank=True, help_text="2026, 2026H1, 2026Q1 or a day")
    before_work = models.BooleanField(_("上岗前必须完成"))
    blocks_overdue = models.BooleanField(_("逾期未完成不得上岗"), default=False)
    state = models.CharField(_("状态"), max_length=10, choices=ObligationState, default=ObligationState.OPEN)
    owed_from = models.DateField(_("起算日"))
    due_on = models.DateField(_("截止日"))
    created_at = models.DateTimeField(_("生成时间"))
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    # Since when the row says what it says; empty: since it was made. What it said before is in PastObligation.
    stands_since = models.DateTimeField(_("现状始于"), null=True, blank=True, editable=False)
    close_reason = models.CharField(_("结束原因"), max_length=200, blank=True)
    waived_before = models.DateField(_("豁免至（不含当日）"), null=True, blank=True)
    # The event that cancelled it: if that event turns out to be wrong, the obligation stands again.
    ended_by = models.ForeignKey(
        EmploymentEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="ended_obligations"
    )

    class Meta:
        verbose_name = _("培训任务")
        verbose_name_plural = _("培训任务")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "programme", "cause"], name="training_obligation_once_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(rule__isnull=False, push__isnull=True) | Q(rule__isnull=True, push__isnull=False),
                name="training_obligation_one_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="training_obligation_closed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state="waived") | Q(waived_before__isnull=True),
                name="training_obligation_waived_before",
            ),
        ]
        # None begins with the state: most tasks are open or done, and SQLite, which has no figures of how many, would
        # walk all of those that are rather than the few of one person.
        indexes = [
            models.Index(fields=["due_on"], condition=Q(state="open"), name="training_obl_open_due"),
            models.Index(fields=["waived_before"], condition=Q(state="waived"), name="training_obl_waived"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.programme}"


class PastObligation(models.Model):
    """How an obligation stood until it was dated anew, put off or revived. Inserted only.

    Doing, cancelling and waiving an obligation lose nothing, because `closed_at` says when it was; what is
    written over (the days, the state of something cancelled that stands again) is kept here. It held from `since`
    (empty: from the first) up to, not including, `until`, when the next row or the obligation itself takes over.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="past")
    state = models.CharField(_("状态"), max_length=10, choices=ObligationState)
    owed_from = models.DateField(_("起算日"))
    due_on = models.DateField(_("截止日"))
    before_work = models.BooleanField(_("上岗前必须完成"))
    blocks_overdue = models.BooleanField(_("逾期未完成不得上岗"))
    closed_at = models.DateTimeField(_("结束时间"), null=True)
    since = models.DateTimeField(_("始于"), null=True)
    until = models.DateTimeField(_("止于（不含）"))

    class Meta:
        verbose_name = _("培训任务的原状")
        verbose_name_plural = _("培训任务的原状")
        ordering = ["until", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(since__lte=F("until")),
                name="training_past_obligation_span",
            ),
        ]
        indexes = [models.Index(fields=["until"], name="training_past_obl_until")]

    def __str__(self) -> str:
        return f"{self.obligation_id} – {self.until}"


class StandingManager(models.Manager["ComponentDone"]):
    """What is done and was not taken back. One join more, of a table that is next to empty."""

    def get_queryset(self) -> models.QuerySet["ComponentDone"]:
        """Leave out what was taken back."""
        return super().get_queryset().filter(taken_back__isnull=True)


class ComponentDone(models.Model):
    """That one component of an obligation is satisfied, and by what. Inserted only.

    What turns out not to be so gets a row in ComponentTakenBack; done again, it is the next `number`. `objects` are
    those that stand, `everything` is all there ever was.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="components_done")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="+")
    evidence = models.JSONField(help_text="training.shapes.Evidence")
    done_at = models.DateTimeField(_("完成时间"))
    number = models.PositiveSmallIntegerField(_("第几次"), default=1)

    objects = StandingManager()
    everything = models.Manager["ComponentDone"]()

    class Meta:
        verbose_name = _("环节完成")
        verbose_name_plural = _("环节完成")
        constraints = [
            models.UniqueConstraint(
                fields=["obligation", "component", "number"], name="training_component_done_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id}/{self.component_id}"


class ComponentTakenBack(models.Model):
    """That a component is not satisfied after all. Inserted only.

    `cause` names what is why, e.g. `void:41` the exam attempt 41 that was made void; the words stand there.
    """

    done = models.OneToOneField(ComponentDone, on_delete=models.PROTECT, related_name="taken_back")
    cause = models.CharField(_("起因"), max_length=40)
    taken_back_at = models.DateTimeField(_("取消时间"))

    class Meta:
        verbose_name = _("环节完成的取消")
        verbose_name_plural = _("环节完成的取消")

    def __str__(self) -> str:
        return f"{self.done_id} {self.taken_back_at}"
