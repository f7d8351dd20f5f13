"""Forms of the back office. They turn what was typed into drafts; the actions check and store them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.bank import QuestionDraft
from exams.actions.exams import ExamDraft, RowDraft
from exams.errors import InvalidQuestions
from exams.models import Bank, BlueprintRow, Exam, Question, QuestionKind, Topic
from exams.queries.office import EditableContent
from exams.shapes import Option
from exams.types import type_of
from exams.types.base import MAX_OPTIONS
from people.models import Hazard, OrgUnit

LETTERS = "ABCDEFGHIJ"[:MAX_OPTIONS]
SHOWN_OPTIONS = 6
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

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], bank: Bank | None = None, **kwargs: Any) -> None:
        self.bank = bank
        if bank is not None:
            kwargs["initial"] = {"code": bank.code, "name": bank.name, "owner": bank.owner_id}
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


class QuestionForm(forms.Form):
    """A question as an author edits it. Identity (bank and code) is fixed once it exists.

    The options are `option_0` … `option_9` with `right_0` …; a judgement uses `judgement` instead.
    """

    bank = forms.ModelChoiceField(label=gettext_lazy("题库"), queryset=Bank.objects.none())
    code = forms.CharField(label=gettext_lazy("题号"), max_length=40)
    topic = forms.ModelChoiceField(label=gettext_lazy("知识点"), queryset=Topic.objects.order_by("code"))
    kind = forms.ChoiceField(label=gettext_lazy("题型"), choices=QuestionKind.choices)
    stem = forms.CharField(label=gettext_lazy("题干"), widget=forms.Textarea(attrs={"rows": 3}))
    judgement = forms.ChoiceField(
        label=gettext_lazy("这句话"),
        required=False,
        choices=[("true", gettext_lazy("正确")), ("false", gettext_lazy("错误"))],
        widget=forms.RadioSelect,
    )
    explanation = forms.CharField(
        label=gettext_lazy("解析"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("说清为什么，考生合格或次数用完后可见。"),
    )
    difficulty = forms.TypedChoiceField(
        label=gettext_lazy("难度"),
        coerce=int,
        initial=3,
        choices=[(1, gettext_lazy("1 易")), (2, "2"), (3, "3"), (4, "4"), (5, gettext_lazy("5 难"))],
    )
    must_know = forms.BooleanField(label=gettext_lazy("必知题"), required=False)
    source = forms.CharField(
        label=gettext_lazy("出处"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("法条、标准或本厂规程，例如：安全生产法第二十八条。"),
    )
    hazards = forms.ModelMultipleChoiceField(
        label=gettext_lazy("危险因素"),
        required=False,
        queryset=Hazard.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        banks: QuerySet[Bank],
        question: Question | None = None,
        content: EditableContent | None = None,
        **kwargs: Any,
    ) -> None:
        self.question = question
        self.option_ids = list(LETTERS)
        if question is not None and content is not None:
            kwargs["initial"] = self._initial(question, content)
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]
        for place, letter in enumerate(LETTERS):
            self.fields[f"option_{place}"] = forms.CharField(
                required=False, label=_("选项 %(letter)s") % {"letter": letter}
            )
            self.fields[f"right_{place}"] = forms.BooleanField(
                required=False, label=_("%(letter)s 是正确答案") % {"letter": letter}
            )
        if question is not None:
            self.fields["bank"].disabled = True
            self.fields["code"].disabled = True

    def _initial(self, question: Question, content: EditableContent) -> dict[str, Any]:
        version = content.version
        initial: dict[str, Any] = {
            "bank": question.bank_id,
            "code": question.code,
            "topic": question.topic_id,
            "kind": version.kind,
            "stem": version.stem,
            "explanation": content.explanation,
            "difficulty": version.difficulty,
            "must_know": question.must_know,
            "source": version.source,
            "hazards": [hazard.pk for hazard in question.hazards.all()],
        }
        if type_of(version.kind).fixed_options is not None:
            return initial | {"judgement": content.correct[0]}
        # Ids stay what they are, so that an unchanged question needs no new version.
        known = [option["id"] for option in version.options]
        self.option_ids = known + [letter for letter in LETTERS if letter not in known]
        for place, option in enumerate(version.options):
            initial[f"option_{place}"] = option["text"]
            initial[f"right_{place}"] = option["id"] in content.correct
        return initial

    @property
    def option_rows(self) -> list[dict[str, Any]]:
        """Return the option fields row by row; rows beyond the usual ones are `spare` while empty."""
        return [
            {
                "letter": letter,
                "text": self[f"option_{place}"],
                "right": self[f"right_{place}"],
                "spare": place >= SHOWN_OPTIONS and not self[f"option_{place}"].value(),
            }
            for place, letter in enumerate(LETTERS)
        ]

    def draft(self) -> QuestionDraft:
        """Return what was typed as a draft. Call it on a valid form."""
        data = self.cleaned_data
        kind = data["kind"]
        options: list[Option] = []
        correct = [
            option_id
            for place, option_id in enumerate(self.option_ids[: len(LETTERS)])
            if data[f"right_{place}"]
        ]
        if type_of(kind).fixed_options is not None:
            correct = [data["judgement"]] if data["judgement"] else []
        else:
            options = [
                Option(id=option_id, text=data[f"option_{place}"])
                for place, option_id in enumerate(self.option_ids[: len(LETTERS)])
                if data[f"option_{place}"].strip()
            ]
        return QuestionDraft(
            code=data["code"],
            topic=data["topic"],
            kind=kind,
            stem=data["stem"],
            options=options,
            correct=correct,
            explanation=data["explanation"],
            difficulty=data["difficulty"],
            must_know=data["must_know"],
            source=data["source"],
            hazard_ids=frozenset(hazard.pk for hazard in data["hazards"]),
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a code that is taken when the question is new: saving it would change the other one."""
        data = super().clean() or {}
        bank, code = data.get("bank"), data.get("code")
        is_new = self.question is None and bank is not None and code
        if is_new and Question.objects.filter(bank=bank, code=code).exists():
            self.add_error("code", _("题库里已有题号“%(code)s”，请换一个。") % {"code": code})
        return data

    def add_problems(self, error: InvalidQuestions) -> None:
        """Show what the action refused at the fields it concerns; options and key stand above the table."""
        for problem in error.problems:
            self.add_error(problem.field if problem.field in self.fields else None, problem.message)


class ExamForm(forms.Form):
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
    is_open = forms.BooleanField(label=gettext_lazy("开放"), required=False, initial=True)

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
            }
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = banks  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """Refuse a code another exam has."""
        code: str = self.cleaned_data["code"]
        if _taken(Exam.objects.filter(code=code), self.exam):
            raise forms.ValidationError(_("编码“%(code)s”已被另一场考试使用，请换一个。") % {"code": code})
        return code

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
        )


class RowForm(forms.Form):
    """One row of a blueprint."""

    topic = forms.ModelChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.order_by("code"),
        required=False,
        empty_label=gettext_lazy("不限"),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("题型"), choices=QuestionKind.choices, initial=QuestionKind.SINGLE_CHOICE.value
    )
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
