"""Rules in the office: the list, the form, what a change would do, and saving it."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from jobs.models import Job, JobState
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.models import OrgUnit
from people.permissions import Capability, allows_everywhere
from training.actions.rules import check_ending, end_rule, save_rule
from training.errors import RuleRefused
from training.models import TrainingRule
from training.permissions import require_scope
from training.queries.rehearsal import (
    NAMED,
    DraftParts,
    RuleDraft,
    RuleEnding,
    current_rules,
    get_rule_for,
    parts_of_draft,
    rehearsed_people,
    versions_of,
)
from training.recurring import TRIGGERS as WITHOUT_EVENT
from training.rule_forms import EndRuleForm, RuleForm, initial_of
from training.views.pages import admin_page, signed_in

REHEARSAL = "training.tasks.rehearse_rule"
RECOMPUTE = "training.tasks.recompute_everyone"
SHOWN = 200


def _parents(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return ((reverse("training_office:rules"), _("培训规则")), *more)


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules in force or to come, by what sets them off."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "rules": current_rules(clock.today()),
        "may_manage": bool(_units(request)) or allows_everywhere(request.user, Capability.MANAGE_TRAINING),
        "may_everywhere": allows_everywhere(request.user, Capability.MANAGE_TRAINING),
        "today": clock.today(),
    }
    return admin_page(request, "training/rule_list.html", _("培训规则"), context, icon="list-ul")


def _units(request: HttpRequest) -> QuerySet[OrgUnit]:
    """Return the units the user may make rules for; none if there is no such role."""
    try:
        scope = require_scope(request.user, Capability.MANAGE_TRAINING)
    except PermissionDenied:
        return OrgUnit.objects.none()
    return OrgUnit.objects.filter(scope.q("path"), closed_on=None).order_by("path")


def _rule_or_404(request: HttpRequest, pk: int) -> TrainingRule:
    try:
        return get_rule_for(request.user, pk)
    except TrainingRule.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "HEAD", "POST"])
def rule_form(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Take a new rule or the next version of one, and have rehearsed what it would change."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    rule = _rule_or_404(request, pk) if pk else None
    form = RuleForm(
        request.POST or None,
        units=_units(request),
        everywhere=allows_everywhere(request.user, Capability.MANAGE_TRAINING),
        known_code=rule.code if rule else "",
        scope_need=rule.scope_need if rule else "",
        initial=initial_of(rule, clock.today()) if rule else {"due_days": 7, "joiners_wait": True},
    )
    if request.method == "POST" and form.is_valid():
        job = enqueue(
            REHEARSAL,
            title=(_("试算规则：%(title)s") % {"title": form.cleaned_data["title"]})[:200],
            params={"draft": form.draft()},
            requested_by=signed_in(request),
        )
        return redirect("jobs:detail", job.pk)
    return admin_page(
        request,
        "training/rule_form.html",
        rule.title if rule else _("新规则"),
        {
            "form": form,
            "rule": rule,
            "versions": versions_of(rule.code) if rule else [],
            "end_form": EndRuleForm() if rule and rule.effective_before is None else None,
        },
        parents=_parents(),
        icon="list-ul",
        status=422 if request.method == "POST" else 200,
    )


def _job_or_404(request: HttpRequest, job_id: UUID) -> Job:
    try:
        job = get_job_for(request.user, job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error
    if job.task != REHEARSAL or job.state != JobState.DONE:
        raise Http404
    return job


@require_http_methods(["GET", "HEAD", "POST"])
def rule_preview(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show whom the version would add and let off, and save it when the user says so."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    job = _job_or_404(request, job_id)
    if "ending" in job.params:
        return _end_preview(request, job, job.params["ending"])
    draft: RuleDraft = job.params["draft"]
    parts = parts_of_draft(draft)
    about = {
        "heading": _("试算：%(title)s") % {"title": draft["title"]},
        "draft": draft,
        "programme": parts.programme,
        "unit": parts.unit,
        "posts": parts.posts,
    }
    problem = ""
    if request.method == "POST":
        try:
            return _save(request, draft, parts)
        except RuleRefused as error:
            problem = str(error)
    return _preview_page(request, job, about, problem)


def _end_preview(request: HttpRequest, job: Job, ending: RuleEnding) -> HttpResponse:
    """Show whom the end of a version would let off, and end it when the user says so."""
    rule = _rule_or_404(request, ending["rule_id"])
    day = dt.date.fromisoformat(ending["effective_before"])
    about = {
        "heading": _("试算停用规则：%(title)s") % {"title": rule.title},
        "draft": rule,
        "ends": day,
        "programme": rule.programme,
        "unit": rule.unit,
        "posts": list(rule.posts.order_by("pk")),
    }
    problem = ""
    if request.method == "POST":
        try:
            return _end(request, rule, day)
        except RuleRefused as error:
            problem = str(error)
    return _preview_page(request, job, about, problem)


def _preview_page(request: HttpRequest, job: Job, about: dict[str, Any], problem: str) -> HttpResponse:
    found = job.result
    side = request.GET.get("side", "")
    people = rehearsed_people(request.user, found, side, request.GET.get("unit", ""))
    context = {
        **about,
        "job": job,
        "found": found,
        "on": dt.date.fromisoformat(found["on"]),
        "people": people[:SHOWN],
        "people_total": people.count(),
        "side": side,
        "side_total": found[side] if side in ("added", "removed") else 0,
        "kept": NAMED,
        "problem": problem,
        "shown": SHOWN,
    }
    return admin_page(
        request,
        "training/rule_preview.html",
        about["heading"],
        context,
        parents=_parents(),
        icon="list-ul",
        status=422 if problem else 200,
    )


def _save(request: HttpRequest, draft: RuleDraft, parts: DraftParts) -> HttpResponse:
    user = signed_in(request)
    adopted = draft["adopted_on"]
    fields = {
        name: value
        for name, value in draft.items()
        if name not in ("unit_id", "post_ids", "programme_id", "effective_from", "adopted_on")
    }
    effective_from = dt.date.fromisoformat(draft["effective_from"])
    rule = save_rule(
        **fields,  # type: ignore[arg-type]
        programme=parts.programme,
        unit=parts.unit,
        posts=parts.posts,
        effective_from=effective_from,
        adopted_on=dt.date.fromisoformat(adopted) if adopted else None,
        acting_user=user,
        now=clock.now(),
    )
    messages.success(
        request,
        _("已保存规则“%(title)s”，%(day)s 起施行。")
        % {"title": rule.title, "day": effective_from.isoformat()},
    )
    if rule.trigger in WITHOUT_EVENT and effective_from <= clock.today():
        return _recompute_now(request)
    return redirect("training_office:rules")


@require_POST
def rule_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Have rehearsed what it would change if a rule ended on a day."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    rule = _rule_or_404(request, pk)
    form = EndRuleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择从哪一天起不再执行。"))
        return redirect("training_office:rule-edit", pk=pk)
    day = form.cleaned_data["effective_before"]
    try:
        check_ending(rule, day, signed_in(request))
    except RuleRefused as error:
        messages.error(request, str(error))
        return redirect("training_office:rule-edit", pk=pk)
    ending = RuleEnding(rule_id=rule.pk, effective_before=day.isoformat())
    job = enqueue(
        REHEARSAL,
        title=(_("试算停用规则：%(title)s") % {"title": rule.title})[:200],
        params={"ending": ending},
        requested_by=signed_in(request),
    )
    return redirect("jobs:detail", job.pk)


def _end(request: HttpRequest, rule: TrainingRule, day: dt.date) -> HttpResponse:
    end_rule(rule=rule, effective_before=day, acting_user=signed_in(request), now=clock.now())
    values = {"title": rule.title, "day": day.isoformat()}
    messages.success(request, _("规则“%(title)s”从 %(day)s 起不再执行。") % values)
    if rule.trigger in WITHOUT_EVENT and day <= clock.today():
        return _recompute_now(request)
    return redirect("training_office:rules")


@require_POST
def recompute(request: HttpRequest) -> HttpResponse:
    """Bring what standing and recurring rules ask in step with today, watched by the user."""
    if not allows_everywhere(request.user, Capability.MANAGE_TRAINING):
        raise PermissionDenied
    return _recompute_now(request)


def _recompute_now(request: HttpRequest) -> HttpResponse:
    job = enqueue(
        RECOMPUTE,
        title=_("按规则安排培训"),
        params={"next_url": reverse("training_office:rules")},
        requested_by=signed_in(request),
    )
    return redirect("jobs:detail", job.pk)
