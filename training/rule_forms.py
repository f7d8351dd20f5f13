"""Forms of rules: who owes a programme after what, by which law."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from people.models import EmploymentType, LicenceType, OrgUnit, Post
from training.forms import DateInput, UnitField
from training.models import Audience, Programme, ProgrammeKind, ScopeNeed, TrainingRule, Trigger, Window

_RISK = [("", _("都适用")), ("1", _("高危单位（令3 学时口径）")), ("0", _("一般单位"))]


class RuleForm(forms.Form):
    """A rule as it is to hold from a day on. Saving it closes the version before."""

    code = forms.SlugField(
        label=_("编码"), max_length=60, help_text=_("字母、数字和短横线；同一编码的各版本是同一条规则。")
    )
    title = forms.CharField(label=_("名称"), max_length=120)
    trigger = forms.ChoiceField(label=_("触发"), choices=Trigger.choices)
    window = forms.ChoiceField(
        label=_("周期"), choices=Window.choices, required=False, help_text=_("触发为“周期”时选择。")
    )
    every_months = forms.IntegerField(
        label=_("间隔（月）"),
        min_value=1,
        max_value=120,
        required=False,
        help_text=_("周期为“距上次完成若干月”时填写。"),
    )
    lead_days = forms.IntegerField(
        label=_("提前几日安排"),
        min_value=0,
        max_value=365,
        required=False,
        help_text=_("用于证件复审和按月间隔。"),
    )
    joiners_wait = forms.BooleanField(label=_("新上岗的从下一周期起"), required=False)
    licence_family = forms.ChoiceField(
        label=_("证件类别"),
        choices=[("", _("不论")), *LicenceType.Family.choices],
        required=False,
        help_text=_("证件复审：哪一类证件；其他触发：岗位要求持这一类证件的人。"),
    )
    min_days_away = forms.IntegerField(label=_("离岗至少（天）"), min_value=1, required=False)
    min_repeats = forms.IntegerField(
        label=_("一年内第几次起"), min_value=2, required=False, help_text=_("仅用于三违。")
    )
    audience = forms.ChoiceField(label=_("适用人员"), choices=Audience.choices, required=False)
    high_risk = forms.ChoiceField(label=_("单位类别"), choices=_RISK, required=False)
    unit = UnitField(
        label=_("适用单位（含下级）"),
        queryset=OrgUnit.objects.none(),
        required=False,
        empty_label=_("全部单位"),
        error_messages={"invalid_choice": _("只能选择您负责范围内的单位，请重新选择。")},
    )
    posts = forms.ModelMultipleChoiceField(
        label=_("适用岗位"),
        queryset=Post.objects.none(),
        required=False,
        help_text=_("不选：全部岗位。按住 Ctrl 可选多个。"),
    )
    employment_types = forms.MultipleChoiceField(
        label=_("用工形式"),
        choices=EmploymentType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选：全部用工形式。"),
    )
    instead_of = forms.MultipleChoiceField(
        label=_("代替的规则"),
        required=False,
        help_text=_("本规则适用时，所选规则不再适用（例如建筑工地的三级教育代替一般的三级教育）。"),
    )
    programme = forms.ModelChoiceField(label=_("培训方案"), queryset=Programme.objects.none())
    due_days = forms.IntegerField(label=_("几日内完成"), min_value=0, max_value=730)
    before_work = forms.BooleanField(label=_("上岗前必须完成"), required=False)
    blocks_overdue = forms.BooleanField(label=_("逾期未完成不得上岗"), required=False)
    legal_basis = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("写明法律条文，或企业制度的名称。")
    )
    basis_verified = forms.BooleanField(
        label=_("条文已核对原文"), required=False, help_text=_("未核对的，处处标明“条文待核对原文”。")
    )
    effective_from = forms.DateField(
        label=_("施行日期"), widget=DateInput, help_text=_("前一版到这一天的前一天为止。")
    )
    adopted_on = forms.DateField(
        label=_("本单位执行日期"),
        widget=DateInput,
        required=False,
        help_text=_("周期和在岗规则从这一天起算；空：首次保存的那一天。"),
    )
    SECTIONS = (
        (_("是哪一条规则"), ("code", "title")),
        (
            _("什么时候触发"),
            (
                *("trigger", "window", "every_months", "lead_days", "joiners_wait"),
                *("licence_family", "min_days_away", "min_repeats"),
            ),
        ),
        (_("适用于谁"), ("audience", "high_risk", "unit", "posts", "employment_types", "instead_of")),
        (_("要完成什么"), ("programme", "due_days", "before_work", "blocks_overdue")),
        (_("依据和日期"), ("legal_basis", "basis_verified", "effective_from", "adopted_on")),
    )

    def __init__(
        self,
        *args: Any,
        units: QuerySet[OrgUnit],
        everywhere: bool,
        known_code: str = "",
        scope_need: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        unit, posts, programme = self.fields["unit"], self.fields["posts"], self.fields["programme"]
        assert isinstance(unit, UnitField)
        assert isinstance(posts, forms.ModelMultipleChoiceField)
        assert isinstance(programme, forms.ModelChoiceField)
        unit.queryset, unit.required = units, not everywhere
        posts.queryset = Post.objects.filter(archived_on=None)
        posts.widget.attrs["size"] = 8
        programme.queryset = Programme.objects.filter(is_active=True).exclude(kind=ProgrammeKind.CASE)
        others = self.fields["instead_of"]
        assert isinstance(others, forms.MultipleChoiceField)
        codes = TrainingRule.objects.exclude(code=known_code).order_by("code", "effective_from")
        others.choices = [
            (code, f"{title}（{code}）") for code, title in dict(codes.values_list("code", "title")).items()
        ]
        others.widget.attrs["size"] = 8
        others.disabled = not everywhere
        self.scope_need = scope_need
        self.known_code = known_code
        if known_code:
            self.fields["code"].disabled = True

    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields in their groups."""
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]

    def clean_code(self) -> str:
        """Refuse a new rule under the code of another one."""
        code: str = self.cleaned_data["code"]
        if not self.known_code and TrainingRule.objects.filter(code=code).exists():
            raise forms.ValidationError(
                _("编码“%(code)s”已有规则：要改它，请在规则列表里打开它。") % {"code": code}
            )
        return code

    def clean(self) -> dict[str, Any]:
        """See that what a trigger needs is there, at the field it belongs to."""
        data = super().clean() or {}
        if self.scope_need == ScopeNeed.POSTS and not data.get("posts"):
            self.add_error("posts", _("这条规则只对选定的岗位有效：请选择适用岗位。"))
        if self.scope_need == ScopeNeed.UNIT and not data.get("unit"):
            self.add_error("unit", _("这条规则只对选定的单位有效：请选择适用单位。"))
        is_window = data.get("trigger") == Trigger.WINDOW
        if is_window and not data.get("window"):
            self.add_error("window", _("请选择周期。"))
        if is_window and data.get("window") == Window.MONTHS and not data.get("every_months"):
            self.add_error("every_months", _("请填写间隔几个月。"))
        if data.get("trigger") == Trigger.LICENCE_REVIEW and not data.get("licence_family"):
            self.add_error("licence_family", _("请选择证件类别。"))
        return data

    def draft(self) -> dict[str, Any]:
        """Return the version as plain values (training.queries.rehearsal.RuleDraft)."""
        data = self.cleaned_data
        is_window = data["trigger"] == Trigger.WINDOW
        by_months = is_window and data["window"] == Window.MONTHS
        plain = ("title", "trigger", "audience", "licence_family", "min_days_away", "min_repeats", "due_days")
        flags = ("joiners_wait", "before_work", "blocks_overdue", "basis_verified")
        return {
            **{name: data[name] for name in (*plain, *flags)},
            "code": data["code"],
            "legal_basis": data["legal_basis"],
            "window": data["window"] if is_window else "",
            "every_months": data["every_months"] if by_months else None,
            "lead_days": data["lead_days"] or 0,
            "high_risk": {"1": True, "0": False}.get(data["high_risk"]),
            "unit_id": data["unit"].pk if data["unit"] else None,
            "post_ids": sorted(post.pk for post in data["posts"]),
            "employment_types": sorted(data["employment_types"]),
            "scope_need": self.scope_need,
            "instead_of": sorted(data["instead_of"]),
            "programme_id": data["programme"].pk,
            "effective_from": data["effective_from"].isoformat(),
            "adopted_on": data["adopted_on"].isoformat() if data["adopted_on"] else None,
        }


def initial_of(rule: TrainingRule, today: dt.date) -> dict[str, Any]:
    """Return what the form shows for the next version of a rule: as it is, from tomorrow."""
    names = (
        *("code", "title", "trigger", "window", "every_months", "lead_days", "joiners_wait"),
        *("licence_family", "min_days_away", "min_repeats", "audience", "employment_types", "instead_of"),
        *("due_days", "before_work", "blocks_overdue", "legal_basis", "basis_verified", "adopted_on"),
    )
    return {
        **{name: getattr(rule, name) for name in names},
        "high_risk": {True: "1", False: "0", None: ""}[rule.high_risk],
        "unit": rule.unit_id,
        "programme": rule.programme_id,
        "posts": [post.pk for post in rule.posts.all()],
        "effective_from": max(today + dt.timedelta(days=1), rule.effective_from),
    }


class EndRuleForm(forms.Form):
    """When a rule stops."""

    effective_before = forms.DateField(
        label=_("从哪一天起不再执行"),
        widget=DateInput,
        help_text=_("人事变动和事件产生的任务不受影响；在岗即须、周期和复审规则的未完成任务从这一天起取消。"),
    )
