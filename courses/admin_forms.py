"""Forms of the film library in the back office."""

import tempfile
from pathlib import Path

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtailmedia.forms import BaseMediaForm

from common.clock import now
from courses.actions.films import save_film
from courses.films import BadFilm, BadSubtitles, inspect_film, read_subtitles


class FilmForm(BaseMediaForm):
    """The form of one film: its file is checked by content, its length is read from it."""

    subtitles = forms.CharField(
        label=_("中文字幕（WebVTT）"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("首行 WEBVTT，空一行，然后每条：00:00:01.000 --> 00:00:04.000，换行写文字"),
    )
    subtitles_file = forms.FileField(
        label=_("或上传字幕文件"), required=False, help_text=_(".vtt，UTF-8 编码；会代替上面的文字")
    )

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        self.acting_user = user
        self.facts = None
        self.fields["file"].widget.attrs["accept"] = ".mp4,video/mp4"
        self.fields["file"].help_text = _("MP4（H.264 + AAC），不超过 500 MB；时长自动读取")
        self.fields["subtitles_file"].widget.attrs["accept"] = ".vtt,text/vtt"
        self.order_fields(["title", "file", "subtitles", "subtitles_file"])
        if self.instance.pk:
            track = self.instance.subtitles.filter(language="zh-hans").first()
            self.fields["subtitles"].initial = track.text if track else ""

    def clean_file(self):
        """Check a new film by what is in it; refuse sound alone."""
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data:
            return file
        if self.instance.type != "video":
            raise forms.ValidationError(_("片库只收影片。请改用“添加视频”上传 MP4。"))
        file.name = f"{Path(file.name).stem}.mp4"
        try:
            self.facts = self._inspect(file)
        except BadFilm as error:
            raise forms.ValidationError(str(error), code=error.code) from error
        return file

    def _inspect(self, file):
        if hasattr(file, "temporary_file_path"):
            return inspect_film(Path(file.temporary_file_path()), name=file.name)
        with tempfile.NamedTemporaryFile(suffix=".mp4") as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            return inspect_film(Path(copy.name), name=file.name)

    def clean(self):
        """Check the subtitles, from the file if one came."""
        cleaned = super().clean()
        upload = cleaned.get("subtitles_file")
        place = "subtitles_file" if upload else "subtitles"
        text = cleaned.get("subtitles") or ""
        if upload:
            try:
                text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error(place, _("字幕文件不是 UTF-8 编码，请另存为 UTF-8 后再上传。"))
                return cleaned
        if text.strip():
            try:
                read_subtitles(text)
            except BadSubtitles as error:
                self.add_error(place, str(error))
        cleaned["subtitles"] = text if text.strip() else ""
        return cleaned

    def save(self, commit=True):
        """Save through the action, which keeps facts and subtitles and queues the rest."""
        film = super().save(commit=False)
        if commit:
            save_film(
                film=film,
                facts=self.facts,
                subtitles=self.cleaned_data["subtitles"],
                acting_user=self.acting_user,
                now=now(),
            )
            self._save_m2m()
        return film
