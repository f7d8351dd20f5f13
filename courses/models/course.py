"""Courses: lessons in an order, and the exam that closes them."""

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, PageChooserPanel
from wagtail.models import Orderable, Page

from courses.course_form import CourseForm
from courses.models.lessons import LessonPage
from courses.models.previews import PreviewedAsLearner
from courses.models.search import keep_words
from exams.models import Exam


class CoursePage(PreviewedAsLearner, Page):
    """A course: lessons in an order, and the exam that closes it."""

    intro = models.TextField(_("简介"), blank=True, max_length=500)
    hours = models.DecimalField(
        _("学时"),
        max_digits=5,
        decimal_places=1,
        default=Decimal("1.0"),
        validators=[MinValueValidator(Decimal("0.1"))],
        help_text=_("1 学时多少分钟，以“规则数值”中当天有效的为准；课件须真实占满"),
    )
    order_enforced = models.BooleanField(
        _("按顺序学习"),
        default=True,
        help_text=_("选中：前一个课件学完，后一个才打开，直接输入地址也打不开。学过的课件随时可以重看"),
    )
    exam = models.ForeignKey(
        Exam,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="courses",
        verbose_name=_("结业考试"),
        help_text=_("学完全部课件后参加；证书按“证书模板”里选的培训方案发给考试合格的人"),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        FieldPanel("hours"),
        InlinePanel(
            "course_lessons",
            label=_("课件"),
            min_num=1,
            help_text=_("从上到下就是学习的顺序；同一个课件可以放进多门课程"),
        ),
        FieldPanel("order_enforced"),
        InlinePanel(
            "prerequisites",
            heading=_("先修课程"),
            label=_("先修课程"),
            help_text=_("这些课程的课件都学完，本课程才打开；不选就没有要求"),
        ),
        FieldPanel("exam"),
    ]
    parent_page_types = ["courses.ShelfPage"]
    subpage_types: list[str] = []
    template = "courses/course.html"
    base_form_class = CourseForm

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = pgettext_lazy("plural", "课程")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep the words it is found by; a draft of a live course leaves them alone."""
        super().save(*args, **kwargs)
        if kwargs.get("update_fields") is None:
            keep_words(self, head=[self.intro], facts=[], body="")


class CourseLesson(Orderable):
    """A lesson's place in a course. The same lesson may stand in many."""

    course = ParentalKey(CoursePage, on_delete=models.CASCADE, related_name="course_lessons")
    lesson = models.ForeignKey(
        LessonPage, on_delete=models.PROTECT, related_name="course_lessons", verbose_name=_("课件")
    )

    is_newest_due = models.BooleanField(
        _("须学现行内容"),
        default=False,
        help_text=_("不选：以前学过就算学完。选中：内容改过以后，要把改动再学一遍才算学完"),
    )

    panels = [FieldPanel("lesson"), FieldPanel("is_newest_due")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["course", "lesson"], name="courses_lesson_once_in_course"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id}: {self.lesson_id}"


class CoursePrerequisite(Orderable):
    """A course that is to be finished before another opens. A course that is deleted is asked for no more."""

    course = ParentalKey(CoursePage, on_delete=models.CASCADE, related_name="prerequisites")
    needed = models.ForeignKey(
        CoursePage, on_delete=models.CASCADE, related_name="needed_by", verbose_name=_("先修课程")
    )

    panels = [PageChooserPanel("needed", "courses.CoursePage")]

    class Meta(Orderable.Meta):
        verbose_name = _("先修课程")
        verbose_name_plural = pgettext_lazy("plural", "先修课程")
        constraints = [
            models.UniqueConstraint(fields=["course", "needed"], name="courses_prerequisite_once"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id}: {self.needed_id}"
