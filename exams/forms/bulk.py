"""The form by which many questions are changed at once."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.bulk import BulkChange
from exams.forms.questions import tags_in
from exams.models import Question, Topic

KEEP = ("", gettext_lazy("不改"))


def _flag(value: str) -> bool | None:
    return {"yes": True, "no": False}.get(value)


class BulkForm(forms.Form):
    """What is to change, and in which questions. What is left empty stays."""

    questions = forms.ModelMultipleChoiceField(
        queryset=Question.objects.none(),
        error_messages={"required": gettext_lazy("还没有选试题。请在下面的列表里勾选。")},
    )
    topic = forms.ModelChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.order_by("code"),
        required=False,
        empty_label=gettext_lazy("不改"),
    )
    difficulty = forms.TypedChoiceField(
        label=gettext_lazy("难度"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[KEEP, (1, gettext_lazy("1 易")), (2, "2"), (3, "3"), (4, "4"), (5, gettext_lazy("5 难"))],
        help_text=gettext_lazy("改难度会产生新版本；要审核的题库里先存为草稿。"),
    )
    must_know = forms.ChoiceField(
        label=gettext_lazy("必知题"),
        required=False,
        choices=[KEEP, ("yes", gettext_lazy("设为必知题")), ("no", gettext_lazy("不再是必知题"))],
    )
    retired = forms.ChoiceField(
        label=gettext_lazy("停用"),
        required=False,
        choices=[KEEP, ("yes", gettext_lazy("停用")), ("no", gettext_lazy("恢复使用"))],
    )
    add_tags = forms.CharField(
        label=gettext_lazy("加标签"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("多个标签用逗号隔开。"),
    )
    remove_tags = forms.CharField(label=gettext_lazy("去掉标签"), required=False, max_length=400)

    def __init__(self, *args: Any, questions: QuerySet[Question], may_retire: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["questions"].queryset = questions  # type: ignore[attr-defined]
        if not may_retire:
            del self.fields["retired"]

    def clean(self) -> dict[str, Any]:
        """Refuse a form that changes nothing."""
        data = super().clean() or {}
        if not self.errors and self.change() == BulkChange():
            raise forms.ValidationError(_("还没有写要改什么。"))
        return data

    def change(self) -> BulkChange:
        """Return what is to change."""
        data = self.cleaned_data
        return BulkChange(
            topic=data.get("topic"),
            difficulty=data.get("difficulty"),
            must_know=_flag(data.get("must_know", "")),
            retired=_flag(data.get("retired", "")),
            add_tags=tags_in(data.get("add_tags", "")),
            remove_tags=tags_in(data.get("remove_tags", "")),
        )

    @property
    def changes(self) -> list[forms.BoundField]:
        """Return the fields that say what changes, for the template."""
        return [field for field in self.visible_fields() if field.name != "questions"]
