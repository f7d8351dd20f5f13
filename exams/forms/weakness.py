"""What the page of weak topics can be asked for."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import OrgUnit, Post


class DayInput(forms.DateInput):
    """A browser's own field for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class WeaknessFilter(forms.Form):
    """Days of handing in, a post, and a unit of the reader's scope."""

    since = forms.DateField(label=gettext_lazy("从"), widget=DayInput, required=False)
    until = forms.DateField(label=gettext_lazy("到"), widget=DayInput, required=False)
    post = forms.ModelChoiceField(
        label=gettext_lazy("岗位"),
        queryset=Post.objects.all(),
        required=False,
        empty_label=gettext_lazy("全部岗位"),
    )
    unit = forms.ModelChoiceField(
        queryset=OrgUnit.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        label=gettext_lazy("单位"),
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("结束日期早于开始日期，请改一个。"))
        return cleaned
