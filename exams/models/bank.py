"""The question bank. A question is an identity; what it says is an immutable version."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from exams.types import TYPES
from people.models import Hazard, OrgUnit, Post

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


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
    # Whether what a person writes here is drawn only after a second person has approved it.
    review_required = models.BooleanField(_("第二人审核后才用"), default=False)
    # Whether its questions are shown in practice, with their answers.
    may_be_practised = models.BooleanField(_("可以用来练习"), default=False)

    class Meta:
        verbose_name = _("题库")
        verbose_name_plural = pgettext_lazy("plural", "题库")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


def kind_choices() -> "list[tuple[str, StrPromise]]":
    """Return the kinds of questions with their names. The types of exams.types are the one list of them."""
    return [(kind, _(each.label)) for kind, each in TYPES.items()]


def kind_label(kind: str) -> str:
    """Return the name of a kind in the reader's language."""
    return gettext(TYPES[kind].label)


class ReviewState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    IN_REVIEW = "in_review", _("待审核")
    APPROVED = "approved", _("已通过")


class QuestionTag(models.Model):
    """A free word questions are found by (标签)."""

    name = models.CharField(_("名称"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("标签")
        verbose_name_plural = pgettext_lazy("plural", "标签")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MediaKind(models.TextChoices):
    IMAGE = "image", _("图片")
    FILM = "film", _("视频")


class QuestionMedia(models.Model):
    """A picture or film clip of a stem. Never changed; kept under a name that says nothing.

    Served by exams.views.media alone: to authors, and to a candidate during the attempt and its review.
    """

    kind = models.CharField(_("种类"), max_length=10, choices=MediaKind)
    file = models.FileField(_("文件"), upload_to="questions/")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the file as it was uploaded")
    alt = models.CharField(_("图上有什么"), max_length=200)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("试题图片或视频")
        verbose_name_plural = pgettext_lazy("plural", "试题图片或视频")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.alt


class Question(models.Model):
    """A question of a bank. `current_version` is the one new papers draw; retired ones are not drawn.

    Where the bank asks for a review, what a person writes stands in `pending_version` until a second person
    approves it; `review_state` speaks of the newest version.
    """

    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="questions")
    code = models.CharField(_("题号"), max_length=40)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="questions")
    hazards = models.ManyToManyField(Hazard, blank=True, related_name="questions")
    posts = models.ManyToManyField(Post, blank=True, related_name="questions", verbose_name=_("岗位"))
    tags = models.ManyToManyField(QuestionTag, blank=True, related_name="questions", verbose_name=_("标签"))
    # Who keeps it up; None: whoever owns the bank.
    owner = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("所属单位")
    )
    must_know = models.BooleanField(_("必知题"), default=False)
    current_version = models.ForeignKey(
        "exams.QuestionVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    pending_version = models.ForeignKey(
        "exams.QuestionVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    review_state = models.CharField(
        _("审核"), max_length=10, choices=ReviewState, default=ReviewState.APPROVED
    )
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("试题")
        verbose_name_plural = pgettext_lazy("plural", "试题")
        ordering = ["bank_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "code"], name="exams_question_code_in_bank"),
            models.CheckConstraint(
                condition=Q(review_state="approved", pending_version__isnull=True)
                | (~Q(review_state="approved") & Q(pending_version__isnull=False)),
                name="exams_question_review_has_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank_id}/{self.code}"

    @property
    def newest(self) -> "QuestionVersion | None":
        """Return the version an author goes on from: the one to be approved, else the one in use."""
        return self.pending_version or self.current_version


class QuestionVersion(models.Model):
    """What a question says. Never changed: an edit is a new version.

    `options` is a list of exams.shapes.Option; `body` is what else its type shows (see the module of the
    type). The key is kept apart in AnswerKey, which has no reverse accessor, so no template that holds a
    version can reach it.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("版本"))
    kind = models.CharField(_("题型"), max_length=20, choices=kind_choices)
    stem = models.TextField(_("题干"))
    options = models.JSONField(default=list)
    body = models.JSONField(default=dict)
    media = models.ForeignKey(
        QuestionMedia, on_delete=models.PROTECT, null=True, blank=True, related_name="versions"
    )
    difficulty = models.PositiveSmallIntegerField(_("难度"), default=3, help_text="1 easy … 5 hard")
    source = models.CharField(_("出处"), max_length=200, blank=True)
    # What `source` names, for programs: an address, or `lesson:18`, `law:…` in the words of the rooms above.
    source_ref = models.CharField(_("出处链接"), max_length=300, blank=True)
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
    """The right answer to one version, and why. `correct` is exams.shapes.Key: a list of option ids for choices."""

    version = models.OneToOneField(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    correct = models.JSONField()
    explanation = models.TextField(_("解析"), blank=True)

    class Meta:
        verbose_name = _("答案")
        verbose_name_plural = _("答案")

    def __str__(self) -> str:
        return f"key of {self.version_id}"


class ReviewStep(models.TextChoices):
    SUBMITTED = "submitted", _("提交审核")
    APPROVED = "approved", _("通过")
    RETURNED = "returned", _("退回")


class QuestionReview(models.Model):
    """A step of a version's review. Inserted only."""

    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="reviews")
    step = models.CharField(_("步骤"), max_length=10, choices=ReviewStep)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.CharField(_("意见"), max_length=500, blank=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("试题审核")
        verbose_name_plural = _("试题审核")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.version_id} {self.step}"


class PairToldApart(models.Model):
    """That two versions, which say nearly the same, ask different things: the pair is not shown again.

    It speaks of versions: once either question is rewritten, the two are compared anew. Taken back by
    `undone_at`; nothing else of it changes.
    """

    one = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("不是重复题")
        verbose_name_plural = _("不是重复题")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["one", "other"], condition=Q(undone_at__isnull=True), name="exams_pair_apart_once"
            ),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="exams_pair_apart_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} {self.other_id}"
