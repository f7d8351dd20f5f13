"""What an invigilator says: what to do with which running attempts, and extra time for a person."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.admission import ExtraTime
from exams.models import Exam
from people.models import Employee

EXTEND, PAUSE, RESUME, RELEASE = "extend", "pause", "resume", "release"
MOST_AT_ONCE = 500


class RunningForm(forms.Form):
    """Something done to running attempts. `attempts` come as the ticked boxes of the list."""

    action = forms.ChoiceField(
        choices=[(name, name) for name in (EXTEND, PAUSE, RESUME, RELEASE)],
        error_messages={"required": gettext_lazy("请选要做什么。")},
    )
    whom = forms.ChoiceField(
        choices=[
            ("chosen", gettext_lazy("只对勾选的人")),
            ("all", gettext_lazy("对这场考试里我监考的所有人")),
        ],
        initial="chosen",
        widget=forms.RadioSelect,
        label=gettext_lazy("对谁"),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("延长几分钟"), required=False, min_value=1, max_value=240, initial=5
    )
    reason = forms.CharField(
        label=gettext_lazy("事由"),
        max_length=200,
        help_text=gettext_lazy("和操作一起留存；暂停的事由考生看得到。"),
        error_messages={"required": gettext_lazy("请写明事由：它和操作一起留存。")},
    )

    def __init__(self, *args: Any, chosen: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen = [
            int(text) for text in (chosen or [])[:MOST_AT_ONCE] if text.isdecimal() and len(text) < 19
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for whom, and for how long."""
        data = super().clean() or {}
        if data.get("whom") == "chosen" and not self.chosen:
            self.add_error("whom", _("还没有勾选考生。请在名单里勾选，或选“对所有人”。"))
        if data.get("action") == EXTEND and not data.get("minutes"):
            self.add_error("minutes", _("请填延长几分钟，1 到 240。"))
        return data

    @property
    def attempt_ids(self) -> list[int] | None:
        """Return the attempts meant, None for all in reach. Call it on a valid form."""
        return self.chosen if self.cleaned_data["whom"] == "chosen" else None


class ExtraTimeForm(forms.Form):
    """More time for one person."""

    employee_no = forms.CharField(label=gettext_lazy("工号"), max_length=40)
    exam = forms.ModelChoiceField(
        label=gettext_lazy("考试"),
        queryset=Exam.objects.none(),
        required=False,
        empty_label=gettext_lazy("所有考试"),
    )
    extra_pct = forms.IntegerField(
        label=gettext_lazy("加时（时长的百分之几）"), required=False, min_value=0, max_value=300, initial=25
    )
    extra_min = forms.IntegerField(
        label=gettext_lazy("再加几分钟"), required=False, min_value=0, max_value=240
    )
    reason = forms.CharField(label=gettext_lazy("事由"), max_length=200)
    running_too = forms.BooleanField(label=gettext_lazy("正在考的这一次也加"), required=False)

    def __init__(self, *args: Any, people: QuerySet[Employee], exams: QuerySet[Exam], **kwargs: Any) -> None:
        self.people = people
        super().__init__(*args, **kwargs)
        self.fields["exam"].queryset = exams  # type: ignore[attr-defined]

    def clean_employee_no(self) -> Employee:
        """Find the person, among those in reach."""
        number = self.cleaned_data["employee_no"].strip()
        found = self.people.filter(employee_no=number).first()
        if found is None:
            raise forms.ValidationError(
                _("你监考的范围内没有工号 %(number)s 的员工。请核对工号。") % {"number": number}
            )
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a grant of nothing."""
        data = super().clean() or {}
        if not self.errors and not (data.get("extra_pct") or data.get("extra_min")):
            self.add_error("extra_pct", _("请填加时：百分数或分钟数，至少填一个。"))
        return data

    @property
    def extra(self) -> ExtraTime:
        """Return the time. Call it on a valid form."""
        return ExtraTime(self.cleaned_data["extra_pct"] or 0, (self.cleaned_data["extra_min"] or 0) * 60)
