"""Programmes say what a training consists of; rules say who owes it, when, and by which law."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import CoursePage
from exams.models import Exam
from people.models import OrgUnit, Post


class ProgrammeKind(models.TextChoices):
    PRE_JOB = "pre_job", _("岗前培训")
    JOB_CHANGE = "job_change", _("转岗培训")
    RETURN = "return", _("返岗培训")
    ANNUAL = "annual", _("年度再培训")
    SPECIAL = "special", _("专项培训")


class Programme(models.Model):
    """A training as its components. What it counts for is the sum of their `hours` (学时 of 45 min)."""

    code = models.CharField(_("编码"), max_length=60, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=20, choices=ProgrammeKind)
    summary = models.CharField(_("说明"), max_length=300, blank=True)
    valid_months = models.PositiveSmallIntegerField(
        _("有效期（月）"), null=True, blank=True, help_text=_("空：长期有效")
    )
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("培训方案")
        verbose_name_plural = _("培训方案")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class ComponentKind(models.TextChoices):
    COURSE = "course", _("线上课程")
    EXAM = "exam", _("考试")
    ON_SITE = "on_site", _("现场教育")


class Level(models.TextChoices):
    """The levels of three-level education (order 3 art. 14 to 16)."""

    NONE = "", _("不分级")
    FACTORY = "factory", _("厂级")
    WORKSHOP = "workshop", _("车间级")
    TEAM = "team", _("班组级")


class Component(models.Model):
    """One part of a programme, in its order: a course to study, an exam to pass, or on-site hours."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="components")
    position = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("类别"), max_length=10, choices=ComponentKind)
    level = models.CharField(_("层级"), max_length=10, choices=Level, default=Level.NONE, blank=True)
    title = models.CharField(_("名称"), max_length=120)
    course = models.ForeignKey(
        CoursePage, on_delete=models.PROTECT, null=True, blank=True, related_name="components"
    )
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, null=True, blank=True, related_name="components")
    hours = models.DecimalField(_("学时"), max_digits=5, decimal_places=1, default=0)

    class Meta:
        verbose_name = _("培训环节")
        verbose_name_plural = _("培训环节")
        ordering = ["programme_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "position"], name="training_component_position"),
            models.CheckConstraint(
                condition=Q(kind="course", course__isnull=False, exam__isnull=True)
                | Q(kind="exam", exam__isnull=False, course__isnull=True)
                | Q(kind="on_site", course__isnull=True, exam__isnull=True, hours__gt=0),
                name="training_component_has_its_subject",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Trigger(models.TextChoices):
    HIRED = "hired", _("入职")
    TRANSFERRED = "transferred", _("转岗")
    RETURNED = "returned", _("返岗")
    REHIRED = "rehired", _("再入职")


class Audience(models.TextChoices):
    """The groups order 3 art. 9 and 13 set different hours for."""

    ANYONE = "", _("所有人员")
    PRINCIPAL = "principal", _("主要负责人")
    SAFETY_MANAGER = "safety_manager", _("安全生产管理人员")
    OTHER_STAFF = "other_staff", _("其他从业人员")


class TrainingRule(models.Model):
    """Who owes a programme after which event: data with its legal basis and its time in force.

    A rule is never edited into another: a change closes it with `effective_before` and adds a new row.
    Empty conditions hold for everyone.
    """

    code = models.CharField(_("编码"), max_length=60)
    title = models.CharField(_("名称"), max_length=120)
    trigger = models.CharField(_("触发"), max_length=20, choices=Trigger)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="rules")
    audience = models.CharField(
        _("适用人员"), max_length=20, choices=Audience, default=Audience.ANYONE, blank=True
    )
    unit = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="training_rules",
        verbose_name=_("适用单位（含下级）"),
    )
    posts = models.ManyToManyField(
        Post, blank=True, related_name="training_rules", verbose_name=_("适用岗位")
    )
    employment_types = models.JSONField(
        _("用工形式"), default=list, blank=True, help_text="list of EmploymentType"
    )
    high_risk = models.BooleanField(
        _("高危单位（令3 学时口径）"), null=True, blank=True, help_text=_("空：都适用")
    )
    min_days_away = models.PositiveIntegerField(_("离岗至少（天）"), null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(_("几日内完成"), default=7)
    before_work = models.BooleanField(_("上岗前必须完成"), default=True)
    legal_basis = models.CharField(_("依据"), max_length=200)
    basis_verified = models.BooleanField(
        _("条文已核对原文"), default=False, help_text=_("未核对的条文不得作为法律原文引用")
    )
    effective_from = models.DateField(_("施行日期"))
    effective_before = models.DateField(_("失效日期（不含当日）"), null=True, blank=True)

    class Meta:
        verbose_name = _("培训规则")
        verbose_name_plural = _("培训规则")
        ordering = ["code", "effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="training_rule_version"),
            models.CheckConstraint(
                condition=Q(effective_before__isnull=True) | Q(effective_before__gt=F("effective_from")),
                name="training_rule_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.title
