"""Forms of signing in, of the upload page and of tokens."""

import datetime as dt
import re
from itertools import pairwise
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm as AllauthCodeForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthCodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.utils.translation import gettext_lazy as _

from common.addresses import plain_range
from common.clock import now
from common.text import half_width, squeeze
from people.actions.api_grants import LONGEST, may_hand_out_clear_numbers
from people.actions.sign_in import forget_failures, minutes_locked, note_failure
from people.models import ApiCapability, OrgUnit, Post, User
from people.permissions import Capability, scope_of
from people.queries import account_named, api_accounts_for, unit_directory

PIN_LENGTH = 6


def plain_username(text: str) -> str:
    """Return a typed user name without full-width digits and stray spaces, as phones add them."""
    return squeeze(half_width(text))[:150]


class SignInForm(AuthenticationForm):
    """Employee number, account name or phone number, and password. What was wrong is never said more closely.

    `locked_minutes` says for how long the account is still locked, 0 if it is not.
    """

    locked_minutes = 0

    error_messages = {
        "invalid_login": _("工号或密码不对。忘了密码请找班组长或人事专员，领一张新的登录凭条。"),
        "inactive": _("工号或密码不对。忘了密码请找班组长或人事专员，领一张新的登录凭条。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].label = _("工号、手机号或账号")
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "autocorrect": "off"}
        self.fields["password"].label = _("密码")

    def clean_username(self) -> str:
        """Accept what phones make of a number."""
        return plain_username(self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        """Find the account, refuse one that is locked, and check the password, counting failures.

        An unknown name costs the same: it is counted, and a password is hashed for it.
        """
        typed, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not typed or not password:
            return self.cleaned_data
        account = account_named(typed)
        name = account.username if account else typed
        at = now()
        self.locked_minutes = minutes_locked(name, at)
        if self.locked_minutes:
            return self.cleaned_data
        user = authenticate(self.request, username=name, password=password)
        if user is None:
            note_failure(name, at, owner=account)
            # The one that locks says so at once.
            self.locked_minutes = minutes_locked(name, at)
            raise self.get_invalid_login_error()
        forget_failures(name)
        self.user_cache = user
        return self.cleaned_data


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


def _digits(form: forms.BaseForm, name: str, label: Any) -> None:
    """Let phones show their number pad and offer the code they have just received."""
    form.label_suffix = ""
    form.fields[name].label = label
    form.fields[name].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}


def plain_code(text: str) -> str:
    """Return a typed code in half-width digits without spaces and hyphens."""
    return re.sub(r"[\s-]", "", half_width(text))


class CodeForm(AllauthCodeForm):
    """The one-time code, or a recovery code, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _digits(self, "code", _("验证码或备用码"))

    def clean_code(self) -> str:
        """Accept what phones make of digits."""
        self.cleaned_data["code"] = plain_code(self.cleaned_data["code"])
        return str(super().clean_code())


class CodeAgainForm(AllauthCodeAgainForm):
    """The one-time code, asked for once more before something weighty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _digits(self, "code", _("验证码或备用码"))

    def clean_code(self) -> str:
        """Accept what phones make of digits."""
        self.cleaned_data["code"] = plain_code(self.cleaned_data["code"])
        return str(super().clean_code())


class ActivateCodeForm(ActivateTOTPForm):
    """The first code, which proves that the app took in the key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _digits(self, "code", _("验证器显示的 6 位数字"))

    def clean_code(self) -> str:
        """Accept what phones make of digits."""
        self.cleaned_data["code"] = plain_code(self.cleaned_data["code"])
        return str(super().clean_code())


class PasswordAgainForm(ReauthenticateForm):
    """The password, asked for once more before something weighty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["password"].label = _("现在的密码")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}


def plain_pin(text: str) -> str:
    """Return six digits typed in whatever width; raise ValidationError for anything else."""
    digits = plain_code(text)
    if len(digits) != PIN_LENGTH or not (digits.isascii() and digits.isdigit()):
        raise forms.ValidationError(_("登录码是 6 位数字。"), code="pin_shape")
    return digits


def _pin_field(label: Any) -> forms.CharField:
    attrs = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 12}
    return forms.CharField(label=label, widget=forms.PasswordInput(attrs=attrs))


