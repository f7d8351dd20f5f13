"""Forms of occurrences, and of what is asked for and decided about obligations."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from people.models import Employee, OrgUnit, Post
from training.forms import DateInput, UnitsField
from training.models import (
    Component,
    DispensationKind,
    OccurrenceKind,
    Programme,
    ProgrammeKind,
)


class OccurrenceForm(forms.Form):
    """What happened, when, and whom it concerns."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("类别"), choices=OccurrenceKind.choices)
    title = forms.CharField(
        label=_("事由"), max_length=120, help_text=_("会显示在有关人员的任务里；不要写别人的姓名。")
    )
    detail = forms.CharField(
        label=_("说明"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    happened_on = forms.DateField(label=_("发生日期"), widget=DateInput)
    employee_nos = forms.CharField(
        label=_("人员工号（每行一个）"), required=False, widget=forms.Textarea({"rows": 3})
    )
    units = UnitsField(
        label=_("或这些单位的全体人员（含下级）"),
        queryset=OrgUnit.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("只能选择您负责范围内的单位，请重新选择。")},
    )
    posts = forms.ModelMultipleChoiceField(
        label=_("只限这些岗位"), queryset=Post.objects.none(), required=False
    )
    programme = forms.ModelChoiceField(
        label=_("用这个培训方案"),
        queryset=Programme.objects.none(),
        required=False,
        empty_label=_("按规则"),
    )

    def __init__(
        self, *args: Any, people: QuerySet[Employee], units: QuerySet[OrgUnit], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        unit, posts, programme = self.fields["units"], self.fields["posts"], self.fields["programme"]
        assert isinstance(unit, UnitsField)
        assert isinstance(posts, forms.ModelMultipleChoiceField)
        assert isinstance(programme, forms.ModelChoiceField)
        unit.queryset = units
        unit.widget.attrs["size"] = posts.widget.attrs["size"] = 8
        posts.queryset = Post.objects.filter(archived_on=None)
        programme.queryset = Programme.objects.filter(is_active=True).exclude(kind=ProgrammeKind.CASE)

    def clean_employee_nos(self) -> list[Employee]:
        """Find the people within the user's scope by number; name the numbers nobody has."""
        numbers = list(dict.fromkeys(self.cleaned_data["employee_nos"].split()))
        found = {person.employee_no: person for person in self.people.filter(employee_no__in=numbers[:500])}
        missing = [number for number in numbers if number not in found]
        if missing:
            raise ValidationError(
                _("您负责的范围内没有工号 %(numbers)s，请核对。") % {"numbers": "、".join(missing[:10])}
            )
        return list(found.values())


class WithdrawForm(forms.Form):
    """Why an occurrence is taken back."""

    reason = forms.CharField(label=_("原因"), max_length=200)


class DispensationForm(forms.Form):
    """What is asked for about one obligation."""

    kind = forms.ChoiceField(label=_("申请什么"), choices=DispensationKind.choices)
    reason = forms.CharField(label=_("理由"), max_length=1000, widget=forms.Textarea({"rows": 3}))
    until = forms.DateField(
        label=_("豁免或延期到（含当日）"), widget=DateInput, required=False, help_text=_("最长一年。")
    )
    component = forms.ModelChoiceField(
        label=_("认定哪个环节"), queryset=Component.objects.none(), required=False
    )
    hours = forms.DecimalField(
        label=_("认定学时"), min_value=0, max_value=Decimal(500), decimal_places=1, required=False
    )
    held_on = forms.DateField(label=_("以往培训的日期"), widget=DateInput, required=False)
    evidence = forms.FileField(
        label=_("证明材料"),
        required=False,
        help_text=_("认定时必须上传。PDF、图片，最大 20 MB。"),
        widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    def __init__(self, *args: Any, components: QuerySet[Component], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        component = self.fields["component"]
        assert isinstance(component, forms.ModelChoiceField)
        component.queryset = components


class DecisionForm(forms.Form):
    """What a second person decides."""

    decision = forms.ChoiceField(choices=[("yes", _("同意")), ("no", _("不同意"))])
    note = forms.CharField(label=_("意见"), max_length=200, required=False)
