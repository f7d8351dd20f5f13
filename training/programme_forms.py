"""Forms of programmes: what a training consists of."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.models import CoursePage
from exams.models import Exam
from people.models import LicenceType
from training.actions.programmes import ComponentSpec, StageSpec
from training.models import HELD_KINDS, Assessor, ComponentKind, Level, PassRule, Programme, ProgrammeKind

# A push makes its own lesson and reflection; they are not to be had elsewhere.
_KINDS = [
    (value, label)
    for value, label in ComponentKind.choices
    if value not in (ComponentKind.LESSON, ComponentKind.REFLECTION)
]


class ProgrammeForm(forms.Form):
    """What is said about a programme as a whole."""

    code = forms.SlugField(label=_("编码"), max_length=60)
    title = forms.CharField(label=_("名称"), max_length=120)
    kind = forms.ChoiceField(
        label=_("类别"), choices=[choice for choice in ProgrammeKind.choices if choice[0] != "case"]
    )
    summary = forms.CharField(
        label=_("说明"), max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )
    valid_months = forms.IntegerField(
        label=_("有效期（月）"), min_value=1, max_value=240, required=False, help_text=_("空：长期有效")
    )
    daily_hours = forms.DecimalField(
        label=_("每人每天最多学时"),
        min_value=Decimal("0.5"),
        max_value=Decimal(8),
        decimal_places=1,
        required=False,
        help_text=_("空：按平台上限"),
    )
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, known: Programme | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known is not None:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        """Refuse the code of another programme."""
        code: str = self.cleaned_data["code"]
        if self.known is None and Programme.objects.filter(code=code).exists():
            raise forms.ValidationError(_("编码“%(code)s”已被使用，请换一个。") % {"code": code})
        return code


class ComponentForm(forms.Form):
    """One component; a row without a title is left out."""

    title = forms.CharField(label=_("环节名称"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("类别"), choices=_KINDS, required=False)
    stage = forms.CharField(
        label=_("阶段"), max_length=60, required=False, help_text=_("同名的为一个阶段，可自定名称。")
    )
    level = forms.ChoiceField(label=_("层级"), choices=Level.choices, required=False)
    hours = forms.DecimalField(
        label=_("学时"), min_value=0, max_value=Decimal(500), decimal_places=1, required=False
    )
    pass_mark = forms.IntegerField(
        label=_("合格分"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=_("百分制，用于现场教育、授课和演练；空：不打分。"),
    )
    course = forms.ModelChoiceField(label=_("课程"), queryset=CoursePage.objects.none(), required=False)
    exam = forms.ModelChoiceField(label=_("考试"), queryset=Exam.objects.none(), required=False)
    licence_type = forms.ModelChoiceField(
        label=_("证件种类"), queryset=LicenceType.objects.none(), required=False
    )
    checklist = forms.CharField(
        label=_("考核项目（每行一项）"), required=False, widget=forms.Textarea({"rows": 3})
    )
    body = forms.CharField(label=_("责任书正文"), required=False, widget=forms.Textarea({"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("course", CoursePage.objects.live()),
            ("exam", Exam.objects.all()),
            ("licence_type", LicenceType.objects.all()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def spec(self) -> ComponentSpec | None:
        """Return the component, or None for a row left empty. What its kind does not need is dropped."""
        data = getattr(self, "cleaned_data", {})
        if not data.get("title"):
            return None
        kind = data["kind"]
        return ComponentSpec(
            kind=kind,
            title=data["title"],
            hours=data["hours"] or Decimal(0),
            level=data["level"],
            pass_mark=data["pass_mark"] if kind in HELD_KINDS else None,
            stage=data["stage"].strip(),
            course=data["course"] if kind == ComponentKind.COURSE else None,
            exam=data["exam"] if kind == ComponentKind.EXAM else None,
            licence_type=data["licence_type"] if kind == ComponentKind.LICENCE else None,
            checklist=tuple(line.strip() for line in data["checklist"].splitlines() if line.strip())
            if kind == ComponentKind.PRACTICAL
            else (),
            body=data["body"].strip() if kind == ComponentKind.LETTER else "",
        )


class StageForm(forms.Form):
    """What a stage asks for beyond its components."""

    title = forms.CharField(label=_("阶段名称"), max_length=60, required=False)
    min_days_after = forms.IntegerField(
        label=_("与上一阶段至少间隔（天）"), min_value=0, max_value=365, required=False
    )
    pass_rule = forms.ChoiceField(label=_("合格条件"), choices=PassRule.choices, required=False)
    assessor = forms.ChoiceField(label=_("考核人"), choices=Assessor.choices, required=False)

    def spec(self) -> StageSpec | None:
        """Return the stage, or None for a row left empty."""
        data = getattr(self, "cleaned_data", {})
        if not data.get("title"):
            return None
        return StageSpec(
            data["title"].strip(),
            data["min_days_after"] or 0,
            data["pass_rule"] or PassRule.ALL,
            data["assessor"],
        )


class CopyForm(forms.Form):
    """Under what code and name a programme is copied."""

    code = forms.SlugField(label=_("新编码"), max_length=60)
    title = forms.CharField(label=_("名称"), max_length=120)
    as_version = forms.BooleanField(label=_("作为它的下一版"), required=False)


ComponentFormSet = forms.formset_factory(ComponentForm, extra=1, max_num=30)
StageFormSet = forms.formset_factory(StageForm, extra=1, max_num=12)
