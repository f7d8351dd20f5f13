"""The training ledger: rows that are only ever inserted (Work Safety Law art. 28: time, content, participants, result)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.obligations import Obligation
from training.models.programmes import Component, Programme


class RecordKind(models.TextChoices):
    PROGRAMME = "programme", _("培训完成")
    ON_SITE = "on_site", _("现场教育")
    CORRECTION = "correction", _("更正")


class TrainingRecord(models.Model):
    """One row of the ledger. Database triggers refuse UPDATE and DELETE; a correction is a new row.

    `payload` is the canonical JSON (training.shapes.RecordPayload) whose hash is `leaf_hash`. It names the
    person only through a salted commitment, so that lawful deletion of personal data (by deleting the salt)
    leaves the chain whole. The columns beside it repeat what queries need and are checked against it.

    `hours` of a `programme` row are the programme's own; the `on_site` rows beside it hold the hours of its
    on-site part as they were held, so the two kinds are never added together.
    """

    seq = models.PositiveBigIntegerField(_("序号"), unique=True, help_text="1, 2, 3 … without gaps")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="training_records")
    kind = models.CharField(_("类别"), max_length=12, choices=RecordKind)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    obligation = models.ForeignKey(
        Obligation, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    title = models.CharField(_("内容"), max_length=200)
    hours = models.DecimalField(_("学时"), max_digits=6, decimal_places=2)
    score_pct = models.DecimalField(_("成绩"), max_digits=5, decimal_places=2, null=True, blank=True)
    passed = models.BooleanField(_("合格"))
    started_at = models.DateTimeField(_("开始时间"))
    completed_at = models.DateTimeField(_("完成时间"))
    trainer_name = models.CharField(_("教员"), max_length=60, blank=True)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    payload = models.TextField()
    leaf_hash = models.CharField(max_length=64, unique=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("入账时间"))

    class Meta:
        verbose_name = _("培训记录")
        verbose_name_plural = _("培训台账")
        ordering = ["seq"]
        constraints = [
            models.CheckConstraint(condition=Q(hours__gte=0), name="training_record_hours"),
            models.CheckConstraint(
                condition=Q(completed_at__gte=F("started_at")), name="training_record_span"
            ),
            models.UniqueConstraint(
                fields=["obligation"],
                condition=Q(kind="programme"),
                name="training_record_once_per_obligation",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.title}"


class LedgerHead(models.Model):
    """The last sequence number of the ledger: one row, locked while records are added, so that none is skipped."""

    last_seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("台账序号")
        verbose_name_plural = _("台账序号")

    def __str__(self) -> str:
        return str(self.last_seq)


class RecordSalt(models.Model):
    """The salt that opens a record's commitment to its person. Deleting it is how a person is forgotten."""

    record = models.OneToOneField(TrainingRecord, on_delete=models.PROTECT, related_name="salt")
    value = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("记录盐值")
        verbose_name_plural = _("记录盐值")

    def __str__(self) -> str:
        return str(self.record_id)
