"""Handwritten signatures under ledger rows: the trainee's, the trainer's, and that of whoever answers for the level."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.ledger import TrainingRecord
from training.models.reflections import SignedBy


class SignerRole(models.TextChoices):
    """The three signatures inspectors look for at each level; law asks for a true record, practice for these."""

    TRAINEE = "trainee", _("受教育人")
    TRAINER = "trainer", _("教育人")
    RESPONSIBLE = "responsible", _("教育负责人")


class RecordSignature(models.Model):
    """That a person signed one row of the ledger, in one role. Inserted only.

    `sha256` is the digest of the canonical JSON of the row's leaf hash, the role, the signer's random id, the
    digest of the signature, the device and the time (training.actions.record_signing.digest_of): it cannot be put
    under another row. `handed_by` is whose phone or tablet was passed round, empty on the signer's own.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    record = models.ForeignKey(TrainingRecord, on_delete=models.PROTECT, related_name="signatures")
    role = models.CharField(_("签名人"), max_length=12, choices=SignerRole)
    signer = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="record_signatures")
    signed_by = models.CharField(_("签名方式"), max_length=6, choices=SignedBy)
    signature_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    device = models.CharField(_("设备"), max_length=64, blank=True)
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    signed_at = models.DateTimeField(_("签名时间"))

    class Meta:
        verbose_name = _("记录签名")
        verbose_name_plural = _("记录签名")
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["record", "role"], name="training_record_signed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.role}"


class RecordSignatureMark(models.Model):
    """The signature itself, apart from what it vouches for, so that lawful deletion leaves the record whole.

    `mark` is an SVG path (training.signatures) or the name as it was typed.
    """

    signature = models.OneToOneField(RecordSignature, on_delete=models.PROTECT, related_name="ink")
    mark = models.TextField(_("签名"))

    class Meta:
        verbose_name = _("记录签名的笔迹")
        verbose_name_plural = _("记录签名的笔迹")

    def __str__(self) -> str:
        return str(self.signature_id)
