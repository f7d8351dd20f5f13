"""What is typed in to plan a sitting, to fill its roster, and to run it."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.sittings import SittingDraft
from exams.models import Exam, Sitting
from people.models import OrgUnit, User

MOMENT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, **more: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MOMENT, "%Y-%m-%d %H:%M"], **more)


class SittingForm(forms.Form):
    """A sitting: which exam, where, when, by which rules, and who invigilates."""

    exam = forms.ModelChoiceField(label=gettext_lazy("考试"), queryset=Exam.objects.none())
    title = forms.CharField(
        label=gettext_lazy("场次名称"), max_length=120, help_text=gettext_lazy("例如“三月岗前考试第一场”")
    )
    unit = forms.ModelChoiceField(label=gettext_lazy("组织单位"), queryset=OrgUnit.objects.none())
    place = forms.CharField(label=gettext_lazy("考场"), max_length=120)
    planned_at = _moment(gettext_lazy("开考时间"))
    doors_min = forms.IntegerField(
        label=gettext_lazy("提前几分钟开门"), min_value=0, max_value=240, initial=30
    )
    late_min = forms.IntegerField(
        label=gettext_lazy("开考后几分钟内可入场"), min_value=0, max_value=240, initial=15
    )
    late_full_time = forms.BooleanField(
        label=gettext_lazy("迟到者也给足时长"),
        required=False,
        help_text=gettext_lazy("不勾选：与全场同时结束。"),
    )
    admission_needed = forms.BooleanField(
        label=gettext_lazy("核对本人后才能开始"),
        required=False,
        initial=True,
        help_text=gettext_lazy("监考人当面核对后点“核对”，考生才能开始。"),
    )
    bring = forms.CharField(
        label=gettext_lazy("要带的东西"),
        max_length=120,
        required=False,
        initial=gettext_lazy("工牌或身份证，充好电的手机"),
        help_text=gettext_lazy("写进发给考生的消息和首页提示。"),
    )
    invigilators = forms.ModelMultipleChoiceField(
        label=gettext_lazy("监考人"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("组织单位范围内有监考权限的人，不列名也能进入。"),
    )

    def __init__(
        self,
        *args: Any,
        exams: QuerySet[Exam],
        units: QuerySet[OrgUnit],
        invigilators: QuerySet[User],
        sitting: Sitting | None = None,
        **kwargs: Any,
    ) -> None:
        if sitting is not None:
            kwargs["initial"] = {
                "exam": sitting.exam_id,
                "title": sitting.title,
                "unit": sitting.unit_id,
                "place": sitting.place,
                "planned_at": sitting.planned_at,
                "doors_min": int((sitting.planned_at - sitting.doors_at).total_seconds()) // 60,
                "late_min": sitting.late_min,
                "late_full_time": sitting.late_full_time,
                "admission_needed": sitting.admission_needed,
                "bring": sitting.bring,
                "invigilators": list(sitting.invigilators.values_list("pk", flat=True)),
            }
        super().__init__(*args, **kwargs)
        for name, choices in (("exam", exams), ("unit", units), ("invigilators", invigilators)):
            self.fields[name].queryset = choices  # type: ignore[attr-defined]

    def draft(self) -> SittingDraft:
        """Return the sitting as a draft. Call it on a valid form."""
        data = dict(self.cleaned_data)
        doors_at = data["planned_at"] - dt.timedelta(minutes=data.pop("doors_min"))
        return SittingDraft(doors_at=doors_at, **data)


class RosterForm(forms.Form):
    """Whom to put on the roster: one of the four ways."""

    way = forms.ChoiceField(
        label=gettext_lazy("从哪里添加"),
        widget=forms.RadioSelect,
        initial="numbers",
        choices=[
            ("numbers", gettext_lazy("工号")),
            ("file", gettext_lazy("Excel 名单")),
            ("unit", gettext_lazy("一个部门的全部人员")),
            ("owing", gettext_lazy("有这场考试的培训任务、前面各环节都已完成的人")),
        ],
    )
    numbers = forms.CharField(
        label=gettext_lazy("工号"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("每行一个，也可以用逗号或空格隔开。"),
    )
    file = forms.FileField(
        label=gettext_lazy("Excel 名单"),
        required=False,
        help_text=gettext_lazy("表头要有“工号”这一列，其他列不看。"),
    )
    unit = forms.ModelChoiceField(
        label=gettext_lazy("部门"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=gettext_lazy("包括下级。选“培训任务”时，只加这个部门的人；留空为你负责的全部范围。"),
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen way needs."""
        data = super().clean() or {}
        needed = {
            "numbers": _("请填工号。"),
            "file": _("请选一个 Excel 文件。"),
            "unit": _("请选部门。"),
        }
        way = data.get("way", "")
        if way in needed and not data.get(way) and way not in self.errors:
            self.add_error(way, needed[way])
        return data
