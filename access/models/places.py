"""Places that ask for more than the post does."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import LicenceType, OrgUnit
from training.models import Programme


class AccessPlace(models.Model):
    """A place with conditions of its own: a tank farm, a substation, the gas holder."""

    code = models.CharField(_("编码"), max_length=40, unique=True, help_text=_("门禁查询时用，例如 TANK-1"))
    name = models.CharField(_("名称"), max_length=60)
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="access_places", verbose_name=_("所属单位")
    )
    is_high_risk = models.BooleanField(_("高风险场所"), default=False)
    own_people_only = models.BooleanField(
        _("只许所属单位的人进入"),
        default=False,
        help_text=_("含借调到该单位的人，和在该单位干活的承包商人员。"),
    )
    demanded_licences = models.ManyToManyField(
        LicenceType, blank=True, related_name="access_places", verbose_name=_("须持证件")
    )
    demanded_programmes = models.ManyToManyField(
        Programme, blank=True, related_name="access_places", verbose_name=_("须完成的培训")
    )
    basis = models.CharField(_("依据"), max_length=200, blank=True, help_text=_("法规条款或公司规定"))
    closed_on = models.DateField(_("停用日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("场所")
        verbose_name_plural = _("场所")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"
