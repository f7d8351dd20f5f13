"""Lessons: what people read and watch. Three kinds, each with the fields its readers look for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, PageChooserPanel
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtailmedia.edit_handlers import MediaChooserPanel

from courses.blocks import LessonBody
from courses.content import body_text
from courses.lesson_form import LessonForm
from courses.models.library import Film
from courses.models.packages import Package
from courses.models.previews import PreviewedAsLearner
from courses.models.search import keep_words
from courses.shapes import LessonFact
from people.models import Hazard, Post, WorkFeature


class Industry(models.TextChoices):
    """Where work is done, as coarse as accident reports sort it."""

    METALLURGY = "metallurgy", _("冶金有色")
    MACHINERY = "machinery", _("机械制造")
    CHEMICALS = "chemicals", _("危险化学品与化工")
    COAL = "coal", _("煤矿")
    MINING = "mining", _("非煤矿山")
    CONSTRUCTION = "construction", _("建筑施工")
    MATERIALS = "materials", _("建材")
    LIGHT = "light", _("轻工纺织烟草")
    TRANSPORT = "transport", _("交通运输")
    POWER = "power", _("电力燃气")
    FIREWORKS = "fireworks", _("烟花爆竹")
    PUBLIC = "public", _("商贸与公共场所")
    OTHER = "other", _("其他")


class PackageRule(models.TextChoices):
    """When a package counts as gone through; both are the package's own word."""

    COMPLETED = "completed", _("课件包报告完成（不合格不算）")
    PASSED = "passed", _("课件包报告合格")


class LessonPage(PreviewedAsLearner, Page):
    """What every lesson has. Editors create one of its kinds.

    A lesson is proved by reading its sections and, where it has a film, by watching that film. Fields named in
    `fact_fields` are read too: below the body each becomes a part of its own, and they are kept together in
    `facts` so that study proof need not know the kinds.
    """

    fact_fields: tuple[str, ...] = ()
    head_fields: tuple[str, ...] = ()  # shown in the head of the page, and searched like the summary

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
    package = models.ForeignKey(
        Package,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lessons",
        verbose_name=_("课件包"),
    )
    package_rule = models.CharField(
        _("完成条件"),
        max_length=12,
        choices=PackageRule,
        default=PackageRule.COMPLETED,
        help_text=_("完成和得分由课件包自己报告，不能代替考试；要考核请给课程配结业考试"),
    )
    package_minutes = models.PositiveSmallIntegerField(
        _("至少学习（分钟）"),
        default=0,
        validators=[MaxValueValidator(600)],
        help_text=_("按服务器的时钟计，课件包打开并在屏幕上时才算；0 表示不限"),
    )
    industry = models.CharField(_("行业"), max_length=20, choices=Industry, blank=True)
    posts = ParentalManyToManyField(Post, blank=True, verbose_name=_("相关岗位"), related_name="lessons")
    hazards = ParentalManyToManyField(
        Hazard, blank=True, verbose_name=_("相关危险因素"), related_name="lessons"
    )
    work_features = ParentalManyToManyField(
        WorkFeature, blank=True, verbose_name=_("相关设备与作业"), related_name="lessons"
    )
    facts = models.JSONField(default=list, editable=False, help_text="list of courses.shapes.LessonFact")

    # The words of the body for the catalogue's search: the stored stream is JSON with escaped characters.
    search_text = models.TextField(blank=True, editable=False)

    base_form_class = LessonForm
    is_creatable = False
    parent_page_types = ["courses.ShelfPage"]
    subpage_types: list[str] = []
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("课件")
        verbose_name_plural = _("课件")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep `facts`, `search_text` and the words for search in step with what the editor wrote, and save."""
        self.facts = self.written_facts()
        words = [body_text(self.body), *(fact["text"] for fact in self.facts)]
        self.search_text = "\n".join(word for word in words if word)
        super().save(*args, **kwargs)
        # A draft of a live page is stored with a few named fields: what readers find stays what they can read.
        if kwargs.get("update_fields") is None and type(self) is not LessonPage:
            keep_words(
                self,
                head=[self.summary, *(getattr(self, name) for name in self.head_fields)],
                facts=[fact["text"] for fact in self.facts],
                body=body_text(self.body),
            )

    def written_facts(self) -> list[LessonFact]:
        """Return what stands in the fields of `fact_fields`; a page loaded as a bare lesson keeps what it has."""
        if type(self) is LessonPage:
            return list(self.facts)
        texts = ((name, getattr(self, name).strip()) for name in self.fact_fields)
        return [{"name": name, "text": text} for name, text in texts if text]


_audience_panel = MultiFieldPanel(
    [
        FieldPanel(
            "posts",
            widget=forms.CheckboxSelectMultiple,
            help_text=_("选中的岗位在“给我的岗位”里看得到"),
        ),
        FieldPanel(
            "hazards",
            widget=forms.CheckboxSelectMultiple,
            help_text=_("按危险因素筛选和找人都靠它，至少选一个"),
        ),
        FieldPanel("work_features", widget=forms.CheckboxSelectMultiple),
        FieldPanel("industry"),
    ],
    heading=_("给谁看"),
    help_text=_("勾选得准，该看的人才找得到"),
    classname="audience",
)
# What an editor adds to an imported document stands before its text, which may be long.
_common_panels = [
    FieldPanel("summary", help_text=_("一两句话说清讲什么；目录、搜索和课件开头都显示")),
    MultiFieldPanel(
        [MediaChooserPanel("film", media_type="video"), FieldPanel("watch_pct")], heading=_("影片")
    ),
    _audience_panel,
    FieldPanel(
        "body",
        help_text=_("点加号添一块。一级标题把正文分成节，学员每节都要读够时间；一节三五百字最好读"),
    ),
]
_ONE_A_LINE = _("一行一条")


class SpeechLevel(models.TextChoices):
    """Who speaks: from the state down to one's own company."""

    STATE = "state", _("国家")
    MINISTRY = "ministry", _("部委")
    PROVINCE = "province", _("省")
    CITY = "city", _("市")
    DISTRICT = "district", _("区县")
    GROUP = "group", _("集团")
    COMPANY = "company", _("本单位")


