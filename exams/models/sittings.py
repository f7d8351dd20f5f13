"""Sittings (考试场次): one exam at one place and hour, opened by an invigilator for the people on its roster."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.attempts import Attempt
from exams.models.exams import Exam
from people.models import Employee, OrgUnit


class SittingState(models.TextChoices):
    PLANNED = "planned", _("未开门")
    DOORS_OPEN = "doors_open", _("候考")
    RUNNING = "running", _("考试中")
    ENDED = "ended", _("已结束")
    CANCELLED = "cancelled", _("已取消")


# Those in which a ticket opens the lobby.
OPEN_DOORS = (SittingState.DOORS_OPEN, SittingState.RUNNING)
OVER = (SittingState.ENDED, SittingState.CANCELLED)


class Sitting(models.Model):
    """One exam, sat by the people of its roster at one place from one hour on.

    `unit` is who holds it: whoever has the capability over that unit reaches it, and so do its `invigilators`.
    How long it takes is the exam's rule. Each change of `state` is a SittingEvent besides.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="sittings", verbose_name=_("考试"))
    title = models.CharField(_("场次名称"), max_length=120)
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="sittings", verbose_name=_("组织单位")
    )
    place = models.CharField(_("考场"), max_length=120)
    doors_at = models.DateTimeField(_("开门时间"))
    planned_at = models.DateTimeField(_("开考时间"))
    late_min = models.PositiveSmallIntegerField(_("开考后几分钟内可入场"), default=15)
    late_full_time = models.BooleanField(_("迟到者也给足时长"), default=False)
    admission_needed = models.BooleanField(_("核对本人后才能开始"), default=True)
    bring = models.CharField(_("要带的东西"), max_length=120, blank=True, default="")
    state = models.CharField(_("状态"), max_length=10, choices=SittingState, default=SittingState.PLANNED)
    invigilators = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("监考人")
    )
    doors_opened_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(_("实际开考"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    # What was given to everybody: added to when those end who share the common end.
    extended_s = models.PositiveIntegerField(_("全场延长（秒）"), default=0)
    # The clock of everybody stands since then; nobody starts meanwhile.
    paused_at = models.DateTimeField(_("全场暂停"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("创建时间"))

    class Meta:
        verbose_name = _("考试场次")
        verbose_name_plural = pgettext_lazy("plural", "考试场次")
        ordering = ["-planned_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(doors_at__lte=F("planned_at")), name="exams_sitting_doors_before_start"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("planned", "doors_open", "cancelled"), opened_at__isnull=True)
                | Q(state__in=("running", "ended"), opened_at__isnull=False),
                name="exams_sitting_opened_once_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("ended", "cancelled"), ended_at__isnull=False)
                | (~Q(state__in=("ended", "cancelled")) & Q(ended_at__isnull=True)),
                name="exams_sitting_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state="running"), name="exams_sitting_running"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def late_until(self) -> dt.datetime | None:
        """Return until when latecomers may start, once it was opened."""
        return self.opened_at + dt.timedelta(minutes=self.late_min) if self.opened_at else None

    @property
    def tickets_until(self) -> dt.datetime:
        """Return until when a ticket is good: a while behind the last moment anybody may come in.

        Longer for whoever is writing then, see actions.seat_tickets.
        """
        return (self.opened_at or self.planned_at) + dt.timedelta(hours=2, minutes=self.late_min)


class SeatState(models.TextChoices):
    EXPECTED = "expected", _("未到")
    ARRIVED = "arrived", _("已到")
    ADMITTED = "admitted", _("已核对")
    STARTED = "started", _("答题中")
    ABSENT = "absent", _("缺考")


class Seat(models.Model):
    """One person's place in a sitting. `purpose` is what the attempt will be for, in the words of the room above.

    That the paper was handed in stands in the attempt alone. Of the ticket only the keyed digest is kept.
    """

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="seats")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField(_("座位号"))
    state = models.CharField(_("状态"), max_length=10, choices=SeatState, default=SeatState.EXPECTED)
    purpose = models.CharField(_("用途"), max_length=80)
    ticket_digest = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    ticket_issued_at = models.DateTimeField(_("入场凭条签发"), null=True, blank=True)
    ticket_used_at = models.DateTimeField(_("入场凭条使用"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("到场时间"), null=True, blank=True)
    admitted_at = models.DateTimeField(_("核对时间"), null=True, blank=True)
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    attempt = models.OneToOneField(
        Attempt, on_delete=models.PROTECT, null=True, blank=True, related_name="seat"
    )

    class Meta:
        verbose_name = _("座位")
        verbose_name_plural = pgettext_lazy("plural", "座位")
        ordering = ["sitting_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sitting", "employee"], name="exams_seat_once_each"),
            models.UniqueConstraint(fields=["sitting", "number"], name="exams_seat_number"),
            models.CheckConstraint(
                condition=Q(state="started", attempt__isnull=False)
                | (~Q(state="started") & Q(attempt__isnull=True)),
                name="exams_seat_started_has_attempt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sitting_id}/{self.number}"


class PreparedPaper(models.Model):
    """A paper drawn before the bell. No page shows it: it becomes an attempt's paper at the start, or is discarded.

    `made_for` names the state of the exam it was drawn by (actions.prepared): one of another state is not used.
    """

    seat = models.OneToOneField(Seat, on_delete=models.CASCADE, related_name="+")
    paper = models.JSONField(help_text="exams.shapes.Paper")
    seed = models.CharField(max_length=64)
    made_for = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("备好的试卷")
        verbose_name_plural = _("备好的试卷")

    def __str__(self) -> str:
        return f"#{self.seat_id}"


class SittingEventKind(models.TextChoices):
    PLANNED = "planned", _("排定场次")
    CHANGED = "changed", _("修改场次")
    ROSTER = "roster", _("编排名单")
    REMOVED = "removed", _("移出名单")
    PREPARED = "prepared", _("备好试卷")
    DISCARDED = "discarded", _("作废备好的试卷")
    TICKETS = "tickets", _("签发入场凭条")
    DOORS = "doors", _("开门候考")
    ARRIVED = "arrived", _("到场")
    ADMITTED = "admitted", _("核对本人")
    OPENED = "opened", _("开考")
    RELEASED = "released", _("解除设备")
    EXTENDED = "extended", _("延长时间")
    PAUSED = "paused", _("暂停")
    RESUMED = "resumed", _("继续")
    INCIDENT = "incident", _("考场情况")
    CLOCK = "clock", _("时钟异常")
    ENDED = "ended", _("结束考试")
    ABSENT = "absent", _("缺考")
    CANCELLED = "cancelled", _("取消场次")


class SittingEvent(models.Model):
    """What happened in a sitting, and who did it. Inserted only. `data` holds employee numbers or counts.

    Of a clock that was set: `source`, `by_s` and `ahead` (jobs.models.ClockStep), and its number as `clock_step`.
    """

    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("事项"), max_length=10, choices=SittingEventKind)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.CharField(_("说明"), max_length=500, blank=True)
    data = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("考场记录")
        verbose_name_plural = _("考场记录")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="incident") | ~Q(text=""), name="exams_sitting_incident_says_what"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sitting_id} {self.kind}"
