"""What other systems may do over HTTP, what they were answered, and whom a directory calls how."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models.employees import Employee
from people.models.organisation import OrgUnit, Post


class ApiCapability(models.TextChoices):
    """What a token may be used for. Over whom, the roles of its account say."""

    PEOPLE_READ = "people:read", _("读取人员、组织和岗位")
    PEOPLE_UNMASK = "people:unmask", _("读取完整的手机号和身份证号")
    PEOPLE_SYNC = "people:sync", _("同步人员名单")
    SCIM = "scim", _("目录同步（SCIM 2.0）")


class ApiGrant(models.Model):
    """What one of Wagtail's tokens may do: nothing without this row. The token keeps the digest and its end."""

    token = models.OneToOneField("wagtailcore.APIToken", on_delete=models.CASCADE, related_name="grant")
    purpose = models.CharField(_("用途"), max_length=200)
    capabilities = models.JSONField(_("权限"), default=list, help_text="values of ApiCapability")
    ip_ranges = models.JSONField(_("来源地址"), default=list, help_text="CIDR ranges; empty: from anywhere")
    expires_on = models.DateField(_("最后有效日"))
    # Where a directory's people land whose department or title says nothing known here.
    landing_unit = models.ForeignKey(
        OrgUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("默认部门")
    )
    landing_post = models.ForeignKey(
        Post, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("默认岗位")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("创建时间"))

    class Meta:
        verbose_name = _("接口令牌")
        verbose_name_plural = _("接口令牌")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.purpose

    def allows(self, capability: str) -> bool:
        """Tell whether the token was given a capability."""
        return capability in self.capabilities


class ApiReply(models.Model):
    """The answer to a call with an idempotency key: the same key again is answered the same, and done once."""

    grant = models.ForeignKey(ApiGrant, on_delete=models.CASCADE, related_name="replies")
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0, help_text="0: the first call is still under way")
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant", "key"], name="people_api_reply_once")]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.key}"


class ScimUser(models.Model):
    """A person as a directory knows them: its user name, its id, and what it wrote.

    `attributes` holds what the directory sent of the attributes served, so that it reads back what it wrote;
    `places` the ids of the unit and the post its words led to.
    """

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="scim")
    user_name = models.CharField(max_length=255)
    user_name_key = models.CharField(max_length=255, unique=True, help_text="user_name in lower case")
    external_id = models.CharField(max_length=255, blank=True, db_index=True)
    email_key = models.CharField(max_length=254, blank=True, db_index=True)
    attributes = models.JSONField(default=dict)
    places = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.user_name
