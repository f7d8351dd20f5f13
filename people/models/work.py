"""What work is done with and how: the equipment and processes posts share with lessons and cases."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models.organisation import Post


class WorkFeature(models.Model):
    """A piece of equipment or a process, named once, so that a case about it finds the posts it concerns."""

    class Kind(models.TextChoices):
        EQUIPMENT = "equipment", _("设备")
        PROCESS = "process", _("作业与工艺")

    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    name = models.CharField(_("名称"), max_length=60)
    posts = models.ManyToManyField(Post, blank=True, verbose_name=_("涉及岗位"), related_name="work_features")

    class Meta:
        verbose_name = _("设备与作业")
        verbose_name_plural = pgettext_lazy("plural", "设备与作业")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="people_work_feature_once"),
        ]

    def __str__(self) -> str:
        return self.name
