"""The form in which a marker gives an answer its marks."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.models import HandMark
from exams.queries.marking import ShownAnswer


class MarkForm(forms.Form):
    """One share per point of the rubric, in percent of the question, and a comment for the candidate."""

    comment = forms.CharField(
        label=gettext_lazy("评语"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, answer: ShownAnswer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer = answer
        for row in answer.rubric:
            self.fields[row.name] = forms.IntegerField(
                label=row.text,
                min_value=0,
                max_value=row.share,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "data-share": row.share}),
                error_messages={
                    "required": _("请给这个得分点一个分，0 到 %(most)s。") % {"most": row.share},
                },
            )

    @property
    def rows(self) -> list[tuple[Any, forms.BoundField]]:
        """Return each point of the rubric with its field, for the template."""
        return [(row, self[row.name]) for row in self.answer.rubric]

    def per_point(self) -> list[int]:
        """Return the shares in the rubric's order. Call it on a valid form."""
        return [self.cleaned_data[row.name] for row in self.answer.rubric]


class CorrectionForm(MarkForm):
    """Another mark for an answer whose mark counts already, and why."""

    reason = forms.CharField(
        label=gettext_lazy("更正的原因"),
        max_length=200,
        help_text=gettext_lazy("和新的评分一起留存，复核的人看得到。"),
    )

    def __init__(self, *args: Any, answer: ShownAnswer, standing: HandMark, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"comment": standing.comment}
        shares = zip(answer.rubric, standing.per_point, strict=False)
        initial |= {row.name: round(share) for row, share in shares}
        super().__init__(*args, answer=answer, initial=initial, **kwargs)
