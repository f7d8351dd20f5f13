"""Forms of the office for campaigns and on-the-spot tests."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from exams.models import Bank, Campaign, Topic
from people.models import OrgUnit, Post


class UnitChoices(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A unit of the tree, indented by its depth."""

    def label_from_instance(self, unit: Any) -> str:
        """Return the name with its depth."""
        return "　" * (unit.depth - 1) + str(unit.name)


class UnitsChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several units of the tree, indented by their depth."""

    def label_from_instance(self, unit: Any) -> str:
        """Return the name with its depth."""
        return "　" * (unit.depth - 1) + str(unit.name)


class CampaignForm(forms.Form):
    """A campaign: who takes part, from what, from when to when."""

    title = forms.CharField(
        label=gettext_lazy("名称"), max_length=120, help_text=gettext_lazy("例如：安全生产月答题")
    )
    starts_on = forms.DateField(
        label=gettext_lazy("开始"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=gettext_lazy("结束（含当日）"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    units = UnitsChoices(
        label=gettext_lazy("参加单位"),
        queryset=OrgUnit.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("排名里每个单位一行；人算在选中的最近一级单位。"),
    )
    banks = forms.ModelMultipleChoiceField(
        label=gettext_lazy("题库"),
        queryset=Bank.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("只列出开放练习的题库。"),
    )
    topics = forms.ModelMultipleChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选就是题库里的全部。"),
    )
    daily_cap = forms.IntegerField(
        label=gettext_lazy("每人每天计分题数"),
        min_value=1,
        max_value=50,
        initial=5,
        help_text=gettext_lazy("多答不多得分，免得刷题。"),
    )

    def __init__(
        self, *args: Any, units: QuerySet[OrgUnit], campaign: Campaign | None = None, **kwargs: Any
    ) -> None:
        if campaign is not None:
            kwargs["initial"] = {
                "title": campaign.title,
                "starts_on": campaign.starts_on,
                "ends_on": campaign.ends_on,
                "units": list(campaign.units.all()),
                "banks": list(campaign.banks.all()),
                "topics": list(campaign.topics.all()),
                "daily_cap": campaign.daily_cap,
            }
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["units"].queryset = units
        fields["banks"].queryset = Bank.objects.filter(may_be_practised=True)
        fields["topics"].queryset = Topic.objects.filter(questions__bank__may_be_practised=True).distinct()


class SpotRoundForm(forms.Form):
    """Where an inspector stands, and what to ask about."""

    unit = UnitChoices(label=gettext_lazy("单位"), queryset=OrgUnit.objects.none())
    place = forms.CharField(
        label=gettext_lazy("地点"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("例如：2 号反应釜平台"),
    )
    post = forms.ModelChoiceField(
        label=gettext_lazy("岗位"),
        queryset=Post.objects.none(),
        required=False,
        help_text=gettext_lazy("不选就按每个人自己的岗位出题，必知题在先。"),
    )
    topics = forms.ModelMultipleChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("不选就不限。"),
    )
    question_count = forms.TypedChoiceField(
        label=gettext_lazy("题数"), choices=[(n, str(n)) for n in (3, 4, 5)], coerce=int, initial=3
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["unit"].queryset = units
        fields["post"].queryset = Post.objects.filter(archived_on__isnull=True)
        fields["topics"].queryset = Topic.objects.filter(questions__bank__may_be_practised=True).distinct()
