"""The question bank. A question is an identity; what it says is an immutable version."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models import Hazard, OrgUnit


class Topic(models.Model):
    """What a question tests (知识点)."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)

    class Meta:
        verbose_name = _("知识点")
        verbose_name_plural = pgettext_lazy("plural", "知识点")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Bank(models.Model):
    """A set of questions owned by a unit."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    owner = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="banks")

    class Meta:
        verbose_name = _("题库")
        verbose_name_plural = pgettext_lazy("plural", "题库")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class QuestionKind(models.TextChoices):
    SINGLE_CHOICE = "single_choice", _("单选题")
    MULTIPLE_CHOICE = "multiple_choice", _("多选题")
    TRUE_FALSE = "true_false", _("判断题")


class Question(models.Model):
    """A question of a bank. `current_version` is the one new papers draw; retired ones are not drawn."""

    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="questions")
    code = models.CharField(_("题号"), max_length=40)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="questions")
    hazards = models.ManyToManyField(Hazard, blank=True, related_name="questions")
    must_know = models.BooleanField(_("必知题"), default=False)
    current_version = models.ForeignKey(
        "exams.QuestionVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("试题")
        verbose_name_plural = pgettext_lazy("plural", "试题")
        ordering = ["bank_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "code"], name="exams_question_code_in_bank"),
        ]

    def __str__(self) -> str:
        return f"{self.bank_id}/{self.code}"


class QuestionVersion(models.Model):
    """What a question says. Never changed: an edit is a new version.

    `options` is a list of exams.shapes.Option. The key is kept apart in AnswerKey, which has no reverse
    accessor, so no template that holds a version can reach it.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("版本"))
    kind = models.CharField(_("题型"), max_length=20, choices=QuestionKind)
    stem = models.TextField(_("题干"))
    options = models.JSONField(default=list)
    difficulty = models.PositiveSmallIntegerField(_("难度"), default=3, help_text="1 easy … 5 hard")
    source = models.CharField(_("出处"), max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("创建时间"))

    class Meta:
        verbose_name = _("试题版本")
        verbose_name_plural = _("试题版本")
        ordering = ["question_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="exams_version_once"),
            models.CheckConstraint(
                condition=Q(difficulty__gte=1) & Q(difficulty__lte=5), name="exams_version_difficulty"
            ),
        ]

    def __str__(self) -> str:
        return self.stem[:40]


class AnswerKey(models.Model):
    """The right answer to one version, and why. `correct` is a list of option ids (exams.shapes.Key)."""

    version = models.OneToOneField(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    correct = models.JSONField()
    explanation = models.TextField(_("解析"), blank=True)

    class Meta:
        verbose_name = _("答案")
        verbose_name_plural = _("答案")

    def __str__(self) -> str:
        return f"key of {self.version_id}"
