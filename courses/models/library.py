"""Pictures, documents and films. Own models, because changing them later would mean moving every file."""

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
        """Return the protected address of the film; the storage's own address is never given out."""
        return reverse("courses:film", args=[self.pk, self.filename]) if self.pk and self.file else ""

    @property
    def poster_url(self) -> str:
        """Return the protected address of the poster, or an empty text where there is none yet."""
        return reverse("courses:poster", args=[self.pk]) if self.thumbnail else ""


class FilmSubtitle(models.Model):
    """Subtitles of a film in one language, as WebVTT."""

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="subtitles")
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")
    label = models.CharField(_("名称"), max_length=40, default="中文字幕")
    text = models.TextField(_("WebVTT 文本"))

    class Meta:
        verbose_name = _("字幕")
        verbose_name_plural = _("字幕")
        constraints = [
            models.UniqueConstraint(fields=["film", "language"], name="courses_subtitle_once"),
        ]

    def __str__(self) -> str:
        return f"{self.film} {self.label}"