class PinForm(forms.Form):
    """Six digits for shared tablets, twice."""

    pin1 = _pin_field(_("新登录码（6 位数字）"))
    pin2 = _pin_field(_("再输一遍"))

    def __init__(self, *args: Any, number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.number = number

    def clean_pin1(self) -> str:
        """Refuse what everybody tries first."""
        pin = plain_pin(self.cleaned_data["pin1"])
        steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
        if steps in ({0}, {1}, {9}) or pin in self.number or self.number in pin:
            raise forms.ValidationError(
                _("太容易猜：不要用同一个数字、顺着数的数字或自己的工号。"), code="pin_weak"
            )
        return pin

    def clean_pin2(self) -> str:
        """Compare the two."""
        pin = plain_pin(self.cleaned_data["pin2"])
        if "pin1" in self.cleaned_data and pin != self.cleaned_data["pin1"]:
            raise forms.ValidationError(_("两次输入的不一样。"), code="pin_mismatch")
        return pin


class KioskForm(forms.Form):
    """What the number pad sends. A badge scanner types the number and Enter, like a keyboard."""

    number = forms.CharField(max_length=150)
    pin = forms.CharField(max_length=20)

    def clean_number(self) -> str:
        """Accept full-width digits and stray spaces."""
        return plain_username(self.cleaned_data["number"])

    def clean_pin(self) -> str:
        """Accept six digits."""
        return plain_pin(self.cleaned_data["pin"])


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


class ApiGrantForm(forms.Form):
    """A new token: for which account, what for, from where and until when."""

    account = forms.ModelChoiceField(
        label=_("账号"),
        queryset=User.objects.none(),
        help_text=_("令牌以这个账号的身份行事，管理范围就是它的角色范围。请为每个系统单独建一个账号。"),
    )
    purpose = forms.CharField(
        label=_("用途"), max_length=200, help_text=_("哪个系统、谁维护，例如：人事系统，信息科李工")
    )
    capabilities = forms.MultipleChoiceField(
        label=_("权限"), choices=ApiCapability, widget=forms.CheckboxSelectMultiple
    )
    ip_ranges = forms.CharField(
        label=_("来源地址"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("一行一个 IP 地址或网段，例如 10.1.0.0/16；留空则不限。"),
    )
    expires_on = forms.DateField(
        label=_("最后有效日"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("最长一年。"),
    )
    landing_unit = forms.ModelChoiceField(
        label=_("默认部门"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=_("只用于目录同步：目录里的部门在这里找不到时，新人先放到这个部门。"),
    )
    landing_post = forms.ModelChoiceField(label=_("默认岗位"), queryset=Post.objects.all(), required=False)

    def __init__(self, *args: Any, user: User, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_hand_out_clear_numbers(user):
            offered = [pair for pair in ApiCapability.choices if pair[0] != ApiCapability.PEOPLE_UNMASK]
            self.fields["capabilities"].choices = offered  # type: ignore[attr-defined]
        self.today = today
        accounts = self.fields["account"]
        accounts.queryset = api_accounts_for(user, today)  # type: ignore[attr-defined]
        accounts.label_from_instance = lambda one: f"{one.get_full_name()}（{one.username}）"  # type: ignore[attr-defined]
        names = {entry.id: entry.full_name for entry in unit_directory().values()}
        units = self.fields["landing_unit"]
        units.queryset = scope_of(user, Capability.GRANT_ROLES).filter(closed_on=None)  # type: ignore[attr-defined]
        units.label_from_instance = lambda one: names[one.pk]  # type: ignore[attr-defined]
        self.fields["expires_on"].initial = today + dt.timedelta(days=180)

    def clean_ip_ranges(self) -> list[str]:
        """Return the ranges in their usual form."""
        ranges = []
        for line in self.cleaned_data["ip_ranges"].splitlines():
            if line.strip():
                try:
                    ranges.append(plain_range(line))
                except ValueError:
                    message = _("“%(text)s”不是 IP 地址或网段，请写成 10.1.2.3 或 10.1.0.0/16")
                    raise forms.ValidationError(message % {"text": line.strip()[:40]}) from None
        return ranges

    def clean_expires_on(self) -> dt.date:
        """Refuse a day that has passed or is more than a year away."""
        day: dt.date = self.cleaned_data["expires_on"]
        if not self.today <= day <= self.today + LONGEST:
            raise forms.ValidationError(_("请填今天到一年以内的一天。"))
        return day
