"""Forms of Wagtail's admin for accounts with one name, units of the organisation, their levels, and posts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.forms.account import NameEmailForm
from wagtail.users.forms import UserCreationForm, UserEditForm

from people.levels import KINDS
from people.models import Hazard, OrgUnit, Post, UnitKind, User
from people.queries import level_names

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
    """A unit's name, code, level and legal standing; where it hangs in the tree is changed by a move."""

    class Meta:
        model = OrgUnit
        fields = ["name", "code", "kind", "is_high_risk_for_hours", "is_listed_sector"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The organisation's own names of the levels.
        self.fields["kind"].choices = list(level_names().items())

    def clean_code(self):
        """Keep no empty code: two of them would clash."""
        return self.cleaned_data["code"] or None

    def _get_validation_exclusions(self):
        # A code that is taken is refused by the action, which names its holder.
        return super()._get_validation_exclusions() | {"code"}


class LeaderForm(forms.Form):
    """Who leads a unit, by employee number; empty for nobody."""

    employee_no = forms.CharField(
        label=_("负责人工号"),
        required=False,
        max_length=32,
        help_text=_("须在本单位、下级或上级单位任职；留空即不设负责人。调走或离职后自动显示为空缺。"),
    )


class UnitDayForm(forms.Form):
    """The day from which a change of a unit holds, and a note for the record."""

    on = forms.DateField(
        label=_("生效日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("说明"), required=False, max_length=200)


class LevelNamesForm(forms.Form):
    """What each kind of unit is called; empty fields keep the built-in name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            self.fields[kind] = forms.CharField(
                label=UnitKind(kind).label, required=False, max_length=20, strip=True
            )


class GroupedHazards(forms.models.ModelChoiceIterator):
    """Accident categories below the standard that names them, with how far its list has been compared."""

    def __iter__(self):
        groups = {}
        for hazard in self.queryset.select_related("standard"):
            groups.setdefault(hazard.standard, []).append(self.choice(hazard))
        for standard, choices in groups.items():
            yield hazard_group_label(standard), choices


def hazard_group_label(standard):
    """Return a standard's name with its validity and how well its list has been compared, for a heading."""
    parts = [f"{standard.code} {standard.title}".strip(), standard.get_trust_display()]
    if standard.in_force_from:
        parts.append(_("%(day)s 起施行") % {"day": standard.in_force_from.isoformat()})
    if standard.in_force_before:
        parts.append(_("%(day)s 起废止") % {"day": standard.in_force_before.isoformat()})
    return " · ".join(str(part) for part in parts)


class HazardField(forms.ModelMultipleChoiceField):
    """Accident categories to tick, by standard."""

    iterator = GroupedHazards
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj):
        """Return the name alone: the standard is the heading."""
        return obj.name


class PostForm(WagtailAdminModelForm):
    """A post: what it is exposed to, what it demands, and whether the law singles it out."""

    hazards = HazardField(
        label=_("危险因素"), required=False, queryset=Hazard.objects.order_by("-standard__year", "id")
    )

    class Meta:
        model = Post
        fields = ["name", "code", "hazards", "demanded_licences", "is_principal", "is_safety_manager"]
        widgets = {"demanded_licences": forms.CheckboxSelectMultiple}

    def clean_code(self):
        """Keep no empty code: two of them would clash."""
        return self.cleaned_data["code"] or None


class KioskRegisterForm(forms.Form):
    """A shared tablet: what it is called and whose people sign in on it."""

    name = forms.CharField(
        label=_("名称"), max_length=60, help_text=_("贴在平板上的名字，例如“一车间门口”。")
    )
    unit = forms.TypedChoiceField(
        label=_("部门"), coerce=int, help_text=_("只有这个部门和它下级的人能在上面登录。")
    )

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = units
