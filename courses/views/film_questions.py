"""Questions of a film in the back office, and how films are shown on the whole site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.admin import messages

from common import clock
from courses import attention
from courses.actions.film_questions import retire_film_question, save_film_question, save_player_settings
from courses.importers.film_forms import FilmQuestionForm, PlayerSettingsForm, moment_text
from courses.models import Film, FilmQuestion, PlayerSettings
from courses.views.film_furniture import editor_of, film_or_404, for_film_editors, furniture


@require_http_methods(["GET"])
@for_film_editors
def questions(request: HttpRequest, film_pk: int) -> HttpResponse:
    """List a film's questions, those asked before those retired."""
    film = film_or_404(film_pk)
    kept = list(film.questions.order_by("retired_at", "at_s", "pk"))
    rows = [{"question": one, "moment": moment_text(one.at_s)} for one in kept]
    context = furniture(film, ("", _("影片提问")), icon="help") | {
        "asked": [row for row in rows if row["question"].retired_at is None],
        "retired": [row for row in rows if row["question"].retired_at is not None],
        "is_too_short": bool(film.duration) and film.duration < attention.POLICY.least_film_s,
    }
    return render(request, "courses/film_questions.html", context)


@require_http_methods(["GET", "POST"])
@for_film_editors
def question_form(request: HttpRequest, film_pk: int, question_pk: int | None = None) -> HttpResponse:
    """Add a question, or change one, with the film beside it."""
    film = film_or_404(film_pk)
    question = _question_or_404(film, question_pk)
    form = FilmQuestionForm(request.POST if request.method == "POST" else None, film=film, question=question)
    if request.method == "POST" and form.is_valid():
        save_film_question(
            film=film,
            question=question,
            at_s=form.cleaned_data["at_s"],
            stem=form.cleaned_data["stem"],
            options=form.typed_options(),
            explanation=form.cleaned_data["explanation"],
            acting_user=editor_of(request),
        )
        messages.success(request, _("提问已保存。已经问过的人，记录里仍是当时的题目。"))
        return redirect("courses_film_questions", film.pk)
    title = _("修改提问") if question else _("新建提问")
    context = furniture(
        film, (reverse("courses_film_questions", args=[film.pk]), _("影片提问")), ("", title), icon="help"
    ) | {"form": form, "question": question}
    return render(request, "courses/film_question_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@for_film_editors
def question_preview(request: HttpRequest, film_pk: int) -> HttpResponse:
    """Show a question as a phone shows it; what is typed and not yet saved is sent along, half-typed or not."""
    film = film_or_404(film_pk)
    shown = None
    if request.method == "POST":
        form = FilmQuestionForm(request.POST, film=film)
        form.is_valid()
        shown = {"stem": form.cleaned_data.get("stem", ""), "options": form.typed_options()}
    context = {"shown": shown, "answer_s": attention.POLICY.answer_s}
    return render(request, "courses/film_question_preview.html", context)


@require_POST
@for_film_editors
def question_retire(request: HttpRequest, film_pk: int, question_pk: int) -> HttpResponse:
    """Stop asking a question, or ask it again."""
    film = film_or_404(film_pk)
    question = _question_or_404(film, question_pk)
    if question is None:
        raise Http404
    is_retired = request.POST.get("retire") == "1"
    retire_film_question(
        question=question, is_retired=is_retired, acting_user=editor_of(request), now=clock.now()
    )
    messages.success(request, _("已停用，不再问这道题。") if is_retired else _("已恢复，会再问这道题。"))
    return redirect("courses_film_questions", film.pk)


@require_http_methods(["GET", "POST"])
@for_film_editors
def player_settings(request: HttpRequest) -> HttpResponse:
    """Decide how films are shown on the whole site."""
    kept = PlayerSettings.objects.filter(pk=PlayerSettings.ONLY).first()
    form = PlayerSettingsForm(request.POST if request.method == "POST" else None, instance=kept)
    if request.method == "POST" and form.is_valid():
        save_player_settings(has_name_mark=form.cleaned_data["has_name_mark"], acting_user=editor_of(request))
        messages.success(request, _("播放设置已保存，下次打开影片时生效。"))
        return redirect("courses_player_settings")
    context = {
        "form": form,
        "page_title": _("播放设置"),
        "header_title": _("播放设置"),
        "header_icon": "media",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("首页")},
            {"url": "", "label": _("播放设置")},
        ],
    }
    return render(request, "courses/player_settings.html", context)


def _question_or_404(film: Film, pk: int | None) -> FilmQuestion | None:
    """Return a question of this film, None for no number. Raises Http404 for another film's."""
    if pk is None:
        return None
    question = FilmQuestion.objects.filter(film=film, pk=pk).first()
    if question is None:
        raise Http404
    return question
