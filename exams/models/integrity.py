"""What was noticed during attempts, what it may mean, and what people decided about it.

Events are what happened. Findings are patterns worth a look; they change no mark and no state of an attempt.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.attempts import Attempt
from exams.models.exams import Exam


class EventKind(models.TextChoices):
    """What can be noted of an attempt. The last four are the server's own."""

    OPENED = "opened", _("打开答卷页")
    RELOADED = "reloaded", _("刷新答卷页")
    HIDDEN = "hidden", _("离开答卷页")
    SHOWN = "shown", _("回到答卷页")
    BLUR = "blur", _("切到别的窗口")
    FOCUS = "focus", _("切回答卷窗口")
    COPY = "copy", _("复制")
    CUT = "cut", _("剪切")
    PASTE = "paste", _("粘贴")
    PRINT = "print", _("打印")
    OFFLINE = "offline", _("断网")
    ONLINE = "online", _("恢复联网")
    FULLSCREEN_LEFT = "fullscreen_left", _("退出全屏")
    TAKE_OVER = "take_over", _("换设备作答")
    ADDRESS = "address", _("网络地址改变")
    FAST = "fast", _("答得快于读题")
    LIMIT = "limit", _("记录已满，此后不再记录")


SERVER_KINDS = frozenset({EventKind.TAKE_OVER, EventKind.ADDRESS, EventKind.FAST, EventKind.LIMIT})


class IntegrityEvent(models.Model):
    """Something noted during an attempt. Inserted only.

    `source` and `number` are the page that noted it and its own count, so that a repeated report is kept once;
    events of the server have their action as source and no number, or the slot. `noted_at` is the server's
    time; the event happened `ago_ms` earlier by the page's own clock. `detail` holds exams.shapes.EventDetail.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="integrity_events")
    kind = models.CharField(_("事件"), max_length=20, choices=EventKind)
    source = models.CharField(max_length=24)
    number = models.PositiveIntegerField(null=True)
    noted_at = models.DateTimeField(_("记录时间"))
    ago_ms = models.PositiveIntegerField(_("早于记录（毫秒）"), default=0)
    device = models.CharField(_("设备"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("网络地址"), null=True)
    agent = models.CharField(_("浏览器"), max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("考试过程记录")
        verbose_name_plural = pgettext_lazy("plural", "考试过程记录")
        ordering = ["attempt_id", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "source", "number"], name="exams_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.kind}"


class FindingKind(models.TextChoices):
    """Patterns exams.findings looks for."""

    SIMILAR_ANSWERS = "similar_answers", _("答案雷同")
    SIMILAR_TIMING = "similar_timing", _("作答节奏雷同")
    SHARED_DEVICE = "shared_device", _("一台设备多人作答")
    SHARED_ADDRESS = "shared_address", _("同一地址和浏览器接连多人作答")
    TOO_FAST = "too_fast", _("答得快于读题")
    OVERLAP = "overlap", _("同时在两处作答")


class FindingState(models.TextChoices):
    OPEN = "open", _("待复核")
    CLEARED = "cleared", _("已排除")
    CONFIRMED = "confirmed", _("已认定")
    GONE = "gone", _("不再成立")


class Finding(models.Model):
    """A pattern that a person should look at. It punishes nobody.

    `fingerprint` names the pattern (its kind and whom or what it is about), so that looking again finds the
    same row. `strength` is 1 to 3. `evidence` is one of the shapes in exams.findings. `state` repeats the newest
    decision; an open finding that no longer holds is `gone`, one that gained attempts is open again.
    """

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(_("疑点"), max_length=20, choices=FindingKind)
    fingerprint = models.CharField(max_length=64)
    strength = models.PositiveSmallIntegerField(_("强度"))
    attempts = models.ManyToManyField(Attempt, related_name="findings", verbose_name=_("答卷"))
    evidence = models.JSONField()
    state = models.CharField(_("状态"), max_length=10, choices=FindingState, default=FindingState.OPEN)
    found_at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("考试疑点")
        verbose_name_plural = pgettext_lazy("plural", "考试疑点")
        ordering = ["-strength", "-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "fingerprint"], name="exams_finding_once"),
            models.CheckConstraint(
                condition=Q(strength__gte=1) & Q(strength__lte=3), name="exams_finding_strength"
            ),
        ]
        indexes = [models.Index(fields=["state", "-strength"], name="exams_finding_queue")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class FindingDecision(models.Model):
    """What a person decided about a finding, and why. Inserted only; the highest `number` counts."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(_("决定"), max_length=10, choices=FindingState)
    reason = models.CharField(_("理由"), max_length=500)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("决定时间"))

    class Meta:
        verbose_name = _("疑点的决定")
        verbose_name_plural = _("疑点的决定")
        ordering = ["finding_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "number"], name="exams_finding_decision_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="exams_finding_decision_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id}/{self.number}"


class FindingRun(models.Model):
    """That an exam was looked through: up to which marking, and what it gave. Inserted only."""

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="finding_runs")
    up_to = models.DateTimeField(_("最晚评分"), null=True)
    attempts = models.PositiveIntegerField(_("答卷数"))
    found = models.PositiveIntegerField(_("疑点数"))
    ran_at = models.DateTimeField(_("查找时间"))

    class Meta:
        verbose_name = _("疑点查找")
        verbose_name_plural = _("疑点查找")
        ordering = ["exam_id", "pk"]

    def __str__(self) -> str:
        return f"{self.exam_id} {self.ran_at:%Y-%m-%d %H:%M}"
