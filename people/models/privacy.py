"""Personal data: who looked at it, copies given out, the photograph, how long it is kept, and what holds it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from people.models.employees import Employee
from people.models.organisation import OrgUnit


class AccessKind(models.TextChoices):
    REVEAL = "reveal", _("查看完整号码")
    LIST = "list", _("导出名单")
    COPY = "copy", _("导出个人全部数据")
    API = "api", _("接口读取")


class AccessReason(models.TextChoices):
    CERTIFICATE = "certificate", _("办理证件或报名")
    REPORT = "report", _("上报主管部门或办理保险")
    CORRECTION = "correction", _("核对或更正信息")
    INVESTIGATION = "investigation", _("检查或事故调查")
    REQUEST = "request", _("本人要求")
    OTHER = "other", _("其他（请说明）")


class PersonalDataAccess(models.Model):
    """That somebody saw a person's data in clear: who, whose, which fields, why, when, from where.

    Inserted only. `request_key` is made with the form, so that a form sent twice shows nothing twice.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="data_accesses")
    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("方式"), max_length=10, choices=AccessKind)
    fields = models.JSONField(_("内容"), help_text="list of people.shapes.PersonalField")
    reason = models.CharField(_("事由"), max_length=20, choices=AccessReason)
    reason_text = models.CharField(_("说明"), max_length=200)
    accessed_at = models.DateTimeField(_("时间"))
    address = models.GenericIPAddressField(_("来源地址"), null=True)
    request_key = models.UUIDField(editable=False)

    class Meta:
        verbose_name = _("个人信息查看记录")
        verbose_name_plural = _("个人信息查看记录")
        ordering = ["-accessed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["request_key", "employee"], name="people_access_once"),
            models.CheckConstraint(condition=~Q(reason_text=""), name="people_access_has_reason"),
        ]
        indexes = [models.Index(fields=["accessed_at"], name="people_access_at")]

    def __str__(self) -> str:
        return f"{self.employee} {self.accessed_at:%Y-%m-%d %H:%M}"


class PersonalDataCopy(models.Model):
    """A copy of everything held on one person, made by a job and kept for a few days for who asked for it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="data_copies")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    file = models.FileField(_("文件"), upload_to="personal-data/%Y/%m/", blank=True)
    requested_at = models.DateTimeField(_("申请时间"))
    made_at = models.DateTimeField(_("生成时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("失效时间"))

    class Meta:
        verbose_name = _("个人数据副本")
        verbose_name_plural = _("个人数据副本")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("requested_at")), name="people_copy_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.requested_at:%Y-%m-%d}"


class EmployeePhoto(models.Model):
    """The photograph printed on cards and shown at the kiosk: re-encoded by us, so it carries no EXIF."""

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="photo")
    file = models.FileField(_("照片"), upload_to="photos/%Y/")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("员工照片")
        verbose_name_plural = _("员工照片")

    def __str__(self) -> str:
        return self.sha256[:12]


class Erasable(models.TextChoices):
    """What can be erased of a person. Facts stay: stays, events, ledger rows, attempts, certificates."""

    ID_NUMBER = "id_number", _("身份证号")
    PHONE = "phone", _("手机号")
    PHOTO = "photo", _("照片")
    ACCOUNT = "account", _("账号、消息和登录痕迹")
    NAME = "name", _("姓名和工号（换成代号）")


class RetentionRule(models.Model):
    """How long something is kept after a person left, and by which law. One row for each kind of thing."""

    what = models.CharField(_("内容"), max_length=20, choices=Erasable, unique=True)
    months_after_leaving = models.PositiveSmallIntegerField(_("离职后保留（月）"))
    legal_basis = models.CharField(_("依据"), max_length=300)
    basis_verified = models.BooleanField(
        _("条文已核对原文"), default=False, help_text=_("未核对的条文不得作为法律原文引用")
    )
    is_active = models.BooleanField(_("启用"), default=True, help_text=_("不启用的内容一直保留"))

    class Meta:
        verbose_name = _("保留期限")
        verbose_name_plural = _("保留期限")
        ordering = ["months_after_leaving", "what"]

    def __str__(self) -> str:
        return self.get_what_display()


class LegalHold(models.Model):
    """Nothing is erased of whom this concerns: one person, everybody ever in a unit, or those of an incident."""

    class Kind(models.TextChoices):
        PERSON = "person", _("一个人")
        UNIT = "unit", _("一个部门及其下级")
        INCIDENT = "incident", _("一起事故的有关人员")

    kind = models.CharField(_("对象"), max_length=10, choices=Kind)
    unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("部门")
    )
    people = models.ManyToManyField(Employee, blank=True, related_name="legal_holds", verbose_name=_("人员"))
    incident = models.CharField(_("事故或案件编号"), max_length=80, blank=True)
    reason = models.CharField(_("原因"), max_length=200)
    starts_on = models.DateField(_("开始"))
    ends_before = models.DateField(_("结束（不含当日）"), null=True, blank=True)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    placed_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("法定保全")
        verbose_name_plural = _("法定保全")
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="people_hold_has_reason"),
            models.CheckConstraint(
                condition=Q(ends_before__isnull=True) | Q(ends_before__gte=F("starts_on")),
                name="people_hold_span",
            ),
            models.CheckConstraint(
                condition=Q(kind="unit", unit__isnull=False) | (~Q(kind="unit") & Q(unit__isnull=True)),
                name="people_hold_unit_has_unit",
            ),
            models.CheckConstraint(
                condition=~Q(kind="incident") | ~Q(incident=""), name="people_hold_incident_has_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_on}"


class ErasureRequest(models.Model):
    """That somebody asked to erase data of a person, and what a second person decided.

    It can be undone by nobody, so two people answer for it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("等待第二人确认")
        DONE = "done", _("已删除")
        REJECTED = "rejected", _("不同意删除")

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="erasure_requests")
    what = models.JSONField(_("内容"), help_text="list of Erasable")
    reason = models.CharField(_("原因"), max_length=200)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("决定时间"), null=True)

    class Meta:
        verbose_name = _("删除申请")
        verbose_name_plural = _("删除申请")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(state="open"), name="people_erasure_one_open"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="people_erasure_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="people_erasure_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="people_erasure_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.requested_at:%Y-%m-%d}"


class ErasedItem(models.Model):
    """That one kind of data of a person was erased. Inserted only."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="erased_items")
    what = models.CharField(_("内容"), max_length=20, choices=Erasable)
    request = models.ForeignKey(ErasureRequest, on_delete=models.PROTECT, related_name="items")
    erased_at = models.DateTimeField(_("删除时间"))

    class Meta:
        verbose_name = _("已删除内容")
        verbose_name_plural = _("已删除内容")
        constraints = [
            models.UniqueConstraint(fields=["request", "what"], name="people_erased_once"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.what}"
