"""The form by which a regrade is tried out and run."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from exams.queries.corrections import Correctable


class RegradeForm(forms.Form):
    """Which corrected keys to mark by, and why."""

    corrections = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=200,
        help_text=gettext_lazy("会写进每份改动的评分里，例如：第 3 题答案有误，已更正。"),
        error_messages={"required": gettext_lazy("请写明为什么要重新评分，例如哪道题的答案错了。")},
    )

    def __init__(self, *args: Any, correctable: list[Correctable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["corrections"].choices = [(each.value, each.value) for each in correctable]  # type: ignore[attr-defined]

    def pairs(self) -> dict[int, int]:
        """Return the chosen corrections: the version answered → the version whose key is right."""
        split = (value.split("-") for value in self.cleaned_data["corrections"])
        return {int(wrong): int(right) for wrong, right in split}