class PolicySpeechPage(LessonPage):
    """A policy speech (政策讲话)."""

    fact_fields = ("study_points",)
    head_fields = ("speaker", "occasion", "document_no")

    speaker = models.CharField(_("讲话人"), max_length=80, blank=True)
    occasion = models.CharField(_("场合"), max_length=160, blank=True)
    spoken_on = models.DateField(_("日期"), null=True, blank=True)
    level = models.CharField(_("层级"), max_length=12, choices=SpeechLevel, blank=True)
    document_no = models.CharField(_("文号"), max_length=60, blank=True)
    salutation = models.CharField(_("称呼"), max_length=160, blank=True)
    study_points = models.TextField(_("学习要点"), blank=True, max_length=2000, help_text=_ONE_A_LINE)

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("speaker"),
                FieldPanel("occasion"),
                FieldPanel("spoken_on"),
                FieldPanel("level"),
                FieldPanel("document_no"),
                FieldPanel("salutation"),
            ],
            heading=_("讲话"),
        ),
        *_common_panels,
        FieldPanel("study_points"),
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("政策讲话")
        verbose_name_plural = _("政策讲话")


class WarningCasePage(LessonPage):
    """A warning case (警示案例). The course of events is a timeline in the body."""

    fact_fields = ("direct_causes", "indirect_causes", "responsibility", "measures", "for_my_post")
    head_fields = ("place",)

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
    content_warning = models.CharField(
        _("内容提示"),
        max_length=120,
        blank=True,
        help_text=_("画面令人不适时填写，例如“含事故现场画面”；看之前先提示，点开才显示影片和图片"),
    )
    direct_causes = models.TextField(_("直接原因"), blank=True, max_length=3000, help_text=_ONE_A_LINE)
    indirect_causes = models.TextField(_("间接原因"), blank=True, max_length=3000, help_text=_ONE_A_LINE)
    responsibility = models.TextField(_("责任认定"), blank=True, max_length=3000, help_text=_ONE_A_LINE)
    measures = models.TextField(_("防范措施"), blank=True, max_length=3000, help_text=_ONE_A_LINE)
    for_my_post = models.TextField(
        _("对我的岗位意味着什么"), blank=True, max_length=1000, help_text=_ONE_A_LINE
    )

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
                FieldPanel("content_warning"),
            ],
            heading=_("事故"),
        ),
        *_common_panels,
        MultiFieldPanel(
            [
                FieldPanel("direct_causes"),
                FieldPanel("indirect_causes"),
                FieldPanel("responsibility"),
                FieldPanel("measures"),
                FieldPanel("for_my_post"),
            ],
            heading=_("原因与教训"),
        ),
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("警示案例")
        verbose_name_plural = _("警示案例")


class OperatingRulePage(LessonPage):
    """An operating rule (操作规程). Its steps are blocks in the body."""

    fact_fields = ("forbidden_acts", "emergency_actions")
    head_fields = ("document_no", "equipment")

    document_no = models.CharField(_("文件编号"), max_length=60, blank=True)
    edition = models.CharField(_("版本"), max_length=30, blank=True)
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    equipment = models.CharField(_("设备或作业"), max_length=120, blank=True)
    supersedes = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("代替"),
        help_text=_("本规程代替哪一份旧规程；学过旧规程的人会看到两者的差异"),
    )
    forbidden_acts = models.TextField(_("禁止行为"), blank=True, max_length=3000, help_text=_ONE_A_LINE)
    emergency_actions = models.TextField(_("应急处置"), blank=True, max_length=3000, help_text=_ONE_A_LINE)

    content_panels = [
        *Page.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("document_no"),
                FieldPanel("edition"),
                FieldPanel("effective_on"),
                FieldPanel("equipment"),
                PageChooserPanel("supersedes", "courses.OperatingRulePage"),
            ],
            heading=_("规程"),
        ),
        *_common_panels,
        MultiFieldPanel(
            [FieldPanel("forbidden_acts"), FieldPanel("emergency_actions")], heading=_("禁止与应急")
        ),
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("操作规程")
        verbose_name_plural = _("操作规程")

    def clean(self) -> None:
        """Refuse a rule that takes its own place, directly or round a circle."""
        super().clean()
        seen = {self.pk}
        earlier = self.supersedes
        while earlier is not None:
            if earlier.pk in seen:
                raise ValidationError({"supersedes": _("规程不能代替它自己：请选另一份旧规程，或留空。")})
            seen.add(earlier.pk)
            earlier = earlier.supersedes


class PackageLessonPage(LessonPage):
    """A lesson made elsewhere: a SCORM package that runs in a frame of its own."""

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        MultiFieldPanel(
            [FieldPanel("package"), FieldPanel("package_rule"), FieldPanel("package_minutes")],
            heading=_("课件包"),
        ),
        FieldPanel("body"),
        _audience_panel,
    ]
    is_creatable = True
    template = "courses/lesson.html"

    class Meta:
        verbose_name = _("课件包课件")
        verbose_name_plural = _("课件包课件")

    def clean(self) -> None:
        """Refuse a lesson without its package."""
        super().clean()
        if self.package_id is None:
            raise ValidationError({"package": _("请选择课件包；还没有的话，先在“课件包”里上传。")})
