"""Accounts: who may sign in. What a person is at work stands in `employees`."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """An account. `username` is the employee number for employees; staff without one choose a name.

    A Chinese name is one field: there is no first and last name to glue together.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    must_change_password = models.BooleanField(_("首次登录须改密码"), default=False)

    # Set for one request by people.permissions.remember_grants; no field.
    remembered_grants: Any = None

    REQUIRED_FIELDS = ["name"]

    class Meta(AbstractUser.Meta):
        verbose_name = _("账号")  # type: ignore[assignment]
        verbose_name_plural = _("账号")  # type: ignore[assignment]
        permissions = [("import_people", "Can import employees"), ("view_coverage", "Can see coverage")]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        """Return the person's name, or the user name where none is set."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """Return the same as `get_full_name`: a Chinese name is not shortened."""
        return self.get_full_name()


class SignInTicket(models.Model):
    """A one-time slip with which a new employee opens the account and chooses a password.

    Only the token's digest is kept. Issuing a new ticket ends the earlier ones.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_tickets")
    token_digest = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(_("签发时间"))
    expires_at = models.DateTimeField(_("失效时间"))
    used_at = models.DateTimeField(_("使用时间"), null=True)
    revoked_at = models.DateTimeField(_("作废时间"), null=True)

    class Meta:
        verbose_name = _("首次登录凭条")
        verbose_name_plural = _("首次登录凭条")

    def __str__(self) -> str:
        return f"{self.user} {self.issued_at:%Y-%m-%d}"
