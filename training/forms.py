"""Forms of the back office."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models import WarningCasePage
from exams.models import Bank
from people.models import EmploymentType, OrgUnit
from training.models import GateAct, Obligation, ObligationState, Programme, ProgrammeKind, RecordKind


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class CoverageFilter(forms.Form):
    """What the coverage page shows: a day not in the future, a kind of programme, a unit of the user's scope."""

    on = forms.DateField(label=_("截至日期"), required=False, widget=DateInput)
    kind = forms.ChoiceField(label=_("培训类别"), required=False)
    unit = forms.ModelChoiceField(
        queryset=OrgUnit.objects.none(), required=False, widget=forms.HiddenInput, label=_("单位")
    )

    def __init__(self, *args: Any, units: QuerySet[OrgUnit], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()
        kind = self.fields["kind"]
        unit = self.fields["unit"]
        assert isinstance(kind, forms.ChoiceField)
        assert isinstance(unit, forms.ModelChoiceField)
        # Pushes have pages of their own, and there will be many.
        lasting = Programme.objects.filter(is_active=True).exclude(kind=ProgrammeKind.CASE)
        programmes = lasting.order_by("title").values_list("code", "title")
        kind.choices = [
            ("", _("全部培训")),
            (_("按类别"), ProgrammeKind.choices),
            (_("按培训方案"), list(programmes)),
        ]
        unit.queryset = units

    def clean_on(self) -> dt.date:
        """Take today where no day is given, and refuse days to come: nothing is known about them."""
        on: dt.date = self.cleaned_data["on"] or self.today
        if on > self.today:
            raise forms.ValidationError(_("截至日期不能晚于今天。"))
        return on


SCORE = "score-"


class OnSiteForm(forms.Form):
    """One on-site training: when, how long, where, by whom, and who was there."""

    held_on = forms.DateField(label=_("日期"), widget=DateInput)
    starts_at = forms.TimeField(label=_("开始时间"), widget=TimeInput)
    ends_at = forms.TimeField(label=_("结束时间"), widget=TimeInput)
    hours = forms.DecimalField(
        label=_("学时"),
        min_value=Decimal("0.5"),
        max_value=Decimal(8),
        max_digits=3,
        decimal_places=1,
        help_text=_("不得多于实际时段；1 学时多少分钟、每人每天最多几学时，见“规则数值”。"),
    )
    place = forms.CharField(label=_("地点"), max_length=120)
    trainer_name = forms.CharField(label=_("教员"), max_length=60)
    people = forms.ModelMultipleChoiceField(
        queryset=Obligation.objects.none(),
        label=_("参加人员"),
        to_field_name="public_id",
        error_messages={
            "required": _("没有选择人员：请勾选参加本次培训的人。"),
            "invalid_choice": _("名单已变化，请刷新后重新勾选。"),
        },
    )

    def __init__(
        self,
        *args: Any,
        obligations: QuerySet[Obligation],
        scored: Iterable[Obligation] = (),
        **kwargs: Any,
    ) -> None:
        """Take `scored`, the tasks a score is asked for, beside all that may be ticked."""
        super().__init__(*args, **kwargs)
        people = self.fields["people"]
        assert isinstance(people, forms.ModelMultipleChoiceField)
        people.queryset = obligations
        for item in scored:
            self.fields[f"{SCORE}{item.public_id}"] = forms.DecimalField(
                label=_("成绩"),
                required=False,
                min_value=Decimal(0),
                max_value=Decimal(100),
                max_digits=5,
                decimal_places=2,
            )

    def score_fields(self) -> dict[str, forms.BoundField]:
        """Return the fields of the scores by the public id of the task; none where nothing is scored."""
        return {name.removeprefix(SCORE): self[name] for name in self.fields if name.startswith(SCORE)}

    def scores(self) -> dict[int, Decimal]:
        """Return the scores of the people ticked, by obligation."""
        ticked = {f"{SCORE}{item.public_id}": item.pk for item in self.cleaned_data["people"]}
        given = {pk: self.cleaned_data.get(name) for name, pk in ticked.items()}
        return {pk: score for pk, score in given.items() if score is not None}

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the start and the end as aware times of the site's zone."""
        data = self.cleaned_data
        start = dt.datetime.combine(data["held_on"], data["starts_at"])
        end = dt.datetime.combine(data["held_on"], data["ends_at"])
        return timezone.make_aware(start), timezone.make_aware(end)


class LedgerFilter(forms.Form):
    """Which ledger rows are shown."""

    q = forms.CharField(label=_("姓名、工号或内容"), required=False, max_length=60)
    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("全部类别")), *RecordKind.choices]
    )
    since = forms.DateField(label=_("完成日期自"), required=False, widget=DateInput)
    until = forms.DateField(label=_("完成日期至"), required=False, widget=DateInput)


