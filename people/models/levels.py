"""What an organisation calls the levels of its tree."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.organisation import UnitKind


class LevelName(models.Model):
    """The name shown for one kind of unit in place of the built-in one."""

    kind = models.CharField(_("层级"), max_length=20, choices=UnitKind, unique=True)
    name = models.CharField(_("名称"), max_length=20)
    # The preset the names were taken from; it also says how names in HR lists end (people.levels).
    preset = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("层级名称")
        verbose_name_plural = _("层级名称")

    def __str__(self) -> str:
        return self.name
