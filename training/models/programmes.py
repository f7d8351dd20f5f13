"""Programmes say what a training consists of; rules say who owes it, when, and by which law."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import CoursePage, LessonPage
from exams.models import Exam
from people.models import EmploymentType, LicenceType, OrgUnit, Post


class ProgrammeKind(models.TextChoices):
    PRE_JOB = "pre_job", _("岗前培训")
    JOB_CHANGE = "job_change", _("转岗培训")
    RETURN = "return", _("返岗培训")
    ANNUAL = "annual", _("年度再培训")
    SPECIAL = "special", _("专项培训")
    CASE = "case", _("案例学习")
    MANAGERS = "managers", _("负责人和安全管理人员培训")
    FOUR_NEW = "four_new", _("四新培训")
    ENTRY = "entry", _("入厂教育")
    VIOLATION = "violation", _("再教育")
    REVIEW = "review", _("特种作业复审培训")
    CAMPAIGN = "campaign", _("专题学习")


class Programme(models.Model):
    """A training as its components. What it counts for is the sum of their `hours` (学时; training.figures says how long)."""

    code = models.CharField(_("编码"), max_length=60, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=20, choices=ProgrammeKind)
    summary = models.CharField(_("说明"), max_length=300, blank=True)
    valid_months = models.PositiveSmallIntegerField(
        _("有效期（月）"), null=True, blank=True, help_text=_("空：长期有效")
    )
    is_active = models.BooleanField(_("启用"), default=True)
    daily_hours = models.DecimalField(
        _("每人每天最多学时"),
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        help_text=_("空：按平台上限"),
    )
    # A programme somebody owed is not changed: its next version is a programme of its own that names it.
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="next_version"
    )

    class Meta:
        verbose_name = _("培训方案")
        verbose_name_plural = _("培训方案")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(daily_hours__isnull=True) | Q(daily_hours__gt=0, daily_hours__lte=8),
                name="training_programme_daily_hours",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ComponentKind(models.TextChoices):
    COURSE = "course", _("线上课程")
    EXAM = "exam", _("考试")
    ON_SITE = "on_site", _("现场教育")
    LESSON = "lesson", _("线上课件")
    REFLECTION = "reflection", _("签字感悟")
    SESSION = "session", _("集中授课")
    DRILL = "drill", _("应急演练")
    PRACTICAL = "practical", _("师傅考核")
    LETTER = "letter", _("安全责任书")
    LICENCE = "licence", _("外部证件")
    HOURS = "hours", _("累计学时")


# What is held with people in one place, and recorded in hours (training.actions.on_site).
HELD_KINDS = (ComponentKind.ON_SITE, ComponentKind.SESSION, ComponentKind.DRILL)


class Level(models.TextChoices):
    """The levels of three-level education (order 3 art. 14 to 16)."""

    NONE = "", _("不分级")
    FACTORY = "factory", _("厂级")
    WORKSHOP = "workshop", _("车间级")
    TEAM = "team", _("班组级")


class PassRule(models.TextChoices):
    ALL = "all", _("全部环节合格")
    ANY = "any", _("任一环节合格")


class Assessor(models.TextChoices):
    """Who judges that a stage was passed."""

    ANYONE = "", _("不限")
    TRAINER = "trainer", _("教员")
    MENTOR = "mentor", _("师傅")
    SAFETY_MANAGER = "safety_manager", _("安全管理人员")
    UNIT_LEADER = "unit_leader", _("单位负责人")


class Stage(models.Model):
    """A stage of a programme (厂级, 车间级, 班组级 or whatever the house calls it); stages open one after another.

    `min_days_after` is the spacing: so many days must lie between the end of the stage before and the beginning
    of this one (1: not on the same day). Components without a stage belong to one unnamed stage.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField(_("顺序"))
    title = models.CharField(_("阶段名称"), max_length=60)
    min_days_after = models.PositiveSmallIntegerField(_("与上一阶段至少间隔（天）"), default=0)
    pass_rule = models.CharField(_("合格条件"), max_length=5, choices=PassRule, default=PassRule.ALL)
    assessor = models.CharField(
        _("考核人"), max_length=20, choices=Assessor, default=Assessor.ANYONE, blank=True
    )

    class Meta:
        verbose_name = _("培训阶段")
        verbose_name_plural = _("培训阶段")
        ordering = ["programme_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "position"], name="training_stage_position"),
        ]

    def __str__(self) -> str:
        return self.title


