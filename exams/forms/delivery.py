"""How an exam is given: the part of its form for windows, resits, where and on what it is sat."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from common.addresses import plain_range
from exams.models import Exam, Navigation, QuestionOrder, TakeOver
from exams.passwords import LONGEST

MOST_NETWORKS = 50


def moment_field(label: Any, help_text: Any = "") -> forms.DateTimeField:
    """Return a field for a day and an hour, which may be left empty."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget, help_text=help_text)


class DeliveryFields(forms.Form):
    """The fields of exams.admission. Times are typed in minutes; what is left empty is no rule."""

    opens_at = moment_field(gettext_lazy("开考时间"), gettext_lazy("留空：随时可以开始。"))
    closes_at = moment_field(pgettext_lazy("exam", "结束时间"), gettext_lazy("留空：不限。"))
    late_after_min = forms.IntegerField(
        label=gettext_lazy("迟到几分钟不得入场"),
        required=False,
        min_value=0,
        max_value=1440,
        help_text=gettext_lazy("从开考时间算起；留空：结束以前都可以开始。"),
    )
    window_end = forms.ChoiceField(
        label=gettext_lazy("到结束时间"),
        required=False,
        choices=[
            ("cut", gettext_lazy("一律收卷，晚开始的时间变短")),
            ("keep", gettext_lazy("不再入场，已开始的给足时间")),
        ],
    )
    resit_failed_only = forms.BooleanField(label=gettext_lazy("合格的不再考"), required=False)
    resit_from = moment_field(gettext_lazy("补考开始时间"), gettext_lazy("第一次考不受它限制。"))
    resit_after_study = forms.BooleanField(
        label=gettext_lazy("重新学习后才能补考"),
        required=False,
        help_text=gettext_lazy("在培训任务里考的，补考以前要把任务里的课程再学一遍。"),
    )
    resit_cap_pct = forms.IntegerField(
        label=gettext_lazy("补考成绩最高计（百分）"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("不能低于合格线；留空：照实计分。"),
    )
    password = forms.CharField(
        label=gettext_lazy("考试口令"),
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("开始前要输入，监考人员当场告知。留空：不改；保存后看不到。"),
    )
    no_password = forms.BooleanField(label=gettext_lazy("取消口令"), required=False)
    networks = forms.CharField(
        label=gettext_lazy("限定网络"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "只有从这些网络才能开始，每行一个地址或网段，如 10.20.0.0/16；留空：不限。它不代替登录。"
        ),
    )
    kiosk_only = forms.BooleanField(label=gettext_lazy("只能在公用平板上考"), required=False)
    take_over = forms.ChoiceField(label=gettext_lazy("换设备"), required=False, choices=TakeOver.choices)
    navigation = forms.ChoiceField(label=gettext_lazy("答题顺序"), required=False, choices=Navigation.choices)
    question_order = forms.ChoiceField(
        label=gettext_lazy("题目顺序"),
        required=False,
        choices=QuestionOrder.choices,
        help_text=gettext_lazy(
            "一部分：组卷规则的一行，或固定试卷里连着的同一题型。纸质试卷总是按题型分部分。"
        ),
    )

    @staticmethod
    def initial_of(exam: Exam) -> dict[str, Any]:
        """Return a stored exam's rules as initial values."""
        return {
            "opens_at": exam.opens_at,
            "closes_at": exam.closes_at,
            "late_after_min": None if exam.late_after_s is None else exam.late_after_s // 60,
            "window_end": "cut" if exam.window_cuts else "keep",
            "resit_failed_only": exam.resit_failed_only,
            "resit_from": exam.resit_from,
            "resit_after_study": exam.resit_after_study,
            "resit_cap_pct": exam.resit_cap_pct,
            "networks": "\n".join(exam.networks),
            "kiosk_only": exam.kiosk_only,
            "take_over": exam.take_over,
            "navigation": exam.navigation,
            "question_order": exam.question_order,
        }

    def clean_networks(self) -> list[str]:
        """Return the ranges in their usual form; name the line that is none."""
        found = []
        lines = [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]
        if len(lines) > MOST_NETWORKS:
            raise forms.ValidationError(_("最多 %(n)s 个网段。") % {"n": MOST_NETWORKS})
        for line in lines:
            try:
                found.append(plain_range(line))
            except ValueError as error:
                raise forms.ValidationError(
                    _("“%(line)s”不是地址或网段，请写成 10.20.0.0/16 这样。") % {"line": line}
                ) from error
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a window upside down, a rule for latecomers without a start, and a cap below the pass line."""
        data = super().clean() or {}
        opens_at, closes_at = data.get("opens_at"), data.get("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.add_error("closes_at", _("结束时间要晚于开考时间。"))
        if data.get("late_after_min") is not None and not opens_at:
            self.add_error("late_after_min", _("迟到从开考时间算起，请先填开考时间。"))
        cap, line = data.get("resit_cap_pct"), data.get("pass_pct")
        if cap is not None and line is not None and cap < line:
            self.add_error("resit_cap_pct", _("不能低于合格线 %(line)s。") % {"line": line})
        return data

    def delivery(self) -> dict[str, Any]:
        """Return what these fields mean for an ExamDraft. Call it on a valid form."""
        data = self.cleaned_data
        late_min = data["late_after_min"]
        return {
            "opens_at": data["opens_at"],
            "closes_at": data["closes_at"],
            "late_after_s": None if late_min is None else late_min * 60,
            "window_cuts": data["window_end"] != "keep",
            "resit_failed_only": data["resit_failed_only"],
            "resit_from": data["resit_from"],
            "resit_after_study": data["resit_after_study"],
            "resit_cap_pct": data["resit_cap_pct"],
            "networks": data["networks"],
            "kiosk_only": data["kiosk_only"],
            "take_over": data["take_over"] or TakeOver.FREE,
            "navigation": data["navigation"] or Navigation.FREE,
            "question_order": data["question_order"] or QuestionOrder.WITHIN,
            "password": "" if data["no_password"] else data["password"].strip() or None,
        }


# The exam's form in parts: what stands in none of these is always open.
SECTIONS: list[tuple[Any, tuple[str, ...]]] = [
    (gettext_lazy("开考时间"), ("opens_at", "closes_at", "late_after_min", "window_end")),
    (
        gettext_lazy("补考"),
        ("cool_down_min", "resit_failed_only", "resit_from", "resit_after_study", "resit_cap_pct"),
    ),
    (
        gettext_lazy("考场和设备"),
        ("password", "no_password", "networks", "kiosk_only", "take_over"),
    ),
    (gettext_lazy("试卷怎样呈现"), ("navigation", "question_order", "grace_s")),
    (
        gettext_lazy("阅卷和公布"),
        ("markers", "most_apart_pct", "final_mark_rule", "release_when", "results_from", "release_what"),
    ),
]


def sections_of(form: forms.Form) -> tuple[list[forms.BoundField], list[dict[str, Any]]]:
    """Return the fields that always show, and the foldable parts: open where something in them is set or wrong."""
    named = {name for _title, names in SECTIONS for name in names}
    parts = []
    for title, names in SECTIONS:
        fields = [form[name] for name in names if name in form.fields]
        parts.append({"title": title, "fields": fields, "open": any(map(_is_telling, fields))})
    return [field for field in form.visible_fields() if field.name not in named], parts


def _is_telling(field: forms.BoundField) -> bool:
    usual = field.field.initial
    if usual is None and isinstance(field.field, forms.ChoiceField):
        usual = field.field.choices[0][0]  # type: ignore[index]
    value = field.value()
    return bool(field.errors) or (value not in (None, "", False) and str(value) != str(usual))
