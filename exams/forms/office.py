"""Forms of the back office. They turn what was typed into drafts; the actions check and store them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.exams import ExamDraft, RowDraft
from exams.forms.delivery import DeliveryFields
from exams.models import (
    Bank,
    BlueprintRow,
    Exam,
    FinalMarkRule,
    PaperSource,
    ReleaseWhat,
    ReleaseWhen,
    Topic,
    kind_choices,
)
from exams.types import TYPES
from people.models import OrgUnit

BLANK_ROWS = 3


def _taken(found: QuerySet[Any], own: Model | None) -> bool:
    """Tell whether something other than the edited object was found."""
    return (found if own is None else found.exclude(pk=own.pk)).exists()


class BankForm(forms.Form):
    """A bank's code, name and owner."""

    code = forms.SlugField(label=gettext_lazy("编码"), max_length=40)
    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    owner = forms.ModelChoiceField(
        label=gettext_lazy("所属单位"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=gettext_lazy(
            "这个单位的考务员可以编辑；留空为全公司共用，只有全公司范围的考务员可以编辑。"
        ),
    )

    review_required = forms.BooleanField(
        label=gettext_lazy("第二人审核后才用"),
        required=False,
        initial=True,
        help_text=gettext_lazy("新写和改过的试题，要由作者以外的人审核通过，新试卷才会抽到。"),
    )
    may_be_practised = forms.BooleanField(
        label=gettext_lazy("可以用来练习"),
        required=False,
        help_text=gettext_lazy(
            "员工在手机上练习、模拟考试、现场抽考时会看到这里的题和答案。正在考试的题自动锁住。"
        ),
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], bank: Bank | None = None, **kwargs: Any) -> None:
        self.bank = bank
        if bank is not None:
            kwargs["initial"] = {
                "code": bank.code,
                "name": bank.name,
                "owner": bank.owner_id,
                "review_required": bank.review_required,
                "may_be_practised": bank.may_be_practised,
            }
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = units  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """Refuse a code another bank has."""
        code: str = self.cleaned_data["code"]
        if _taken(Bank.objects.filter(code=code), self.bank):
            raise forms.ValidationError(_("编码“%(code)s”已被另一个题库使用，请换一个。") % {"code": code})
        return code


class TopicForm(forms.Form):
    """A topic's code and name."""

    code = forms.SlugField(label=gettext_lazy("编码"), max_length=40)
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)

    def __init__(self, *args: Any, topic: Topic | None = None, **kwargs: Any) -> None:
        self.topic = topic
        if topic is not None:
            kwargs["initial"] = {"code": topic.code, "name": topic.name}
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        """Refuse a code another topic has."""
        code: str = self.cleaned_data["code"]
        if _taken(Topic.objects.filter(code=code), self.topic):
            raise forms.ValidationError(_("编码“%(code)s”已被另一个知识点使用，请换一个。") % {"code": code})
        return code


