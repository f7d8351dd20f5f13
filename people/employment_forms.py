"""The forms by which HR records what happens to one person's employment, and corrects the person's own data."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.text import half_width, squeeze
from people.identity import id_number_flaw
from people.importers import cells
from people.importers.messages import problem_message
from people.models import EmploymentType, OrgUnit, Post, UnitKind
from people.permissions import Scope
from people.queries import UnitEntry
from people.roster import Places, Problem, resolve_place
from people.roster.places import Found

FIRM_KINDS = (UnitKind.CONTRACTOR, UnitKind.DISPATCH_FIRM)
NEED_EMPLOYER = (EmploymentType.CONTRACTOR, EmploymentType.DISPATCHED)
# The fields of each form, in order. A name with a question mark may stay empty.
FIELDS: dict[str, tuple[str, ...]] = {
    "hire": (
        "employee_no",
        "name",
        "effective_on",
        "unit",
        "post",
        "employment_type",
        "employer?",
        "phone?",
        "id_number?",
    ),
    "transfer": ("effective_on", "unit", "post"),
    "second": ("effective_on", "ends_before", "unit", "post"),
    "end-secondment": ("ends_before", "reason"),
    "leave-post": ("effective_on",),
    "return": ("effective_on", "unit", "post"),
    "leave": ("effective_on",),
    "rehire": ("effective_on", "unit", "post", "employment_type", "employer?"),
    "terms": ("effective_on", "employment_type", "employer?"),
}


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class EmploymentForm(forms.Form):
    """What happens to a person, from which day, where, and under which terms: the fields that one kind asks for.

    `directory` is `unit_directory()`; units are found by name, path or code among those in `scope`.
    """

    employee_no = forms.CharField(label=gettext_lazy("工号"), max_length=32)
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60)
    effective_on = forms.DateField(label=gettext_lazy("生效日期"), widget=_day())
    ends_before = forms.DateField(label=gettext_lazy("借调结束（不含当日）"), widget=_day())
    unit = forms.CharField(
        label=gettext_lazy("部门"),
        help_text=gettext_lazy("输入名称查找；同名的请写上级，例如 一车间/甲班"),
        widget=forms.TextInput(attrs={"list": "unit-names", "autocomplete": "off"}),
    )
    post = forms.CharField(
        label=gettext_lazy("岗位"),
        help_text=gettext_lazy("输入名称查找"),
        widget=forms.TextInput(attrs={"list": "post-names", "autocomplete": "off"}),
    )
    employment_type = forms.ChoiceField(label=gettext_lazy("用工形式"), choices=EmploymentType.choices)
    employer = forms.ModelChoiceField(
        OrgUnit.objects.none(),
        label=gettext_lazy("用人单位"),
        empty_label=gettext_lazy("本单位"),
        help_text=gettext_lazy("派遣单位或承包商"),
    )
    phone = forms.CharField(label=gettext_lazy("手机号"), max_length=20)
    id_number = forms.CharField(label=gettext_lazy("身份证号"), max_length=18)
    withdraw = forms.BooleanField(
        label=gettext_lazy("撤回：这件事没有发生"),
        help_text=gettext_lazy("选了撤回，上面的改动不算。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=200,
        help_text=gettext_lazy("留在记录里，以后查得到是谁、什么时候、为什么改的。"),
    )

    def __init__(
        self,
        *args: Any,
        wanted: tuple[str, ...],
        scope: Scope,
        directory: dict[int, UnitEntry],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.scope = scope
        self.directory = directory
        names = {name.rstrip("?"): not name.endswith("?") for name in wanted}
        self.fields = {name: self.fields[name] for name in names}
        for name, is_required in names.items():
            self.fields[name].required = is_required
        if "employer" in self.fields:
            firms = OrgUnit.objects.filter(kind__in=FIRM_KINDS, closed_on=None).order_by("path")
            self.fields["employer"].queryset = firms  # type: ignore[attr-defined]

    @property
    def unit_names(self) -> list[str]:
        """Return the full names of the units that may be chosen."""
        return [
            entry.full_name
            for entry in self.directory.values()
            if entry.closed_on is None and self.scope.includes_path(entry.path)
        ]

    @property
    def post_names(self) -> list[str]:
        """Return the names of the posts that may be chosen. One query."""
        return list(Post.objects.filter(archived_on=None).values_list("name", flat=True))

    @property
    def digest(self) -> str:
        """Return a digest of what was filled in, to tell whether it is what the consequences were shown of."""
        values = sorted((name, str(value)) for name, value in self.cleaned_data.items())
        return hashlib.sha256(repr(values).encode()).hexdigest()

    def clean_employee_no(self) -> str:
        """Accept what keyboards make of a number, by the rule of lists."""
        return _as_in_lists(cells.employee_no, self.cleaned_data["employee_no"])

    def clean_name(self) -> str:
        """Return a name without stray white space, as lists write it."""
        return _as_in_lists(cells.person_name, self.cleaned_data["name"])

    def clean_phone(self) -> str:
        """Return a number somebody can be found by when signing in with it, as lists write it."""
        return _as_in_lists(cells.phone, self.cleaned_data["phone"])

    def clean_id_number(self) -> str:
        """Refuse a number whose check digit is wrong."""
        number = squeeze(half_width(self.cleaned_data["id_number"])).upper()
        if number and id_number_flaw(number):
            raise forms.ValidationError(_("身份证号不对：请对照证件核对 18 位号码。"))
        return number

    def clean_unit(self) -> OrgUnit | None:
        """Return the unit that the name means."""
        text = self.cleaned_data["unit"]
        if not text:
            return None
        open_units = [entry for entry in self.directory.values() if entry.closed_on is None]
        places = Places(
            frozenset(entry.full_name for entry in open_units),
            {entry.code: entry.full_name for entry in open_units if entry.code},
        )
        found = resolve_place(places, text)
        if found.why_not:
            closed = {entry.full_name for entry in self.directory.values() if entry.closed_on}
            gone = [name for name in closed if name == text or name.endswith(f"/{text}")]
            if len(gone) == 1:
                raise forms.ValidationError(
                    problem_message(Problem(1, "unit", "closed_unit", {"name": gone[0]}))
                )
            raise forms.ValidationError(_not_found(_("部门"), text, found))
        entry = next(entry for entry in open_units if entry.full_name == found.name)
        if not self.scope.includes_path(entry.path):
            raise forms.ValidationError(
                _("您无权管理“%(name)s”的人员，请由上级单位办理。") % {"name": found.name}
            )
        return OrgUnit.objects.get(pk=entry.id)

    def clean_post(self) -> Post | None:
        """Return the post that the name means."""
        text = self.cleaned_data["post"]
        if not text:
            return None
        codes = {
            code: name
            for code, name in Post.objects.filter(archived_on=None).values_list("code", "name")
            if code
        }
        found = resolve_place(Places(frozenset(self.post_names), codes, is_tree=False), text)
        if found.why_not:
            if Post.objects.filter(name=text).exclude(archived_on=None).exists():
                raise forms.ValidationError(
                    problem_message(Problem(1, "post", "archived_post", {"name": text}))
                )
            raise forms.ValidationError(_not_found(_("岗位"), text, found))
        return Post.objects.get(name=found.name)

    def clean(self) -> dict[str, Any]:
        """Ask for the employer of people who have another one."""
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("employment_type", "")
        if kind in NEED_EMPLOYER and "employer" in self.fields and not cleaned.get("employer"):
            self.add_error("employer", _("劳务派遣和承包商人员请选用人单位；没有时请先在组织机构里新建。"))
        return cleaned

    @property
    def day(self) -> dt.date:
        """Return the day from which the change holds."""
        found: dt.date = self.cleaned_data.get("effective_on") or self.cleaned_data["ends_before"]
        return found


class ParticularsForm(forms.Form):
    """A person's own data, read as lists are read. `known_id_number` is the masked number, to go by.

    `seen` is the mark of the data the form was filled from (`people.queries.identity.particulars_mark`).
    """

    name = forms.CharField(
        label=gettext_lazy("姓名"),
        max_length=cells.NAME_LENGTH,
        error_messages={"required": gettext_lazy("请填写姓名。")},
        help_text=gettext_lazy("已签发的证书仍是签发时的姓名。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("手机号"),
        max_length=40,  # with spaces, hyphens and country code, as it is pasted
        required=False,
        help_text=gettext_lazy("也用来登录。留空表示没有手机号。"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    id_number = forms.CharField(
        label=gettext_lazy("身份证号"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, known_id_number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["id_number"].help_text = (
            _("现在登记的是 %(number)s。留空表示不改。") % {"number": known_id_number}
            if known_id_number
            else _("还没有登记。")
        )

    def clean_name(self) -> str:
        """Return a name without stray white space; one of nothing else is none."""
        name = _as_in_lists(cells.person_name, self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name

    def clean_phone(self) -> str:
        """Return a number somebody can be found by when signing in with it."""
        return _as_in_lists(cells.phone, self.cleaned_data["phone"])

    def clean_id_number(self) -> str:
        """Refuse a number of another length, with a day that is none, or with a wrong check digit."""
        return _as_in_lists(cells.id_number, self.cleaned_data["id_number"])


def _as_in_lists(read: Callable[[str], str], text: str) -> str:
    """Read a field as the cell of a list is read. Raises ValidationError."""
    try:
        return read(text)
    except cells.CellFlaw as flaw:
        raise forms.ValidationError(_("%(flaw)s。") % {"flaw": flaw}) from flaw


def _not_found(kind: str, text: str, found: Found) -> str:
    values = {"kind": kind, "name": text, "near": "、".join(found.near)}
    if found.why_not == "ambiguous":
        return _("%(kind)s“%(name)s”不止一个，请写完整路径：%(near)s。") % values
    if found.near:
        return _("没有%(kind)s“%(name)s”，最接近的是：%(near)s。") % values
    return _("没有%(kind)s“%(name)s”，请从列表里选。") % values
