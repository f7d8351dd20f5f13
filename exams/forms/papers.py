"""Forms about papers: finding questions for a fixed one, how many parallel forms, what to print."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.paper_sources import Place
from exams.models import PaperForm, Question, QuestionTag, Topic, kind_choices
from exams.parallel import MAX_FORMS
from people.models import OrgUnit

USUAL_POINTS = Decimal(5)


class PickForm(forms.Form):
    """What the questions of the bank are narrowed by."""

    words = forms.CharField(label=gettext_lazy("题号或题干"), required=False, max_length=100)
    topic = forms.ModelChoiceField(
        label=gettext_lazy("知识点"),
        queryset=Topic.objects.order_by("code"),
        required=False,
        empty_label=gettext_lazy("不限"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("题型"), required=False)
    difficulty = forms.ChoiceField(
        label=gettext_lazy("难度"),
        required=False,
        choices=[("", gettext_lazy("不限")), *((str(n), str(n)) for n in range(1, 6))],
    )
    tag = forms.ModelChoiceField(
        label=gettext_lazy("标签"),
        queryset=QuestionTag.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("不限"),
    )
    must_know = forms.BooleanField(label=gettext_lazy("只看必知题"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("不限")), *kind_choices()]  # type: ignore[attr-defined]

    def narrowed(self, questions: QuerySet[Question]) -> QuerySet[Question]:
        """Return the questions that fit what was typed; what cannot be read narrows nothing."""
        data = self.cleaned_data if self.is_bound and self.is_valid() else {}
        if words := data.get("words"):
            questions = questions.filter(Q(code__icontains=words) | Q(current_version__stem__icontains=words))
        lookups = {
            "topic": data.get("topic"),
            "current_version__kind": data.get("kind"),
            "current_version__difficulty": data.get("difficulty"),
            "tags": data.get("tag"),
            "must_know": data.get("must_know") or None,
        }
        return questions.filter(**{name: value for name, value in lookups.items() if value})


def chosen_places(data: QueryDict) -> tuple[list[Place], str, str]:
    """Return the list a fixed paper's page sent, changed by the button pressed; what is wrong; where the focus goes.

    Shape: `q` (question id) and `p` (points) once for each place; `pick` for each ticked question of the bank;
    `act` is `add`, `up:ID`, `down:ID`, `remove:ID`, or something that leaves the list alone.
    """
    places: dict[int, Decimal] = {}
    problem = ""
    for number, (given, points) in enumerate(zip(data.getlist("q"), data.getlist("p"), strict=False), 1):
        if not _is_id(given):
            continue
        value = _points(points)
        if value is None:
            problem = problem or _("第 %(place)s 题的分值“%(text)s”不是大于 0 的数。") % {
                "place": number,
                "text": points,
            }
        places[int(given)] = value or USUAL_POINTS
    act, _sep, name = data.get("act", "").partition(":")
    focus = ""
    if act == "add":
        given_points = _points(data.get("pick_points", "")) or USUAL_POINTS
        for picked in data.getlist("pick"):
            if _is_id(picked):
                places.setdefault(int(picked), given_points)
    order = list(places)
    if _is_id(name) and int(name) in places:
        question_id = int(name)
        at = order.index(question_id)
        order.remove(question_id)
        if act in {"up", "down"}:
            to = max(at - 1, 0) if act == "up" else min(at + 1, len(order))
            order.insert(to, question_id)
            is_end = to == 0 if act == "up" else to == len(order) - 1
            focus = f"{'down' if is_end == (act == 'up') else 'up'}-{question_id}"
        elif act != "remove":
            order.insert(at, question_id)
    return [Place(question_id, places[question_id]) for question_id in order], problem, focus


def _is_id(text: str) -> bool:
    """Tell whether a text can be a row's number; Python reads no number of thousands of digits."""
    return text.isdecimal() and len(text) < 19


def _points(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.1")) if value.is_finite() and 0 < value < 1000 else None


class FormsForm(forms.Form):
    """How many parallel forms to draw."""

    count = forms.IntegerField(label=gettext_lazy("几份"), min_value=2, max_value=MAX_FORMS, initial=2)


class PrintForm(forms.Form):
    """For whom and which day a paper is printed."""

    unit = forms.ModelChoiceField(
        label=gettext_lazy("参加单位"),
        queryset=OrgUnit.objects.none(),
        help_text=gettext_lazy("印在卷头；这个单位的阅卷人登记成绩。"),
    )
    sat_on = forms.DateField(
        label=gettext_lazy("考试日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    form = forms.ChoiceField(label=gettext_lazy("卷别"), required=False)
    second_entry = forms.BooleanField(
        label=gettext_lazy("登分由两人各录一遍"),
        required=False,
        help_text=gettext_lazy("两人录的一样才算数；不一样的会列出来。"),
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], made: list[PaperForm], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if made:
            labels = [(form.label, _("%(label)s 卷") % {"label": form.label}) for form in made]
            self.fields["form"].choices = [("", _("每份都印")), *labels]  # type: ignore[attr-defined]
        else:
            del self.fields["form"]