class ExamForm(DeliveryFields):
    """The rules of an exam. Times are typed in minutes."""

    code = forms.SlugField(label=gettext_lazy("编码"), max_length=40)
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    bank = forms.ModelChoiceField(label=gettext_lazy("题库"), queryset=Bank.objects.none())
    duration_min = forms.IntegerField(
        label=gettext_lazy("时长（分钟）"), min_value=1, max_value=600, initial=30
    )
    pass_pct = forms.IntegerField(
        label=gettext_lazy("合格线（百分）"), min_value=1, max_value=100, initial=80
    )
    must_know_fails = forms.BooleanField(label=gettext_lazy("必知题答错即不合格"), required=False)
    attempts_allowed = forms.IntegerField(
        label=gettext_lazy("允许次数"), min_value=1, max_value=99, initial=2
    )
    cool_down_min = forms.IntegerField(
        label=gettext_lazy("两次间隔（分钟）"), min_value=0, max_value=525_600, initial=0
    )
    grace_s = forms.IntegerField(
        label=gettext_lazy("宽限（秒）"),
        min_value=0,
        max_value=60,
        initial=5,
        help_text=gettext_lazy("到时间后仍接收路上的作答的秒数。"),
    )
    markers = forms.TypedChoiceField(
        label=gettext_lazy("人工评分"),
        required=False,
        coerce=int,
        initial=1,
        empty_value=1,  # type: ignore[arg-type]
        choices=[(1, gettext_lazy("一人评")), (2, gettext_lazy("两人分别评，互不知道"))],
    )
    most_apart_pct = forms.IntegerField(
        label=gettext_lazy("两人最多相差（百分）"),
        required=False,
        min_value=0,
        max_value=100,
        initial=20,
        help_text=gettext_lazy("占该题满分的百分比；相差更多的，由第三人裁定。"),
    )
    final_mark_rule = forms.ChoiceField(
        label=gettext_lazy("两人评分取"), required=False, choices=FinalMarkRule.choices
    )
    release_when = forms.ChoiceField(
        label=gettext_lazy("何时公布"), required=False, choices=ReleaseWhen.choices
    )
    results_from = forms.DateTimeField(
        label=gettext_lazy("公布时间"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("选“到公布时间以后”时要填，通常是考试窗口结束的时间。"),
    )
    release_what = forms.ChoiceField(
        label=gettext_lazy("公布什么"),
        required=False,
        choices=ReleaseWhat.choices,
        help_text=gettext_lazy("已经开始的答卷按开始时的规定公布。"),
    )
    paper_source = forms.ChoiceField(
        label=gettext_lazy("试卷来源"),
        required=False,
        choices=PaperSource.choices,
        help_text=gettext_lazy("固定试卷和平行卷：先不开放，保存后到“选题”或“平行卷”页做好再开放。"),
    )
    exposure_max_pct = forms.IntegerField(
        label=gettext_lazy("一题最多出现在（百分）"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=gettext_lazy("占最近试卷的百分比；留空不限。题不够时取用得最少的，不会因此开不了考。"),
    )
    exposure_window = forms.IntegerField(
        label=gettext_lazy("看最近几份试卷"), required=False, min_value=10, max_value=500, initial=100
    )
    is_open = forms.BooleanField(label=gettext_lazy("开放"), required=False, initial=True)
    only_in_sittings = forms.BooleanField(
        label=gettext_lazy("只在考试场次中进行"),
        required=False,
        help_text=gettext_lazy("监考人开考后才能开始；自己点开始时，提示下一个场次的时间和考场。"),
    )

    def __init__(self, *args: Any, banks: QuerySet[Bank], exam: Exam | None = None, **kwargs: Any) -> None:
        self.exam = exam
        if exam is not None:
            kwargs["initial"] = {
                "code": exam.code,
                "title": exam.title,
                "bank": exam.bank_id,
                "duration_min": exam.duration_s // 60,
                "pass_pct": exam.pass_pct,
                "must_know_fails": exam.must_know_fails,
                "attempts_allowed": exam.attempts_allowed,
                "cool_down_min": exam.cool_down_s // 60,
                "grace_s": exam.grace_s,
                "is_open": exam.is_open,
                "only_in_sittings": exam.only_in_sittings,
                "markers": exam.markers,
                "most_apart_pct": exam.most_apart_pct,
                "final_mark_rule": exam.final_mark_rule,
                "release_when": exam.release_when,
                "release_what": exam.release_what,
                "results_from": exam.results_from,
                **self.initial_of(exam),
                "paper_source": exam.paper_source,
                "exposure_max_pct": exam.exposure_max_pct,
                "exposure_window": exam.exposure_window,
            }
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """Refuse a code another exam has."""
        code: str = self.cleaned_data["code"]
        if _taken(Exam.objects.filter(code=code), self.exam):
            raise forms.ValidationError(_("编码“%(code)s”已被另一场考试使用，请换一个。") % {"code": code})
        return code

    def clean(self) -> dict[str, Any]:
        """Refuse to release results at a time nobody named."""
        data = super().clean() or {}
        if data.get("release_when") == ReleaseWhen.AFTER_WINDOW and not data.get("results_from"):
            self.add_error("results_from", _("请填公布时间。"))
        return data

    def draft(self, rows: Sequence[RowDraft]) -> ExamDraft:
        """Return the exam as a draft with these rows. Call it on a valid form."""
        data = self.cleaned_data
        return ExamDraft(
            code=data["code"],
            title=data["title"],
            bank=data["bank"],
            rows=rows,
            duration_s=data["duration_min"] * 60,
            grace_s=data["grace_s"],
            pass_pct=data["pass_pct"],
            attempts_allowed=data["attempts_allowed"],
            cool_down_s=data["cool_down_min"] * 60,
            must_know_fails=data["must_know_fails"],
            is_open=data["is_open"],
            only_in_sittings=data["only_in_sittings"],
            markers=data["markers"],
            most_apart_pct=20 if data["most_apart_pct"] is None else data["most_apart_pct"],
            final_mark_rule=data["final_mark_rule"] or FinalMarkRule.MEAN,
            release_when=data["release_when"] or ReleaseWhen.AT_ONCE,
            release_what=data["release_what"] or ReleaseWhat.WHEN_OVER,
            results_from=data["results_from"],
            **self.delivery(),
            paper_source=data["paper_source"] or PaperSource.BLUEPRINT,
            exposure_max_pct=data["exposure_max_pct"],
            exposure_window=data["exposure_window"] or 100,
        )


class RowForm(forms.Form):
    """One row of a blueprint."""

    topic = forms.ModelChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.order_by("code"),
        required=False,
        empty_label=gettext_lazy("不限"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("题型"), choices=kind_choices, initial=next(iter(TYPES)))
    difficulty_min = forms.IntegerField(label=gettext_lazy("最低难度"), min_value=1, max_value=5, initial=1)
    difficulty_max = forms.IntegerField(label=gettext_lazy("最高难度"), min_value=1, max_value=5, initial=5)
    must_know_only = forms.BooleanField(label=gettext_lazy("只抽必知题"), required=False)
    count = forms.IntegerField(label=gettext_lazy("题数"), min_value=1, max_value=200)
    points = forms.DecimalField(
        label=gettext_lazy("每题分值"), min_value=Decimal("0.5"), max_digits=5, decimal_places=1
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a difficulty range that is upside down."""
        data = super().clean() or {}
        low, high = data.get("difficulty_min"), data.get("difficulty_max")
        if low is not None and high is not None and low > high:
            self.add_error("difficulty_max", _("最高难度不能小于最低难度。"))
        return data


class BaseRowFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """The rows of a blueprint; rows left empty or deleted are not there."""

    def kept(self) -> list[RowForm]:
        """Return the forms that make rows, in order."""
        return [
            form
            for form in self.forms
            if (form in self.initial_forms or form.has_changed()) and not form.cleaned_data.get("DELETE")
        ]

    def drafts(self) -> list[RowDraft]:
        """Return the rows as drafts. Call it on a valid set."""
        names = (
            "topic", "kind", "difficulty_min", "difficulty_max", "must_know_only", "count", "points",
        )  # fmt: skip
        return [RowDraft(**{name: form.cleaned_data[name] for name in names}) for form in self.kept()]


RowFormSet = forms.formset_factory(RowForm, formset=BaseRowFormSet, can_delete=True, extra=BLANK_ROWS)


def row_initial(rows: Sequence[BlueprintRow]) -> list[dict[str, Any]]:
    """Return stored rows as initial values of the form set."""
    return [
        {
            "topic": row.topic_id,
            "kind": row.kind,
            "difficulty_min": row.difficulty_min,
            "difficulty_max": row.difficulty_max,
            "must_know_only": row.must_know_only,
            "count": row.count,
            "points": row.points,
        }
        for row in rows
    ]
