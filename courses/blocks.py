"""The blocks of a lesson: few, and each with one job."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtailmedia.blocks import VideoChooserBlock


class HeadingBlock(blocks.StructBlock):
    """A heading. Level 2 opens a new section of the lesson, the unit in which reading is proved."""

    text = blocks.CharBlock(label=_("标题"), max_length=200)
    level = blocks.ChoiceBlock(
        label=_("级别"), choices=[("2", _("一级")), ("3", _("二级")), ("4", _("三级"))], default="2"
    )

    class Meta:
        icon = "title"
        label = _("标题")
        template = "courses/blocks/heading.html"


class PictureBlock(blocks.StructBlock):
    """A picture with what it shows, in words."""

    picture = ImageChooserBlock(label=_("图片"))
    caption = blocks.CharBlock(label=_("说明"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("图片")
        template = "courses/blocks/picture.html"


class FilmBlock(blocks.StructBlock):
    """An extra film inside the text. The film that must be watched is the lesson's own."""

    film = VideoChooserBlock(label=_("影片"))
    caption = blocks.CharBlock(label=_("说明"), required=False, max_length=200)

    class Meta:
        icon = "media"
        label = _("影片")
        template = "courses/blocks/film.html"


class StepBlock(blocks.StructBlock):
    """One step of an operation, with the point at which to stop."""

    text = blocks.TextBlock(label=_("操作"), rows=2)
    stop_point = blocks.CharBlock(label=_("停止点：出现什么情况必须停"), required=False, max_length=200)

    class Meta:
        icon = "list-ol"
        label = _("步骤")


class StepsBlock(blocks.StructBlock):
    """The steps of an operation in their order."""

    title = blocks.CharBlock(label=_("名称"), required=False, max_length=80)
    steps = blocks.ListBlock(StepBlock(), label=_("步骤"))

    class Meta:
        icon = "list-ol"
        label = _("操作步骤")
        template = "courses/blocks/steps.html"


class CalloutBlock(blocks.StructBlock):
    """A line that must not be missed, under one of the four safety signs."""

    sign = blocks.ChoiceBlock(
        label=_("标志"),
        choices=[("must", _("必须")), ("care", _("注意")), ("stop", _("禁止")), ("safe", _("安全做法"))],
        default="care",
    )
    text = blocks.TextBlock(label=_("内容"), rows=2)

    class Meta:
        icon = "warning"
        label = _("提示")
        template = "courses/blocks/callout.html"


class TimelineEntryBlock(blocks.StructBlock):
    """One moment of a course of events."""

    time = blocks.CharBlock(label=_("时间"), max_length=40)
    text = blocks.TextBlock(label=_("经过"), rows=2)

    class Meta:
        icon = "time"
        label = _("时刻")


class TimelineBlock(blocks.StructBlock):
    """A course of events."""

    entries = blocks.ListBlock(TimelineEntryBlock(), label=_("经过"))

    class Meta:
        icon = "time"
        label = _("事故经过")
        template = "courses/blocks/timeline.html"


class LessonBody(blocks.StreamBlock):
    """The body of a lesson."""

    heading = HeadingBlock()
    text = blocks.RichTextBlock(label=_("正文"), template="courses/blocks/text.html")
    picture = PictureBlock()
    film = FilmBlock()
    steps = StepsBlock()
    timeline = TimelineBlock()
    callout = CalloutBlock()
    table = TypedTableBlock(
        [("text", blocks.CharBlock(label=_("文字"), required=False))],
        label=_("表格"),
        template="courses/blocks/table.html",
    )
