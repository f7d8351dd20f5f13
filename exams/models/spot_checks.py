"""On-the-spot tests (现场抽考): an inspector asks a few people a few questions where they work."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.attempts import Attempt
from exams.models.bank import Topic
from people.models import Employee, OrgUnit, Post

GAP_WORTH_A_LOOK = 20  # points between records and spot from which a result is marked


class SpotRound(models.Model):
    """One visit of an inspector: where, about what, and until when the code may be scanned.

    Of the code only its SHA-256 is kept, for it has 160 bits. `closed_at` ends the round before its time.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code_digest = models.CharField(max_length=64, unique=True)
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="spot_rounds", verbose_name=_("单位")
    )
    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("岗位")
    )
    topics = models.ManyToManyField(Topic, blank=True, related_name="+", verbose_name=_("知识点"))
    place = models.CharField(_("地点"), max_length=80, blank=True)
    question_count = models.PositiveSmallIntegerField(_("题数"), default=3)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("开始时间"))
    expires_at = models.DateTimeField(_("二维码到期"))
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("现场抽考")
        verbose_name_plural = pgettext_lazy("plural", "现场抽考")
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(question_count__gte=3) & Q(question_count__lte=5), name="exams_spot_count"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("started_at")), name="exams_spot_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.place or self.unit_id} {self.started_at:%Y-%m-%d}"


class SpotWay(models.TextChoices):
    """How it was known who answered."""

    ACCOUNT = "account", _("本人手机，已登录")
    BADGE = "badge", _("本人手机，检查人核对工牌")
    INSPECTOR = "inspector", _("检查人的手机，当面作答")


class SpotSeat(models.Model):
    """A person who was found or who scanned the code of a round. The paper is drawn once the inspector agrees.

    `token_digest` is of the address at which this person answers: unguessable, and of no use once answered.
    """

    round = models.ForeignKey(SpotRound, on_delete=models.PROTECT, related_name="seats")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="spot_seats")
    way = models.CharField(_("方式"), max_length=10, choices=SpotWay)
    token_digest = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField(_("请求时间"))
    confirmed_at = models.DateTimeField(_("核对时间"), null=True, blank=True)
    paper = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("抽考人员")
        verbose_name_plural = _("抽考人员")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "employee"], name="exams_spot_seat_once"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, paper__isnull=True)
                | Q(confirmed_at__isnull=False, paper__isnull=False),
                name="exams_spot_seat_paper",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.employee_id}"

    @property
    def check_number(self) -> str:
        """Return two digits both phones show, so that the inspector agrees to the phone before them."""
        return f"{int(self.token_digest[:8], 16) % 100:02d}"


class SpotCheck(models.Model):
    """What a person knew on the spot, beside what the records say. Inserted only.

    Unit and post are those of the day. `answers` lists, in order, `{version_id, question_id, topic_id, fraction,
    response}`; `response` holds option ids. `recorded_*` are of the last marked exam with questions of the same
    topics (empty: there is none): its score, and what it says of just these topics. `gap_pct` is recorded less
    found, of the topics.
    """

    seat = models.OneToOneField(SpotSeat, on_delete=models.PROTECT, related_name="check_made")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="spot_checks")
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, related_name="spot_checks")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    way = models.CharField(_("方式"), max_length=10, choices=SpotWay)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField()
    score_pct = models.DecimalField(_("抽考成绩"), max_digits=5, decimal_places=2)
    recorded_attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_score_pct = models.DecimalField(_("考试成绩"), max_digits=5, decimal_places=2, null=True)
    recorded_topic_pct = models.DecimalField(_("考试中同知识点"), max_digits=5, decimal_places=2, null=True)
    gap_pct = models.DecimalField(_("差距"), max_digits=6, decimal_places=2, null=True)
    answered_at = models.DateTimeField(_("作答时间"))

    class Meta:
        verbose_name = _("抽考结果")
        verbose_name_plural = pgettext_lazy("plural", "抽考结果")
        ordering = ["-answered_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(score_pct__gte=0) & Q(score_pct__lte=100), name="exams_spot_score_pct"
            ),
        ]
        indexes = [models.Index(fields=["-answered_at"], name="exams_spot_newest")]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.score_pct}"

    @property
    def has_wide_gap(self) -> bool:
        """Tell whether the records say so much more that somebody should look."""
        return self.gap_pct is not None and self.gap_pct >= GAP_WORTH_A_LOOK