class CardFilter(forms.Form):
    """Which cards of three-level education are shown."""

    q = forms.CharField(label=_("姓名或工号"), required=False, max_length=60)
    programme = forms.ModelChoiceField(
        label=_("培训方案"),
        queryset=Programme.objects.filter(components__level__gt="").distinct(),
        required=False,
        empty_label=_("全部方案"),
    )
    since = forms.DateField(label=_("起算日自"), required=False, widget=DateInput)
    until = forms.DateField(label=_("起算日至"), required=False, widget=DateInput)


class ObligationFilter(forms.Form):
    """Which obligations are shown."""

    q = forms.CharField(label=_("姓名、工号或培训"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部状态")), ("late", _("逾期")), *ObligationState.choices],
    )
    kind = forms.ChoiceField(
        label=_("培训类别"), required=False, choices=[("", _("全部培训")), *ProgrammeKind.choices]
    )


class UnitsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Units to choose from, set in by their depth."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name behind as many spaces as the unit is deep."""
        return "　" * (obj.depth - 1) + str(obj)


class UnitField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A unit to choose, set in by its depth."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name behind as many spaces as the unit is deep."""
        return "　" * (obj.depth - 1) + str(obj)


class PushForm(forms.Form):
    """Whom a case is pushed to within those concerned, until when, and what it asks for."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    units = UnitsField(
        label=_("只推送给这些单位（含下级）"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=_("不选：您负责的全部单位。按住 Ctrl 可选多个。"),
        error_messages={"invalid_choice": _("只能选择您负责范围内的单位，请重新选择。")},
    )
    employment_types = forms.MultipleChoiceField(
        label=_("只推送给这些用工形式"),
        choices=EmploymentType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选：全部用工形式。"),
    )
    days = forms.IntegerField(
        label=_("几日内完成"), min_value=1, max_value=365, required=False, help_text=_("从今天起算。")
    )
    due_on = forms.DateField(
        label=_("或截止日期"), widget=DateInput, required=False, help_text=_("填了日期就以日期为准。")
    )
    asks_reflection = forms.BooleanField(label=_("要求签字感悟“对我的岗位意味着什么”"), required=False)
    min_chars = forms.IntegerField(label=_("感悟最少字数"), min_value=1, max_value=500, required=False)
    bank = forms.ModelChoiceField(
        label=_("小测题库"), queryset=Bank.objects.none(), required=False, empty_label=_("不考小测")
    )
    questions = forms.IntegerField(
        label=_("小测题数"),
        min_value=1,
        max_value=20,
        required=False,
        help_text=_("从题库抽题，由系统评分，80 分合格，不合格可再考。"),
    )

    def __init__(
        self, *args: Any, units: QuerySet[OrgUnit], banks: QuerySet[Bank], today: dt.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        unit, bank = self.fields["units"], self.fields["bank"]
        assert isinstance(unit, forms.ModelMultipleChoiceField)
        assert isinstance(bank, forms.ModelChoiceField)
        unit.queryset, bank.queryset = units, banks
        unit.widget.attrs["size"] = 8

    def clean(self) -> dict[str, Any]:
        """Settle the deadline: the date, or so many days from today."""
        data = super().clean() or {}
        if not self.errors and not data.get("due_on"):
            if not data.get("days"):
                raise forms.ValidationError(_("请填写几日内完成，或选择截止日期。"))
            data["due_on"] = self.today + dt.timedelta(days=data["days"])
        if data.get("bank") and not data.get("questions"):
            self.add_error("questions", _("请填写小测题数，或选“不考小测”。"))
        return data


class EndPushForm(forms.Form):
    """Why a push ends, and whether it was a mistake."""

    reason = forms.CharField(label=_("原因"), max_length=200)
    withdraw = forms.BooleanField(label=_("撤回：推送有误，取消还没完成的任务"), required=False)


class CaseFileForm(forms.Form):
    """Which case a unit handles."""

    lesson = forms.ModelChoiceField(label=_("案例"), queryset=WarningCasePage.objects.none())
    unit = UnitField(label=_("办理单位"), queryset=OrgUnit.objects.none())

    def __init__(
        self, *args: Any, lessons: QuerySet[WarningCasePage], units: QuerySet[OrgUnit], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        lesson, unit = self.fields["lesson"], self.fields["unit"]
        assert isinstance(lesson, forms.ModelChoiceField)
        assert isinstance(unit, forms.ModelChoiceField)
        lesson.queryset, unit.queryset = lessons, units


class GateForm(forms.Form):
    """A step with a gate: what was found or done, with a file to show for it."""

    act = forms.ChoiceField(choices=GateAct.choices)
    text = forms.CharField(
        label=_("情况说明"), max_length=2000, widget=forms.Textarea({"rows": 3}), required=False
    )
    file = forms.FileField(
        label=_("材料"),
        required=False,
        help_text=_("PDF、图片、Word 或 Excel，最大 20 MB。原因、责任、整改三关至少有一份材料才能关闭。"),
        widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg,.docx,.xlsx"}),
    )
