"""The blocks of a lesson: few, and each with one job."""

import hashlib

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtailmedia.blocks import AudioChooserBlock, VideoChooserBlock


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


class AudioBlock(blocks.StructBlock):
    """A sound recording with what is said in it, for those who cannot hear it."""

    audio = AudioChooserBlock(label=_("录音"))
    caption = blocks.CharBlock(label=_("说明"), required=False, max_length=200)
    transcript = blocks.TextBlock(label=_("文字稿"), required=False, rows=4)

    class Meta:
        icon = "media"
        label = _("录音")
        template = "courses/blocks/audio.html"


class DocumentBlock(blocks.StructBlock):
    """A file to take away: a form, a drawing, the full text of a regulation."""

    document = DocumentChooserBlock(label=_("文件"))
    caption = blocks.CharBlock(label=_("说明"), required=False, max_length=200)

    class Meta:
        icon = "doc-full"
        label = _("文件")
        template = "courses/blocks/document.html"


# What is worn or carried for a step: names of the pictures in static/img/ppe.svg and their words.
PPE = [
    ("helmet", _("安全帽")),
    ("goggles", _("护目镜")),
    ("face-shield", _("防护面罩")),
    ("mask", _("防尘毒口罩")),
    ("ears", _("护耳器")),
    ("gloves", _("防护手套")),
    ("shoes", _("安全鞋")),
    ("clothing", _("防护服")),
    ("harness", _("安全带")),
    ("detector", _("气体检测仪")),
    ("lockout", _("上锁挂牌")),
]


_PPE_WORDS = dict(PPE)


class StepBlock(blocks.StructBlock):
    """One step of an operation: what to wear for it, and the point at which to stop."""

    text = blocks.TextBlock(label=_("操作"), rows=2)
    ppe = blocks.MultipleChoiceBlock(label=_("防护用品"), choices=PPE, required=False)
    stop_point = blocks.CharBlock(label=_("停止点：出现什么情况必须停"), required=False, max_length=200)

    def get_context(self, value, parent_context=None):
        """Give each article its picture and its words."""
        worn = [(name, _PPE_WORDS[name]) for name in value.get("ppe") or () if name in _PPE_WORDS]
        return super().get_context(value, parent_context) | {"worn": worn}

    class Meta:
        icon = "list-ol"
        label = _("步骤")
        template = "courses/blocks/step.html"


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


class OptionBlock(blocks.StructBlock):
    """One answer to choose."""

    text = blocks.CharBlock(label=_("选项"), max_length=200)
    is_right = blocks.BooleanBlock(label=pgettext_lazy("option", "正确"), required=False)

    class Meta:
        icon = "list-ul"
        label = _("选项")


class QuestionBlock(blocks.StructBlock):
    """A question to oneself inside the text. It is no exam: nothing is counted and nothing is stored.

    Questions of the bank are kept out on purpose: a lesson shows the answer to whoever taps it.
    """

    stem = blocks.TextBlock(label=_("题目"), rows=2)
    options = blocks.ListBlock(OptionBlock(), label=_("选项"), min_num=2, max_num=6)
    explanation = blocks.TextBlock(label=_("讲解"), required=False, rows=2)

    class Meta:
        icon = "help"
        label = _("想一想")
        template = "courses/blocks/question.html"

    def get_context(self, value, parent_context=None):
        """Name the group of options, so that two questions on a page do not share their choice."""
        group = hashlib.sha256(value["stem"].encode()).hexdigest()[:12]
        return super().get_context(value, parent_context) | {"group": f"think-{group}"}

    def clean(self, value):
        """Refuse a question nobody can answer."""
        value = super().clean(value)
        if not any(option["is_right"] for option in value["options"]):
            raise blocks.StructBlockValidationError(
                non_block_errors=[_("请给至少一个选项勾选“正确”，否则学员无从知道答案。")]
            )
        return value


class LessonBody(blocks.StreamBlock):
    """The body of a lesson."""

    heading = HeadingBlock()
    text = blocks.RichTextBlock(label=_("正文"), template="courses/blocks/text.html")
    picture = PictureBlock()
    film = FilmBlock()
    audio = AudioBlock()
    document = DocumentBlock()
    steps = StepsBlock()
    timeline = TimelineBlock()
    callout = CalloutBlock()
    table = TypedTableBlock(
        [("text", blocks.CharBlock(label=_("文字"), required=False))],
        label=_("表格"),
        template="courses/blocks/table.html",
    )
    question = QuestionBlock()
