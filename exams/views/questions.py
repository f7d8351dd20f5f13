"""The back office's form of a question, with its preview on a phone."""

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from common import clock
from exams.actions.bank import restore_question, retire_question, save_question
from exams.actions.media import save_media
from exams.errors import BadMedia, InvalidQuestions
from exams.forms.questions import QuestionForm
from exams.models import Question, QuestionMedia, ReviewState
from exams.queries.office import banks_for, content_for_editing, get_question_for, media_for_author
from exams.queries.papers import ShownQuestion, content_of, show_question, shown_media
from exams.queries.review import questions_like, review_steps
from exams.types import TYPES, Content
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability, allows, scope_of


def _own_question(request: HttpRequest, question_id: int, capability: Capability) -> Question:
    try:
        return get_question_for(request.user, question_id, capability)
    except Question.DoesNotExist as error:
        raise Http404 from error


def _question_form(request: HttpRequest, question: Question | None, capability: Capability) -> QuestionForm:
    """Return the form, bound on POST. A file that came with it is stored first, so that no error loses it."""
    data = request.POST.copy() if request.method == "POST" else None
    problem: BadMedia | None = None
    file = request.FILES.get("media_file")
    if data is not None and isinstance(file, UploadedFile) and capability == Capability.WRITE_QUESTIONS:
        try:
            stored = save_media(
                file=file,
                alt=data.get("media_alt", ""),
                acting_user=editor(request),
                now=clock.now(),
            )
            data["stored_media"] = str(stored.pk)
        except BadMedia as error:
            problem = error
    form = QuestionForm(
        data,
        banks=banks_for(request.user, capability),
        media=media_for_author(request.user),
        units=scope_of(request.user, capability),
        question=question,
        content=content_for_editing(question) if question else None,
        initial={"bank": request.GET.get("bank")},
    )
    if problem is not None:
        form.add_error("media_file", str(problem))
    return form


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.WRITE_QUESTIONS)
def question_form(request: HttpRequest, question_id: int | None = None) -> HttpResponse:
    """Create or edit a question. Saving a change of what it says makes a new version."""
    question = _own_question(request, question_id, Capability.WRITE_QUESTIONS) if question_id else None
    form = _question_form(request, question, Capability.WRITE_QUESTIONS)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_question(
                bank=form.cleaned_data["bank"],
                draft=form.draft(),
                acting_user=editor(request),
                now=clock.now(),
            )
        except InvalidQuestions as error:
            form.add_problems(error)
        else:
            messages.success(request, _saved_message(saved))
            _warn_of_near_ones(request, saved)
            return redirect("exams_office:question-edit", saved.pk)
    title = question.code if question else _("新建试题")
    context = form_page(
        title,
        ("exams_office:questions", pgettext("plural", "试题")),
        form=form,
        question=question,
        may_review=allows(request.user, Capability.REVIEW_QUESTIONS),
        steps=review_steps(question)[:5] if question else (),
        can_submit=question is not None and question.review_state == ReviewState.DRAFT,
        waits=question is not None and question.review_state == ReviewState.IN_REVIEW,
    )
    return render(request, "exams/office_question_form.html", context, status=422 if form.errors else 200)


def _warn_of_near_ones(request: HttpRequest, saved: Question) -> None:
    """Name the questions that say nearly the same: the author decides what becomes of them."""
    near = questions_like(saved)
    if not near:
        return
    named = format_html_join(
        "、",
        '<a href="{}">{}（{}%）</a>',
        (
            (reverse("exams_office:question-edit", args=[question.pk]), question.code, share)
            for question, share in near
        ),
    )
    text = _("题干和这些试题相近：{named}。如果考的是同一件事，请改写或停用其中一道。")
    messages.warning(request, format_html(text, named=named))


def _saved_message(saved: Question) -> str:
    newest = saved.newest
    assert newest is not None
    text = (
        _("试题 %(code)s 的第 %(number)s 版已存为草稿，审核通过后新试卷才会用到。")
        if saved.pending_version_id
        else _("试题 %(code)s 已保存（第 %(number)s 版）。已发出的试卷不受影响。")
    )
    return text % {"code": saved.code, "number": newest.number}


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@for_those_who(Capability.VIEW_BANK)
def question_preview(request: HttpRequest, question_id: int | None = None) -> HttpResponse:
    """Show a question as a candidate sees it on a phone; POST shows what is typed and not yet saved."""
    question = _own_question(request, question_id, Capability.VIEW_BANK) if question_id else None
    shown = None
    if request.method == "POST":
        # A half-typed question is shown as far as it goes; saving is where it is refused.
        writes = allows(request.user, Capability.WRITE_QUESTIONS)
        form = _question_form(
            request, question, Capability.WRITE_QUESTIONS if writes else Capability.VIEW_BANK
        )
        form.is_valid()
        content, _key = form.parts()
        kind = form.cleaned_data.get("kind") or next(iter(TYPES))
        media = None if form.cleaned_data.get("media_remove") else form.cleaned_data.get("stored_media")
        shown = _shown(kind, content, media, must_know=form.cleaned_data.get("must_know", False))
    elif question is not None and question.newest is not None:
        version = question.newest
        shown = _shown(version.kind, content_of(version), version.media, must_know=question.must_know)
    return render(request, "exams/question_preview.html", {"question": shown})


def _shown(kind: str, content: Content, media: QuestionMedia | None, *, must_know: bool) -> ShownQuestion:
    address = reverse("exams_office:media", args=[media.pk]) if media else ""
    tokens = [(option["id"], str(place)) for place, option in enumerate(content.options)]
    if TYPES[kind].ordered:
        # The author writes them in the right order; on a paper they are shuffled.
        tokens.reverse()
    return show_question(
        slot=1,
        kind=kind,
        content=content,
        tokens=tokens,
        points="5",
        must_know=must_know,
        media=shown_media(media, address),
    )


@require_POST
@for_those_who(Capability.REVIEW_QUESTIONS)
def question_retire(request: HttpRequest, question_id: int) -> HttpResponse:
    """Retire a question, or restore a retired one."""
    question = _own_question(request, question_id, Capability.REVIEW_QUESTIONS)
    if question.retired_at is None:
        retire_question(question=question, acting_user=editor(request), now=clock.now())
        messages.success(request, _("试题 %(code)s 已停用，新试卷不再抽到它。") % {"code": question.code})
    else:
        restore_question(question=question, acting_user=editor(request))
        messages.success(request, _("试题 %(code)s 已恢复使用。") % {"code": question.code})
    if request.POST.get("back") == "duplicates":
        return redirect("exams_office:bank-duplicates", question.bank_id)
    return redirect("exams_office:question-edit", question.pk)
