"""Clearance (上岗资格) and the licences it rests on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.identity import mask_in_text
from people.models import Employee, LicenceType


class CheckOutcome(models.TextChoices):
    """What a comparison with the official query site showed."""

    NOT_CHECKED = "", _("未核验")
    CONFIRMED = "confirmed", _("官网一致")
    DIFFERENT = "different", _("官网信息不一致")
    UNKNOWN = "unknown", _("官网查无此证")


# What a gate believes the official site more than the paper.
REFUTED = (CheckOutcome.DIFFERENT, CheckOutcome.UNKNOWN)


class Licence(models.Model):
    """An external licence a person holds (外部证件).

    `review_due_on` is the last day for the review that comes next, `review_done_on` the day of the last one.
    `last_worked_on` is entered where the platform does not know the earlier work; `reassessed_on` is when the
    practical exam after months off the post was passed. `checked_…` repeat the newest LicenceCheck; changing the
    number or the dates takes them back.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="licences")
    licence_type = models.ForeignKey(LicenceType, on_delete=models.PROTECT, related_name="licences")
    number = models.CharField(_("证号"), max_length=60)
    issuer = models.CharField(_("发证机关"), max_length=120, blank=True)
    valid_from = models.DateField(_("有效期自"))
    valid_until = models.DateField(_("有效期至（含当日）"))
    review_due_on = models.DateField(_("复审日期"), null=True, blank=True)
    review_done_on = models.DateField(_("上次复审"), null=True, blank=True)
    last_worked_on = models.DateField(_("最近一次从事该作业"), null=True, blank=True)
    reassessed_on = models.DateField(_("重新考核合格日期"), null=True, blank=True)
    scan = models.FileField(_("扫描件"), upload_to="licences/", blank=True)
    scan_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    checked_outcome = models.CharField(
        _("官网核验"), max_length=10, choices=CheckOutcome, default=CheckOutcome.NOT_CHECKED, blank=True
    )
    checked_at = models.DateTimeField(_("核验时间"), null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("外部证件")
        verbose_name_plural = _("外部证件")
        ordering = ["employee_id", "valid_until"]
        constraints = [
            models.UniqueConstraint(fields=["licence_type", "number"], name="training_licence_number"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="training_licence_span"
            ),
        ]
        indexes = [models.Index(fields=["valid_until"], name="training_licence_until")]

    def __str__(self) -> str:
        return f"{self.licence_type} {mask_in_text(self.number)}"


class LicenceCheck(models.Model):
    """That somebody compared a licence with the official query site, and what it showed. Inserted only."""

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="checks")
    outcome = models.CharField(_("结果"), max_length=10, choices=CheckOutcome)
    site = models.CharField(_("查询网站"), max_length=120)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    valid_until = models.DateField(_("核验时登记的有效期至"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(_("核验时间"))

    class Meta:
        verbose_name = _("证件核验")
        verbose_name_plural = _("证件核验")
        ordering = ["-checked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.licence_id} {self.outcome}"


class LicenceReminder(models.Model):
    """That it was said once how many days a licence, or its next review, still has. Inserted only.

    `deadline` is the day it is about, so that a renewed licence begins anew.
    """

    class About(models.TextChoices):
        VALIDITY = "validity", _("有效期")
        REVIEW = "review", _("复审")

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="reminders")
    about = models.CharField(max_length=10, choices=About)
    deadline = models.DateField()
    days = models.PositiveSmallIntegerField(help_text="90, 60, 30, 7, or 0 once it has lapsed")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("证件提醒")
        verbose_name_plural = _("证件提醒")
        constraints = [
            models.UniqueConstraint(
                fields=["licence", "about", "deadline", "days"], name="training_licence_reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.licence_id} {self.about} {self.deadline} {self.days}"


class ClearanceState(models.Model):
    """Whether a person may work in the present post, kept for gates; recomputed by every event that can change it.

    `reasons` is a list of training.shapes.ClearanceReason. `recheck_on` is the first day on which the
    answer changes by itself (a licence runs out). `since` is when this very answer was first given; what was told
    before is in PastClearance.
    """

    employee = models.OneToOneField(Employee, on_delete=models.PROTECT, related_name="clearance")
    is_cleared = models.BooleanField(_("可上岗"))
    reasons = models.JSONField(default=list)
    recheck_on = models.DateField(_("下次复核日"), null=True, blank=True)
    computed_at = models.DateTimeField(_("计算时间"))
    since = models.DateTimeField(_("始于"))

    class Meta:
        verbose_name = _("上岗资格")
        verbose_name_plural = _("上岗资格")
        indexes = [models.Index(fields=["recheck_on"], name="training_clearance_recheck")]

    def __str__(self) -> str:
        return f"{self.employee_id} {'cleared' if self.is_cleared else 'blocked'}"


class PastClearance(models.Model):
    """What gates and foremen were told of a person until another answer took its place. Inserted only.

    Told from `since` up to, not including, `until`, when the next row or ClearanceState takes over; `reasons` is a
    list of training.shapes.ClearanceReason. From the day `recheck_on` on gates did not rely on it any more and
    computed anew at each question.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="past_clearance")
    is_cleared = models.BooleanField(_("可上岗"))
    reasons = models.JSONField(default=list)
    recheck_on = models.DateField(_("下次复核日"), null=True)
    since = models.DateTimeField(_("始于"))
    until = models.DateTimeField(_("止于（不含）"))

    class Meta:
        verbose_name = _("以前的上岗资格")
        verbose_name_plural = _("以前的上岗资格")
        ordering = ["until", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="training_past_clearance_span"),
        ]
        indexes = [models.Index(fields=["until"], name="training_past_clear_until")]

    def __str__(self) -> str:
        return f"{self.employee_id} – {self.until}"
