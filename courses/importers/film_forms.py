"""The forms of a film's subtitles and questions in the back office."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.importers.subtitle_messages import fault_messages
from courses.models import Film, FilmQuestion, PlayerSettings, SubtitleLanguage
from courses.shapes import CheckOption
from courses.subtitles import BadSubtitles, decode_subtitles

MOST_OPTIONS = 4
_MOMENT = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5})(?:[.．](\d{1,3}))?")


class SubtitleUploadForm(forms.Form):
    """A file of subtitles and the language it is in."""

    language = forms.ChoiceField(label=gettext_lazy("语言"), choices=SubtitleLanguage.choices)
    document = forms.FileField(
        label=gettext_lazy("字幕文件"),
        help_text=gettext_lazy(".vtt 或 .srt，UTF-8 或 GB18030（国标）编码，不超过 2 MB"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".vtt,.srt,text/vtt"}),
    )
    replace = forms.BooleanField(label=gettext_lazy("代替这种语言现有的字幕"), required=False)

    def clean_document(self) -> str:
        """Return the file's text. Whether it is subtitles the action says."""
        try:
            return decode_subtitles(self.cleaned_data["document"].read())
        except BadSubtitles as bad:
            raise forms.ValidationError(fault_messages(bad)) from bad


class SubtitleTextForm(forms.Form):
    """The whole text of one track and the version it was written on."""

    text = forms.CharField(
        label=gettext_lazy("字幕（WebVTT）"),
        strip=False,
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false", "data-text": ""}),
        help_text=gettext_lazy("首行 WEBVTT，空一行，然后每条：00:00:01.000 --> 00:00:04.000，换行写文字"),
    )
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class MomentField(forms.CharField):
    """A moment of a film as people write it, 1:02.5 or 62.5, in seconds."""

    default_error_messages = {"moment": gettext_lazy("时刻写法不对，应如 1:02.5（1 分 2.5 秒）。")}

    def prepare_value(self, value: Any) -> Any:
        """Show seconds as minutes and seconds."""
        return moment_text(value) if isinstance(value, float | int) else value

    def clean(self, value: Any) -> float | None:  # type: ignore[override]  # a moment is a number
        """Return the seconds. Raises ValidationError."""
        text = super().clean(value).replace("：", ":").strip()
        found = _MOMENT.fullmatch(text)
        if not text:
            return None
        if found is None:
            raise forms.ValidationError(self.error_messages["moment"], code="moment")
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
        return hours * 3600 + minutes * 60 + seconds + float(f"0.{found.group(4) or 0}")


def moment_text(seconds: float) -> str:
    """Return a moment as the form takes it: 1:02.5."""
    tenths = round(seconds * 10)
    text = f"{tenths // 600}:{tenths // 10 % 60:02d}"
    return f"{text}.{tenths % 10}" if tenths % 10 else text


class FilmQuestionForm(forms.Form):
    """A question of a film: its moment, two to four answers, which of them are right."""

    at_s = MomentField(
        label=gettext_lazy("时刻"),
        help_text=gettext_lazy("片中讲完这一点的时刻，如 1:02.5；放到那里点“取当前时刻”。"),
        widget=forms.TextInput(attrs={"data-moment": "", "autocomplete": "off"}),
    )
    stem = forms.CharField(label=gettext_lazy("题目"), max_length=200)
    explanation = forms.CharField(
        label=gettext_lazy("讲解"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("答对后或两次答错后显示。"),
    )

    def __init__(self, *args: Any, film: Film, question: FilmQuestion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.film = film
        options: list[CheckOption] = list(question.options) if question else []
        if question is not None:
            self.fields["at_s"].initial = question.at_s
            self.fields["stem"].initial = question.stem
            self.fields["explanation"].initial = question.explanation
        for place in range(MOST_OPTIONS):
            option = options[place] if place < len(options) else None
            letter = chr(ord("A") + place)
            self.fields[f"option_{place}"] = forms.CharField(
                label=_("选项 %(letter)s") % {"letter": letter},
                max_length=120,
                required=False,
                initial=option["text"] if option else "",
            )
            self.fields[f"right_{place}"] = forms.BooleanField(
                label=_("选项 %(letter)s 正确") % {"letter": letter},
                required=False,
                initial=bool(option and option["is_right"]),
            )

    @property
    def option_rows(self) -> list[dict[str, Any]]:
        """Return the options' fields row by row."""
        return [
            {
                "letter": chr(ord("A") + place),
                "text": self[f"option_{place}"],
                "right": self[f"right_{place}"],
            }
            for place in range(MOST_OPTIONS)
        ]

    def typed_options(self) -> list[CheckOption]:
        """Return the options that have words."""
        return [
            {"text": text, "is_right": bool(self.cleaned_data.get(f"right_{place}"))}
            for place in range(MOST_OPTIONS)
            if (text := self.cleaned_data.get(f"option_{place}", ""))
        ]

    def clean_at_s(self) -> float:
        """Refuse a moment outside the film."""
        at_s = self.cleaned_data["at_s"]
        duration = self.film.duration or 0.0
        if at_s is None or at_s <= 0 or (duration and at_s > duration):
            raise forms.ValidationError(
                _("时刻须在影片之内：0:01 到 %(end)s。") % {"end": moment_text(duration)}, code="outside"
            )
        return float(at_s)

    def clean(self) -> dict[str, Any]:
        """Refuse fewer than two answers, answers that repeat, and a question without a right or a wrong one."""
        cleaned = super().clean() or {}
        options = self.typed_options()
        texts = [option["text"] for option in options]
        for place in range(MOST_OPTIONS):
            if cleaned.get(f"right_{place}") and not cleaned.get(f"option_{place}"):
                self.add_error(f"option_{place}", _("勾了正确，却没有写选项。请写上文字，或取消勾选。"))
        if len(options) < 2:
            self.add_error("option_1", _("至少写两个选项。"))
        elif len(set(texts)) < len(texts):
            self.add_error("option_1", _("有两个选项一样。请改其中一个。"))
        elif not any(option["is_right"] for option in options):
            self.add_error("option_0", _("没有勾正确答案。请至少勾一个。"))
        elif all(option["is_right"] for option in options):
            self.add_error("option_0", _("所有选项都勾了正确，答不错的题没有意义。请取消至少一个。"))
        return cleaned


class PlayerSettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # Django knows no such type at run time
    """How films are shown on the whole site."""

    class Meta:
        model = PlayerSettings
        fields = ["has_name_mark"]
