"""Correcting what a person gave for an answer: try it out, see what follows, then add the new mark."""

import uuid
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from common import clock
from exams.actions.hand_corrections import correct_hand_mark, plan_correction
from exams.errors import BadHandMark
from exams.forms.marking import CorrectionForm
from exams.models import Attempt, HandMark
from exams.queries.hand_marks import attempts_to_correct, hand_marks_given
from exams.queries.marking import answer_to_correct
from exams.queries.papers import shown_media
from exams.views.media import deliver_media
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability


def _marked(request: HttpRequest, public_id: uuid.UUID, slot: int) -> tuple[Attempt, list[HandMark]]:
    """Return an attempt whose marks this person may correct, and what was given for a slot; Http404 for others."""
    attempt = attempts_to_correct(request.user).filter(public_id=public_id).first()
    given = [] if attempt is None else list(hand_marks_given(attempt).filter(slot=slot))
    if attempt is None or not given:
        raise Http404
    return attempt, given


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MARK_ATTEMPTS)
def hand_mark(request: HttpRequest, public_id: uuid.UUID, slot: int) -> HttpResponse:
    """Show an answer with what was given for it; POST tries another mark out (`step` preview) or adds it (`run`)."""
    attempt, given = _marked(request, public_id, slot)
    answer = answer_to_correct(attempt, slot)
    form = CorrectionForm(request.POST or None, answer=answer, standing=given[-1])
    timeline = reverse("exams_office:attempt-timeline", args=[public_id])
    plan = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("step") == "run":
                correct_hand_mark(
                    attempt_id=attempt.pk,
                    slot=slot,
                    per_point=form.per_point(),
                    comment=form.cleaned_data["comment"],
                    reason=form.cleaned_data["reason"],
                    acting_user=editor(request),
                    now=clock.now(),
                )
                messages.success(request, _("第 %(slot)s 题的评分已更正，成绩已重新计算。") % {"slot": slot})
                return redirect(timeline)
            plan = plan_correction(
                attempt=attempt, slot=slot, per_point=form.per_point(), acting_user=editor(request)
            )
        except BadHandMark as error:
            form.add_error(None, str(error))
    context = form_page(
        _("更正第 %(slot)s 题的评分") % {"slot": slot},
        ("exams_office:attempts", pgettext("plural", "答卷")),
        attempt=attempt,
        answer=answer,
        media=shown_media(
            answer.media, reverse("exams_office:attempt-hand-mark-media", args=[public_id, slot])
        ),
        given=given,
        form=form,
        plan=plan,
    )
    context["back_url"] = timeline
    return render(request, "exams/office_hand_mark.html", context, status=422 if form.errors else 200)


@require_GET
@for_those_who(Capability.MARK_ATTEMPTS)
def hand_mark_media(request: HttpRequest, public_id: uuid.UUID, slot: int) -> HttpResponse:
    """Send the picture or film of a question whose marks this person may correct."""
    attempt, _given = _marked(request, public_id, slot)
    media = answer_to_correct(attempt, slot).media
    if media is None:
        raise Http404
    return cast(HttpResponse, deliver_media(request, media))
