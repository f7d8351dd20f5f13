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
    leader = models.ForeignKey(
        "people.Employee",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="led_units",
        verbose_name=_("负责人"),
    )
    # The last day on which a branch came to or left what lies below this unit. From that day on the present
    # tree answers for this unit, without a look at the placements.
    subtree_changed_on = models.DateField(null=True, blank=True, editable=False)

    objects = MP_NodeManager()

    class Meta:
        verbose_name = _("组织单元")
        verbose_name_plural = _("组织单元")

    def __str__(self) -> str:
        return self.name


class ListTrust(models.TextChoices):
    """How well a list that comes from a standard has been compared with the standard itself."""

    OFFICIAL = "official", _("已与标准正文核对")
    SECONDARY = "secondary", _("据二手资料，未与标准正文核对")


class HazardStandard(models.Model):
    """A standard that names accident categories, with its year and how far its list is to be trusted."""

    code = models.CharField(_("标准号"), max_length=40, unique=True, help_text="GB 6441-2025")
    title = models.CharField(_("标准名称"), max_length=80, blank=True)
    year = models.PositiveSmallIntegerField(_("年份"))
    in_force_from = models.DateField(_("施行日期"), null=True, blank=True)
    in_force_before = models.DateField(_("废止日期"), null=True, blank=True)
    trust = models.CharField(_("核对情况"), max_length=12, choices=ListTrust, default=ListTrust.SECONDARY)

    class Meta:
        verbose_name = _("事故分类标准")
        verbose_name_plural = _("事故分类标准")
        ordering = ["-year", "code"]

    def __str__(self) -> str:
        return self.code


class Hazard(models.Model):
    """An accident category a post is exposed to, kept with the standard and year that name it."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    standard = models.ForeignKey(
        HazardStandard,
        to_field="code",
        db_column="standard",
        on_delete=models.PROTECT,
        related_name="hazards",
        verbose_name=_("标准"),
    )

    class Meta:
        verbose_name = _("危险因素")
        verbose_name_plural = _("危险因素")
        # The newest standard first: its categories are the ones to choose from.
        ordering = ["-standard__year", "id"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "name"], name="people_hazard_once_per_standard"),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.standard_id}）"


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
    basis_verified = models.BooleanField(
        _("条文已核对原文"), default=False, help_text=_("未核对的条文不得作为法律原文引用")
    )
    category = models.CharField(
        _("作业类别"), max_length=80, blank=True, help_text=_("目录中的类别，例如“1 电工作业”")
    )
    issuing_body = models.CharField(_("发证部门"), max_length=80, blank=True)
    valid_months = models.PositiveSmallIntegerField(
        _("有效期（月）"), null=True, blank=True, help_text=_("空：以证件上的日期为准")
    )
    review_months = models.PositiveSmallIntegerField(
        _("复审周期（月）"), null=True, blank=True, help_text=_("空：不复审")
    )
    off_post_months = models.PositiveSmallIntegerField(
        _("离岗满几个月须重新考核"), null=True, blank=True, help_text=_("空：不作要求")
    )

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
    archived_on = models.DateField(_("停用日期"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("岗位")
        verbose_name_plural = pgettext_lazy("plural", "岗位")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
