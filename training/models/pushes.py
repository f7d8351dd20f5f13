"""Case pushes: a lesson put before the people whose posts it concerns, until a day, as an obligation of each."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import LessonPage
from people.models import OrgUnit
from training.models.programmes import Programme


class CasePush(models.Model):
    """That a lesson was pushed: which edition, to whom by which criteria, until when, by whom. Inserted only.

    `criteria` (training.shapes.PushCriteria) is a snapshot: what the lesson is tagged with later changes nothing.
    `content_sha256` is the edition as of the push; studying a later edition after it counts too. People who come
    into a concerned post while the push is open have `due_days` from the day they are met.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lesson = models.ForeignKey(LessonPage, on_delete=models.PROTECT, related_name="pushes")
    lesson_title = models.CharField(_("课件名称"), max_length=255)
    revision_id = models.BigIntegerField(null=True)
    content_sha256 = models.CharField(max_length=64)
    programme = models.OneToOneField(Programme, on_delete=models.PROTECT, related_name="case_push")
    criteria = models.JSONField(help_text="training.shapes.PushCriteria")
    # The units of the criteria, to look up which pushes reach into a part of the tree; none: everywhere.
    units = models.ManyToManyField(OrgUnit, blank=True, related_name="case_pushes", verbose_name=_("范围"))
    due_on = models.DateField(_("截止日"))
    due_days = models.PositiveSmallIntegerField(_("几日内完成"))
    reflection_min_chars = models.PositiveSmallIntegerField(
        _("感悟最少字数"), null=True, blank=True, help_text=_("空：不要求签字感悟")
    )
    pushed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    pushed_at = models.DateTimeField(_("推送时间"))

    class Meta:
        verbose_name = _("案例推送")
        verbose_name_plural = _("案例推送")
        ordering = ["-pushed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reflection_min_chars__isnull=True) | Q(reflection_min_chars__gte=1),
                name="training_push_reflection_length",
            ),
        ]

    def __str__(self) -> str:
        return self.lesson_title


class PushEnd(models.Model):
    """That a push takes nobody in any more, why and by whose word. Inserted only.

    `is_withdrawn` says that it was a mistake: what was still owed was cancelled with it, and it no longer counts
    as education of anybody.
    """

    push = models.OneToOneField(CasePush, on_delete=models.PROTECT, related_name="end")
    is_withdrawn = models.BooleanField(_("撤回"), default=False)
    reason = models.CharField(_("原因"), max_length=200)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("结束时间"))

    class Meta:
        verbose_name = _("推送结束")
        verbose_name_plural = _("推送结束")

    def __str__(self) -> str:
        return f"{self.push_id} {self.reason}"


class Gate(models.TextChoices):
    """The four things that are not let off (四不放过)."""

    CAUSE = "cause", _("原因未查清不放过")
    RESPONSIBILITY = "responsibility", _("责任人员未处理不放过")
    MEASURES = "measures", _("整改措施未落实不放过")
    EDUCATION = "education", _("有关人员未受到教育不放过")


class GateAct(models.TextChoices):
    NOTE = "note", _("登记材料")
    CLOSE = "close", _("关闭")
    REOPEN = "reopen", _("重新打开")


class CaseFile(models.Model):
    """A case or incident of one part of the organisation, handled by the four gates. Inserted only.

    What was done with it are its entries; whether a gate or the whole is closed follows from them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lesson = models.ForeignKey(LessonPage, on_delete=models.PROTECT, related_name="case_files")
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="case_files")
    title = models.CharField(_("名称"), max_length=255)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(_("建档时间"))

    class Meta:
        verbose_name = _("四不放过档案")
        verbose_name_plural = _("四不放过档案")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["lesson", "unit"], name="training_case_file_once"),
        ]

    def __str__(self) -> str:
        return self.title


class GateEntry(models.Model):
    """One step with a gate of a case file, or (without a gate) with the whole file. Inserted only."""

    case_file = models.ForeignKey(CaseFile, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    gate = models.CharField(_("关口"), max_length=20, choices=Gate, blank=True)
    act = models.CharField(_("办理"), max_length=10, choices=GateAct)
    text = models.TextField(_("说明"), max_length=2000)
    file = models.FileField(_("材料"), upload_to="gates/%Y/%m/", blank=True)
    file_name = models.CharField(_("文件名"), max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("四不放过办理")
        verbose_name_plural = _("四不放过办理")
        ordering = ["case_file_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["case_file", "seq"], name="training_gate_entry_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.case_file_id} #{self.seq} {self.gate}"
