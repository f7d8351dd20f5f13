"""What an exam asks for beyond answering: a Safe Exam Browser, a photograph. All of it is off unless set."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exams.models.attempts import Attempt
from exams.models.exams import Exam

PHOTO_KEEP_DAYS = 30
CONSENT_VERSION = 1  # of the text in templates/exams/_photo_consent.html; count up with every change of it


class ExamGuard(models.Model):
    """What an exam asks for; an exam without a row asks for nothing.

    `seb_keys` are Config Keys and Browser Exam Keys in lower-case hex, any of which opens the exam. Photographs
    are taken at the start and at `photo_moments` moments the server draws, and deleted `photo_keep_days` days
    after the attempt.
    """

    exam = models.OneToOneField(Exam, on_delete=models.CASCADE, related_name="guard")
    seb_required = models.BooleanField(_("只能用安全考试浏览器（SEB）作答"), default=False)
    seb_keys = models.JSONField(_("SEB 密钥"), default=list, blank=True)
    photo_asked = models.BooleanField(_("开考时和作答中拍照"), default=False)
    photo_moments = models.PositiveSmallIntegerField(_("作答中拍几次"), default=2)
    photo_keep_days = models.PositiveSmallIntegerField(_("照片保留天数"), default=PHOTO_KEEP_DAYS)

    class Meta:
        verbose_name = _("考试的防作弊要求")
        verbose_name_plural = _("考试的防作弊要求")
        constraints = [
            models.CheckConstraint(condition=Q(photo_moments__lte=10), name="exams_guard_moments"),
            models.CheckConstraint(
                condition=Q(photo_keep_days__gte=1) & Q(photo_keep_days__lte=180),
                name="exams_guard_keep_days",
            ),
        ]

    def __str__(self) -> str:
        return str(self.exam)


class PhotoConsent(models.Model):
    """That a person agreed to be photographed during an attempt, or declined. Inserted only; the newest counts.

    `version` is the text that was shown. Who declines is looked at by an invigilator instead (IdentityCheck).
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="photo_consents")
    agreed = models.BooleanField(_("同意"))
    version = models.PositiveSmallIntegerField(_("告知文本版本"))
    given_at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("拍照的同意")
        verbose_name_plural = _("拍照的同意")
        ordering = ["attempt_id", "pk"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.agreed}"


class IdentityCheck(models.Model):
    """That somebody compared the person sitting an attempt with their papers, by eye. Inserted only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="identity_checks")
    is_right = models.BooleanField(_("是本人"))
    note = models.CharField(_("说明"), max_length=200, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("核对时间"))

    class Meta:
        verbose_name = _("身份核对")
        verbose_name_plural = _("身份核对")
        ordering = ["attempt_id", "pk"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.is_right}"


class AttemptPhoto(models.Model):
    """A photograph that is due at a moment, taken, and deleted again; the row stays, the file goes.

    The first (`number` 0) is due at once, the others at moments drawn on the server. `file` was drawn anew by
    people.importers.photos and lies under a name that says nothing; `sha256` is of that file and stays.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="photos")
    number = models.PositiveSmallIntegerField(_("第几张"))
    due_at = models.DateTimeField(_("应拍时间"))
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    file = models.FileField(_("照片"), upload_to="exam-photos/%Y/%m/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    delete_on = models.DateField(_("删除日期"))
    deleted_at = models.DateTimeField(_("删除时间"), null=True)

    class Meta:
        verbose_name = _("考试照片")
        verbose_name_plural = pgettext_lazy("plural", "考试照片")
        ordering = ["attempt_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "number"], name="exams_photo_once"),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(file=""), name="exams_photo_deleted_has_no_file"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(taken_at__gte=F("due_at")),
                name="exams_photo_taken_when_due",
            ),
        ]
        indexes = [
            models.Index(fields=["delete_on"], condition=~Q(file=""), name="exams_photo_to_delete"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.number}"


class PhotoLook(models.Model):
    """That somebody looked at a photograph. Inserted only."""

    photo = models.ForeignKey(AttemptPhoto, on_delete=models.PROTECT, related_name="looks")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    looked_at = models.DateTimeField(_("查看时间"))

    class Meta:
        verbose_name = _("查看照片的记录")
        verbose_name_plural = _("查看照片的记录")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.looked_at:%Y-%m-%d %H:%M}"
