"""Directories people are taken from, and which entry of a directory is which person and unit here."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models.employees import Employee, EmploymentType, ImportBatch
from people.models.organisation import OrgUnit, Post


class DirectoryKind(models.TextChoices):
    WECOM = "wecom", _("企业微信")
    DINGTALK = "dingtalk", _("钉钉")
    FEISHU = "feishu", _("飞书")
    LDAP = "ldap", _("LDAP / Active Directory")


class DirectoryState(models.TextChoices):
    NEVER = "never", _("还没有同步过")
    DONE = "done", _("已同步")
    PARTLY = "partly", _("已同步，有人没有同步上")
    STOPPED = "stopped", _("已停下，等待确认")
    FAILED = "failed", _("没有同步成")


class DirectorySource(models.Model):
    """A directory: how it is opened, how its members become people, and how the last run went.

    It reaches people and units below `root_unit` only. `settings` is a TypedDict of people.directories.shapes
    by kind; secrets are one encrypted JSON text and are never shown again.
    """

    name = models.CharField(_("名称"), max_length=40, unique=True)
    kind = models.CharField(_("目录产品"), max_length=10, choices=DirectoryKind)
    settings = models.JSONField(default=dict)
    secrets_encrypted = models.TextField(blank=True, editable=False)
    # Whose ids the external ids are: corp id, app id (Feishu's open_id holds for one app) or LDAP host.
    tenant = models.CharField(max_length=255, editable=False)
    number_field = models.CharField(_("工号字段"), max_length=80)
    root_department = models.CharField(_("起始部门 ID"), max_length=80, blank=True)
    root_unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, related_name="directories", verbose_name=_("对应的组织单元")
    )
    takes_posts = models.BooleanField(_("岗位用目录里的职务"), default=True)
    default_post = models.ForeignKey(
        Post,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("默认岗位"),
    )
    employment_type = models.CharField(
        _("新员工的用工形式"), max_length=20, choices=EmploymentType, default=EmploymentType.OWN
    )
    creates_missing = models.BooleanField(_("新建系统里没有的部门和岗位"), default=True)
    full_roster = models.BooleanField(_("目录里不再有的人按离职处理"), default=False)
    disabled_is_left = models.BooleanField(_("停用的账号按离职处理"), default=False)
    allow_ending = models.PositiveIntegerField(_("一次最多允许离职人数"), default=0)
    is_nightly = models.BooleanField(_("每晚自动同步"), default=False)
    last_state = models.CharField(
        _("上次同步"), max_length=10, choices=DirectoryState, default=DirectoryState.NEVER
    )
    last_run_at = models.DateTimeField(_("上次同步时间"), null=True, blank=True)
    last_report = models.JSONField(default=dict, help_text="people.shapes.DirectoryReport")
    last_batch = models.ForeignKey(
        ImportBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("人员目录")
        verbose_name_plural = pgettext_lazy("plural", "人员目录")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DirectoryLink(models.Model):
    """Which person an entry of a directory is. Made once by the employee number, then kept.

    So somebody whose number changes in the directory stays one person, and signing in through the directory
    finds the person without asking the number. `missing_since`: not in the directory since that day.
    """

    source = models.ForeignKey(DirectorySource, on_delete=models.CASCADE, related_name="links")
    external_id = models.CharField(max_length=255)
    alternate_id = models.CharField(max_length=255, blank=True, db_index=True)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="directory_links")
    missing_since = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("目录身份")
        verbose_name_plural = _("目录身份")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="people_directory_link_once"),
            models.UniqueConstraint(fields=["source", "employee"], name="people_directory_person_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"


class DirectoryUnitLink(models.Model):
    """Which unit a department of a directory is, whatever it is called there by now."""

    source = models.ForeignKey(DirectorySource, on_delete=models.CASCADE, related_name="unit_links")
    external_id = models.CharField(max_length=255)
    unit = models.ForeignKey(OrgUnit, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("目录部门")
        verbose_name_plural = _("目录部门")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="people_directory_unit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"
