"""Forms of the back office about integrity."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.actions.guards import GuardDraft
from exams.models import Exam, ExamGuard, FindingState
from exams.models.guards import PHOTO_KEEP_DAYS
from exams.seb import read_keys


class GuardForm(forms.Form):
    """What an exam asks for beyond answering."""

    seb_required = forms.BooleanField(
        label=gettext_lazy("只能用安全考试浏览器（SEB）作答"),
        required=False,
        help_text=gettext_lazy("只适合有电脑的考场：SEB 没有安卓版，手机打不开这样的考试。"),
    )
    seb_keys = forms.CharField(
        label=gettext_lazy("SEB 密钥"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "每行一个，64 位十六进制；配置密钥（Config Key）或浏览器密钥（Browser Exam Key）都可以。对上任何一个就能作答。"
        ),
    )
    photo_asked = forms.BooleanField(
        label=gettext_lazy("请考生拍照"),
        required=False,
        help_text=gettext_lazy("先单独征得同意；不同意的人改由监考人员当面核对，照常考试。"),
    )
    photo_moments = forms.IntegerField(
        label=gettext_lazy("作答中拍几次"), min_value=0, max_value=10, initial=2, required=False
    )
    photo_keep_days = forms.IntegerField(
        label=gettext_lazy("照片保留天数"),
        min_value=1,
        max_value=180,
        initial=PHOTO_KEEP_DAYS,
        required=False,
        help_text=gettext_lazy("从考试结束算起，到期自动删除。只影响以后的答卷。"),
    )

    def __init__(self, *args: Any, guard: ExamGuard | None = None, **kwargs: Any) -> None:
        if guard is not None:
            kwargs["initial"] = {
                "seb_required": guard.seb_required,
                "seb_keys": "\n".join(guard.seb_keys),
                "photo_asked": guard.photo_asked,
                "photo_moments": guard.photo_moments,
                "photo_keep_days": guard.photo_keep_days,
            }
        super().__init__(*args, **kwargs)

    def clean_seb_keys(self) -> tuple[str, ...]:
        """Refuse a line that is no key, naming it."""
        keys, wrong = read_keys(self.cleaned_data["seb_keys"])
        if wrong:
            raise forms.ValidationError(
                _("“%(line)s”不是密钥：要 64 位、只含 0–9 和 a–f。请从 SEB 配置工具里原样复制。")
                % {"line": wrong[0]}
            )
        return tuple(keys)

    def clean(self) -> dict[str, Any]:
        """Refuse an exam that nobody could open."""
        data = super().clean() or {}
        if data.get("seb_required") and "seb_keys" in data and not data["seb_keys"]:
            self.add_error("seb_keys", _("请填至少一个密钥，否则谁也打不开这场考试。"))
        return data

    def draft(self) -> GuardDraft:
        """Return what was asked for. Call it on a valid form."""
        data = self.cleaned_data
        moments, days = data["photo_moments"], data["photo_keep_days"]
        return GuardDraft(
            seb_required=data["seb_required"],
            seb_keys=data["seb_keys"],
            photo_asked=data["photo_asked"],
            photo_moments=2 if moments is None else moments,
            photo_keep_days=PHOTO_KEEP_DAYS if days is None else days,
        )


class SearchForm(forms.Form):
    """Which exam to look through."""

    exam = forms.ModelChoiceField(
        label=gettext_lazy("考试"),
        queryset=Exam.objects.none(),
        help_text=gettext_lazy("每天夜里会自动查找有新成绩的考试；这里可以马上查一次。"),
    )

    def __init__(self, *args: Any, exams: QuerySet[Exam], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exam"].queryset = exams  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """What somebody decided about a finding, and why."""

    state = forms.ChoiceField(
        label=gettext_lazy("决定"),
        widget=forms.RadioSelect,
        choices=[
            (FindingState.CLEARED, gettext_lazy("排除：有正当的解释")),
            (FindingState.CONFIRMED, gettext_lazy("认定：核对过，确有其事")),
            (FindingState.OPEN, gettext_lazy("重新打开：还要再看")),
        ],
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("看了什么、问了谁、为什么这样认定。写下后不能改，只能再作决定。"),
    )


class IdentityForm(forms.Form):
    """What an eye compared."""

    is_right = forms.TypedChoiceField(
        label=gettext_lazy("核对结果"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        choices=[("yes", gettext_lazy("是本人")), ("no", gettext_lazy("不是本人，或认不出"))],
    )
    note = forms.CharField(label=gettext_lazy("说明"), max_length=200, required=False)


class VoidForm(forms.Form):
    """Why an attempt is made void."""

    reason = forms.CharField(
        label=gettext_lazy("作废的理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("凭什么作废，看了什么、问了谁。考生看得到，和答卷一起留存。"),
    )
