"""Pictures, documents and films. Own models, because changing them later would mean moving every file."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument
from wagtail.documents.models import Document as WagtailDocument
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.images.models import Image as WagtailImage
from wagtailmedia.models import AbstractMedia


class Picture(AbstractImage):
    """A picture of the library, with its source."""

    credit = models.CharField(_("来源"), max_length=120, blank=True)

    admin_form_fields = (*WagtailImage.admin_form_fields, "credit")

    class Meta(AbstractImage.Meta):
        verbose_name = _("图片")
        verbose_name_plural = _("图片")


class PictureRendition(AbstractRendition):
    """A picture in one size."""

    image = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="courses_rendition_once"
            )
        ]


class Attachment(AbstractDocument):
    """A document of the library."""

    admin_form_fields = WagtailDocument.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = _("文档")
        verbose_name_plural = _("文档")


class Film(AbstractMedia):
    """A film of the library. `duration` (seconds) and `sha256` are read from the file, not typed in."""

    sha256 = models.CharField(max_length=64, blank=True, editable=False)

    admin_form_fields = ("title", "file", "collection", "thumbnail", "tags")

    class Meta:
        verbose_name = _("影片")
        verbose_name_plural = _("影片")

    @property
    def url(self) -> str:
        """Return the protected address of the film; the storage's own address is never given out.

        As it stands it opens the film to those who work on films; learners get theirs by courses.queries.file_address.
        """
        return reverse("courses:film", args=[self.pk, self.filename]) if self.pk and self.file else ""

    @property
    def poster_url(self) -> str:
        """Return the protected address of the poster, or an empty text where there is none yet."""
        return reverse("courses:poster", args=[self.pk]) if self.thumbnail else ""

    @property
    def made(self) -> "FilmEncoding | None":
        """Return what was made of this very file for playing, or None while only the file itself is there."""
        encoding = getattr(self, "encoding", None)
        return encoding if encoding and encoding.source_sha256 == self.sha256 else None


class FilmQuestion(models.Model):
    """A question about what a film has just shown, asked when a check falls after its moment.

    `options` (list of courses.shapes.CheckOption) has two to four answers, at least one of them right. A retired
    question is asked no more; what was asked stays in the checks.
    """

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="questions")
    at_s = models.FloatField(_("时刻（秒）"), help_text=_("片中讲完这一点的时刻"))
    stem = models.CharField(_("题目"), max_length=200)
    options = models.JSONField(_("选项"), default=list)
    explanation = models.CharField(_("讲解"), max_length=300, blank=True)
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("影片提问")
        verbose_name_plural = _("影片提问")
        ordering = ["film", "at_s", "id"]

    def __str__(self) -> str:
        return self.stem


class SubtitleLanguage(models.TextChoices):
    """The languages subtitles are written in, as browsers name them (BCP 47); the words name them in themselves."""

    CHINESE = "zh-hans", "中文"
    ENGLISH = "en", "English"
    UYGHUR = "ug", "ئۇيغۇرچە"
    TIBETAN = "bo", "བོད་སྐད་"
    MONGOLIAN = "mn", "Монгол"
    KAZAKH = "kk", "Қазақша"
    KOREAN = "ko", "한국어"
    VIETNAMESE = "vi", "Tiếng Việt"


class FilmSubtitle(models.Model):
    """Subtitles of a film in one language, as courses.subtitles writes WebVTT.

    `version` counts the times they were saved: who saves says which version they had before them.
    """

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="subtitles")
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")
    label = models.CharField(_("名称"), max_length=40, default="中文字幕")
    text = models.TextField(_("WebVTT 文本"))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("字幕")
        verbose_name_plural = _("字幕")
        constraints = [
            models.UniqueConstraint(fields=["film", "language"], name="courses_subtitle_once"),
        ]

    def __str__(self) -> str:
        return f"{self.film} {self.label}"


class PlayerSettings(models.Model):
    """How films are shown on the whole site; one row, made when somebody first changes it."""

    ONLY = 1  # the row's key

    has_name_mark = models.BooleanField(
        _("影片上显示观看人姓名"),
        default=False,
        help_text=_("姓名和工号后四位浮在画面上并不断换位置，用来防止翻拍外传；不会挡住播放按钮。"),
    )

    class Meta:
        verbose_name = _("播放设置")
        verbose_name_plural = _("播放设置")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class FilmEncoding(models.Model):
    """What was made of a film or a sound for playing; a row is there only when all of it is.

    `folder` of the file storage holds `SIZE/00000.ts` for each of `renditions` (list of
    courses.shapes.Rendition), or `sound.m4a` where there are none. `loudness` (courses.shapes.Loudness) is
    empty for silence. `peaks` is the outline of a sound: heights from 0 to 100.
    """

    film = models.OneToOneField(Film, on_delete=models.CASCADE, related_name="encoding")
    source_sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=100)
    renditions = models.JSONField(default=list)
    loudness = models.JSONField(default=dict)
    peaks = models.JSONField(default=list)
    encoded_at = models.DateTimeField(_("转码时间"))

    class Meta:
        verbose_name = _("影片转码")
        verbose_name_plural = _("影片转码")

    def __str__(self) -> str:
        return f"{self.film_id} {self.folder}"


class FilmUpload(models.Model):
    """A large file on its way in, a part at a time. The parts lie in settings.WORK_DIR under `id`.

    `fingerprint` says which file of the person's machine it is, so that choosing the same file again goes on
    where it stopped. How much has arrived is asked of the file itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="film_uploads")
    name = models.CharField(_("文件名"), max_length=255)
    size = models.PositiveBigIntegerField(_("字节数"))
    fingerprint = models.CharField(max_length=64)
    begun_at = models.DateTimeField(_("开始时间"))
    last_part_at = models.DateTimeField(_("最近收到时间"))

    class Meta:
        verbose_name = _("影片上传")
        verbose_name_plural = _("影片上传")
        constraints = [
            models.UniqueConstraint(fields=["user", "fingerprint"], name="courses_upload_once"),
        ]

    def __str__(self) -> str:
        return self.name
