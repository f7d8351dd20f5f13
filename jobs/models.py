"""Long work that a person can watch."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("进行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("失败")


FINAL_STATES = (JobState.DONE, JobState.FAILED)


class Job(models.Model):
    """One piece of background work: what was asked, how far it is, what came of it.

    `params` and `result` are small JSON objects whose shapes the task's own module documents.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(_("任务"), max_length=200, help_text="dotted path of the function that does it")
    title = models.CharField(_("名称"), max_length=200)
    params = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveIntegerField(_("已完成数"), default=0)
    total = models.PositiveIntegerField(_("总数"), default=0)
    message = models.CharField(_("说明"), max_length=500, blank=True)
    result = models.JSONField(default=dict)
    result_file = models.FileField(_("结果文件"), upload_to="jobs/%Y/%m/", blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    created_at = models.DateTimeField(_("提交时间"))
    started_at = models.DateTimeField(_("开始时间"), null=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(total=0) | Q(done__lte=F("total")), name="jobs_job_done_within_total"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def done_pct(self) -> int:
        """Return how much is done, 0 to 100."""
        return 100 if self.state == JobState.DONE else (self.done * 100 // self.total if self.total else 0)


class Heartbeat(models.Model):
    """When the queue last proved that it is alive: one row per cluster, written each minute."""

    cluster = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.cluster


class ClockSource(models.TextChoices):
    MACHINE = "machine", _("服务器时钟")
    RESTART = "restart", _("服务器时钟（重启后）")
    DATABASE = "database", _("数据库服务器的时钟")


class ClockStep(models.Model):
    """A clock that was found set or apart by more than settings.CLOCK_STEP_LIMIT_S. Inserted only.

    `seconds`: by how much the clock of this machine was set (below 0: back); for `restart` by how much it stands
    behind what was written before; for `database` how far that server's clock is ahead of this machine's now.
    `at`: when it was seen, by the clock as it is since. `at` less `seconds` is what a clock left alone would say.
    """

    source = models.CharField(max_length=10, choices=ClockSource)
    seconds = models.FloatField()
    at = models.DateTimeField()
    host = models.CharField(max_length=100, help_text="the machine that saw it")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.source} {self.seconds:+.1f} s"
