"""The back office's forms: banks, topics, questions with a phone preview, exams with their blueprint."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from common import clock
from exams.actions.bank import (
    restore_question,
    retire_question,
    save_bank,
    save_question,
    save_topic,
)
from exams.actions.exams import row_of, save_exam
from exams.errors import BlueprintEmpty, BlueprintNotFeasible, InvalidQuestions
from exams.forms.office import (
    BankForm,
    BaseRowFormSet,
    ExamForm,
    QuestionForm,
    RowForm,
    RowFormSet,
    TopicForm,
    row_initial,
)
from exams.models import Exam, Question, QuestionKind, Topic
from exams.permissions import is_examiner
from exams.queries import pool_of
from exams.queries.office import (
    banks_for,
    content_for_editing,
    get_exam_for,
    get_question_for,
    topics,
)
from exams.queries.papers import ShownOption, ShownQuestion
from exams.types import type_of
from people.models import User
from people.permissions import Capability, scope_of

View = Callable[..., HttpResponse]
private = cache_control(no_store=True, private=True)


def examiner_only(view: View) -> View:
    """Refuse those who manage no exams; which rows they reach is for the queries to say."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_examiner(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return private(wrapped)


def _page(title: str, back: tuple[str, str], **more: object) -> dict[str, object]:
    """Return what every form page needs; `back` is the list it belongs to, as (url name, label)."""
    name, label = back
    return {
        "header_title": title,
        "header_icon": "list-ol",
        "breadcrumbs_items": [{"url": reverse(name), "label": label}, {"url": "", "label": title}],
        "back_url": reverse(name),
        **more,
    }


def _editor(request: HttpRequest) -> User:
    return cast(User, request.user)


# Banks and topics


@require_http_methods(["GET", "POST"])
@examiner_only
def bank_form(request: HttpRequest, bank_id: int | None = None) -> HttpResponse:
    """Create or change a bank."""
    bank = get_object_or_404(banks_for(request.user), pk=bank_id) if bank_id else None
    units = scope_of(request.user, Capability.MANAGE_EXAMS)
    form = BankForm(request.POST or None, units=units, bank=bank)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_bank(bank=bank, acting_user=_editor(request), **form.cleaned_data)
        except PermissionDenied as error:
            form.add_error("owner", str(error))
        else:
            messages.success(request, _("题库“%(name)s”已保存。") % {"name": saved.name})
            return redirect("exams_office:banks")
    title = str(bank) if bank else _("新建题库")
    return _simple_form(request, form, _page(title, ("exams_office:banks", pgettext("plural", "题库"))))


@require_http_methods(["GET", "POST"])
@examiner_only
def topic_form(request: HttpRequest, topic_id: int | None = None) -> HttpResponse:
    """Create or change a topic."""
    topic: Topic | None = get_object_or_404(topics(), pk=topic_id) if topic_id else None
    form = TopicForm(request.POST or None, topic=topic)
    if request.method == "POST" and form.is_valid():
        saved = save_topic(topic=topic, acting_user=_editor(request), **form.cleaned_data)
        messages.success(request, _("知识点“%(name)s”已保存。") % {"name": saved.name})
        return redirect("exams_office:topics")
    title = str(topic) if topic else _("新建知识点")
    return _simple_form(request, form, _page(title, ("exams_office:topics", pgettext("plural", "知识点"))))


def _simple_form(request: HttpRequest, form: BaseForm, context: dict[str, object]) -> HttpResponse:
    return render(
        request, "exams/office_form.html", {**context, "form": form}, status=422 if form.errors else 200
    )


# Questions


def _own_question(request: HttpRequest, question_id: int) -> Question:
    try:
        return get_question_for(request.user, question_id)
    except Question.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
