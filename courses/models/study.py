"""Study proof: who had which lesson in front of them, for how long, decided by the server's clock.

The rules are pure and stand in courses/watching.py; these rows keep what they decided.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.lessons import LessonPage
from people.models import Employee


class LessonContent(models.Model):
    """One state of a lesson as people signed for it. Inserted with the first study record of that state.

    Wagtail's revisions may be purged; what somebody confirmed to have read must stay readable, and a new
    edition is compared with it. `body` is the stored stream, `facts` as LessonPage.facts.
    """

    lesson = models.ForeignKey(LessonPage, on_delete=models.PROTECT, related_name="contents")
    content_sha256 = models.CharField(max_length=64)
    title = models.CharField(_("课件名称"), max_length=255)
    edition = models.CharField(_("版本"), max_length=30, blank=True)
    body = models.JSONField(default=list)
    facts = models.JSONField(default=list)
    film_sha256 = models.CharField(max_length=64, blank=True)
    package_sha256 = models.CharField(max_length=64, blank=True)
    kept_at = models.DateTimeField(_("留存时间"))

    class Meta:
        verbose_name = _("课件内容存档")
        verbose_name_plural = _("课件内容存档")
        constraints = [
            models.UniqueConstraint(fields=["lesson", "content_sha256"], name="courses_content_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.content_sha256[:8]}"


class StudyProgress(models.Model):
    """How far one person is in one state of a lesson's content.

    `content_sha256` pins text and film: a republished lesson with other content starts anew. `watched`
    (courses.shapes.Intervals) is the union of film seconds credited; `read_s` (courses.shapes.SectionSeconds)
    maps a section's id to seconds credited. `needs` (courses.shapes.StudyNeeds) is what this content asks
    for, so that a beat need not open the page.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="study_progress")
    lesson = models.ForeignKey(LessonPage, on_delete=models.PROTECT, related_name="study_progress")
    revision_id = models.BigIntegerField(
        null=True, help_text="Wagtail revision shown; no FK, revisions may be purged"
    )
    content_sha256 = models.CharField(max_length=64)
    needs = models.JSONField(default=dict)
    watched = models.JSONField(default=list)
    attention = models.JSONField(default=dict, help_text="courses.shapes.AttentionState; empty: not begun")
    open_check = models.OneToOneField(
        "courses.StudyCheck", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    read_s = models.JSONField(default=dict)
    package = models.JSONField(default=dict, help_text="part → courses.shapes.PackagePart")
    read_confirmed_at = models.DateTimeField(_("确认已读时间"), null=True, blank=True)
    started_at = models.DateTimeField(_("开始时间"))
    completed_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("学习进度")
        verbose_name_plural = _("学习进度")
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "lesson", "content_sha256"], name="courses_progress_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.lesson_id}"


class PlaySession(models.Model):
    """One opening of a lesson on one device. A person has one live session; a new one takes over."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="play_sessions")
    progress = models.ForeignKey(StudyProgress, on_delete=models.PROTECT, related_name="sessions")
    nonce = models.CharField(max_length=64, help_text="key of the beats' HMAC")
    device = models.CharField(_("设备"), max_length=64, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    last_beat_at = models.DateTimeField()
    paid_until = models.DateTimeField(
        help_text="passed time up to here has been turned into credit, see courses.watching"
    )
    opened_at = models.DateTimeField(_("打开时间"))
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    closed_by_takeover = models.BooleanField(_("被另一设备接管"), default=False)

    class Meta:
        verbose_name = _("播放会话")
        verbose_name_plural = _("播放会话")
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(closed_at__isnull=True), name="courses_one_live_session"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class StudyBeat(models.Model):
    """One beat as it came, with what it earned. Inserted only; kept for appeal."""

    session = models.ForeignKey(PlaySession, on_delete=models.PROTECT, related_name="beats")
    seq = models.PositiveIntegerField()
    part = models.CharField(max_length=60, help_text="`film` or `section:ID`")
    from_s = models.FloatField()
    to_s = models.FloatField()
    rate = models.FloatField(default=1)
    visible = models.BooleanField(default=True)
    credited_s = models.FloatField()
    verdict = models.CharField(max_length=40, help_text="courses.watching.Verdict")
    arrived_at = models.DateTimeField()

    class Meta:
        verbose_name = _("学习心跳")
        verbose_name_plural = _("学习心跳")
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="courses_beat_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.seq}"


class StudyCheck(models.Model):
    """A check during a film: asked once, settled once.

    `content` (courses.shapes.CheckContent) is what was asked, kept although the question may change later;
    `taken_back` (courses.shapes.Intervals) is what an unanswered check cost.
    """

    progress = models.ForeignKey(StudyProgress, on_delete=models.PROTECT, related_name="checks")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    at_s = models.FloatField(help_text="seconds of film credited when it was asked")
    asked_at = models.DateTimeField(_("提问时间"))
    due_at = models.DateTimeField(_("回答期限"))
    tries = models.PositiveSmallIntegerField(_("答错次数"), default=0)
    outcome = models.CharField(_("结果"), max_length=10, blank=True, help_text="courses.attention.Outcome")
    settled_at = models.DateTimeField(_("了结时间"), null=True, blank=True)
    taken_back = models.JSONField(default=list)

    class Meta:
        verbose_name = _("观看确认")
        verbose_name_plural = _("观看确认")
        constraints = [
            models.UniqueConstraint(fields=["progress", "number"], name="courses_check_once"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at__isnull=True)
                | (~Q(outcome="") & Q(settled_at__isnull=False)),
                name="courses_check_settled_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.progress_id}/{self.number}"


class StudyRecord(models.Model):
    """That a person completed a lesson, and exactly which text and film it was. Inserted only."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="study_records")
    lesson = models.ForeignKey(LessonPage, on_delete=models.PROTECT, related_name="study_records")
    lesson_title = models.CharField(_("课件名称"), max_length=255)
    revision_id = models.BigIntegerField(null=True)
    content_sha256 = models.CharField(max_length=64)
    film_sha256 = models.CharField(max_length=64, blank=True)
    watched_s = models.PositiveIntegerField(_("观看秒数"), default=0)
    read_s = models.PositiveIntegerField(_("阅读秒数"), default=0)
    package_sha256 = models.CharField(max_length=64, blank=True)
    package_result = models.JSONField(
        default=dict, blank=True, help_text="courses.shapes.PackageResult: the package's own word"
    )
    started_at = models.DateTimeField(_("开始时间"))
    completed_at = models.DateTimeField(_("完成时间"))

    class Meta:
        verbose_name = _("学习凭证")
        verbose_name_plural = _("学习凭证")
        ordering = ["completed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "lesson", "content_sha256"], name="courses_study_record_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.lesson_title}"
