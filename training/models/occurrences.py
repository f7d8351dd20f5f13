"""What happened that asks for training without being a change of employment: violations, accidents, changes."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Employee, OrgUnit, Post
from training.models.programmes import Programme


class OccurrenceKind(models.TextChoices):
    """The values are those of `Trigger`."""

    VIOLATION = "violation", _("三违")
    ACCIDENT = "accident", _("事故")
    FATAL_ACCIDENT = "fatal_accident", _("死亡事故")
    FOUR_NEW = "four_new", _("四新变更")
    CAMPAIGN = "campaign", _("专题活动")


class Occurrence(models.Model):
    """A violation, an accident, a change of process or a campaign, as a safety officer entered it. Inserted only.

    Whom it concerns are the named people, or everyone in the units (and below) and posts; an empty list of posts
    holds for all. `programme` puts one of the house's own in the place of the one the rule names.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("类别"), max_length=20, choices=OccurrenceKind)
    title = models.CharField(_("事由"), max_length=120)
    detail = models.TextField(_("说明"), max_length=2000, blank=True)
    happened_on = models.DateField(_("发生日期"))
    starts_on = models.DateField(_("教育起算日"))
    employees = models.ManyToManyField(Employee, blank=True, related_name="occurrences")
    units = models.ManyToManyField(OrgUnit, blank=True, related_name="occurrences")
    posts = models.ManyToManyField(Post, blank=True, related_name="occurrences")
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="occurrences"
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("三违、事故与变更")
        verbose_name_plural = _("三违、事故与变更")
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return self.title


class OccurrenceWithdrawal(models.Model):
    """That an occurrence was entered by mistake, why and by whom. Inserted only."""

    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(_("原因"), max_length=200)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("撤回登记")
        verbose_name_plural = _("撤回登记")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="training_withdrawal_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.occurrence_id} {self.reason}"
