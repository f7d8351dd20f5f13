"""The office's side of integrity: timelines, findings, what an exam asks for, photographs."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from exams.actions.guards import save_guard
from exams.actions.integrity_findings import decide_finding, start_search
from exams.actions.integrity_photos import check_identity, look_at_photo
from exams.errors import FindingRefused
from exams.forms.integrity import DecisionForm, GuardForm, IdentityForm, SearchForm
from exams.models import (
    Attempt,
    AttemptPhoto,
    AttemptState,
    AttemptVoid,
    Exam,
    Finding,
    FindingKind,
    FindingState,
)
from exams.permissions import reaches_bank
from exams.queries.finding_evidence import compared, pairs_of, people_of, quick_answers
from exams.queries.guards import guard_of
from exams.queries.hand_marks import attempts_to_correct, hand_marks_given, markings_of
from exams.queries.integrity import (
    attempts_to_review,
    exams_to_search,
    findings_for,
    findings_to_decide,
    last_run,
    photo_agreed,
)
from exams.queries.office import attempts_in_scope, get_exam_for
from exams.queries.timelines import timeline_of
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability


def _posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, also if it is nothing; None for a page that was only asked for."""
    return request.POST if request.method == "POST" else None


@require_safe
@for_those_who(Capability.VIEW_RESULTS)
def attempt_timeline(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what happened during an attempt, on an axis and as a list."""
    return _timeline_page(request, _attempt(request, public_id), IdentityForm())


def _attempt(request: HttpRequest, public_id: uuid.UUID) -> Attempt:
    attempt = attempts_in_scope(request.user).defer(None).filter(public_id=public_id).first()
    if attempt is None:
        raise Http404
    return attempt


def _timeline_page(
    request: HttpRequest, attempt: Attempt, form: IdentityForm, status: int = 200
) -> HttpResponse:
    may_review = attempts_to_review(request.user).filter(pk=attempt.pk).exists()
    asked = bool(attempt.paper["policy"].get("photo"))
    title = _("答卷过程：%(person)s") % {"person": attempt.employee.name}
    context = form_page(
        title,
        ("exams_office:attempts", pgettext("plural", "答卷")),
        attempt=attempt,
        timeline=timeline_of(attempt),
        findings=findings_for(request.user).filter(attempts=attempt.pk).exclude(state=FindingState.GONE),
        may_review=may_review,
        voiding=AttemptVoid.objects.filter(attempt=attempt).select_related("voided_by").first(),
        may_void=may_review and attempt.state != AttemptState.OPEN and "printed" not in attempt.paper,
        photo_asked=asked,
        photo_agreed=photo_agreed(attempt.pk) if asked else None,
        photos=AttemptPhoto.objects.filter(attempt=attempt).order_by("number") if asked else (),
        checks=attempt.identity_checks.select_related("checked_by"),
        form=form,
        hand_marks=hand_marks_given(attempt),
        markings=markings_of(attempt),
        may_correct=attempts_to_correct(request.user).filter(pk=attempt.pk).exists(),
    )
    return render(request, "exams/office_attempt_timeline.html", context, status=status)


@require_POST
@for_those_who(Capability.REVIEW_FINDINGS)
def attempt_identity(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note that somebody compared the person with their papers, by eye."""
    attempt = attempts_to_review(request.user).defer(None).filter(public_id=public_id).first()
    if attempt is None:
        raise Http404
    form = IdentityForm(request.POST)
    if not form.is_valid():
        return _timeline_page(request, _attempt(request, public_id), form, 422)
    check_identity(attempt=attempt, acting_user=editor(request), now=clock.now(), **form.cleaned_data)
    messages.success(request, _("核对已记录。"))
    return redirect("exams_office:attempt-timeline", public_id)


@require_POST
@for_those_who(Capability.REVIEW_FINDINGS)
def attempt_photo(request: HttpRequest, photo_id: uuid.UUID) -> HttpResponse:
    """Send a photograph to somebody who reviews the attempt; each look is noted, so it takes a POST."""
    try:
        photo = look_at_photo(photo_public_id=photo_id, acting_user=editor(request), now=clock.now())
    except AttemptPhoto.DoesNotExist as error:
        raise Http404 from error
    with photo.file.open("rb") as stored:
        response = HttpResponse(stored.read(), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    return response


# Findings


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.REVIEW_FINDINGS)
def findings_search(request: HttpRequest) -> HttpResponse:
    """Choose an exam and queue the search through its attempts."""
    form = SearchForm(_posted(request), exams=exams_to_search(request.user))
    if request.method == "POST" and form.is_valid():
        job = start_search(exam=form.cleaned_data["exam"], acting_user=editor(request))
        return redirect("jobs:detail", job.pk)
    context = form_page(
        _("查找疑点"),
        ("exams_office:findings", pgettext("plural", "疑点")),
        form=form,
        save_label=_("开始查找"),
    )
    return render(request, "exams/office_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.VIEW_RESULTS)
def finding_page(request: HttpRequest, finding_id: int) -> HttpResponse:
    """Show a finding with its evidence side by side; POST decides about it."""
    finding = findings_for(request.user).filter(pk=finding_id).first()
    if finding is None:
        raise Http404
    may_decide = findings_to_decide(request.user).filter(pk=finding.pk).exists()
    form = DecisionForm(_posted(request))
    if request.method == "POST":
        if not may_decide:
            raise PermissionDenied
        if form.is_valid():
            try:
                decide_finding(
                    finding=finding, acting_user=editor(request), now=clock.now(), **form.cleaned_data
                )
            except FindingRefused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("决定已记录。"))
                return redirect("exams_office:finding", finding.pk)
    context = form_page(
        finding.get_kind_display(),
        ("exams_office:findings", pgettext("plural", "疑点")),
        finding=finding,
        form=form,
        may_decide=may_decide and finding.state != FindingState.GONE,
        decisions=finding.decisions.select_related("decided_by").order_by("-number"),
        run=last_run(finding.exam_id),
        **_evidence(request, finding),
    )
    return render(request, "exams/office_finding.html", context, status=422 if form.errors else 200)


def _evidence(request: HttpRequest, finding: Finding) -> dict[str, Any]:
    people = people_of(finding)
    with_bank = reaches_bank(editor(request), finding.exam.bank.owner, Capability.VIEW_BANK)
    shown: dict[str, Any] = {"people": people, "with_bank": with_bank}
    pairs = pairs_of(finding, people)
    if pairs:
        wanted = request.GET.get("pair", "0")
        place = int(wanted) if wanted.isdecimal() and int(wanted) < len(pairs) else 0
        shown |= {
            "pairs": pairs,
            "place": place,
            "compared": compared(finding, pairs[place], with_bank=with_bank),
        }
    elif finding.kind == FindingKind.TOO_FAST and people:
        shown["quick"] = quick_answers(finding, people[0], with_bank=with_bank)
    return shown


# What an exam asks for


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_guard(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Set what an exam asks for beyond answering."""
    try:
        exam = get_exam_for(request.user, exam_id)
    except Exam.DoesNotExist as error:
        raise Http404 from error
    form = GuardForm(_posted(request), guard=guard_of(exam))
    if request.method == "POST" and form.is_valid():
        save_guard(exam=exam, draft=form.draft(), acting_user=editor(request))
        messages.success(request, _("防作弊要求已保存，从下一份答卷起生效。"))
        return redirect("exams_office:exam-edit", exam.pk)
    title = _("防作弊要求：%(exam)s") % {"exam": exam.title}
    context = form_page(title, ("exams_office:exams", pgettext("plural", "考试")), form=form)
    context["back_url"] = reverse("exams_office:exam-edit", args=[exam.pk])
    return render(request, "exams/office_form.html", context, status=422 if form.errors else 200)
