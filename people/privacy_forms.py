"""Forms around personal data: why it is looked at, and what holds it."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from people.models import AccessReason, LegalHold, OrgUnit, RetentionRule


class OnceForm(forms.Form):
    """A form that does what it asks for once, however often it is sent."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = uuid.uuid4
        self.label_suffix = ""


class ReasonForm(OnceForm):
    """Why personal data is wanted in clear."""

    reason = forms.ChoiceField(label=_("事由"), choices=AccessReason.choices)
    reason_text = forms.CharField(
        label=_("说明"),
        max_length=200,
        help_text=_("写明办什么事，例如：报名焊工复审。本人和审计员都会看到。"),
    )

    def clean_reason_text(self) -> str:
        """Refuse a reason of blanks."""
        text: str = self.cleaned_data["reason_text"].strip()
        if len(text) < 2:
            raise forms.ValidationError(_("请写明办什么事。"))
        return text


class PhotoForm(forms.Form):
    """A photograph to be put on a person's page."""

    photo = forms.FileField(
        label=_("照片"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG、PNG 或 WebP，不超过 10 MB，短边至少 200 像素。拍摄地点等附带信息会被去掉。"),
    )


class HoldForm(forms.Form):
    """A new legal hold: on one person, a unit, or the people of an incident."""

    kind = forms.ChoiceField(label=_("对象"), choices=LegalHold.Kind.choices)
    employee_nos = forms.CharField(
        label=_("工号"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("一个人或一起事故时填写；多个工号用空格或逗号隔开。"),
    )
    unit = forms.ModelChoiceField(
        label=_("部门"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=_("选“一个部门及其下级”时填写；曾在那里任职的人也包括在内"),
    )
    incident = forms.CharField(label=_("事故或案件编号"), max_length=80, required=False)
    reason = forms.CharField(label=_("原因"), max_length=200)
    starts_on = forms.DateField(label=_("开始"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_before = forms.DateField(
        label=_("结束（不含当日）"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("不填：一直保全，直到有人解除"),
    )

    def __init__(self, *args: Any, units: Any, full_names: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit: Any = self.fields["unit"]
        unit.queryset = units
        unit.label_from_instance = lambda one: full_names[one.pk]

    def clean(self) -> dict[str, Any]:
        """Ask for what the kind of hold needs."""
        said = super().clean() or {}
        text = said.get("employee_nos", "").replace(",", " ").replace("，", " ").replace("、", " ")
        numbers = said["employee_nos"] = list(dict.fromkeys(text.split()))
        kind = said.get("kind")
        if kind == LegalHold.Kind.UNIT and not said.get("unit") and "unit" not in self.errors:
            self.add_error("unit", _("请选择部门。"))
        if kind in (LegalHold.Kind.PERSON, LegalHold.Kind.INCIDENT) and not numbers:
            self.add_error("employee_nos", _("请填写工号。"))
        if kind == LegalHold.Kind.PERSON and len(numbers) > 1:
            self.add_error("employee_nos", _("“一个人”只填一个工号；多人请选“一起事故的有关人员”。"))
        if kind == LegalHold.Kind.INCIDENT and not said.get("incident"):
            self.add_error("incident", _("请填写事故或案件编号。"))
        starts_on, ends_before = said.get("starts_on"), said.get("ends_before")
        if starts_on and ends_before and ends_before <= starts_on:
            self.add_error("ends_before", _("结束日期须晚于开始日期。"))
        return said


class RetentionRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """How long one kind of data is kept."""

    class Meta:
        model = RetentionRule
        fields = ["months_after_leaving", "legal_basis", "basis_verified", "is_active"]
