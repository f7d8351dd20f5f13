"""Practice on a learner's phone: what there is, a set of questions, the answer to one, the wrong-answer book."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from exams.actions.mock_exams import hand_in_mock, start_mock
from exams.actions.practice import record_answer, take_in_exam_mistakes
from exams.errors import BadAnswer, ExamError, PracticeRefused
from exams.forms.answers import form_response, form_responses
from exams.models import Campaign, MockExam, PracticeMode, PracticeState, QuestionVersion
from exams.queries.practice import (
    campaigns_of,
    get_mock_for,
    may_see,
    mock_exams,
    practice_home,
    practice_topics,
    set_of,
    wrong_book,
)
from exams.queries.practice_campaigns import own_part, ranking
from exams.queries.practice_mocks import mock_questions, mock_review
from exams.queries.practice_serving import BadTicket, Serving, feedback, read_ticket
from exams.views.media import deliver_media
from people.models import Employee
from people.queries import employee_of

MOST_SLOTS = 10
# Questions and answers are one person's own: neither a proxy nor the browser keeps them.
private = cache_control(no_store=True, private=True)
PersonView = Callable[..., HttpResponseBase]


def for_employees(view: PersonView) -> PersonView:
    """Pass the reader's own employee to the view; an account without one finds nothing here."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        employee = employee_of(request.user)
        if employee is None:
            raise Http404
        return view(request, employee, *args, **kwargs)

    return login_required(private(wrapped))


