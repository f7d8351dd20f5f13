"""The organisation: units in a tree, posts, and what a post is exposed to and demands."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from treebeard.mp_tree import MP_Node, MP_NodeManager


class UnitKind(models.TextChoices):
    GROUP = "group", _("集团")
    COMPANY = "company", _("公司")
    PLANT = "plant", _("工厂")
    WORKSHOP = "workshop", _("车间")
    TEAM = "team", _("班组")
    CONTRACTOR = "contractor", _("承包商")
    DISPATCH_FIRM = "dispatch_firm", _("劳务派遣单位")


class OrgUnit(MP_Node):
    """A unit of the organisation, down to the team. Contractors and dispatch firms are units too."""

    name = models.CharField(_("名称"), max_length=80)
    code = models.CharField(_("编码"), max_length=40, unique=True, null=True, blank=True)
    kind = models.CharField(_("层级"), max_length=20, choices=UnitKind, default=UnitKind.TEAM)
    # Two different legal lists, kept apart: order 3 art. 9/13 (hours) and the Work Safety Law art. 27/97.
    is_high_risk_for_hours = models.BooleanField(
        _("高危单位（令3 学时口径）"),
        default=False,
        help_text=_("煤矿、非煤矿山、危险化学品、烟花爆竹、金属冶炼：岗前 72 学时口径。下级单位随上级。"),
    )
    is_listed_sector = models.BooleanField(
        _("法定重点行业（安全生产法第二十七条口径）"),
        default=False,
        help_text=_("另含建筑施工、运输单位等：主要负责人和安全管理人员须考核合格。下级单位随上级。"),
    )
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = MP_NodeManager()

    class Meta:
        verbose_name = _("组织单元")
        verbose_name_plural = _("组织单元")

    def __str__(self) -> str:
        return self.name


class Hazard(models.Model):
    """An accident category a post is exposed to, kept with the standard and year that name it."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    standard = models.CharField(_("标准"), max_length=40, help_text="e.g. GB 6441-2025")

    class Meta:
        verbose_name = _("危险因素")
        verbose_name_plural = _("危险因素")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "name"], name="people_hazard_once_per_standard"),
        ]

    def __str__(self) -> str:
        return self.name


class LicenceType(models.Model):
    """A kind of external licence a post can demand (special operation, special equipment, …)."""

    class Family(models.TextChoices):
        SPECIAL_OPERATION = "special_operation", _("特种作业操作证")
        SPECIAL_EQUIPMENT = "special_equipment", _("特种设备安全管理和作业人员证")
        CONSTRUCTION = "construction", _("建筑施工特种作业操作资格证")
        SAFETY_QUALIFICATION = "safety_qualification", _("安全合格证")

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    family = models.CharField(_("证件类别"), max_length=30, choices=Family)
    legal_basis = models.CharField(_("依据"), max_length=200)

    class Meta:
        verbose_name = _("证件种类")
        verbose_name_plural = pgettext_lazy("plural", "证件种类")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """What a person does: hazards it carries, licences it demands, duties it holds."""

    code = models.CharField(_("编码"), max_length=40, unique=True, null=True, blank=True)
    name = models.CharField(_("名称"), max_length=60, unique=True)
    hazards = models.ManyToManyField(Hazard, blank=True, verbose_name=_("危险因素"), related_name="posts")
    demanded_licences = models.ManyToManyField(
        LicenceType, blank=True, verbose_name=_("须持证件"), related_name="posts"
    )
    is_principal = models.BooleanField(_("主要负责人"), default=False)
    is_safety_manager = models.BooleanField(_("安全生产管理人员"), default=False)

    class Meta:
        verbose_name = _("岗位")
        verbose_name_plural = pgettext_lazy("plural", "岗位")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
