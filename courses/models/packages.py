"""SCORM packages: files somebody else made, and what they report while a person goes through them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Package(models.Model):
    """A SCORM package, checked and unpacked. Never changed: another file is another package.

    `manifest` and `findings` are what courses.scorm.manifest read; `file` is the package as it was uploaded,
    its files stand beside it under numbers.
    """

    title = models.CharField(_("名称"), max_length=255)
    sha256 = models.CharField(max_length=64, unique=True)
    version = models.CharField(_("标准"), max_length=8, help_text="1.2 or 2004")
    manifest = models.JSONField(default=dict, help_text="courses.scorm.manifest.Manifest as data")
    findings = models.JSONField(default=list, help_text="list of courses.scorm.manifest.Finding as data")
    file = models.FileField(max_length=255)
    file_name = models.CharField(_("文件名"), max_length=255)
    size_bytes = models.PositiveBigIntegerField(_("大小"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("课件包")
        verbose_name_plural = _("课件包")
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.title}（SCORM {self.version}，{self.sha256[:8]}）"

    @property
    def folder(self) -> str:
        """Return where the package's files stand in the storage."""
        return f"packages/{self.sha256}"

    @property
    def items(self) -> list[dict]:
        """Return the parts a person can open, as courses.scorm.manifest.Item as data."""
        return self.manifest["items"]

    @property
    def reporting_parts(self) -> list[str]:
        """Return the ids of the parts that report; where none does, opening each is all there is to see."""
        parts = [item["identifier"] for item in self.items if item["is_sco"]]
        return parts or [item["identifier"] for item in self.items]


class PackageFile(models.Model):
    """One file of a package that may be served, found by the address pages inside the package use."""

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="files")
    path_key = models.CharField(max_length=300, help_text="the path in one case: Windows made these names")
    number = models.PositiveIntegerField()
    content_type = models.CharField(max_length=60)
    size_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["package", "path_key"], name="courses_package_path_once"),
        ]

    def __str__(self) -> str:
        return self.path_key


class PackageReport(models.Model):
    """What a package reported, as it came, with what was made of it. Inserted only.

    The figures are the package's word from the learner's browser; `credited_s` alone is the server's.
    """

    session = models.ForeignKey(
        "courses.PlaySession", on_delete=models.PROTECT, related_name="package_reports"
    )
    progress = models.ForeignKey(
        "courses.StudyProgress", on_delete=models.PROTECT, related_name="package_reports"
    )
    seq = models.PositiveIntegerField()
    part = models.CharField(_("部分"), max_length=200)
    attempt = models.PositiveIntegerField(_("第几次"), default=1)
    cmi = models.JSONField(default=dict)
    is_final = models.BooleanField(_("已退出"), default=False)
    completion = models.CharField(_("完成状态"), max_length=12)
    success = models.CharField(_("通过状态"), max_length=12)
    score_pct = models.FloatField(_("课件自报得分（%）"), null=True)
    said_s = models.FloatField(_("课件自报秒数"), default=0)
    credited_s = models.FloatField(_("计入秒数"), default=0)
    arrived_at = models.DateTimeField(_("到达时间"))

    class Meta:
        verbose_name = _("课件包上报")
        verbose_name_plural = _("课件包上报")
        constraints = [
            models.UniqueConstraint(fields=["session", "seq"], name="courses_package_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.seq}"
