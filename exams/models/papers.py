"""Papers that are there before anybody sits them: fixed, drawn in advance, printed; and marks from paper."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from exams.models.attempts import Attempt
from exams.models.bank import QuestionVersion
from exams.models.exams import Exam
from people.models import Employee, OrgUnit


class FixedQuestion(models.Model):
    """One place of a fixed paper. The version is pinned when the list is saved, so all candidates get the same.

    A newer version of the question comes onto the paper when somebody takes it over, never by itself.
    """

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="fixed_questions")
    position = models.PositiveSmallIntegerField(_("顺序"))
    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    points = models.DecimalField(_("分值"), max_digits=5, decimal_places=1)

    class Meta:
        verbose_name = _("固定试卷的题")
        verbose_name_plural = _("固定试卷的题")
        ordering = ["exam_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "position"], name="exams_fixed_position"),
            models.UniqueConstraint(fields=["exam", "version"], name="exams_fixed_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="exams_fixed_points"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id} #{self.position}"


class PaperForm(models.Model):
    """One of several papers drawn in advance that are equally hard (平行卷). Never changed.

    `slots` is a list of exams.shapes.FormSlot; `figures` is what exams.parallel found of it. Forms drawn
    together are a `series`; candidates get those of the newest.
    """

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="forms")
    series = models.PositiveIntegerField()
    label = models.CharField(_("卷别"), max_length=2)
    slots = models.JSONField()
    figures = models.JSONField(default=dict)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(_("生成时间"))

    class Meta:
        verbose_name = _("平行卷")
        verbose_name_plural = _("平行卷")
        ordering = ["exam_id", "-series", "label"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "series", "label"], name="exams_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.exam_id}/{self.series}{self.label}"


class PrintedPaper(models.Model):
    """A paper frozen for an exam on paper in a unit, with its PDFs.

    `paper` is exams.shapes.Paper, options in their printed order; it is never changed. `code` stands on every
    page. With `second_entry` a mark counts once two people typed the same one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="printed_papers")
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="+", verbose_name=_("参加单位"))
    code = models.CharField(_("试卷编号"), max_length=12, unique=True)
    label = models.CharField(_("卷别"), max_length=2, blank=True)
    paper = models.JSONField()
    sat_on = models.DateField(_("考试日期"))
    second_entry = models.BooleanField(_("登分由两人各录一遍"), default=False)
    paper_file = models.FileField(_("试卷"), upload_to="papers/", blank=True)
    sheet_file = models.FileField(_("答题卡"), upload_to="papers/", blank=True)
    key_file = models.FileField(_("答案和评分标准"), upload_to="papers/", blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(_("生成时间"))

    class Meta:
        verbose_name = _("纸质试卷")
        verbose_name_plural = _("纸质试卷")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.code


class PaperTime(models.Model):
    """When people sat a printed paper, as who types its marks gives it. Inserted only.

    The newest holds for the marks that come to count from then on: one paper may be sat in groups.
    """

    printed = models.ForeignKey(PrintedPaper, on_delete=models.PROTECT, related_name="times")
    starts_at = models.DateTimeField(_("开考时间"))
    duration_min = models.PositiveSmallIntegerField(_("时长（分钟）"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    given_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("纸质考试时间")
        verbose_name_plural = _("纸质考试时间")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(duration_min__gte=1), name="exams_paper_time_lasts"),
        ]

    def __str__(self) -> str:
        return f"{self.printed_id} {self.starts_at:%Y-%m-%d %H:%M}"


class PaperResult(models.Model):
    """One person's sheet of a printed paper. It has an attempt as soon as its mark counts."""

    printed = models.ForeignKey(PrintedPaper, on_delete=models.PROTECT, related_name="results")
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    attempt = models.OneToOneField(
        Attempt, on_delete=models.PROTECT, null=True, blank=True, related_name="paper_result"
    )

    class Meta:
        verbose_name = _("纸质答卷")
        verbose_name_plural = _("纸质答卷")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["printed", "employee"], name="exams_paper_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.printed_id} {self.employee_id}"


class PaperEntry(models.Model):
    """A mark as one person typed it from a sheet. Inserted only; see exams.double_entry for which counts.

    `per_slot` are the points of each question as decimal texts, empty where only the total was typed.
    """

    result = models.ForeignKey(PaperResult, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveSmallIntegerField()
    points = models.DecimalField(_("得分"), max_digits=7, decimal_places=2)
    per_slot = models.JSONField(default=list)
    reason = models.CharField(_("更正原因"), max_length=200, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entered_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("纸质成绩登记")
        verbose_name_plural = _("纸质成绩登记")
        ordering = ["result_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["result", "number"], name="exams_paper_entry_once"),
            models.CheckConstraint(condition=Q(points__gte=0), name="exams_paper_entry_points"),
        ]

    def __str__(self) -> str:
        return f"{self.result_id}/{self.number} {self.points}"


class PaperScan(models.Model):
    """A scan of somebody's sheet. Inserted only."""

    result = models.ForeignKey(PaperResult, on_delete=models.PROTECT, related_name="scans")
    file = models.FileField(_("扫描件"), upload_to="papers/scans/")
    content_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("答卷扫描件")
        verbose_name_plural = _("答卷扫描件")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.result_id} {self.sha256[:8]}"
