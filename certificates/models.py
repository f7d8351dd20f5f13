"""Certificates: what was certified, frozen as printed, and what became of it."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from certificates.content import PLACEHOLDERS, UnknownPlaceholder, check_text
from certificates.numbering import is_prefix
from people.models import Employee
from training.models import Programme, TrainingRecord

MAX_TEXT = 300  # characters of a text on the certificate; tests print the longest one on its single page


class CertificateTemplate(models.Model):
    """How the certificate of some programmes reads. Texts may use the placeholders of certificates.shapes."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    title = models.CharField(_("证书名称"), max_length=80)
    body = models.TextField(
        _("正文"), help_text=_("可用占位：{name} {programme} {hours} {score} {completed_on}")
    )
    footnote = models.CharField(_("附注"), max_length=300, blank=True)
    number_prefix = models.CharField(_("编号前缀"), max_length=10, default="AX")
    valid_months = models.PositiveSmallIntegerField(_("有效期（月）"), null=True, blank=True)
    programmes = models.ManyToManyField(
        Programme, blank=True, related_name="certificate_templates", verbose_name=_("用于培训方案")
    )

    class Meta:
        verbose_name = _("证书模板")
        verbose_name_plural = pgettext_lazy("plural", "证书模板")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse texts that could not be printed and prefixes that could not begin a number."""
        errors: dict[str, str] = {}
        for field in ("body", "footnote"):
            if len(getattr(self, field)) > MAX_TEXT:
                errors[field] = gettext("最多 %(limit)s 字，再长一页印不下。") % {"limit": MAX_TEXT}
            try:
                check_text(getattr(self, field))
            except UnknownPlaceholder as error:
                errors[field] = gettext("不认识的占位“%(name)s”。可用的占位只有：%(known)s") % {
                    "name": error.name,
                    "known": " ".join(f"{{{name}}}" for name in PLACEHOLDERS),
                }
        if not is_prefix(self.number_prefix):
            errors["number_prefix"] = gettext("编号前缀只能是 1 到 10 个大写英文字母，例如 AX。")
        if errors:
            raise ValidationError(errors)


class NumberSeries(models.Model):
    """The last number given out in a series (prefix and year). Its row is locked while one is taken."""

    series = models.CharField(max_length=40, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series} {self.last}"


class Certificate(models.Model):
    """One certificate. `printed` (certificates.shapes.PrintedFields) is exactly what the PDF and the verify page show."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("证书编号"), max_length=40, unique=True)
    verify_code = models.CharField(
        max_length=40, unique=True, help_text="160 random bits; the QR leads to it"
    )
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="certificates")
    record = models.OneToOneField(TrainingRecord, on_delete=models.PROTECT, related_name="certificate")
    template = models.ForeignKey(CertificateTemplate, on_delete=models.PROTECT, related_name="certificates")
    printed = models.JSONField()
    issued_at = models.DateTimeField(_("签发时间"))
    valid_until = models.DateField(_("有效期至"), null=True, blank=True)

    class Meta:
        verbose_name = _("证书")
        verbose_name_plural = pgettext_lazy("plural", "证书")
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return self.number


class CertificateFile(models.Model):
    """The PDF of a certificate, made once by a job."""

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="file")
    file = models.FileField(upload_to="certificates/%Y/%m/")
    sha256 = models.CharField(max_length=64)
    rendered_at = models.DateTimeField()

    class Meta:
        verbose_name = _("证书文件")
        verbose_name_plural = _("证书文件")

    def __str__(self) -> str:
        return self.sha256[:12]


class StatusKind(models.TextChoices):
    SUSPENDED = "suspended", _("暂停")
    RESUMED = "resumed", _("恢复")
    REVOKED = "revoked", _("撤销")
    SUPERSEDED = "superseded", _("被替代")


class CertificateStatus(models.Model):
    """A change of a certificate's standing. Inserted only; the live state is folded from these and the dates."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="status_changes")
    kind = models.CharField(_("变更"), max_length=12, choices=StatusKind)
    reason = models.CharField(_("原因"), max_length=200)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    changed_at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("证书状态变更")
        verbose_name_plural = _("证书状态变更")
        ordering = ["changed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="certificates_status_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.certificate} {self.kind}"