@require_GET
@for_employees
def home(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Show what may be practised now."""
    now = clock.now()
    take_in_exam_mistakes(employee=employee, now=now)
    return render(request, "exams/practice_home.html", {"home": practice_home(employee, now)})


# Sets of questions


def _set_page(
    request: HttpRequest, employee: Employee, *, mode: PracticeMode, title: str, **wanted: Any
) -> HttpResponse:
    served = set_of(employee, mode=mode, now=clock.now(), **wanted)
    scripts = sorted({each.question.script for each in served if each.question.script})
    return render(
        request,
        "exams/practice_set.html",
        {
            "title": title,
            "mode": mode,
            "served": served,
            "scripts": scripts,
            "again": request.path,
            "campaign": wanted.get("campaign"),
            "texts": _texts(),
        },
    )


def _texts() -> dict[str, str]:
    """Return what the page's script says, in the reader's language."""
    return {
        "sending": _("正在看答案…"),
        "offline": _("没有连上网络，作答还在本页。连上后再点一次“看答案”。"),
        "broken": _("服务器没有收下这次作答。请刷新页面后再答。"),
        "signedOut": _("登录已过期，请重新登录后再练。"),
        "empty": _("还没有作答。先选一个或写几个字，再点“看答案”。"),
        "place": _("第 {n} / {total} 题"),
        "summary": _("这一组答了 {answered} 题，答对 {right} 题。"),
    }


@require_GET
@for_employees
def topic_set(request: HttpRequest, employee: Employee, topic_id: int) -> HttpResponse:
    """Practise a topic, ten questions at a time."""
    topic = get_object_or_404(practice_topics(), pk=topic_id)
    return _set_page(request, employee, mode=PracticeMode.TOPIC, title=topic.name, topic_id=topic.pk)


@require_GET
@for_employees
def post_set(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Practise what concerns the own post: its questions, and those of its hazards."""
    return _set_page(request, employee, mode=PracticeMode.POST, title=_("本岗位练习"))


@require_GET
@for_employees
def wrong_set(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Practise the wrong-answer book."""
    return _set_page(request, employee, mode=PracticeMode.WRONG, title=_("练错题"))


@require_GET
@for_employees
def daily(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Show the question of the day."""
    return _set_page(request, employee, mode=PracticeMode.DAILY, title=_("每日一题"))


@require_GET
@for_employees
def wrong(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Show the wrong-answer book: what was wrong, and how near each is to leaving it."""
    now = clock.now()
    take_in_exam_mistakes(employee=employee, now=now)
    lines, closed = wrong_book(employee, now)
    return render(
        request,
        "exams/practice_wrong.html",
        {"lines": lines, "closed": closed, "open": any(not line.is_locked for line in lines)},
    )


# One answer


@require_POST
@for_employees
def answer(request: HttpRequest, employee: Employee) -> HttpResponse:
    """Store the answer to one question and tell what is right. The only reply that holds a key.

    A script asks for the feedback alone (header `X-Fragment`); a plain form gets a page of it.
    """
    now = clock.now()
    is_fragment = "X-Fragment" in request.headers
    ticket = request.POST.get("ticket", "")
    slot = _slot(request.POST.get("slot"))
    try:
        serving = read_ticket(ticket, employee_id=employee.pk, now=now)
        stored = record_answer(serving=serving, response=form_response(request.POST, slot), now=now)
    except BadTicket:
        return _refused(request, _("这一题放得太久了，请回到练习重新取题。"), 400, is_fragment)
    except (PracticeRefused, BadAnswer) as error:
        return _refused(request, str(error), 400 if isinstance(error, BadAnswer) else 409, is_fragment)
    version = QuestionVersion.objects.select_related("question__topic", "media").get(pk=stored.version_id)
    context = {
        "item": feedback(version, serving, stored, slot=slot, ticket=ticket),
        "answer": stored,
        "again": _again(serving, version),
        "state": PracticeState.objects.filter(employee=employee, question_id=stored.question_id).first(),
    }
    template = "exams/_practice_feedback.html" if is_fragment else "exams/practice_answer.html"
    return render(request, template, context)


def _slot(text: str | None) -> int:
    number = int(text) if text and text.isascii() and text.isdecimal() and len(text) < 4 else 0
    return number if 1 <= number <= MOST_SLOTS else 1


def _again(serving: Serving, version: QuestionVersion) -> tuple[str, int | None]:
    """Return the address of the set this question came from, by name and argument."""
    if serving.mode == PracticeMode.TOPIC:
        return "exams:practice-topic", version.question.topic_id
    if serving.mode == PracticeMode.CAMPAIGN:
        return "exams:practice-campaign-set", serving.campaign_id
    names = {PracticeMode.POST: "exams:practice-post", PracticeMode.WRONG: "exams:practice-wrong-set"}
    return names.get(PracticeMode(serving.mode), "exams:practice"), None


def _refused(request: HttpRequest, message: str, status: int, is_fragment: bool) -> HttpResponse:
    if is_fragment:
        return render(request, "exams/_practice_refused.html", {"message": message}, status=status)
    messages.error(request, message)
    return redirect("exams:practice")


@require_GET
@for_employees
def ticket_media(request: HttpRequest, employee: Employee, ticket: str) -> HttpResponseBase:
    """Send the picture or film of a question that was shown to this person and may still be practised."""
    now = clock.now()
    try:
        serving = read_ticket(ticket, employee_id=employee.pk, now=now)
    except BadTicket as error:
        raise Http404 from error
    version = QuestionVersion.objects.select_related("question", "media").get(pk=serving.version_id)
    if version.media is None or not may_see(version.question, employee, now):
        raise Http404
    return deliver_media(request, version.media)


# Mock exams


@require_POST
@for_employees
def mock_start(request: HttpRequest, employee: Employee, code: str) -> HttpResponse:
    """Draw a mock paper and show it."""
    exam = get_object_or_404(mock_exams().select_related("bank"), code=code)
    try:
        mock = start_mock(exam=exam, employee=employee, now=clock.now())
    except ExamError as error:
        messages.error(request, str(error))
        return redirect("exams:practice")
    return redirect("exams:practice-mock", mock.public_id)


def _own_mock(request: HttpRequest, public_id: uuid.UUID) -> MockExam:
    assert request.user.is_authenticated
    try:
        return get_mock_for(request.user, public_id)
    except MockExam.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
@for_employees
def mock(request: HttpRequest, employee: Employee, public_id: uuid.UUID) -> HttpResponse:
    """Show a mock paper, take it in, and afterwards show what was right."""
    taken = _own_mock(request, public_id)
    now = clock.now()
    if request.method == "POST":
        try:
            hand_in_mock(
                mock=taken, responses=form_responses(request.POST, len(taken.paper["slots"])), now=now
            )
        except PracticeRefused as error:
            messages.error(request, str(error))
        return redirect("exams:practice-mock", public_id)
    result = getattr(taken, "result", None)
    if result is not None:
        context = {"mock": taken, "review": mock_review(taken, result, now)}
        return render(request, "exams/practice_mock_result.html", context)
    questions = mock_questions(taken)
    scripts = sorted({question.script for question in questions if question.script})
    return render(
        request, "exams/practice_mock.html", {"mock": taken, "questions": questions, "scripts": scripts}
    )


@require_GET
@for_employees
def mock_media(request: HttpRequest, employee: Employee, public_id: uuid.UUID, slot: int) -> HttpResponseBase:
    """Send the picture or film of a slot of one's own mock paper."""
    taken = _own_mock(request, public_id)
    slots = taken.paper["slots"]
    if not 1 <= slot <= len(slots):
        raise Http404
    version = QuestionVersion.objects.select_related("question", "media").get(
        pk=slots[slot - 1]["version_id"]
    )
    if version.media is None or not may_see(version.question, employee, clock.now()):
        raise Http404
    return deliver_media(request, version.media)


# Campaigns


def _own_campaign(employee: Employee, campaign_id: int) -> Campaign:
    return get_object_or_404(campaigns_of(employee, clock.today()), pk=campaign_id)


@require_GET
@for_employees
def campaign_page(request: HttpRequest, employee: Employee, campaign_id: int) -> HttpResponse:
    """Show how the units stand, and what one gave oneself. No other person's name."""
    campaign = _own_campaign(employee, campaign_id)
    today = clock.today()
    context = {
        "campaign": campaign,
        "ranking": ranking(campaign, today, employee_id=employee.pk),
        "own": own_part(campaign, employee.pk, today),
    }
    return render(request, "exams/practice_campaign.html", context)


@require_GET
@for_employees
def campaign_set(request: HttpRequest, employee: Employee, campaign_id: int) -> HttpResponse:
    """Answer today's questions of a campaign."""
    campaign = _own_campaign(employee, campaign_id)
    return _set_page(request, employee, mode=PracticeMode.CAMPAIGN, title=campaign.title, campaign=campaign)
