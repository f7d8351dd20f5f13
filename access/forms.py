"""Forms of the back office about gates, badges, addresses and places."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from access.models import AccessPlace, EndReason, KeyBy
from access.outbound import NotAllowed, check_url
from common.addresses import plain_range
from people.models import LicenceType, OrgUnit
from training.models import Programme, ProgrammeKind

LONGEST = dt.timedelta(days=366)  # a token nobody renews within a year is one nobody remembers


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class UnitsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Units to choose from, set in by their depth."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name behind as many spaces as the unit is deep."""
        return "　" * (obj.depth - 1) + str(obj)


class UnitField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A unit to choose, set in by its depth."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name behind as many spaces as the unit is deep."""
        return "　" * (obj.depth - 1) + str(obj)


class GateForm(forms.Form):
    """A new gate."""

    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("例如“东门闸机”"))
    units = UnitsField(
        label=_("可查询的单位（含下级）"),
        queryset=OrgUnit.objects.none(),
        help_text=_("只能问到这些单位的人。按住 Ctrl 可选多个。"),
    )
    expires_on = forms.DateField(label=_("令牌最后有效日"), widget=DateInput)
    ip_ranges = forms.CharField(
        label=_("来源地址（可不填）"),
        required=False,
        max_length=400,
        help_text=_("例如 10.1.2.3 或 10.1.2.0/24，多个用空格分开；不填：不限。"),
    )
    calls_per_minute = forms.IntegerField(
        label=_("每分钟最多查询次数"), min_value=10, max_value=60_000, initial=600
    )
    list_hours = forms.IntegerField(label=_("离线名单有效小时数"), min_value=1, max_value=168, initial=24)
    key_by = forms.ChoiceField(label=_("离线名单按什么认人"), choices=KeyBy.choices)

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field = self.fields["units"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = units
        field.widget.attrs["size"] = 8
        self.fields["expires_on"].initial = today + dt.timedelta(days=365)

    def clean_expires_on(self) -> dt.date:
        """Refuse an end that has passed or is more than a year away."""
        day: dt.date = self.cleaned_data["expires_on"]
        if not self.today <= day <= self.today + LONGEST:
            raise forms.ValidationError(_("最后有效日须在今天以后的一年之内。"))
        return day

    def clean_ip_ranges(self) -> list[str]:
        """Return the ranges in their usual form."""
        try:
            return [plain_range(one) for one in self.cleaned_data["ip_ranges"].split()]
        except ValueError as error:
            raise forms.ValidationError(_("来源地址的写法不对，例如 10.1.2.0/24。")) from error


class HookForm(forms.Form):
    """A new address to be told of changes."""

    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("例如“门禁服务器”"))
    url = forms.CharField(label=_("地址"), max_length=300, help_text=_("只能是 https:// 开头的地址"))
    units = UnitsField(
        label=_("单位（含下级）"), queryset=OrgUnit.objects.none(), help_text=_("按住 Ctrl 可选多个。")
    )
    on_loss = forms.BooleanField(label=_("失去上岗资格时通知"), required=False, initial=True)
    on_gain = forms.BooleanField(label=_("恢复上岗资格时通知"), required=False, initial=True)

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["units"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = units
        field.widget.attrs["size"] = 8

    def clean_url(self) -> str:
        """Refuse what is no https address."""
        url: str = self.cleaned_data["url"].strip()
        try:
            check_url(url)
        except NotAllowed as error:
            raise forms.ValidationError(_("地址要以 https:// 开头，不带用户名和密码。")) from error
        return url


class PlaceForm(forms.Form):
    """A place with conditions of its own."""

    code = forms.SlugField(label=_("编码"), max_length=40, help_text=_("门禁查询时用，例如 TANK-1"))
    name = forms.CharField(label=_("名称"), max_length=60)
    unit = UnitField(label=_("所属单位"), queryset=OrgUnit.objects.none())
    is_high_risk = forms.BooleanField(label=_("高风险场所"), required=False)
    own_people_only = forms.BooleanField(
        label=_("只许所属单位的人进入"), required=False, help_text=_("含借调来的和在这里干活的承包商人员。")
    )
    licences = forms.ModelMultipleChoiceField(
        label=_("须持证件"), queryset=LicenceType.objects.all(), required=False
    )
    programmes = forms.ModelMultipleChoiceField(
        label=_("须完成的培训"),
        queryset=Programme.objects.filter(is_active=True).exclude(kind=ProgrammeKind.CASE),
        required=False,
    )
    basis = forms.CharField(
        label=_("依据"), max_length=200, required=False, help_text=_("法规条款或公司规定")
    )
    closed_on = forms.DateField(label=_("停用日期"), required=False, widget=DateInput)

    def __init__(
        self, *args: Any, units: QuerySet[OrgUnit], place: AccessPlace | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        field = self.fields["unit"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = units

    def clean_code(self) -> str:
        """Refuse a code another place has."""
        code: str = self.cleaned_data["code"]
        others = AccessPlace.objects.filter(code=code)
        if (others.exclude(pk=self.place.pk) if self.place else others).exists():
            raise forms.ValidationError(_("编码 %(code)s 已被另一个场所使用，请换一个。") % {"code": code})
        return code


class BadgeFilter(forms.Form):
    """Whose badges are shown."""

    q = forms.CharField(label=_("姓名或工号"), required=False, max_length=60)
    unit = UnitField(
        label=_("单位"), queryset=OrgUnit.objects.none(), required=False, empty_label=_("全部单位")
    )
    state = forms.ChoiceField(
        label=_("胸牌"),
        required=False,
        choices=[
            ("", _("全部")),
            ("with", _("已发")),
            ("without", _("未发")),
            ("unprinted", _("要打印")),
        ],
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = units


class EndBadgeForm(forms.Form):
    """Why a badge ends, and whether a new one takes its place."""

    reason = forms.ChoiceField(label=_("作废原因"), choices=EndReason.choices)
    replace = forms.BooleanField(label=_("同时换发一张新的"), required=False, initial=True)
