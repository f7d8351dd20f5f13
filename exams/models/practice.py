"""Practice: what people answered for themselves. It is kept apart from exams and never counts as hours.

Facts (`PracticeAnswer`, `PracticeIntake`, `MockExam`, `MockResult`) are inserted only; `PracticeState` follows
from them by exams.repetition and can be made anew at any time.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.attempts import Attempt
from exams.models.bank import Bank, Question, QuestionVersion, Topic
from exams.models.exams import Exam
from people.models import Employee, OrgUnit


class PracticeMode(models.TextChoices):
    TOPIC = "topic", _("知识点练习")
    POST = "post", _("本岗位练习")
    WRONG = "wrong", _("错题本")
    DAILY = "daily", _("每日一题")
    MOCK = "mock", _("模拟考试")
    CAMPAIGN = "campaign", _("活动答题")
    SPOT = "spot", _("现场抽考")


class Campaign(models.Model):
    """A campaign in which units answer together (安全生产月): who takes part, from what, from when to when.

    `daily_cap` is how many answers of a person count on a day. How units are ranked: exams.campaign_ranking.
    """

    title = models.CharField(_("名称"), max_length=120)
    starts_on = models.DateField(_("开始"))
    ends_on = models.DateField(_("结束（含当日）"))
    units = models.ManyToManyField(OrgUnit, related_name="campaigns", verbose_name=_("参加单位"))
    banks = models.ManyToManyField(Bank, related_name="campaigns", verbose_name=_("题库"))
    topics = models.ManyToManyField(Topic, blank=True, related_name="campaigns", verbose_name=_("知识点"))
    daily_cap = models.PositiveSmallIntegerField(_("每人每天计分题数"), default=5)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("创建时间"))

    class Meta:
        verbose_name = _("答题活动")
        verbose_name_plural = pgettext_lazy("plural", "答题活动")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="exams_campaign_days"),
            models.CheckConstraint(
                condition=Q(daily_cap__gte=1) & Q(daily_cap__lte=50), name="exams_campaign_daily_cap"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MockExam(models.Model):
    """A paper drawn by an exam's blueprint for practice. No attempt: it is neither counted nor passed.

    `paper` is exams.shapes.Paper, of questions that may be practised. Inserted only.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="mock_exams")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="mock_exams")
    paper = models.JSONField()
    started_at = models.DateTimeField(_("开始时间"))

    class Meta:
        verbose_name = _("模拟考试")
        verbose_name_plural = _("模拟考试")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.employee_id} {self.started_at:%Y-%m-%d}"


class MockResult(models.Model):
    """What a mock exam came to, over the questions a machine can mark. Inserted only.

    `responses` maps the slot, as text, to exams.shapes.Response; `per_slot` is a list of exams.shapes.SlotMark.
    """

    mock = models.OneToOneField(MockExam, on_delete=models.PROTECT, related_name="result")
    responses = models.JSONField()
    per_slot = models.JSONField()
    score_pct = models.DecimalField(_("百分成绩"), max_digits=5, decimal_places=2, null=True)
    handed_in_at = models.DateTimeField(_("交卷时间"))

    class Meta:
        verbose_name = _("模拟考试结果")
        verbose_name_plural = _("模拟考试结果")

    def __str__(self) -> str:
        return f"{self.mock_id} {self.score_pct}"


class PracticeAnswer(models.Model):
    """One answer given for practice. Inserted only.

    `serving` names the one time the question was shown, so a repeated request is the same answer. `response`
    holds option ids in place of tokens. `fraction` is empty where no machine can mark: then nothing is scored.
    `day` is the day at the place of work. `too_fast`: answered sooner than it can be read; counts nowhere.
    `counted`: for the ranking of its campaign, see exams.campaign_ranking.
    """

    serving = models.UUIDField(unique=True)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="practice_answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="practice_answers")
    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(_("方式"), max_length=10, choices=PracticeMode)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )
    response = models.JSONField()
    fraction = models.DecimalField(_("得分比例"), max_digits=5, decimal_places=4, null=True)
    is_right = models.BooleanField(_("答对"), null=True)
    took_s = models.PositiveIntegerField(_("用时（秒）"))
    counted = models.BooleanField(_("活动计分"), default=False)
    too_fast = models.BooleanField(_("答得太快"), default=False)
    day = models.DateField(_("日期"))
    answered_at = models.DateTimeField(_("作答时间"))

    class Meta:
        verbose_name = _("练习作答")
        verbose_name_plural = _("练习作答")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "day"], condition=Q(mode="daily"), name="exams_practice_one_daily"
            ),
            models.CheckConstraint(
                condition=Q(fraction__isnull=True) | (Q(fraction__gte=0) & Q(fraction__lte=1)),
                name="exams_practice_fraction",
            ),
            models.CheckConstraint(
                condition=Q(mode="campaign", campaign__isnull=False)
                | (~Q(mode="campaign") & Q(campaign__isnull=True)),
                name="exams_practice_campaign",
            ),
        ]
        indexes = [
            models.Index(fields=["employee", "mode", "day"], name="exams_practice_of_person"),
            models.Index(
                fields=["campaign", "employee", "day"],
                condition=Q(campaign__isnull=False),
                name="exams_practice_campaigns",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.question_id} {self.day}"


class PracticeIntake(models.Model):
    """The questions of a released exam that its candidate got wrong, taken into the wrong-answer book once.

    `question_ids` may be empty: then nothing was wrong. Inserted only.
    """

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="practice_intake")
    question_ids = models.JSONField(default=list)
    taken_at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("考试错题")
        verbose_name_plural = _("考试错题")

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.question_ids}"


class PracticeState(models.Model):
    """How well a person knows a question now, by exams.repetition. Derived; one row per person and question."""

    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="practice_states")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="practice_states")
    ease = models.PositiveSmallIntegerField(help_text="SM-2 easiness factor × 100")
    repetitions = models.PositiveSmallIntegerField(default=0)
    interval_days = models.PositiveSmallIntegerField(default=0)
    due_on = models.DateField(_("下次练习"))
    in_wrong_book = models.BooleanField(_("在错题本"), default=False)
    right_days = models.PositiveSmallIntegerField(_("已答对天数"), default=0)
    last_right_on = models.DateField(null=True, blank=True)
    last_wrong_on = models.DateField(null=True, blank=True)
    last_answered_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("练习进度")
        verbose_name_plural = _("练习进度")
        constraints = [
            models.UniqueConstraint(fields=["employee", "question"], name="exams_practice_state_once"),
            models.CheckConstraint(
                condition=Q(in_wrong_book=False) | Q(right_days__lt=2), name="exams_practice_wrong_book"
            ),
        ]
        indexes = [
            models.Index(
                fields=["employee"], condition=Q(in_wrong_book=True), name="exams_practice_wrong_ones"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.question_id} {self.due_on}"
