"""Making an attempt void: what would follow is shown first."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from common import clock
from exams.actions.voiding import plan_void, void_attempt
from exams.errors import VoidRefused
from exams.forms.integrity import VoidForm
from exams.queries import with_latest_mark
from exams.queries.integrity import attempts_to_review
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.REVIEW_FINDINGS)
def attempt_void(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what making an attempt void would take back; POST does it, with a reason."""
    reviewed = attempts_to_review(request.user).defer(None).filter(public_id=public_id)
    attempt = with_latest_mark(reviewed).first()
    if attempt is None:
        raise Http404
    timeline = reverse("exams_office:attempt-timeline", args=[public_id])
    user = editor(request)
    try:
        consequences = plan_void(attempt=attempt, acting_user=user)
    except VoidRefused as error:
        messages.error(request, str(error))
        return redirect(timeline)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            void_attempt(
                attempt_id=attempt.pk,
                reason=form.cleaned_data["reason"],
                acting_user=user,
                now=clock.now(),
            )
        except VoidRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("答卷已作废。"))
            return redirect(timeline)
    context = form_page(
        _("作废答卷：%(person)s") % {"person": attempt.employee.name},
        ("exams_office:attempts", pgettext("plural", "答卷")),
        attempt=attempt,
        consequences=consequences,
        form=form,
    )
    context["back_url"] = timeline
    return render(request, "exams/office_attempt_void.html", context, status=422 if form.errors else 200)
