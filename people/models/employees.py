"""Employees: who they are, where they stood from when to when, and the events behind it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.models.organisation import OrgUnit, Post


class EmploymentType(models.TextChoices):
    OWN = "own", _("正式员工")
    DISPATCHED = "dispatched", _("劳务派遣")
    INTERN = "intern", _("实习学生")
    CONTRACTOR = "contractor", _("承包商人员")
    TEMPORARY = "temporary", _("临时用工")
    VISITOR = "visitor", _("外来人员")


class EmploymentStatus(models.TextChoices):
    ACTIVE = "active", _("在岗")
    AWAY = "away", _("离岗")
    LEFT = "left", _("离职")


class Employee(models.Model):
    """A person the organisation answers for, own or not.

    Status and terms are those of today, kept in step by the actions; their history is in the stays and events.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="employee"
    )
    employee_no = models.CharField(_("工号"), max_length=32, unique=True)
    name = models.CharField(_("姓名"), max_length=60)
    phone = models.CharField(_("手机号"), max_length=20, blank=True)
    # The number itself is encrypted (common.signing.encrypt_text); the keyed digest finds and compares it.
    id_number_encrypted = models.TextField(blank=True, editable=False)
    id_number_digest = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    employment_type = models.CharField(
        _("用工形式"), max_length=20, choices=EmploymentType, default=EmploymentType.OWN
    )
    employer = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="employed_people",
        verbose_name=_("用人单位"),
        help_text=_("派遣单位或承包商；正式员工留空"),
    )
    status = models.CharField(
        _("状态"), max_length=10, choices=EmploymentStatus, default=EmploymentStatus.ACTIVE
    )
    hired_on = models.DateField(_("入职日期"))
    left_on = models.DateField(_("离职日期"), null=True, blank=True)
    # The first later day for which an event is recorded already: status, terms and account change by themselves.
    changes_on = models.DateField(null=True, blank=True, db_index=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When anything other systems read of the person changed last: particulars, standing or place.
    changed_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        verbose_name = _("员工")
        verbose_name_plural = pgettext_lazy("plural", "员工")
        ordering = ["employee_no"]
        # People sign in by phone number, too.
        indexes = [models.Index(fields=["phone"], name="people_employee_phone")]
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="left") & Q(left_on__isnull=False))
                | (~Q(status="left") & Q(left_on__isnull=True)),
                name="people_employee_left_has_date",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("hired_on")),
                name="people_employee_left_after_hired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employee_no}）"


class AssignmentKind(models.TextChoices):
    PRIMARY = "primary", _("本岗")
    SECONDMENT = "secondment", _("借调")


class Assignment(models.Model):
    """A stay in one unit and post under one employer: from `starts_on` up to, not including, `ends_before`.

    An empty `ends_before` means that no end is known. Stays follow from the employment events and are written
    anew when these change (people.roster.history, docs/adr/0007): nothing may refer to one by its id.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="assignments")
    unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, related_name="assignments")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="assignments")
    kind = models.CharField(_("类别"), max_length=12, choices=AssignmentKind, default=AssignmentKind.PRIMARY)
    employment_type = models.CharField(
        _("用工形式"), max_length=20, choices=EmploymentType, default=EmploymentType.OWN
    )
    employer = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="employed_stays",
        verbose_name=_("用人单位"),
    )
    starts_on = models.DateField(_("开始"))
    ends_before = models.DateField(_("结束（不含当日）"), null=True, blank=True)

    class Meta:
        verbose_name = _("任职区间")
        verbose_name_plural = _("任职区间")
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_before__isnull=True) | Q(ends_before__gt=F("starts_on")),
                name="people_assignment_not_empty",
            ),
            models.UniqueConstraint(
                fields=["employee"],
                condition=Q(ends_before__isnull=True, kind="primary"),
                name="people_assignment_one_open_primary",
            ),
        ]
        indexes = [models.Index(fields=["unit", "starts_on", "ends_before"], name="people_asg_unit_span")]

    def __str__(self) -> str:
        return f"{self.employee} {self.unit} {self.post} {self.starts_on}"


class EventKind(models.TextChoices):
    HIRED = "hired", _("入职")
    TRANSFERRED = "transferred", _("转岗")
    LEFT_POST = "left_post", _("离岗")
    RETURNED = "returned", _("返岗")
    LEFT = "left", _("离职")
    REHIRED = "rehired", _("再入职")
    TERMS_CHANGED = "terms_changed", _("用工变更")
    SECONDED = "seconded", _("借调")
    SECONDMENT_ENDED = "secondment_ended", _("借调结束")


class ImportState(models.TextChoices):
    APPLYING = "applying", _("正在写入")
    DONE = "done", _("已完成")
    STOPPED = "stopped", _("中途停下")


class ImportBatch(models.Model):
    """One applied file or API call: where a change of many people came from.

    A long list is written in pieces; `changes_done` of `changes_total` says how far it is.
    """

    source = models.CharField(_("来源"), max_length=40, help_text="file, api, directory")
    file_name = models.CharField(_("文件名"), max_length=255, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict, help_text="people.shapes.ImportCounts")
    options = models.JSONField(default=dict, help_text="people.actions.import_plan.ImportOptions")
    left_out = models.JSONField(default=list, help_text="list of people.shapes.ImportFault: rows left out")
    state = models.CharField(_("状态"), max_length=10, choices=ImportState, default=ImportState.DONE)
    changes_total = models.PositiveIntegerField(default=0)
    changes_done = models.PositiveIntegerField(default=0)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    applied_at = models.DateTimeField(_("导入时间"))

    class Meta:
        verbose_name = _("人员导入")
        verbose_name_plural = _("人员导入")
        ordering = ["-applied_at"]
        indexes = [models.Index(fields=["file_sha256"], name="people_batch_file")]

    def __str__(self) -> str:
        return f"{self.file_name} {self.applied_at:%Y-%m-%d %H:%M}"


class EmploymentEvent(models.Model):
    """Something that happened to a person's employment. Inserted only; a correction names what it replaces.

    `effective_on` may lie before or after the day of recording. The `from_` places are what was believed when
    the event was recorded; stays follow from the `to_` places alone. No two events of a person have the same
    `recorded_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(_("类别"), max_length=20, choices=EventKind)
    effective_on = models.DateField(_("生效日期"))
    from_unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    from_post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_unit = models.ForeignKey(OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # The terms that hold from then on; empty for events that leave them as they are.
    employment_type = models.CharField(_("用工形式"), max_length=20, choices=EmploymentType, blank=True)
    employer = models.ForeignKey(
        OrgUnit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("用人单位"),
    )
    days_away = models.PositiveIntegerField(_("离岗天数"), null=True, blank=True)
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    is_withdrawn = models.BooleanField(_("撤回"), default=False)
    reason = models.CharField(_("更正原因"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("人事变动")
        verbose_name_plural = _("人事变动")
        ordering = ["effective_on", "recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="returned") | Q(days_away__isnull=False),
                name="people_event_return_has_days",
            ),
            models.CheckConstraint(
                condition=Q(is_withdrawn=False) | Q(corrects__isnull=False),
                name="people_event_withdrawn_corrects",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.get_kind_display()} {self.effective_on}"
