"""Forms of signing in and of the upload page."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.utils.translation import gettext_lazy as _

from common.text import half_width, squeeze


def plain_username(text: str) -> str:
    """Return a typed user name without full-width digits and stray spaces, as phones add them."""
    return squeeze(half_width(text))[:150]


class SignInForm(AuthenticationForm):
    """Employee number or account name, and password. What was wrong is never said more closely."""

    error_messages = {
        "invalid_login": _("工号或密码不对。忘了密码请找班组长或人事专员，领一张新的登录凭条。"),
        "inactive": _("工号或密码不对。忘了密码请找班组长或人事专员，领一张新的登录凭条。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = _("工号或账号")
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "autocorrect": "off"}
        self.fields["password"].label = _("密码")

    def clean_username(self) -> str:
        """Accept what phones make of a number."""
        return plain_username(self.cleaned_data["username"])


class ChoosePasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["new_password1"].label = _("新密码")
        self.fields["new_password1"].help_text = _("至少 8 位，不要用工号、姓名或太常见的密码。")
        self.fields["new_password2"].label = _("再输一遍新密码")
        self.fields["new_password2"].help_text = ""


class ChangePasswordForm(ChoosePasswordForm):
    """A new password for somebody signed in, who proves it with the old one."""

    old_password = forms.CharField(
        label=_("现在的密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ["old_password", "new_password1", "new_password2"]

    def clean_old_password(self) -> str:
        """Check the present password."""
        old: str = self.cleaned_data["old_password"]
        if not self.user.check_password(old):
            raise forms.ValidationError(_("现在的密码不对。"), code="password_incorrect")
        return old


class RosterUploadForm(forms.Form):
    """A list to check, and how it is to be read."""

    file = forms.FileField(
        label=_("人员名单"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=_(".xlsx、.xls 或 .csv，不超过 30 MB。先检查、比对，确认后才保存。"),
    )
    create_missing = forms.BooleanField(label=_("新建名单里有、系统里没有的部门和岗位"), required=False)
    full_roster = forms.BooleanField(
        label=_("这是全员名单：没有列出的人按离职处理"),
        required=False,
        help_text=_("一般不选。没有选中时，名单里没有的人保持不变。"),
    )
