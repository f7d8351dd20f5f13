"""What HR once said about the columns of their lists."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportMapping(models.Model):
    """Which column of a source's lists holds what, for lists with exactly this header row."""

    source = models.CharField(_("来源"), max_length=40, help_text="as ImportBatch.source")
    signature = models.CharField(max_length=64, help_text="people.importers.columns.header_signature")
    headers = models.JSONField(default=list, help_text="the texts of the header row, for people to read")
    columns = models.JSONField(default=dict, help_text="people.shapes.ColumnMap")
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    saved_at = models.DateTimeField(_("保存时间"))

    class Meta:
        verbose_name = _("列对应关系")
        verbose_name_plural = _("列对应关系")
        constraints = [
            models.UniqueConstraint(fields=["source", "signature"], name="people_mapping_once_per_header"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {'、'.join(filter(None, self.headers))}"
