"""Forms of the ledger's pages: a correction, and the checkpoint a verification compares with."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.models import TrainingRecord
from training.seals import CheckpointUnreadable, read_checkpoint

LARGEST_CHECKPOINT = 10_000  # bytes; one has about 600


class CorrectionForm(forms.Form):
    """What a ledger row should have said. Everything begins as it is; only what differs is a change."""

    title = forms.CharField(label=_("内容"), max_length=200)
    hours = forms.DecimalField(label=_("学时"), min_value=0, max_digits=6, decimal_places=2)
    score_pct = forms.DecimalField(
        label=_("成绩"), min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False
    )
    passed = forms.BooleanField(label=_("合格"), required=False)
    started_at = forms.DateTimeField(
        label=_("开始时间"), widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M:%S")
    )
    completed_at = forms.DateTimeField(
        label=_("完成时间"), widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M:%S")
    )
    trainer_name = forms.CharField(label=_("教员"), max_length=60, required=False)
    place = forms.CharField(label=_("地点"), max_length=120, required=False)
    reason = forms.CharField(
        label=_("更正原因"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明错在哪里、依据是什么。原记录保留不动。"),
    )

    def __init__(self, *args: Any, record: TrainingRecord, **kwargs: Any) -> None:
        names = [name for name in self.base_fields if name != "reason"]
        kwargs["initial"] = {name: getattr(record, name) for name in names}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a correction that changes nothing, or ends before it begins."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            if not self.changes():
                raise forms.ValidationError(_("没有改动任何一项：请把写错的内容改成正确的。"))
            if data["completed_at"] < data["started_at"]:
                self.add_error("completed_at", _("完成时间不能早于开始时间。"))
        return data

    def changes(self) -> dict[str, Any]:
        """Return the fields that were changed, with their new values."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}


class VerificationForm(forms.Form):
    """A checkpoint kept outside, as the file it left in. Cleaned to its text; empty without one."""

    checkpoint = forms.FileField(
        label=_("外部保存的检查点（可不选）"),
        required=False,
        allow_empty_file=True,
        help_text=_("选了检查点，才能发现整段记录连同封存一起被退回或重写。"),
    )

    def clean_checkpoint(self) -> str:
        """Read the file as text and refuse what is no checkpoint."""
        upload = self.cleaned_data["checkpoint"]
        if not upload:
            return ""
        unreadable = forms.ValidationError(
            _("“%(name)s”不是台账检查点：请选择从本页下载、名为 ledger-checkpoint-….json 的文件。")
            % {"name": upload.name}
        )
        if upload.size > LARGEST_CHECKPOINT:
            raise unreadable
        try:
            text: str = upload.read().decode("utf-8-sig")
            read_checkpoint(text)
        except (UnicodeDecodeError, CheckpointUnreadable) as error:
            raise unreadable from error
        return text
