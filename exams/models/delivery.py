"""How exams are given: extra time of persons, what was done to running attempts, answers that came too late."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from exams.models.attempts import Attempt
from exams.models.exams import Exam
from people.models import Employee


class ExtraTimeGrant(models.Model):
    """More time for one person, at one exam or (without `exam`) at all. A grant for the exam goes before a general one.

    It counts from the next start on; what a running attempt was given besides is an AttemptChange. It is not
    changed but withdrawn, and given anew.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="extra_times")
    exam = models.ForeignKey(
        Exam,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="extra_times",
        verbose_name=_("考试"),
    )
    extra_pct = models.PositiveSmallIntegerField(_("加时（百分）"), default=0)
    extra_s = models.PositiveIntegerField(_("加时（秒）"), default=0)
    reason = models.CharField(_("事由"), max_length=200)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    granted_at = models.DateTimeField(_("批准时间"))
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("个人加时")
        verbose_name_plural = _("个人加时")
        ordering = ["-granted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "exam"],
                condition=Q(withdrawn_at__isnull=True, exam__isnull=False),
                name="exams_extra_time_one_per_exam",
            ),
            models.UniqueConstraint(
                fields=["employee"],
                condition=Q(withdrawn_at__isnull=True, exam__isnull=True),
                name="exams_extra_time_one_in_general",
            ),
            models.CheckConstraint(
                condition=Q(extra_pct__gt=0) | Q(extra_s__gt=0), name="exams_extra_time_is_some"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="exams_extra_time_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.extra_pct}% {self.extra_s}s"


class ChangeKind(models.TextChoices):
    EXTENDED = "extended", _("延时")
    PAUSED = "paused", _("暂停")
    RESUMED = "resumed", _("继续")
    RELEASED = "released", _("放行换设备")


class AttemptChange(models.Model):
    """Something an invigilator did to a running attempt. Inserted only.

    While an attempt is paused its deadline stands as it was; what resuming it moved is here, too.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(_("操作"), max_length=10, choices=ChangeKind)
    reason = models.CharField(_("事由"), max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(_("操作时间"))
    old_deadline = models.DateTimeField(_("原截止时间"))
    new_deadline = models.DateTimeField(_("新截止时间"))
    device = models.CharField(
        _("设备"), max_length=64, blank=True, help_text="which device held it until then"
    )

    class Meta:
        verbose_name = _("监考操作")
        verbose_name_plural = _("监考操作")
        ordering = ["attempt_id", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="exams_change_has_reason")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.kind}"


class LateAnswer(models.Model):
    """An answer that reached the server after deadline and grace. Kept as evidence, never marked. Inserted only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="late_answers")
    slot = models.PositiveSmallIntegerField(_("题号"))
    seq = models.PositiveIntegerField()
    response = models.JSONField()
    device = models.CharField(_("设备"), max_length=64, blank=True)
    received_at = models.DateTimeField(_("收到时间"))

    class Meta:
        verbose_name = _("迟到的作答")
        verbose_name_plural = _("迟到的作答")
        ordering = ["attempt_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "slot", "seq"], name="exams_late_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.slot}/{self.seq}"


class PasswordMiss(models.Model):
    """A wrong exam password. Too many within ten minutes, and the person has to wait."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    tried_at = models.DateTimeField(_("输入时间"))

    class Meta:
        verbose_name = _("考试口令输错")
        verbose_name_plural = _("考试口令输错")
        ordering = ["tried_at"]
        indexes = [models.Index(fields=["employee", "exam", "tried_at"], name="exams_password_miss")]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.tried_at}"
