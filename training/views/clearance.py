"""What gates and foremen were told of one person, and when."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common import clock
from people.permissions import Capability
from people.queries import employees_for
from training.clearance_forms import MomentForm
from training.permissions import require_scope
from training.queries.known_clearance import ToldClearance, answers_of, clearance_as_told
from training.views.pages import admin_page, page_of, query_without_page, signed_in

_MOMENT = "Y-m-d H:i"


@never_cache
@require_safe
def clearance_history(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show every answer told of a person and the one of a moment (`on`, `clock`; without them: now)."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    people = employees_for(signed_in(request), Capability.VIEW_COVERAGE)
    employee = people.filter(public_id=public_id).first()
    if employee is None:
        raise Http404
    now = clock.now()
    form = MomentForm(request.GET if "on" in request.GET else MomentForm.at(now), now=now)
    answers = answers_of(employee.pk)
    context: dict[str, Any] = {
        "employee": employee,
        "form": form,
        "page": page_of(request, answers),
        "query": query_without_page(request),
    }
    if form.is_valid():
        moment = form.cleaned_data["moment"]
        answer = clearance_as_told([employee.pk], moment)[employee.pk]
        first = answers[-1].since if answers else None
        context |= {"answer": answer, "said": _said(answer, moment, first), "is_asked": True}
    return admin_page(
        request,
        "training/clearance_history.html",
        _("上岗资格的变化"),
        context,
        parents=(
            (reverse("people_office:employees"), pgettext("plural", "员工")),
            (reverse("people_office:employee", args=[employee.public_id]), str(employee)),
        ),
    )


def _said(answer: ToldClearance | None, moment: dt.datetime, first: dt.datetime | None) -> list[str]:
    """Return in sentences what was told at a moment, since when and until when. `first`: the first answer kept."""
    at = {"moment": _words(moment)}
    if answer is None:
        said = [_("%(moment)s 没有留存的回答：当时系统还没有核定过此人能否上岗。") % at]
        return said + ([_("最早留存的回答始于 %(first)s。") % {"first": _words(first)}] if first else [])
    spoken = (
        _("%(moment)s 门禁和扫码得到的回答：可以上岗。")
        if answer.is_cleared
        else _("%(moment)s 门禁和扫码得到的回答：不可上岗。")
    )
    span = {"since": _words(answer.since), "until": _words(answer.until) if answer.until else ""}
    lasted = (
        _("这一回答自 %(since)s 起给出，到 %(until)s 换成另一回答。")
        if answer.until
        else _("这一回答自 %(since)s 起给出，至今未变。")
    )
    said = [spoken % at, lasted % span]
    if answer.has_run_out:
        said.append(
            _(
                "但当天已到须再核定的日子，而夜间核定还没有做完：门禁和扫码改为每次现算，"
                "现算的结果没有留存，可能与上面不同。"
            )
        )
    return [*said, _("依据是当时已经登记的事实；以后的补登和更正不改变当时的回答。")]


def _words(moment: dt.datetime) -> str:
    return date_format(localtime(moment), _MOMENT)
