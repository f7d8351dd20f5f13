"""The pages of the learning site that hold others: its home and its shelves."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page


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
        "courses.PackageLessonPage",
        "courses.CoursePage",
    ]
    template = "courses/shelf.html"

    class Meta:
        verbose_name = _("书架")
