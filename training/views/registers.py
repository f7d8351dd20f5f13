"""The registers people look things up in: ledger, obligations, programmes and rules."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common import clock
from people.permissions import Capability, allows_everywhere
from training.actions.templates import load_templates
from training.forms import LedgerFilter, ObligationFilter
from training.models import (
    Obligation,
    ObligationState,
    Programme,
    ProgrammeKind,
    Reflection,
    TrainingRecord,
)
from training.permissions import may, may_ask_dispensations, require_scope
from training.queries.hand_signed import letters_of
from training.queries.hours import ring_of
from training.queries.obligations import explain, get_obligation_for, obligation_steps, obligations_for_user
from training.queries.records import records_for_user
from training.queries.seals import sealed_size
from training.queries.standing import end_of
from training.queries.workbooks import ledger_workbook
from training.views.pages import admin_page, page_of, query_without_page, signed_in, workbook


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the ledger rows of the people in scope, newest first."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    form = LedgerFilter(request.GET)
    context = {
        "form": form,
        "page": page_of(request, _ledger_rows(request, form)),
        "query": query_without_page(request),
        "sealed": sealed_size(),
    }
    return admin_page(request, "training/ledger_list.html", _("培训台账"), context, icon="doc-full")


@require_safe
def ledger_export(request: HttpRequest) -> HttpResponse:
    """Send the ledger rows the page shows as a workbook."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    rows = _ledger_rows(request, LedgerFilter(request.GET))
    now = clock.now()
    data = ledger_workbook(rows.iterator(chunk_size=2000), exported_by=signed_in(request), now=now)
    return workbook(data, f"{_('培训台账')}-{clock.today().isoformat()}.xlsx")


def _ledger_rows(request: HttpRequest, form: LedgerFilter) -> QuerySet[TrainingRecord]:
    rows = records_for_user(request.user)
    form.is_valid()
    asked = form.cleaned_data
    if asked.get("q"):
        rows = rows.filter(_person_or("title", asked["q"]))
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("since"):
        rows = rows.filter(completed_at__gte=end_of(asked["since"] - dt.timedelta(days=1)))
    if asked.get("until"):
        rows = rows.filter(completed_at__lt=end_of(asked["until"]))
    return rows


def _person_or(title: str, words: str) -> Q:
    return (
        Q(employee__name__icontains=words)
        | Q(employee__employee_no__icontains=words)
        | Q(**{f"{title}__icontains": words})
    )


@require_safe
def obligations(request: HttpRequest) -> HttpResponse:
    """Show the obligations of the people in scope."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    form = ObligationFilter(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    today = clock.today()
    rows = obligations_for_user(request.user).order_by("due_on", "id")
    if asked.get("q"):
        rows = rows.filter(_person_or("programme__title", asked["q"]))
    if asked.get("state") == "late":
        rows = rows.filter(state=ObligationState.OPEN, due_on__lt=today)
    elif asked.get("state"):
        rows = rows.filter(state=asked["state"])
    if asked.get("kind"):
        rows = rows.filter(programme__kind=asked["kind"])
    context = {
        "form": form,
        "page": page_of(request, rows),
        "today": today,
        "query": query_without_page(request),
    }
    return admin_page(request, "training/obligation_list.html", _("培训任务"), context)


@require_safe
def obligation(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one obligation: why it exists, its steps, and what stands in the ledger for it."""
    try:
        shown = get_obligation_for(request.user, public_id)
    except Obligation.DoesNotExist as error:
        raise Http404 from error
    context = {
        "obligation": shown,
        "why": explain(shown),
        "steps": obligation_steps(shown),
        "records": shown.records.select_related("component").order_by("seq"),
        "reflection": Reflection.objects.filter(obligation=shown).select_related("signature").first(),
        "requests": shown.dispensations.select_related("decision").order_by("-requested_at"),
        "ring": ring_of(shown, clock.today()),
        "letters": letters_of(shown),
        "may_record": may(request.user, Capability.RECORD_TRAINING),
        "may_ask": may_ask_dispensations(request.user),
        "today": clock.today(),
    }
    return admin_page(
        request,
        "training/obligation_inspect.html",
        f"{shown.employee} {shown.programme}",
        context,
        parents=((reverse("training_office:obligations"), _("培训任务")),),
    )


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """Show the programmes with their stages and components."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "programmes": Programme.objects.exclude(kind=ProgrammeKind.CASE).prefetch_related(
            "components__course", "components__exam", "components__stage"
        ),
        "may_edit": may(request.user, Capability.MANAGE_TRAINING),
        # What ships is for all units alike.
        "may_manage": allows_everywhere(request.user, Capability.MANAGE_TRAINING),
    }
    return admin_page(request, "training/programme_list.html", _("培训方案"), context, icon="list-ul")


@require_POST
def templates(request: HttpRequest) -> HttpResponse:
    """Load the programmes and rules that ship with the platform, where they do not exist yet."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    loaded = load_templates(acting_user=signed_in(request), now=clock.now())
    messages.success(
        request,
        _("已载入 %(programmes)s 个培训方案、%(rules)s 条规则；已有的没有改动。")
        % {"programmes": len(loaded.programmes), "rules": len(loaded.rules)},
    )
    return redirect("training_office:rules")