@examiner_only
def question_form(request: HttpRequest, question_id: int | None = None) -> HttpResponse:
    """Create or edit a question. Saving a change of what it says makes a new version."""
    question = _own_question(request, question_id) if question_id else None
    form = QuestionForm(
        request.POST or None,
        banks=banks_for(request.user),
        question=question,
        content=content_for_editing(question) if question else None,
        initial={"bank": request.GET.get("bank")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_question(
                bank=form.cleaned_data["bank"],
                draft=form.draft(),
                acting_user=_editor(request),
                now=clock.now(),
            )
        except InvalidQuestions as error:
            form.add_problems(error)
        else:
            assert saved.current_version is not None
            messages.success(
                request,
                _("试题 %(code)s 已保存（第 %(number)s 版）。已发出的试卷不受影响。")
                % {"code": saved.code, "number": saved.current_version.number},
            )
            return redirect("exams_office:question-edit", saved.pk)
    title = question.code if question else _("新建试题")
    context = _page(
        title, ("exams_office:questions", pgettext("plural", "试题")), form=form, question=question
    )
    return render(request, "exams/office_question_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@examiner_only
def question_preview(request: HttpRequest, question_id: int | None = None) -> HttpResponse:
    """Show a question as a candidate sees it on a phone; POST shows what is typed and not yet saved."""
    question = _own_question(request, question_id) if question_id else None
    content = content_for_editing(question) if question else None
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        banks=banks_for(request.user),
        question=question,
        content=content,
    )
    shown = None
    if request.method == "POST":
        # A half-typed question is shown as far as it goes; saving is where it is refused.
        form.is_valid()
        kind = form.cleaned_data.get("kind", QuestionKind.SINGLE_CHOICE)
        texts = [form.cleaned_data.get(f"option_{place}", "") for place in range(len(form.option_rows))]
        shown = _shown(
            kind=kind,
            stem=form.cleaned_data.get("stem", ""),
            texts=[text for text in texts if text.strip()],
            must_know=form.cleaned_data.get("must_know", False),
        )
    elif question is not None and content is not None:
        shown = _shown(
            kind=content.version.kind,
            stem=content.version.stem,
            texts=[option["text"] for option in content.version.options],
            must_know=question.must_know,
        )
    return render(request, "exams/question_preview.html", {"question": shown})


def _shown(*, kind: str, stem: str, texts: list[str], must_know: bool) -> ShownQuestion:
    fixed = type_of(kind).fixed_options
    if fixed is not None:
        texts = [_(option["text"]) for option in fixed]
    return ShownQuestion(
        slot=1,
        kind=kind,
        kind_label=str(QuestionKind(kind).label),
        control=type_of(kind).control,
        must_know=must_know,
        points="5",
        stem=stem,
        seq=0,
        options=tuple(
            ShownOption(letter=chr(ord("A") + place), token=str(place), text=text, chosen=False)
            for place, text in enumerate(texts)
        ),
    )


@require_POST
@examiner_only
def question_retire(request: HttpRequest, question_id: int) -> HttpResponse:
    """Retire a question, or restore a retired one."""
    question = _own_question(request, question_id)
    if question.retired_at is None:
        retire_question(question=question, acting_user=_editor(request), now=clock.now())
        messages.success(request, _("试题 %(code)s 已停用，新试卷不再抽到它。") % {"code": question.code})
    else:
        restore_question(question=question, acting_user=_editor(request))
        messages.success(request, _("试题 %(code)s 已恢复使用。") % {"code": question.code})
    return redirect("exams_office:question-edit", question.pk)


# Exams


@require_http_methods(["GET", "POST"])
@examiner_only
def exam_form(request: HttpRequest, exam_id: int | None = None) -> HttpResponse:
    """Create or change an exam with its blueprint; a row that cannot be met is named at the row."""
    exam = _own_exam(request, exam_id) if exam_id else None
    stored = list(exam.blueprint_rows.select_related("topic")) if exam else []
    form = ExamForm(request.POST or None, banks=banks_for(request.user), exam=exam)
    rows = cast(BaseRowFormSet, RowFormSet(request.POST or None, initial=row_initial(stored), prefix="rows"))
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        saved = _save_exam(request, form, rows, exam)
        if saved is not None:
            messages.success(request, _("考试“%(title)s”已保存。") % {"title": saved.title})
            return redirect("exams_office:exam-edit", saved.pk)
    pool = pool_of(exam.bank_id) if exam else []
    fitting = [sum(row_of(row).admits(item) for item in pool) for row in stored]
    context = _page(
        exam.title if exam else _("新建考试"),
        ("exams_office:exams", pgettext("plural", "考试")),
        form=form,
        rows=rows,
        numbered_rows=_numbered(rows, fitting),
    )
    wrong = form.errors or any(rows.errors)
    return render(request, "exams/office_exam_form.html", context, status=422 if wrong else 200)


def _numbered(rows: BaseRowFormSet, fitting: list[int]) -> list[tuple[str, RowForm, int | None]]:
    """Return (number, row, how many questions fit). Blank rows have no number: messages do not count them."""
    rows.full_clean()
    counted = rows.kept() if rows.is_bound else rows.initial_forms
    numbers = {form.prefix: str(place) for place, form in enumerate(counted, start=1)}
    return [
        (numbers.get(form.prefix, ""), form, fitting[place] if place < len(fitting) else None)
        for place, form in enumerate(rows.forms)
    ]


def _own_exam(request: HttpRequest, exam_id: int) -> Exam:
    try:
        return get_exam_for(request.user, exam_id)
    except Exam.DoesNotExist as error:
        raise Http404 from error


def _save_exam(request: HttpRequest, form: ExamForm, rows: BaseRowFormSet, exam: Exam | None) -> Exam | None:
    """Save, or put what is wrong where it belongs and return None."""
    kept: list[RowForm] = rows.kept()
    try:
        return save_exam(draft=form.draft(rows.drafts()), exam=exam, acting_user=_editor(request))
    except BlueprintNotFeasible as error:
        kept[error.position - 1].add_error(None, str(error))
        form.add_error(None, str(error))
    except BlueprintEmpty as error:
        form.add_error(None, str(error))
    return None
