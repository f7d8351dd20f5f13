"""Forms of Wagtail's admin for accounts with one name, and for units of the organisation."""

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.account import NameEmailForm
from wagtail.users.forms import UserCreationForm, UserEditForm

from people.models import OrgUnit, User

FIELDS = {"username", "name", "email", "is_superuser", "groups", "must_change_password"}


class AccountCreationForm(UserCreationForm):
    """A new account. Employees get theirs by import; this is for the others."""

    first_name = None
    last_name = None
    name = forms.CharField(label=_("姓名"), max_length=60)
    email = forms.EmailField(label=_("电子邮箱"), required=False)

    class Meta(UserCreationForm.Meta):
        model = User
        fields = FIELDS


class AccountEditForm(UserEditForm):
    """A changed account."""

    first_name = None
    last_name = None
    name = forms.CharField(label=_("姓名"), max_length=60)
    email = forms.EmailField(label=_("电子邮箱"), required=False)

    class Meta(UserEditForm.Meta):
        model = User
        fields = FIELDS | {"is_active"}


class OwnAccountForm(NameEmailForm):
    """What somebody may change of their own account in the back office."""

    first_name = None
    last_name = None
    name = forms.CharField(label=_("姓名"), max_length=60)
    email = forms.EmailField(label=_("电子邮箱"), required=False)

    class Meta:
        model = User
        fields = ["name", "email"]


class UnitForm(forms.ModelForm):
    """A unit's name, level and legal standing; where it hangs in the tree is not changed here."""

    class Meta:
        model = OrgUnit
        fields = ["name", "code", "kind", "is_high_risk_for_hours", "is_listed_sector", "closed_on"]
        widgets = {"closed_on": forms.DateInput(attrs={"type": "date"})}

    def clean_code(self):
        """Keep no empty code: two of them would clash."""
        return self.cleaned_data["code"] or None
