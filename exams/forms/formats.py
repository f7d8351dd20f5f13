"""The form that takes a file of questions in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from exams.importers.exporting import LABELS


class QuestionUploadForm(forms.Form):
    """A file, and its format if it is to be said."""

    file = forms.FileField(
        label=_("试题文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt,.gift,.xml,.zip"}),
        help_text=_("Excel、GIFT、Aiken、Moodle XML 或 QTI 题包，不超过 30 MB。先比对，确认后才导入。"),
    )
    wanted = forms.ChoiceField(
        label=_("格式"), choices=[("auto", _("自动识别")), *LABELS.items()], initial="auto", required=False
    )

    def clean_wanted(self) -> str:
        """Return the format, `auto` for none."""
        return self.cleaned_data["wanted"] or "auto"
