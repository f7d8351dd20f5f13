"""The form that grants a role."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.text import squeeze
from people.models import OrgUnit, Role
from people.permissions import ROLE_SENTENCES


class GrantForm(forms.Form):
    """A role for somebody: which, over which unit, from when to when. The last day is included."""

    role = forms.ChoiceField(label=_("角色"), widget=forms.RadioSelect)
    unit = forms.ChoiceField(label=_("单位"), help_text=_("含其全部下级单位"))
    starts_on = forms.DateField(
        label=_("开始日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=_("有效至（含当日）"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("不填为长期有效，每次复核都会列出。"),
    )
    exception_reason = forms.CharField(
        label=_("例外理由"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("仅在与此人另一角色不相容而仍须授予时填写；会列在角色复核页上。"),
    )

    def __init__(
        self, *args: Any, roles: Collection[str], units: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Role.choices)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role, f"{labels[role]}：{ROLE_SENTENCES[role]}") for role in roles
        ]
        self.fields["unit"].choices = [("", "—"), *((str(pk), name) for pk, name in units)]  # type: ignore[attr-defined]

    def clean_unit(self) -> OrgUnit:
        """Return the unit chosen; the field has checked that it is one of those offered."""
        unit: OrgUnit = OrgUnit.objects.get(pk=int(self.cleaned_data["unit"]))
        return unit

    def clean_exception_reason(self) -> str:
        """Return the reason without stray spaces."""
        return squeeze(self.cleaned_data["exception_reason"])

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        said: dict[str, Any] = super().clean() or {}
        starts_on, last_day = said.get("starts_on"), said.get("last_day")
        if isinstance(starts_on, dt.date) and isinstance(last_day, dt.date) and last_day < starts_on:
            self.add_error("last_day", _("有效至早于开始日期，请改其中一个。"))
        return said
