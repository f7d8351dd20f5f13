"""The form with which editors upload documents."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import ShelfPage

MAX_FILES = 20
LESSON_TYPES = (
    ("speech", gettext_lazy("政策讲话")),
    ("case", gettext_lazy("警示案例")),
    ("rule", gettext_lazy("操作规程")),
)


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files as one list. Empty ones are let through: the reader names what is wrong with each."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Return the uploaded files. Raises ValidationError for none or too many."""
        files = [file for file in data or [] if file]
        if not files and not data:
            raise forms.ValidationError(_("请选择要导入的文件。"), code="required")
        if len(data) > MAX_FILES:
            raise forms.ValidationError(
                _("一次最多导入 %(limit)d 个文件，您选了 %(count)d 个。请分几次导入。")
                % {"limit": MAX_FILES, "count": len(data)}
            )
        return list(data)


class DocumentUploadForm(forms.Form):
    """Which files, what they are, and the shelf they go on."""

    documents = ManyFilesField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy(
            "可选多个 .docx、.txt、.md 或有文字的 .pdf 文件，每个不超过 20 MB。导入前先预览，不会直接保存。"
        ),
        widget=ManyFilesInput(attrs={"accept": ".docx,.txt,.md,.pdf"}),
    )
    lesson_type = forms.ChoiceField(
        label=gettext_lazy("类型"), choices=LESSON_TYPES, widget=forms.RadioSelect
    )
    shelf = forms.ModelChoiceField(
        label=gettext_lazy("书架"),
        queryset=ShelfPage.objects.none(),
        required=False,
        empty_label=gettext_lazy("按类型放到默认书架"),
    )

    def __init__(self, *args: Any, shelves: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shelf = self.fields["shelf"]
        assert isinstance(shelf, forms.ModelChoiceField)
        shelf.queryset = shelves
