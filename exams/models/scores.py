"""What marks say of topics, kept for adding up. Derived from the marks that count, and made anew with them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from exams.models.attempts import Attempt, AttemptMark
from exams.models.bank import Topic
from people.models import OrgUnit, Post


class TopicScore(models.Model):
    """What one attempt earned in one topic, by its latest mark, and where the person stood when handing in.

    `unit` and `post` are those of the day it was handed in, so that a later move does not carry a weakness
    along; `employer` is the firm of somebody who is not the company's own. `is_first` tells first attempts from
    resits, which are sat on questions already seen.
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="topic_scores")
    mark = models.ForeignKey(AttemptMark, on_delete=models.CASCADE, related_name="topic_scores")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, related_name="+")
    employer = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    handed_in_on = models.DateField(_("交卷日期"))
    is_first = models.BooleanField(_("首次作答"))
    questions = models.PositiveSmallIntegerField(_("题数"))
    earned = models.DecimalField(_("得分"), max_digits=7, decimal_places=2)
    possible = models.DecimalField(_("满分"), max_digits=7, decimal_places=2)

    class Meta:
        verbose_name = _("知识点得分")
        verbose_name_plural = _("知识点得分")
        constraints = [
            models.UniqueConstraint(fields=["attempt", "topic"], name="exams_topic_score_once"),
            models.CheckConstraint(
                condition=Q(earned__gte=0) & Q(earned__lte=F("possible")) & Q(possible__gt=0),
                name="exams_topic_score_earned",
            ),
        ]
        indexes = [models.Index(fields=["handed_in_on"], name="exams_topic_score_day")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.topic_id} {self.earned}/{self.possible}"
