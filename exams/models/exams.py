"""An exam: its rules, and the blueprint by which each paper is drawn."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.bank import Bank, QuestionKind, Topic


class Exam(models.Model):
    """The rules of an exam. An attempt copies them at its start, so a later change never reaches back."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="exams", verbose_name=_("题库"))
    duration_s = models.PositiveIntegerField(_("时长（秒）"), default=1800)
    grace_s = models.PositiveIntegerField(_("宽限（秒）"), default=5)
    pass_pct = models.PositiveSmallIntegerField(_("合格线（百分）"), default=80)
    attempts_allowed = models.PositiveSmallIntegerField(_("允许次数"), default=2)
    cool_down_s = models.PositiveIntegerField(_("两次间隔（秒）"), default=0)
    must_know_fails = models.BooleanField(_("必知题答错即不合格"), default=False)
    is_open = models.BooleanField(_("开放"), default=True)

    class Meta:
        verbose_name = _("考试")
        verbose_name_plural = pgettext_lazy("plural", "考试")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_pct__gte=1) & Q(pass_pct__lte=100), name="exams_exam_pass_pct"
            ),
            models.CheckConstraint(condition=Q(duration_s__gte=60), name="exams_exam_duration"),
            models.CheckConstraint(condition=Q(attempts_allowed__gte=1), name="exams_exam_attempts"),
        ]

    def __str__(self) -> str:
        return self.title


class BlueprintRow(models.Model):
    """One demand of an exam's blueprint: so many questions of this topic, kind and difficulty, at so many points."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="blueprint_rows")
    position = models.PositiveSmallIntegerField(_("顺序"))
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("知识点"), related_name="+"
    )
    kind = models.CharField(_("题型"), max_length=20, choices=QuestionKind)
    difficulty_min = models.PositiveSmallIntegerField(_("最低难度"), default=1)
    difficulty_max = models.PositiveSmallIntegerField(_("最高难度"), default=5)
    must_know_only = models.BooleanField(_("只抽必知题"), default=False)
    count = models.PositiveSmallIntegerField(_("题数"))
    points = models.DecimalField(_("每题分值"), max_digits=5, decimal_places=1)

    class Meta:
        verbose_name = _("组卷规则")
        verbose_name_plural = _("组卷规则")
        ordering = ["exam_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "position"], name="exams_blueprint_position"),
            models.CheckConstraint(condition=Q(count__gte=1), name="exams_blueprint_count"),
            models.CheckConstraint(condition=Q(points__gt=0), name="exams_blueprint_points"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} #{self.position}"
