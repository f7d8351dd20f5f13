"""Answers that wait for people: what waits, who has it in hand, and what each of them gave."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from exams.models.attempts import Attempt
from exams.models.bank import QuestionVersion
from exams.models.exams import FinalMarkRule


class MarkingState(models.TextChoices):
    WAITING = "waiting", _("待评分")
    MODERATION = "moderation", _("待裁定")
    DONE = "done", _("已评分")


class MarkingTask(models.Model):
    """One answer of a handed-in attempt that people have to mark.

    How many mark it, how far apart they may be (in percent of the question) and what then counts are copied
    from the paper. `exams.settling` says when it is settled; what counts becomes a HandMark.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="marking_tasks")
    slot = models.PositiveSmallIntegerField(_("题号"))
    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    markers = models.PositiveSmallIntegerField(_("评分人数"), default=1)
    most_apart_pct = models.PositiveSmallIntegerField(_("允许相差（百分）"), default=20)
    final_mark_rule = models.CharField(max_length=10, choices=FinalMarkRule, default=FinalMarkRule.MEAN)
    state = models.CharField(_("状态"), max_length=12, choices=MarkingState, default=MarkingState.WAITING)
    created_at = models.DateTimeField(_("创建时间"))
    done_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("待评答案")
        verbose_name_plural = _("待评答案")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "slot"], name="exams_marking_task_once"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="exams_marking_task_done_at",
            ),
        ]
        indexes = [
            models.Index(fields=["version"], condition=~Q(state="done"), name="exams_marking_waiting"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class MarkingClaim(models.Model):
    """Who has an answer in hand, and until when. It goes with the mark, or when its time is over."""

    task = models.ForeignKey(MarkingTask, on_delete=models.CASCADE, related_name="claims")
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "claimed_by"], name="exams_marking_claim_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.task_id}"


class GivenMark(models.Model):
    """What one person gave for an answer, without knowing of the others. Inserted only.

    `place` counts from 1; the one after the last marker is the moderation. `per_point` as in HandMark.
    """

    task = models.ForeignKey(MarkingTask, on_delete=models.PROTECT, related_name="given")
    place = models.PositiveSmallIntegerField()
    per_point = models.JSONField()
    comment = models.CharField(_("评语"), max_length=500, blank=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    marked_at = models.DateTimeField(_("评分时间"))

    class Meta:
        verbose_name = _("单独评分")
        verbose_name_plural = _("单独评分")
        ordering = ["task_id", "place"]
        constraints = [
            models.UniqueConstraint(fields=["task", "place"], name="exams_given_mark_place"),
            models.UniqueConstraint(fields=["task", "marked_by"], name="exams_given_mark_once_each"),
        ]

    def __str__(self) -> str:
        return f"#{self.task_id}/{self.place}"
