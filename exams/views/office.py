"""The back office's forms: banks, topics, exams with their blueprint."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from exams.actions.bank import save_bank, save_topic
from exams.actions.exams import row_of, save_exam
from exams.errors import BlueprintEmpty, BlueprintNotFeasible, PaperMissing
from exams.forms.delivery import sections_of
from exams.forms.office import (
    BankForm,
    BaseRowFormSet,
    ExamForm,
    RowForm,
    RowFormSet,
    TopicForm,
    row_initial,
)
from exams.models import Exam, Topic
from exams.queries import pool_of
from exams.queries.office import (
    banks_for,
    get_exam_for,
    topics,
)
from people.models import User
from people.permissions import Capability, allows, scope_of

View = Callable[..., HttpResponseBase]
private = cache_control(no_store=True, private=True)


def for_those_who(capability: Capability) -> Callable[[View], View]:
    """Refuse those without the capability anywhere; which rows they reach is for the queries to say."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not allows(request.user, capability):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return private(wrapped)

    return decorate


def form_page(title: str, back: tuple[str, str], **more: object) -> dict[str, object]:
    """Return what every form page needs; `back` is the list it belongs to, as (url name, label)."""
    name, label = back
    return {
        "header_title": title,
        "header_icon": "list-ol",
        "breadcrumbs_items": [{"url": reverse(name), "label": label}, {"url": "", "label": title}],
        "back_url": reverse(name),
        **more,
    }


def editor(request: HttpRequest) -> User:
    return cast(User, request.user)


# Banks and topics


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def bank_form(request: HttpRequest, bank_id: int | None = None) -> HttpResponse:
    """Create or change a bank."""
    bank = (
        get_object_or_404(banks_for(request.user, Capability.MANAGE_EXAMS), pk=bank_id) if bank_id else None
    )
    units = scope_of(request.user, Capability.MANAGE_EXAMS)
    form = BankForm(request.POST or None, units=units, bank=bank)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_bank(bank=bank, acting_user=editor(request), **form.cleaned_data)
        except PermissionDenied as error:
            form.add_error("owner", str(error))
        else:
            messages.success(request, _("题库“%(name)s”已保存。") % {"name": saved.name})
            return redirect("exams_office:banks")
    title = str(bank) if bank else _("新建题库")
    return _simple_form(request, form, form_page(title, ("exams_office:banks", pgettext("plural", "题库"))))


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.WRITE_QUESTIONS)
def topic_form(request: HttpRequest, topic_id: int | None = None) -> HttpResponse:
    """Create or change a topic."""
    topic: Topic | None = get_object_or_404(topics(), pk=topic_id) if topic_id else None
    form = TopicForm(request.POST or None, topic=topic)
    if request.method == "POST" and form.is_valid():
        saved = save_topic(topic=topic, acting_user=editor(request), **form.cleaned_data)
        messages.success(request, _("知识点“%(name)s”已保存。") % {"name": saved.name})
        return redirect("exams_office:topics")
    title = str(topic) if topic else _("新建知识点")
    return _simple_form(
        request, form, form_page(title, ("exams_office:topics", pgettext("plural", "知识点")))
    )


def _simple_form(request: HttpRequest, form: BaseForm, context: dict[str, object]) -> HttpResponse:
    return render(
        request, "exams/office_form.html", {**context, "form": form}, status=422 if form.errors else 200
    )


# Exams


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_form(request: HttpRequest, exam_id: int | None = None) -> HttpResponse:
    """Create or change an exam with its blueprint; a row that cannot be met is named at the row."""
    exam = _own_exam(request, exam_id) if exam_id else None
    stored = list(exam.blueprint_rows.select_related("topic")) if exam else []
    form = ExamForm(request.POST or None, banks=banks_for(request.user, Capability.MANAGE_EXAMS), exam=exam)
    rows = cast(BaseRowFormSet, RowFormSet(request.POST or None, initial=row_initial(stored), prefix="rows"))
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        saved = _save_exam(request, form, rows, exam)
        if saved is not None:
            messages.success(request, _("考试“%(title)s”已保存。") % {"title": saved.title})
            return redirect("exams_office:exam-edit", saved.pk)
    pool = pool_of(exam.bank_id) if exam else []
    fitting = [sum(row_of(row).admits(item) for item in pool) for row in stored]
    usual, sections = sections_of(form)
    context = form_page(
        exam.title if exam else _("新建考试"),
        ("exams_office:exams", pgettext("plural", "考试")),
        form=form,
        usual=usual,
        sections=sections,
        has_password=bool(exam and exam.password_hash),
        rows=rows,
        numbered_rows=_numbered(rows, fitting),
        exam=exam,
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
        return save_exam(draft=form.draft(rows.drafts()), exam=exam, acting_user=editor(request))
    except BlueprintNotFeasible as error:
        kept[error.position - 1].add_error(None, str(error))
        form.add_error(None, str(error))
    except (BlueprintEmpty, PaperMissing) as error:
        form.add_error(None, str(error))
    return None
