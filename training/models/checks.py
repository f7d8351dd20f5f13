"""What is signed by hand for a component: a mentor's practical check, a responsibility letter."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Employee
from training.models.obligations import Obligation
from training.models.programmes import Component


class PracticalCheck(models.Model):
    """A mentor watched somebody do the work and ticked a list (师傅考核). Inserted only.

    `results` are [text, passed] pairs as they stood; one that was not passed leaves the component open.
    """

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="practical_checks")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="practical_checks")
    results = models.JSONField(_("考核结果"))
    is_passed = models.BooleanField(_("合格"))
    remark = models.CharField(_("评语"), max_length=200, blank=True)
    mentor = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, related_name="practical_checks_given"
    )
    signature = models.TextField(_("签名"))
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


class LetterSignature(models.Model):
    """That a person read and signed a responsibility letter: the text as it stood, by its hash. Inserted only."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="letters")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="letters")
    body = models.TextField(_("责任书正文"))
    signature = models.TextField(_("签名"))
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
