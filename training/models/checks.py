"""What is signed by hand for a component: a mentor's practical check, a responsibility letter."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.obligations import Obligation
from training.models.programmes import Component
from training.models.reflections import SignedBy


class PracticalCheck(models.Model):
    """A mentor watched somebody do the work and ticked a list (师傅考核). Inserted only.

    `results` are [text, passed] pairs as they stood; one that was not passed leaves the component open. `sha256` is
    the digest of the canonical JSON of the obligation, the results, the remark, the digest of the signature and the
    time (training.actions.checks.check_digest): the ledger vouches for it.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="practical_checks")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="practical_checks")
    results = models.JSONField(_("考核结果"))
    is_passed = models.BooleanField(_("合格"))
    remark = models.CharField(_("评语"), max_length=200, blank=True)
    mentor = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, related_name="practical_checks_given"
    )
    signed_by = models.CharField(_("签名方式"), max_length=6, choices=SignedBy)
    signature_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(_("哈希"), max_length=64)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    checked_at = models.DateTimeField(_("考核时间"))

    class Meta:
        verbose_name = _("师傅考核")
        verbose_name_plural = _("师傅考核")
        ordering = ["-checked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.obligation_id}/{self.component_id} {self.is_passed}"


class PracticalCheckMark(models.Model):
    """The mentor's signature itself, apart from what it vouches for, so that lawful deletion leaves the check whole.

    `mark` is an SVG path (training.signatures) or the name as it was typed.
    """

    practical_check = models.OneToOneField(PracticalCheck, on_delete=models.PROTECT, related_name="ink")
    mark = models.TextField(_("签名"))

    class Meta:
        verbose_name = _("师傅考核的笔迹")
        verbose_name_plural = _("师傅考核的笔迹")

    def __str__(self) -> str:
        return str(self.practical_check_id)


class LetterSignature(models.Model):
    """That a person read and signed a responsibility letter: the text as it stood, by its hash. Inserted only.

    `sha256` is the digest of the canonical JSON of the text, the digest of the signature and the time
    (training.actions.checks.letter_digest): the ledger vouches for it.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="letters")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="letters")
    body = models.TextField(_("责任书正文"))
    signed_by = models.CharField(_("签名方式"), max_length=6, choices=SignedBy)
    signature_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(_("哈希"), max_length=64)
    device = models.CharField(_("设备"), max_length=64, blank=True)
    signed_at = models.DateTimeField(_("签名时间"))

    class Meta:
        verbose_name = _("责任书签名")
        verbose_name_plural = _("责任书签名")
        constraints = [
            models.UniqueConstraint(fields=["obligation", "component"], name="training_letter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id}/{self.component_id}"


class LetterMark(models.Model):
    """The signature itself, apart from what it vouches for, so that lawful deletion leaves the letter whole.

    `mark` is an SVG path (training.signatures) or the name as it was typed.
    """

    letter = models.OneToOneField(LetterSignature, on_delete=models.PROTECT, related_name="ink")
    mark = models.TextField(_("签名"))

    class Meta:
        verbose_name = _("责任书签名的笔迹")
        verbose_name_plural = _("责任书签名的笔迹")

    def __str__(self) -> str:
        return str(self.letter_id)
