"""The form of a number of the rules: its next version."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from training.forms import DateInput
from training.models import ProgrammeKind, TrainingParameter
from training.parameters import Use


class ParameterForm(forms.Form):
    """A number, or the kinds that count, as it is to be from a day to come."""

    value = forms.DecimalField(label=_("数值"), max_digits=8, decimal_places=2)
    kinds = forms.MultipleChoiceField(
        label=_("计入的培训类别"),
        choices=ProgrammeKind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一种计入的培训类别。")},
    )
    effective_from = forms.DateField(
        label=_("施行日期"),
        widget=DateInput,
        help_text=_("明天或以后；前一版到这一天的前一天为止，已有的学时不变。"),
    )
    legal_basis = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("写明法律条文，或企业制度的名称。")
    )
    basis_verified = forms.BooleanField(
        label=_("条文已核对原文"), required=False, help_text=_("未核对的，处处标明“条文待核对原文”。")
    )
    reason = forms.CharField(label=_("修改原因"), max_length=200)

    def __init__(self, *args: Any, use: Use, unit: str, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        del self.fields["value" if use.is_list else "kinds"]
        if not use.is_list:
            self.fields["value"] = forms.DecimalField(
                label=format_lazy("{}（{}）", _("数值"), unit),
                min_value=use.low,
                max_value=use.high,
                max_digits=8,
                decimal_places=2,
            )
            self.order_fields(["value"])

    def clean_effective_from(self) -> dt.date:
        """Refuse a day that has begun: its hours are reckoned with what applied then."""
        day: dt.date = self.cleaned_data["effective_from"]
        if day <= self.today:
            raise forms.ValidationError(_("请选择明天或以后的日期：过去的日子按当时的数值计算。"))
        return day


def initial_of(parameter: TrainingParameter, today: dt.date) -> dict[str, Any]:
    """Return what the form shows: the version in force, from tomorrow."""
    return {
        "value": parameter.value.normalize() if parameter.value is not None else None,
        "kinds": parameter.kinds,
        "legal_basis": parameter.legal_basis,
        "basis_verified": parameter.basis_verified,
        "effective_from": today + dt.timedelta(days=1),
    }
