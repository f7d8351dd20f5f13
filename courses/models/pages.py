"""The pages of the learning site: a home, shelves, lessons of three kinds, and courses made of lessons."""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtailmedia.edit_handlers import MediaChooserPanel

from courses.blocks import LessonBody
from courses.content import body_text
from courses.models.library import Film
from exams.models import Exam
from people.models import Hazard, Post


class LearningHomePage(Page):
    """The root of the learning site: its shelves."""

    intro = models.CharField(_("简介"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["courses.ShelfPage"]
    max_count = 1
    template = "courses/learning_home.html"

    class Meta:
        verbose_name = _("学习首页")


class ShelfPage(Page):
    """A shelf of lessons or courses."""

    intro = models.CharField(_("简介"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["courses.LearningHomePage"]
    subpage_types = [
        "courses.PolicySpeechPage",
        "courses.WarningCasePage",
        "courses.OperatingRulePage",
        "courses.CoursePage",
    ]
    template = "courses/shelf.html"

    class Meta:
        verbose_name = _("书架")


class LessonPage(Page):
    """What every lesson has. Editors create one of its three kinds.

    A lesson is proved by reading its sections and, where it has a film, by watching that film.
    """

    summary = models.TextField(_("要点"), blank=True, max_length=500)
    body = StreamField(LessonBody(), verbose_name=_("正文"), blank=True)
    film = models.ForeignKey(
        Film,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lessons",
        verbose_name=_("影片"),
        help_text=_("须看完才算学完"),
    )
    watch_pct = models.PositiveSmallIntegerField(
        _("影片须看比例（%）"), default=95, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    posts = ParentalManyToManyField(Post, blank=True, verbose_name=_("相关岗位"), related_name="lessons")
    hazards = ParentalManyToManyField(
        Hazard, blank=True, verbose_name=_("相关危险因素"), related_name="lessons"
    )

    # The words of the body for the catalogue's search: the stored stream is JSON with escaped characters.
    search_text = models.TextField(blank=True, editable=False)

    is_creatable = False
    parent_page_types = ["courses.ShelfPage"]
    subpage_types: list[str] = []
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("课件")
        verbose_name_plural = _("课件")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep `search_text` in step with the body, then save."""
        self.search_text = body_text(self.body)
        super().save(*args, **kwargs)


_common_panels = [
    FieldPanel("summary"),
    MultiFieldPanel(
        [MediaChooserPanel("film", media_type="video"), FieldPanel("watch_pct")], heading=_("影片")
    ),
    FieldPanel("body"),
    MultiFieldPanel([FieldPanel("posts"), FieldPanel("hazards")], heading=_("给谁看")),
]


class PolicySpeechPage(LessonPage):
    """A policy speech (政策讲话)."""

    speaker = models.CharField(_("讲话人"), max_length=80, blank=True)
    occasion = models.CharField(_("场合"), max_length=160, blank=True)
    spoken_on = models.DateField(_("日期"), null=True, blank=True)
    salutation = models.CharField(_("称呼"), max_length=160, blank=True)

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("speaker"),
                FieldPanel("occasion"),
                FieldPanel("spoken_on"),
                FieldPanel("salutation"),
            ],
            heading=_("讲话"),
        ),
        *_common_panels,
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("政策讲话")
        verbose_name_plural = _("政策讲话")


class WarningCasePage(LessonPage):
    """A warning case (警示案例)."""

    happened_on = models.DateField(_("事故日期"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    category = models.ForeignKey(
        Hazard,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="warning_cases",
        verbose_name=_("事故类别"),
    )
    deaths = models.PositiveIntegerField(_("死亡人数"), default=0)
    serious_injuries = models.PositiveIntegerField(_("重伤人数"), default=0)
    loss_yuan = models.PositiveBigIntegerField(_("直接经济损失（元）"), default=0)
    is_fictional = models.BooleanField(
        _("教学虚构案例"), default=False, help_text=_("为教学编写、不对应真实事故的案例须注明")
    )
    for_my_post = models.TextField(_("对我的岗位意味着什么"), blank=True, max_length=1000)

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("happened_on"),
                FieldPanel("place"),
                FieldPanel("category"),
                FieldPanel("deaths"),
                FieldPanel("serious_injuries"),
                FieldPanel("loss_yuan"),
                FieldPanel("is_fictional"),
            ],
            heading=_("事故"),
        ),
        *_common_panels,
        FieldPanel("for_my_post"),
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("警示案例")
        verbose_name_plural = _("警示案例")


class OperatingRulePage(LessonPage):
    """An operating rule (操作规程)."""

    document_no = models.CharField(_("文件编号"), max_length=60, blank=True)
    edition = models.CharField(_("版本"), max_length=30, blank=True)
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    equipment = models.CharField(_("设备或作业"), max_length=120, blank=True)

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("document_no"),
                FieldPanel("edition"),
                FieldPanel("effective_on"),
                FieldPanel("equipment"),
            ],
            heading=_("规程"),
        ),
        *_common_panels,
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("操作规程")
        verbose_name_plural = _("操作规程")


class CoursePage(Page):
    """A course: lessons in an order, and the exam that closes it."""

    intro = models.TextField(_("简介"), blank=True, max_length=500)
    hours = models.DecimalField(
        _("学时"),
        max_digits=5,
        decimal_places=1,
        default=Decimal("1.0"),
        validators=[MinValueValidator(Decimal("0.1"))],
        help_text=_("1 学时为 45 分钟；课件须真实占满"),
    )
    order_enforced = models.BooleanField(_("按顺序学习"), default=True)
    exam = models.ForeignKey(
        Exam,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="courses",
        verbose_name=_("结业考试"),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        FieldPanel("hours"),
        FieldPanel("order_enforced"),
        InlinePanel("course_lessons", label=_("课件"), min_num=1),
        FieldPanel("exam"),
    ]
    parent_page_types = ["courses.ShelfPage"]
    subpage_types: list[str] = []
    template = "courses/course.html"

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = pgettext_lazy("plural", "课程")


class CourseLesson(Orderable):
    """A lesson's place in a course. The same lesson may stand in many."""

    course = ParentalKey(CoursePage, on_delete=models.CASCADE, related_name="course_lessons")
    lesson = models.ForeignKey(
        LessonPage, on_delete=models.PROTECT, related_name="course_lessons", verbose_name=_("课件")
    )

    panels = [FieldPanel("lesson")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["course", "lesson"], name="courses_lesson_once_in_course"),
        ]

    def __str__(self) -> str:
        return f"{self.course_id}: {self.lesson_id}"
