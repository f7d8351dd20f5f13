"""Signed reflections: what a case means for one's own post, in one's own words."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.obligations import Obligation


class SignedBy(models.TextChoices):
    HAND = "hand", _("手写签名")
    NAME = "name", _("输入姓名并确认")


class Reflection(models.Model):
    """What a person wrote and signed for one obligation, bound to the edition, the time and the device.

    Inserted only. `sha256` is the digest of the canonical JSON of the text, the signature's digest, the edition
    and the time (training.actions.reflections.digest_of): the ledger vouches for it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="reflection")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="reflections")
    text = models.TextField(_("对我的岗位意味着什么"), max_length=2000)
    lesson_title = models.CharField(_("课件名称"), max_length=255)
    revision_id = models.BigIntegerField(null=True)
    content_sha256 = models.CharField(max_length=64, help_text="of the edition studied")
    signed_by = models.CharField(_("签名方式"), max_length=6, choices=SignedBy)
    signature_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    device = models.CharField(_("设备"), max_length=64, blank=True)
    signed_at = models.DateTimeField(_("签名时间"))

    class Meta:
        verbose_name = _("学习感悟")
        verbose_name_plural = _("学习感悟")
        ordering = ["signed_at"]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.lesson_title}"


class ReflectionSignature(models.Model):
    """The signature itself, apart from what it vouches for, so that lawful deletion leaves the record whole.

    `mark` is an SVG path (training.signatures) or the name as it was typed.
    """

    reflection = models.OneToOneField(Reflection, on_delete=models.PROTECT, related_name="signature")
    mark = models.TextField(_("签名"))

    class Meta:
        verbose_name = _("感悟签名")
        verbose_name_plural = _("感悟签名")

    def __str__(self) -> str:
        return str(self.reflection_id)
