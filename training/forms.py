"""Forms of the back office."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Employee, LicenceType, OrgUnit
from training.models import Obligation, ObligationState, Programme, ProgrammeKind, RecordKind


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class CoverageFilter(forms.Form):
    """What the coverage page shows: a day not in the future, a kind of programme, a unit of the user's scope."""

    on = forms.DateField(label=_("截至日期"), required=False, widget=DateInput)
    kind = forms.ChoiceField(label=_("培训类别"), required=False)
    unit = forms.ModelChoiceField(
        queryset=OrgUnit.objects.none(), required=False, widget=forms.HiddenInput, label=_("单位")
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()
        kind = self.fields["kind"]
        unit = self.fields["unit"]
        assert isinstance(kind, forms.ChoiceField)
        assert isinstance(unit, forms.ModelChoiceField)
        programmes = Programme.objects.filter(is_active=True).order_by("title").values_list("code", "title")
        kind.choices = [
            ("", _("全部培训")),
            (_("按类别"), ProgrammeKind.choices),
            (_("按培训方案"), list(programmes)),
        ]
        unit.queryset = units

    def clean_on(self) -> dt.date:
        """Take today where no day is given, and refuse days to come: nothing is known about them."""
        on: dt.date = self.cleaned_data["on"] or self.today
        if on > self.today:
            raise forms.ValidationError(_("截至日期不能晚于今天。"))
        return on


class OnSiteForm(forms.Form):
    """One on-site training: when, how long, where, by whom, and who was there."""

    held_on = forms.DateField(label=_("日期"), widget=DateInput)
    starts_at = forms.TimeField(label=_("开始时间"), widget=TimeInput)
    ends_at = forms.TimeField(label=_("结束时间"), widget=TimeInput)
    hours = forms.DecimalField(
        label=_("学时"),
        min_value=Decimal("0.5"),
        max_value=Decimal(8),
        max_digits=3,
        decimal_places=1,
        help_text=_("1 学时为 45 分钟，不得多于实际时段；每人每天不超过 8 学时。"),
    )
    place = forms.CharField(label=_("地点"), max_length=120)
    trainer_name = forms.CharField(label=_("教员"), max_length=60)
    people = forms.ModelMultipleChoiceField(
        queryset=Obligation.objects.none(),
        label=_("参加人员"),
        to_field_name="public_id",
        error_messages={
            "required": _("没有选择人员：请勾选参加本次培训的人。"),
            "invalid_choice": _("名单已变化，请刷新后重新勾选。"),
        },
    )

    def __init__(self, *args: Any, obligations: QuerySet[Obligation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["people"]
        assert isinstance(people, forms.ModelMultipleChoiceField)
        people.queryset = obligations

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the start and the end as aware times of the site's zone."""
        data = self.cleaned_data
        start = dt.datetime.combine(data["held_on"], data["starts_at"])
        end = dt.datetime.combine(data["held_on"], data["ends_at"])
        return timezone.make_aware(start), timezone.make_aware(end)


class LedgerFilter(forms.Form):
    """Which ledger rows are shown."""

    q = forms.CharField(label=_("姓名、工号或内容"), required=False, max_length=60)
    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("全部类别")), *RecordKind.choices]
    )
    since = forms.DateField(label=_("完成日期自"), required=False, widget=DateInput)
    until = forms.DateField(label=_("完成日期至"), required=False, widget=DateInput)


class ObligationFilter(forms.Form):
    """Which obligations are shown."""

    q = forms.CharField(label=_("姓名、工号或培训"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部状态")), ("late", _("逾期")), *ObligationState.choices],
    )
    kind = forms.ChoiceField(
        label=_("培训类别"), required=False, choices=[("", _("全部培训")), *ProgrammeKind.choices]
    )


class LicenceForm(forms.Form):
    """A licence of a person, found by employee number."""

    employee_no = forms.CharField(label=_("工号"), max_length=32)
    licence_type = forms.ModelChoiceField(label=_("证件种类"), queryset=LicenceType.objects.all())
    number = forms.CharField(label=_("证号"), max_length=60)
    issuer = forms.CharField(label=_("发证机关"), max_length=120, required=False)
    valid_from = forms.DateField(label=_("有效期自"), widget=DateInput)
    valid_until = forms.DateField(label=_("有效期至（含当日）"), widget=DateInput)
    review_due_on = forms.DateField(label=_("复审日期"), required=False, widget=DateInput)

    def __init__(self, *args: Any, people: QuerySet[Employee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people

    def clean_employee_no(self) -> str:
        """Refuse a number nobody within the user's scope has."""
        number: str = self.cleaned_data["employee_no"].strip()
        if not self.people.filter(employee_no=number).exists():
            raise forms.ValidationError(
                _("您负责的范围内没有工号为 %(number)s 的员工，请核对工号。") % {"number": number}
            )
        return number
