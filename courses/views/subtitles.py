"""Subtitles in the back office: what a film has, upload, and the editor beside the film."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.admin import messages

from common import clock
from courses.actions.subtitles import SavedSubtitles, StaleSubtitles, delete_subtitles, save_subtitles
from courses.importers.film_forms import SubtitleTextForm, SubtitleUploadForm
from courses.importers.subtitle_messages import cue_message, fault_message, fault_messages, loss_message
from courses.models import Film, FilmSubtitle, SubtitleLanguage
from courses.subtitles import BadSubtitles
from courses.views.film_furniture import editor_of, film_or_404, for_film_editors, furniture

EMPTY = "WEBVTT\n"
MOST_LOSSES = 20  # told one by one; beyond that the number alone


@require_http_methods(["GET", "POST"])
@for_film_editors
def tracks(request: HttpRequest, film_pk: int) -> HttpResponse:
    """List a film's subtitles; POST takes a file."""
    film = film_or_404(film_pk)
    is_sent = request.method == "POST"
    form = SubtitleUploadForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if is_sent and form.is_valid() and (saved := _take_file(request, film, form)):
        messages.success(request, _("字幕已保存，请放一遍影片核对。"))
        _tell_losses(request, saved)
        return redirect("courses_subtitle_edit", film.pk, saved.track.language)
    kept = list(film.subtitles.order_by("language"))
    there = {track.language for track in kept}
    context = furniture(film, ("", _("字幕"))) | {
        "form": form,
        "tracks": kept,
        "missing": [choice for choice in SubtitleLanguage.choices if choice[0] not in there],
    }
    return render(request, "courses/subtitle_tracks.html", context, status=422 if form.errors else 200)


def _take_file(request: HttpRequest, film: Film, form: SubtitleUploadForm) -> SavedSubtitles | None:
    clean = form.cleaned_data
    try:
        return save_subtitles(
            film=film,
            language=clean["language"],
            text=clean["document"],
            expected_version=None if clean["replace"] else 0,
            acting_user=editor_of(request),
            now=clock.now(),
        )
    except BadSubtitles as bad:
        form.add_error("document", fault_messages(bad))
    except StaleSubtitles as stale:
        form.add_error(
            "replace",
            _("这种语言已有字幕（第 %(version)d 版）。要换成这份文件，请勾选后重新选择文件。")
            % {"version": stale.version},
        )
    return None


def _tell_losses(request: HttpRequest, saved: SavedSubtitles) -> None:
    if not saved.losses:
        return
    lines = [loss_message(one) for one in saved.losses[:MOST_LOSSES]]
    if len(saved.losses) > MOST_LOSSES:
        lines.append(_("共 %(count)d 处") % {"count": len(saved.losses)})
    messages.warning(request, _("没有带过来的内容：%(list)s") % {"list": _("；").join(lines)})


@never_cache
@require_http_methods(["GET", "POST"])
@for_film_editors
def edit(request: HttpRequest, film_pk: int, language: str) -> HttpResponse:
    """Edit one track beside its film; POST saves it whole, and answers in JSON whoever asks for that."""
    film = film_or_404(film_pk)
    if language not in SubtitleLanguage.values:
        raise Http404
    track = FilmSubtitle.objects.filter(film=film, language=language).first()
    start = {"text": track.text if track else EMPTY, "version": track.version if track else 0}
    form = SubtitleTextForm(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST":
        answer = _save(request, film, language, form)
        if answer is not None:
            return answer
    label = SubtitleLanguage(language).label
    context = furniture(
        film, (reverse("courses_subtitles", args=[film.pk]), _("字幕")), ("", str(label)), icon="edit"
    ) | {"form": form, "language": language, "label": label, "version": start["version"]}
    return render(request, "courses/subtitle_edit.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, film: Film, language: str, form: SubtitleTextForm) -> HttpResponse | None:
    """Save what was sent; return the answer, or None to show the page again with what is wrong."""
    is_script = request.accepts("application/json") and not request.accepts("text/html")
    if not form.is_valid():
        return _refused(_("数据不完整，请刷新页面后再试。"), 400) if is_script else None
    try:
        saved = save_subtitles(
            film=film,
            language=language,
            text=form.cleaned_data["text"],
            expected_version=form.cleaned_data["version"],
            acting_user=editor_of(request),
            now=clock.now(),
        )
    except BadSubtitles as bad:
        if is_script:
            faults = [
                {"cue": fault.cue, "message": cue_message(fault) if fault.cue else fault_message(fault)}
                for fault in bad.faults
            ]
            return _refused(_("有 %(count)d 处要改，没有保存。") % {"count": len(faults)}, 422, faults=faults)
        form.add_error("text", fault_messages(bad))
    except StaleSubtitles as stale:
        if is_script:
            return _refused(str(stale), 409, version=stale.version)
        form.add_error(None, str(stale))
    else:
        words = _("已保存为第 %(version)d 版。") % {"version": saved.track.version}
        if is_script:
            return JsonResponse({"version": saved.track.version, "message": words})
        messages.success(request, words)
        _tell_losses(request, saved)
        return redirect("courses_subtitle_edit", film.pk, language)
    return None


def _refused(message: str, status: int, **more: Any) -> JsonResponse:
    return JsonResponse({"message": message, **more}, status=status)


@require_POST
@for_film_editors
def remove(request: HttpRequest, film_pk: int, language: str) -> HttpResponse:
    """Delete one track, as it was when the list was shown."""
    film = film_or_404(film_pk)
    form = SubtitleTextForm(request.POST)
    if form.is_valid():
        try:
            delete_subtitles(
                film=film,
                language=language,
                expected_version=form.cleaned_data["version"],
                acting_user=editor_of(request),
            )
        except StaleSubtitles:
            messages.error(request, _("这份字幕刚被别人改过，没有删除。请看过新的一版再决定。"))
        else:
            messages.success(request, _("字幕已删除。"))
    return redirect("courses_subtitles", film.pk)
