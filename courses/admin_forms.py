"""Forms of the film library in the back office."""

import tempfile
from pathlib import Path

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse_lazy
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from wagtailmedia.forms import BaseMediaForm

from common.clock import now
from courses.actions.films import save_film
from courses.actions.uploads import drop_upload, get_upload, refuse_incomplete
from courses.errors import UploadRefused
from courses.films import BadFilm, inspect_film, inspect_sound
from courses.importers.subtitle_messages import fault_messages
from courses.subtitles import BadSubtitles, decode_subtitles, parse_subtitles
from courses.uploads import part_path


class ReceivedFile(UploadedFile):
    """A file that came in parts, as forms and file storages know files; saving it moves it."""

    def __init__(self, upload):
        self.upload = upload
        super().__init__(part_path(upload.pk).open("rb"), upload.name, size=upload.size)

    def temporary_file_path(self):
        """Return where it lies."""
        return str(part_path(self.upload.pk))


class FilmForm(BaseMediaForm):
    """The form of one film: its file is checked by content, its length is read from it.

    A new film may bring its Chinese subtitles; later they have a page of their own, with the film beside them.
    """

    subtitles_file = forms.FileField(
        label=_("中文字幕文件"),
        required=False,
        help_text=_(".vtt 或 .srt，可以以后再传；上传影片后可在“字幕”页边看边改"),
    )

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        self.acting_user = user
        self.facts = None
        self.upload_error = None
        self.received = None
        is_sound = self.instance.type == "audio"
        self.fields["file"].widget.attrs |= self._file_attributes(is_sound)
        self.fields["file"].help_text = (
            _("MP3、M4A 或 WAV，不超过 4 GB；时长和波形自动生成，音量自动调匀")
            if is_sound
            else _("MP4（H.264 + AAC），不超过 4 GB；时长自动读取，上传后自动转码")
        )
        self.fields["subtitles_file"].widget.attrs["accept"] = ".vtt,.srt,text/vtt"
        self.order_fields(["title", "file", "subtitles_file"])
        if is_sound or self.instance.pk:
            # Lessons carry the words of a recording in its block; a film's subtitles have a page of their own.
            del self.fields["subtitles_file"]
        if self.is_bound:
            self._take_upload()

    @staticmethod
    def _file_attributes(is_sound):
        """Return what static/js/film-upload.js and the browser read from the file field."""
        accept = ".mp3,.m4a,.wav,audio/*" if is_sound else ".mp4,video/mp4"
        return {
            "accept": accept,
            "data-film-upload": reverse_lazy("courses_upload"),
            "data-text-cancel": _("取消上传"),
            "data-text-done": _("已传完，请按页面下方的按钮保存"),
            "data-text-resumed": _("接着上次断开处上传"),
            "data-text-offline": _("网络断开，恢复后自动接着传"),
            "data-text-waits": _("传完后自动保存，请不要关闭页面"),
            "data-text-signed-out": _(
                "登录已过期，上传停在这里。请重新登录，再选择同一个文件，会从断处继续。"
            ),
            "data-text-gone": _("服务器不接受这次上传，请刷新页面后重新选择文件。"),
        }

    def _take_upload(self):
        """Put a file that came in parts where one that came with the form would be.

        static/js/film-upload.js names it in a field of its own making, beside the file's.
        """
        number = self.data.get(self.add_prefix("upload"))
        place = self.add_prefix("file")
        if not number or place in self.files:
            return
        try:
            upload = get_upload(forms.UUIDField().clean(number), self.acting_user)
            refuse_incomplete(upload)
        except forms.ValidationError:
            self.upload_error = str(_("找不到这次上传，请重新选择文件。"))
        except UploadRefused as error:
            self.upload_error = str(error)
        else:
            self.received = ReceivedFile(upload)
            self.files = MultiValueDict({**dict(self.files), place: [self.received]})
            return
        self.fields["file"].required = False

    def full_clean(self):
        """Check everything; what came in parts waits closed until the form is sent again."""
        super().full_clean()
        if self.received and self.errors:
            self.received.close()
            if "file" not in self.errors:
                # Another field has to be mended; the film need not be sent again.
                self.fields["file"].widget.attrs["data-upload-id"] = str(self.received.upload.pk)

    def clean_file(self):
        """Check a new film or sound by what is in it."""
        if self.upload_error:
            raise forms.ValidationError(self.upload_error)
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data:
            return file
        try:
            self.facts, suffix = self._inspect(file)
        except BadFilm as error:
            if self.received:
                drop_upload(self.received.upload)  # the same file would be refused again
            raise forms.ValidationError(str(error), code=error.code) from error
        file.name = f"{Path(file.name).stem}.{suffix}"
        return file

    def _inspect(self, file):
        if hasattr(file, "temporary_file_path"):
            return self._inspected(Path(file.temporary_file_path()), file.name)
        with tempfile.NamedTemporaryFile() as copy:
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            return self._inspected(Path(copy.name), file.name)

    def _inspected(self, path, name):
        if self.instance.type == "audio":
            return inspect_sound(path, name=name)
        return inspect_film(path, name=name), "mp4"

    def clean(self):
        """Check the subtitles that came with the film against its length."""
        cleaned = super().clean()
        upload = cleaned.get("subtitles_file")
        cleaned["subtitles"] = ""
        if upload:
            try:
                text = decode_subtitles(upload.read())
                parse_subtitles(text, duration_s=self.facts.duration_s if self.facts else 0.0)
            except BadSubtitles as bad:
                self.add_error("subtitles_file", fault_messages(bad))
            else:
                cleaned["subtitles"] = text
        return cleaned

    def save(self, commit=True):
        """Save through the action, which keeps facts and subtitles and queues the rest."""
        film = super().save(commit=False)
        if commit:
            save_film(
                film=film,
                facts=self.facts,
                subtitles=self.cleaned_data.get("subtitles", ""),
                acting_user=self.acting_user,
                now=now(),
            )
            self._save_m2m()
            if self.received:
                self.received.close()
                drop_upload(self.received.upload)
        return film
