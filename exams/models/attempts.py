"""What people answered. An attempt freezes its paper; steps and marks are only ever added."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.exams import Exam
from people.models import Employee


class AttemptState(models.TextChoices):
    OPEN = "open", _("作答中")
    SUBMITTED = "submitted", _("已交卷")
    MARKING = "marking", _("阅卷中")
    GRADED = "graded", _("已评分")
    VOID = "void", _("作废")


OPEN_STATES = (AttemptState.OPEN,)
PAPER_DEVICE = "paper"  # of an attempt that was sat on paper and typed in


class Attempt(models.Model):
    """One sitting of one exam by one person.

    `paper` (exams.shapes.Paper) is written once at the start: question version ids in their order, option
    tokens in theirs, points and the exam's rules. `purpose` says what it was taken for in the words of the
    caller, e.g. `obligation:18`; exams do not know what that means.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="attempts")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="attempts")
    purpose = models.CharField(_("用途"), max_length=80, blank=True)
    number = models.PositiveSmallIntegerField(_("第几次"))
    paper = models.JSONField()
    seed = models.CharField(max_length=64)
    state = models.CharField(_("状态"), max_length=10, choices=AttemptState, default=AttemptState.OPEN)
    device = models.CharField(_("设备"), max_length=64, blank=True, help_text="the device that holds it now")
    started_at = models.DateTimeField(_("开始时间"))
    deadline_at = models.DateTimeField(_("截止时间"))
    submitted_at = models.DateTimeField(_("交卷时间"), null=True, blank=True)
    submitted_by_deadline = models.BooleanField(_("到时自动交卷"), default=False)
    # The clock stands since then; `deadline_at` moves when it goes on.
    paused_at = models.DateTimeField(_("暂停时间"), null=True, blank=True)
    # One-way papers: the question the candidate is at; those before it are left for good.
    at_slot = models.PositiveSmallIntegerField(_("答到第几题"), default=1)
    # The one column the sweep looks at: when this attempt next needs the server, empty when it is closed.
    next_check_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("答卷")
        verbose_name_plural = pgettext_lazy("plural", "答卷")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "exam", "purpose", "number"], name="exams_attempt_number"
            ),
            models.UniqueConstraint(
                fields=["employee", "exam"], condition=Q(state="open"), name="exams_attempt_one_open"
            ),
            models.CheckConstraint(
                condition=Q(deadline_at__gt=F("started_at")), name="exams_attempt_deadline_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="open", submitted_at__isnull=True, next_check_at__isnull=False)
                | (~Q(state="open") & Q(next_check_at__isnull=True)),
                name="exams_attempt_open_is_watched",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(state="open"), name="exams_attempt_paused_is_open"
            ),
            models.CheckConstraint(condition=Q(at_slot__gte=1), name="exams_attempt_at_slot"),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="exams_attempt_sweep",
            ),
            # Handed in and not marked: next to none at any time, looked for every minute.
            models.Index(
                fields=["submitted_at"], condition=Q(state="submitted"), name="exams_attempt_unmarked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam} {self.employee} #{self.number}"


class AnswerStep(models.Model):
    """One answer as the server took it. Inserted only; the highest `seq` of a slot is the answer.

    `response` is a list of texts by the rule of the question's type (exams.shapes.Response).
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="steps")
    slot = models.PositiveSmallIntegerField(_("题号"))
    seq = models.PositiveIntegerField(help_text="counted by the client; a retry repeats it")
    response = models.JSONField()
    device = models.CharField(_("设备"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("网络地址"), null=True)
    saved_at = models.DateTimeField(_("保存时间"))

    class Meta:
        verbose_name = _("作答步骤")
        verbose_name_plural = _("作答步骤")
        ordering = ["attempt_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "slot", "seq"], name="exams_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.slot}/{self.seq}"


class HandMark(models.Model):
    """What a person gave for one slot of an attempt. Inserted only; the highest `number` of a slot counts.

    `fraction` is the share of the slot's points, 0 to 1. `per_point` are the shares given for the points of
    the rubric, in its order, in percent of the slot.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="hand_marks")
    slot = models.PositiveSmallIntegerField(_("题号"))
    number = models.PositiveSmallIntegerField()
    fraction = models.DecimalField(max_digits=5, decimal_places=4)
    per_point = models.JSONField(default=list)
    comment = models.CharField(_("评语"), max_length=500, blank=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    marked_at = models.DateTimeField(_("评分时间"))

    class Meta:
        verbose_name = _("人工评分")
        verbose_name_plural = _("人工评分")
        ordering = ["attempt_id", "slot", "number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "slot", "number"], name="exams_hand_mark_once"),
            models.CheckConstraint(
                condition=Q(fraction__gte=0) & Q(fraction__lte=1), name="exams_hand_mark_fraction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.slot} {self.fraction}"


class AttemptMark(models.Model):
    """A marking of an attempt. A regrade adds one; the highest `number` counts.

    `per_slot` is a list of exams.shapes.SlotMark. `score_pct` is 0 to 100 with two places.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="marks")
    number = models.PositiveSmallIntegerField()
    points = models.DecimalField(_("得分"), max_digits=7, decimal_places=2)
    max_points = models.DecimalField(_("满分"), max_digits=7, decimal_places=2)
    score_pct = models.DecimalField(_("百分成绩"), max_digits=5, decimal_places=2)
    passed = models.BooleanField(_("合格"))
    missed_must_know = models.PositiveSmallIntegerField(_("必知题错题数"), default=0)
    per_slot = models.JSONField()
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    marked_at = models.DateTimeField(_("评分时间"))

    class Meta:
        verbose_name = _("评分")
        verbose_name_plural = _("评分")
        ordering = ["attempt_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "number"], name="exams_mark_once"),
            models.CheckConstraint(
                condition=Q(score_pct__gte=0) & Q(score_pct__lte=100), name="exams_mark_score_pct"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0) & Q(points__lte=F("max_points")), name="exams_mark_points"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.score_pct}"


class AttemptVoid(models.Model):
    """That an attempt was made void, by whom and why. Inserted only, once: what is void stays void.

    `was_state` is the state it had; its answers and marks stay as they were.
    """

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="voiding")
    was_state = models.CharField(_("原状态"), max_length=10, choices=AttemptState)
    reason = models.CharField(_("理由"), max_length=500)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    voided_at = models.DateTimeField(_("作废时间"))

    class Meta:
        verbose_name = _("答卷作废")
        verbose_name_plural = _("答卷作废")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="exams_attempt_void_reason")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.voided_at}"
