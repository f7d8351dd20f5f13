"""Looking after a bank: a second person's review, near-identical questions, many changes at once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from exams.actions.bulk import change_questions
from exams.actions.pairs import take_back, tell_apart
from exams.actions.review import approve_question, return_question, submit_for_review
from exams.errors import NotAPair, NotReviewable
from exams.filters import QuestionFilters
from exams.forms.bulk import BulkForm
from exams.models import Question, ReviewState
from exams.permissions import reaches_bank
from exams.queries.office import banks_for, get_question_for, questions_for
from exams.queries.review import (
    differences_of,
    near_questions,
    pairs_told_apart,
    questions_like,
    review_steps,
)
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability, allows

SHOWN = 200  # questions on the page of many changes
DECISIONS = ("approve", "return")


def _question(request: HttpRequest, question_id: int, capability: Capability) -> Question:
    try:
        return get_question_for(request.user, question_id, capability)
    except Question.DoesNotExist as error:
        raise Http404 from error


@require_POST
@for_those_who(Capability.WRITE_QUESTIONS)
def question_submit(request: HttpRequest, question_id: int) -> HttpResponse:
    """Ask for the review of a draft."""
    question = _question(request, question_id, Capability.WRITE_QUESTIONS)
    try:
        submit_for_review(question=question, acting_user=editor(request), now=clock.now())
    except NotReviewable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("试题 %(code)s 已提交，等作者以外的人审核。") % {"code": question.code})
    return redirect("exams_office:question-edit", question.pk)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.REVIEW_QUESTIONS)
def question_review(request: HttpRequest, question_id: int) -> HttpResponse:
    """Show what a question's pending version changes; POST approves it or returns it with a comment."""
    question = _question(request, question_id, Capability.REVIEW_QUESTIONS)
    problem = ""
    comment = request.POST.get("comment", "")[:500]
    if request.method == "POST":
        try:
            if request.POST.get("decision") == "return":
                return_question(
                    question=question, comment=comment, acting_user=editor(request), now=clock.now()
                )
                messages.success(request, _("试题 %(code)s 已退回作者。") % {"code": question.code})
            else:
                approve_question(
                    question=question, comment=comment, acting_user=editor(request), now=clock.now()
                )
                messages.success(
                    request, _("试题 %(code)s 已通过，新试卷从现在起用这一版。") % {"code": question.code}
                )
        except NotReviewable as error:
            problem = str(error)
        else:
            return redirect("exams_office:reviews")
    pending = question.pending_version
    context = form_page(
        question.code,
        ("exams_office:reviews", _("待审核")),
        question=question,
        problem=problem,
        comment=comment,
        differences=differences_of(question),
        steps=review_steps(question),
        near=questions_like(question),
        is_own=pending is not None and pending.author_id == editor(request).pk,
        waits=question.review_state == ReviewState.IN_REVIEW,
    )
    return render(request, "exams/office_question_review.html", context, status=422 if problem else 200)


@require_GET
@for_those_who(Capability.VIEW_BANK)
def bank_duplicates(request: HttpRequest, bank_id: int) -> HttpResponse:
    """List the questions of a bank that say nearly the same, the most alike first."""
    bank = get_object_or_404(banks_for(request.user), pk=bank_id)
    context = form_page(
        _("“%(bank)s”里相近的试题") % {"bank": bank.name},
        ("exams_office:banks", pgettext("plural", "题库")),
        bank=bank,
        pairs=near_questions(bank),
        apart=pairs_told_apart(bank),
        may_edit=allows(request.user, Capability.WRITE_QUESTIONS),
        may_write=reaches_bank(editor(request), bank.owner, Capability.WRITE_QUESTIONS),
        may_retire=allows(request.user, Capability.REVIEW_QUESTIONS, bank.owner),
    )
    return render(request, "exams/office_bank_duplicates.html", context)


@require_POST
@for_those_who(Capability.WRITE_QUESTIONS)
def pair_apart(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Note that two questions of a bank are no duplicates of each other."""
    bank = get_object_or_404(banks_for(request.user, Capability.WRITE_QUESTIONS), pk=bank_id)
    ids = (_id(request, "one"), _id(request, "other"))
    try:
        tell_apart(bank=bank, question_ids=ids, acting_user=editor(request), now=clock.now())
    except NotAPair as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("记下了：不是重复题。两道题都没有改写之前，不再列出这一对。"))
    return redirect("exams_office:bank-duplicates", bank.pk)


@require_POST
@for_those_who(Capability.REVIEW_QUESTIONS)
def pair_back(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Show a pair again that was told apart."""
    bank = get_object_or_404(banks_for(request.user, Capability.REVIEW_QUESTIONS), pk=bank_id)
    try:
        take_back(bank=bank, pair_id=_id(request, "pair"), acting_user=editor(request), now=clock.now())
    except NotAPair as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已撤销，这一对又会列出。"))
    return redirect("exams_office:bank-duplicates", bank.pk)


def _id(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.WRITE_QUESTIONS)
def questions_bulk(request: HttpRequest) -> HttpResponse:
    """Change many questions at once; the address takes the filters of the list of questions."""
    reachable = questions_for(request.user, Capability.WRITE_QUESTIONS)
    filtered = QuestionFilters(request.GET, queryset=reachable, request=request).qs
    shown = list(filtered.prefetch_related("tags")[: SHOWN + 1])
    form = BulkForm(
        request.POST or None,
        questions=reachable,
        may_retire=allows(request.user, Capability.REVIEW_QUESTIONS),
    )
    if request.method == "POST" and form.is_valid():
        ids = [question.pk for question in form.cleaned_data["questions"]]
        try:
            count = change_questions(
                question_ids=ids, change=form.change(), acting_user=editor(request), now=clock.now()
            )
        except PermissionDenied as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, ngettext("改好了 %(n)s 道题。", "改好了 %(n)s 道题。", count) % {"n": count}
            )
            return redirect(f"{reverse('exams_office:questions')}?{urlencode(request.GET, doseq=True)}")
    chosen = set(request.POST.getlist("questions"))
    context = form_page(
        _("批量修改试题"),
        ("exams_office:questions", pgettext("plural", "试题")),
        form=form,
        rows=[(question, str(question.pk) in chosen) for question in shown[:SHOWN]],
        is_cut=len(shown) > SHOWN,
        most=SHOWN,
    )
    return render(request, "exams/office_questions_bulk.html", context, status=422 if form.errors else 200)
