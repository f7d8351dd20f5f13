"""Occurrences in the office: violations, accidents, changes and campaigns, with what they made owed."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from people.models import OrgUnit
from people.permissions import Capability
from people.queries import employees_for
from training.actions.occurrences import Concerned, record_occurrence, withdraw_occurrence
from training.errors import OccurrenceRefused
from training.models import Occurrence
from training.occurrence_forms import OccurrenceForm, WithdrawForm
from training.permissions import may, require_scope
from training.queries.occurrences import occurrences_for
from training.views.pages import admin_page, page_of, query_without_page, signed_in


@require_safe
def occurrences(request: HttpRequest) -> HttpResponse:
    """Show what happened in the user's part of the organisation, the latest first."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "page": page_of(
            request, occurrences_for(request.user).prefetch_related("employees", "units", "posts")
        ),
        "query": query_without_page(request),
        "may_manage": may(request.user, Capability.MANAGE_TRAINING),
    }
    return admin_page(
        request, "training/occurrence_list.html", _("三违、事故与变更"), context, icon="warning"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def occurrence_form(request: HttpRequest) -> HttpResponse:
    """Record what happened; everyone concerned owes the training at once."""
    scope = require_scope(request.user, Capability.MANAGE_TRAINING)
    form = OccurrenceForm(
        request.POST or None,
        people=employees_for(request.user, Capability.MANAGE_TRAINING),
        units=OrgUnit.objects.filter(scope.q("path"), closed_on=None).order_by("path"),
        initial={"key": uuid.uuid4(), "happened_on": clock.today()},
    )
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data}
        concerned = Concerned(data.pop("employee_nos"), list(data.pop("units")), list(data.pop("posts")))
        try:
            made = record_occurrence(
                **data, concerned=concerned, acting_user=signed_in(request), now=clock.now()
            )
        except OccurrenceRefused as error:
            form.add_error(None, str(error))
        except PermissionDenied:
            form.add_error(None, _("请选择您负责范围内的单位或人员。"))
        else:
            messages.success(request, _("已登记“%(title)s”，有关人员已收到任务。") % {"title": made.title})
            return redirect("training_office:occurrences")
    return admin_page(
        request,
        "training/occurrence_form.html",
        _("登记三违、事故或变更"),
        {"form": form},
        parents=((reverse("training_office:occurrences"), _("三违、事故与变更")),),
        icon="warning",
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def occurrence_withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take back what was entered by mistake."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    try:
        occurrence = occurrences_for(request.user).get(public_id=public_id)
    except Occurrence.DoesNotExist as error:
        raise Http404 from error
    form = WithdrawForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        withdraw_occurrence(
            occurrence=occurrence, reason=reason, acting_user=signed_in(request), now=clock.now()
        )
    except OccurrenceRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已撤回，未完成的任务已取消。"))
    return redirect("training_office:occurrences")
