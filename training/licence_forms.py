"""Forms about licences."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from people.models import Employee, LicenceType
from training.models import CheckOutcome
from training.queries.licences import STATES


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class LicenceFilter(forms.Form):
    """Which licences are shown."""

    q = forms.CharField(label=_("姓名、工号或证号"), required=False, max_length=60)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("", _("全部证件")), *STATES.items()])
    kind = forms.ModelChoiceField(
        label=_("证件种类"), required=False, queryset=LicenceType.objects.all(), empty_label=_("全部种类")
    )


class LicenceForm(forms.Form):
    """A licence of a person, found by employee number."""

    employee_no = forms.CharField(label=_("工号"), max_length=32)
    licence_type = forms.ModelChoiceField(label=_("证件种类"), queryset=LicenceType.objects.all())
    number = forms.CharField(label=_("证号"), max_length=60)
    issuer = forms.CharField(label=_("发证机关"), max_length=120, required=False)
    valid_from = forms.DateField(label=_("有效期自"), widget=DateInput)
    valid_until = forms.DateField(label=_("有效期至（含当日）"), widget=DateInput)
    review_due_on = forms.DateField(
        label=_("下次复审日期"), required=False, widget=DateInput, help_text=_("不复审的证件留空。")
    )
    review_done_on = forms.DateField(label=_("上次复审日期"), required=False, widget=DateInput)
    last_worked_on = forms.DateField(
        label=_("最近一次从事该作业"),
        required=False,
        widget=DateInput,
        help_text=_("来本单位之前做过就填；本单位内的由任职记录推算。"),
    )
    reassessed_on = forms.DateField(label=_("离岗后重新考核合格日期"), required=False, widget=DateInput)

    def __init__(self, *args: Any, people: QuerySet[Employee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people

    def clean_employee_no(self) -> str:
        """Refuse a number nobody within the user's scope has."""
        number: str = self.cleaned_data["employee_no"].strip()
        if not self.people.filter(employee_no=number).exists():
            raise forms.ValidationError(
                _("您负责的范围内没有工号为 %(number)s 的员工，请核对工号。") % {"number": number}
            )
        return number


class ReviewForm(forms.Form):
    """That a licence was reviewed."""

    done_on = forms.DateField(label=_("复审日期"), widget=DateInput)
    next_due_on = forms.DateField(
        label=_("下次复审日期"), required=False, widget=DateInput, help_text=_("不再复审、到期换证的留空。")
    )
    valid_until = forms.DateField(label=_("有效期至（含当日）"), widget=DateInput)


class CheckForm(forms.Form):
    """What the official query site showed. The site is opened by hand: it guards itself against programs."""

    outcome = forms.ChoiceField(
        label=_("核验结果"),
        choices=[choice for choice in CheckOutcome.choices if choice[0]],
        widget=forms.RadioSelect,
    )
    site = forms.CharField(label=_("查询的网站"), max_length=120)
    note = forms.CharField(label=_("说明（可不填）"), max_length=300, required=False)


class ScanForm(forms.Form):
    """A scan of a licence."""

    scan = forms.FileField(
        label=_("扫描件"),
        help_text=_("PDF、JPEG、PNG 或 WebP，最大 15 MB。保存时重新绘制，只留图像。"),
        widget=forms.ClearableFileInput({"accept": ".pdf,.jpg,.jpeg,.png,.webp"}),
    )


class LicenceListForm(forms.Form):
    """A workbook of licences."""

    file = forms.FileField(
        label=_("证件名单"),
        help_text=_("Excel 或 CSV，一次最多 5000 行。同一份名单再导一次不会重复登记。"),
        widget=forms.ClearableFileInput({"accept": ".xlsx,.xls,.csv"}),
    )
