"""Keys that turned out wrong after people had answered by them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from exams.models.bank import QuestionVersion


class KeyCorrection(models.Model):
    """From now on answers to `version` are marked by the key of `by_version`. Inserted only; the newest counts.

    The two are versions of one question with the same options, so that what people answered keeps its meaning.
    """

    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="corrections")
    by_version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("原因"), max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(_("更正时间"))

    class Meta:
        verbose_name = _("答案更正")
        verbose_name_plural = _("答案更正")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(version=F("by_version")), name="exams_correction_by_another_version"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="exams_correction_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} → {self.by_version_id}"
