"""Forms of this room."""

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.actions.standing import REASON_LENGTH
from certificates.content import ungrouped
from certificates.numbering import BadNumber, parse_number


class VerifyForm(forms.Form):
    """The code printed under the QR, as people type it."""

    code = forms.CharField(
        label=_("核验码"),
        max_length=80,
        help_text=_("印在证书二维码右侧，区分大小写，空格可以不输。"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        """Take spaces out; tell someone who typed the number where the code stands."""
        code = ungrouped(self.cleaned_data["code"])
        if _looks_like_number(code):
            raise forms.ValidationError(
                _("这是证书编号。只凭编号不能查到证书，请输入二维码右侧的核验码，或直接扫描二维码。")
            )
        if not code.replace("-", "").replace("_", "").isascii() or "/" in code:
            raise forms.ValidationError(_("核验码只有英文字母、数字、“-”和“_”，请对照证书重新输入。"))
        return code


class ReasonForm(forms.Form):
    """The reason of a change of standing."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("请写明原因。")},
    )


def _looks_like_number(text: str) -> bool:
    try:
        parse_number(text)
    except BadNumber as error:
        return error.reason == "check"
    return True
