"""An exam: its rules, and the blueprint by which each paper is drawn."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.bank import Bank, Topic, kind_choices


class FinalMarkRule(models.TextChoices):
    """What counts where two people marked the same answer."""

    MEAN = "mean", _("两人平均")
    FIRST = "first", _("第一人的分")
    HIGHER = "higher", _("较高的分")
    LOWER = "lower", _("较低的分")


class ReleaseWhen(models.TextChoices):
    AT_ONCE = "at_once", _("评完分就公布")
    AFTER_WINDOW = "after_window", _("到公布时间以后")


class ReleaseWhat(models.TextChoices):
    WHEN_OVER = "when_over", _("成绩；合格或次数用完以后再加答案和解析")
    WITH_EXPLANATIONS = "explanations", _("成绩、答案和解析")
    SCORE_ONLY = "score_only", _("只有成绩")


class Navigation(models.TextChoices):
    FREE = "free", _("可以前后翻看")
    ONE_WAY = "one_way", _("只能往前，离开的题不能回来")


class QuestionOrder(models.TextChoices):
    """Whether the order of the questions differs from person to person (exams.drawing.reordered)."""

    WITHIN = "within", _("每部分里打乱，部分的先后不变")
    ACROSS = "across", _("全卷打乱，题型混在一起")
    WRITTEN = "written", _("按编写的先后")


class TakeOver(models.TextChoices):
    """Who lets a second device go on with an attempt."""

    FREE = "free", _("本人自己换")
    RELEASED = "released", _("监考人员放行后才能换")


class PaperSource(models.TextChoices):
    """Where the papers of an exam come from."""

    BLUEPRINT = "blueprint", _("按组卷规则，每人现抽一份")
    FORMS = "forms", _("按组卷规则，事先抽好的平行卷")
    FIXED = "fixed", _("固定试卷，选好的题")


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
    only_in_sittings = models.BooleanField(_("只在考试场次中进行"), default=False)
    # Counts up with every change of what is drawn: papers prepared before it are not used.
    revision = models.PositiveIntegerField(default=0, editable=False)
    markers = models.PositiveSmallIntegerField(
        _("人工评分"), choices=[(1, _("一人评")), (2, _("两人分别评"))], default=1
    )
    most_apart_pct = models.PositiveSmallIntegerField(_("两人最多相差（百分）"), default=20)
    final_mark_rule = models.CharField(
        _("两人评分取"), max_length=10, choices=FinalMarkRule, default=FinalMarkRule.MEAN
    )
    release_when = models.CharField(
        _("何时公布"), max_length=12, choices=ReleaseWhen, default=ReleaseWhen.AT_ONCE
    )
    release_what = models.CharField(
        _("公布什么"), max_length=12, choices=ReleaseWhat, default=ReleaseWhat.WHEN_OVER
    )
    results_from = models.DateTimeField(_("公布时间"), null=True, blank=True)
    # When it may be sat: exams.admission.Window
    opens_at = models.DateTimeField(_("开考时间"), null=True, blank=True)
    closes_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    late_after_s = models.PositiveIntegerField(_("迟到多久不得入场（秒）"), null=True, blank=True)
    window_cuts = models.BooleanField(_("到结束时间一律收卷"), default=True)
    # Who may sit it again, and for how much
    resit_failed_only = models.BooleanField(_("合格的不再考"), default=False)
    resit_from = models.DateTimeField(_("补考开始时间"), null=True, blank=True)
    resit_after_study = models.BooleanField(_("重新学习后才能补考"), default=False)
    resit_cap_pct = models.PositiveSmallIntegerField(_("补考成绩最高计（百分）"), null=True, blank=True)
    # Where it is sat, and on what
    password_hash = models.CharField(max_length=160, blank=True)
    networks = models.JSONField(
        _("限定网络"), default=list, blank=True, help_text="CIDR ranges; none: anywhere"
    )
    kiosk_only = models.BooleanField(_("只能在公用平板上考"), default=False)
    take_over = models.CharField(_("换设备"), max_length=10, choices=TakeOver, default=TakeOver.FREE)
    # How the paper is shown
    navigation = models.CharField(_("答题顺序"), max_length=10, choices=Navigation, default=Navigation.FREE)
    question_order = models.CharField(
        _("题目顺序"), max_length=10, choices=QuestionOrder, default=QuestionOrder.WITHIN
    )
    paper_source = models.CharField(
        _("试卷来源"), max_length=10, choices=PaperSource, default=PaperSource.BLUEPRINT
    )
    # No question in more than so many percent of the last papers, as far as the bank allows; empty: no limit.
    exposure_max_pct = models.PositiveSmallIntegerField(_("一题最多出现在（百分）"), null=True, blank=True)
    exposure_window = models.PositiveSmallIntegerField(_("看最近几份试卷"), default=100)

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
            models.CheckConstraint(condition=Q(markers__in=(1, 2)), name="exams_exam_markers"),
            models.CheckConstraint(condition=Q(most_apart_pct__lte=100), name="exams_exam_most_apart"),
            models.CheckConstraint(
                condition=~Q(release_when="after_window") | Q(results_from__isnull=False),
                name="exams_exam_results_from",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True)
                | Q(closes_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                name="exams_exam_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(resit_cap_pct__isnull=True)
                | (Q(resit_cap_pct__gte=F("pass_pct")) & Q(resit_cap_pct__lte=100)),
                name="exams_exam_resit_cap_passes",
            ),
            models.CheckConstraint(
                condition=Q(exposure_max_pct__isnull=True)
                | (Q(exposure_max_pct__gte=1) & Q(exposure_max_pct__lte=100)),
                name="exams_exam_exposure_max_pct",
            ),
            models.CheckConstraint(
                condition=Q(exposure_window__gte=10) & Q(exposure_window__lte=500),
                name="exams_exam_exposure_window",
            ),
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
    kind = models.CharField(_("题型"), max_length=20, choices=kind_choices)
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