class Component(models.Model):
    """One part of a programme, in its order: a course to study, an exam to pass, or on-site hours.

    `body` is the text of a responsibility letter, `checklist` what a mentor ticks off (a list of texts),
    `licence_type` the external certificate asked for; `hours` of kind `hours` are those to be gathered. With
    a `pass_mark` (of 100) a held component ends with a test: below it the hours of that time do not count.

    The programme of a case push (CasePush) has a lesson instead of a course, and may ask for a signed reflection.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="components")
    position = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("类别"), max_length=10, choices=ComponentKind)
    level = models.CharField(_("层级"), max_length=10, choices=Level, default=Level.NONE, blank=True)
    title = models.CharField(_("名称"), max_length=120)
    course = models.ForeignKey(
        CoursePage, on_delete=models.PROTECT, null=True, blank=True, related_name="components"
    )
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, null=True, blank=True, related_name="components")
    lesson = models.ForeignKey(
        LessonPage, on_delete=models.PROTECT, null=True, blank=True, related_name="components"
    )
    hours = models.DecimalField(_("学时"), max_digits=5, decimal_places=1, default=0)
    pass_mark = models.PositiveSmallIntegerField(
        _("合格分（百分制）"), null=True, blank=True, help_text=_("空：不打分")
    )
    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, null=True, blank=True, related_name="components"
    )
    body = models.TextField(_("责任书正文"), blank=True)
    checklist = models.JSONField(_("考核项目"), default=list, blank=True)
    licence_type = models.ForeignKey(
        LicenceType, on_delete=models.PROTECT, null=True, blank=True, related_name="components"
    )

    class Meta:
        verbose_name = _("培训环节")
        verbose_name_plural = _("培训环节")
        ordering = ["programme_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "position"], name="training_component_position"),
            models.CheckConstraint(
                condition=Q(pass_mark__isnull=True) | Q(pass_mark__gte=1, pass_mark__lte=100),
                name="training_component_pass_mark",
            ),
            models.CheckConstraint(
                condition=Q(kind="course", course__isnull=False, exam__isnull=True, lesson__isnull=True)
                | Q(kind="exam", exam__isnull=False, course__isnull=True, lesson__isnull=True)
                | Q(kind="lesson", lesson__isnull=False, course__isnull=True, exam__isnull=True)
                | Q(kind="reflection", course__isnull=True, exam__isnull=True, lesson__isnull=True)
                | Q(
                    kind__in=["on_site", "session", "drill", "hours"],
                    course__isnull=True,
                    exam__isnull=True,
                    lesson__isnull=True,
                    hours__gt=0,
                )
                | (
                    Q(kind__in=["practical", "letter"], course__isnull=True, exam__isnull=True)
                    & Q(lesson__isnull=True)
                )
                | (
                    Q(kind="licence", licence_type__isnull=False, course__isnull=True)
                    & Q(exam__isnull=True, lesson__isnull=True)
                ),
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
    STANDING = "standing", _("在岗即须")
    WINDOW = "window", _("周期")
    LICENCE_REVIEW = "licence_review", _("证件复审")
    VIOLATION = "violation", _("三违")
    ACCIDENT = "accident", _("事故")
    FATAL_ACCIDENT = "fatal_accident", _("死亡事故")
    FOUR_NEW = "four_new", _("四新变更")
    CAMPAIGN = "campaign", _("专题活动")


class Window(models.TextChoices):
    """How a recurring rule counts its cycles."""

    NONE = "", _("不适用")
    YEAR = "year", _("每个自然年")
    HALF_YEAR = "half_year", _("每半年")
    QUARTER = "quarter", _("每季度")
    MONTHS = "months", _("距上次完成若干月")


class Audience(models.TextChoices):
    """The groups order 3 art. 9 and 13 set different hours for."""

    ANYONE = "", _("所有人员")
    PRINCIPAL = "principal", _("主要负责人")
    SAFETY_MANAGER = "safety_manager", _("安全生产管理人员")
    OTHER_STAFF = "other_staff", _("其他从业人员")


class ScopeNeed(models.TextChoices):
    """What a rule must name before it binds anybody: whom it is meant for is known to the house alone."""

    NOTHING = "", _("不限")
    POSTS = "posts", _("须先选岗位")
    UNIT = "unit", _("须先选单位")


class TrainingRule(models.Model):
    """Who owes a programme after which event: data with its legal basis and its time in force.

    A rule is never edited into another: a change closes it with `effective_before` and adds a new row.
    Empty conditions hold for everyone. Where a rule with `instead_of` applies, the rules of those codes do not: the
    trade's own three-level education stands in the place of the general one.
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
    licence_family = models.CharField(
        _("证件类别"), max_length=30, choices=LicenceType.Family, blank=True, help_text=_("空：不论")
    )
    min_repeats = models.PositiveSmallIntegerField(
        _("一年内第几次起"), null=True, blank=True, help_text=_("仅用于三违；空：每次")
    )
    window = models.CharField(_("周期"), max_length=10, choices=Window, default=Window.NONE, blank=True)
    every_months = models.PositiveSmallIntegerField(_("间隔（月）"), null=True, blank=True)
    lead_days = models.PositiveSmallIntegerField(_("提前几日安排"), default=0)
    joiners_wait = models.BooleanField(
        _("新上岗的从下一周期起"),
        default=True,
        help_text=_("本周期开始时还不符合条件的人，下一周期起才须完成"),
    )
    # Standing and recurring rules bind from the day the house took them up, not from the birth of the law.
    adopted_on = models.DateField(_("本单位执行日期"), null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(_("几日内完成"), default=7)
    before_work = models.BooleanField(_("上岗前必须完成"), default=True)
    blocks_overdue = models.BooleanField(_("逾期未完成不得上岗"), default=False)
    scope_need = models.CharField(
        _("生效前"), max_length=5, choices=ScopeNeed, default=ScopeNeed.NOTHING, blank=True
    )
    instead_of = models.JSONField(_("代替的规则"), default=list, blank=True, help_text="codes of rules")
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
            models.CheckConstraint(
                condition=(Q(trigger="window") & ~Q(window="")) | (~Q(trigger="window") & Q(window="")),
                name="training_rule_window",
            ),
            models.CheckConstraint(
                condition=(Q(window="months", every_months__gte=1))
                | (~Q(window="months") & Q(every_months__isnull=True)),
                name="training_rule_every_months",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def terms(self) -> list[str]:
        """Return the names of the terms of employment it is limited to."""
        return [str(EmploymentType(kind).label) for kind in self.employment_types]

    @property
    def awaits_scope(self) -> bool:
        """Tell whether nobody chose yet whom it is meant for; `posts` should be prefetched. It binds nobody then."""
        if self.scope_need == ScopeNeed.POSTS:
            return not self.posts.all()
        return self.scope_need == ScopeNeed.UNIT and self.unit_id is None
