"""Recording on-site training."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from people.permissions import Capability
from people.queries import employee_of
from training.actions.on_site import record_on_site_training
from training.errors import OnSiteRefused
from training.forms import OnSiteForm
from training.models import Obligation
from training.permissions import require_scope
from training.queries.work import OnSiteGroup, on_site_groups
from training.views.pages import admin_page, signed_in


@require_safe
def on_site_list(request: HttpRequest) -> HttpResponse:
    """Show which on-site training is due next for how many people."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    return admin_page(
        request, "training/on_site_list.html", _("现场教育登记"), {"groups": on_site_groups(request.user)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def on_site_record(request: HttpRequest, component_id: int) -> HttpResponse:
    """Tick who was there, say when, where and by whom, and write a ledger row for each."""
    require_scope(request.user, Capability.RECORD_TRAINING)
    group = _group(request, component_id)
    obligations = Obligation.objects.filter(pk__in=[entry.obligation.pk for entry in group.entries])
    recorder = employee_of(request.user)
    form = OnSiteForm(
        request.POST or None,
        obligations=obligations,
        scored=[entry.obligation for entry in group.entries] if group.component.pass_mark else (),
        initial={
            "held_on": clock.today(),
            # Whoever records is most often who taught; the own name also lets that account sign.
            "trainer_name": recorder.name if recorder else "",
            "hours": group.component.hours if group.component.hours <= 8 else 8,
        },
    )
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        held_from, held_to = form.span()
        try:
            records = record_on_site_training(
                obligations=list(form.cleaned_data["people"].select_related("employee", "programme")),
                component=group.component,
                held_from=held_from,
                held_to=held_to,
                hours=form.cleaned_data["hours"],
                place=form.cleaned_data["place"],
                trainer_name=form.cleaned_data["trainer_name"],
                scores=form.scores(),
                acting_user=signed_in(request),
                now=clock.now(),
            )
        except OnSiteRefused as error:
            problems = error.problems
        else:
            messages.success(
                request,
                ngettext(
                    "已登记 %(count)s 人，记入培训台账第 %(first)s 号。",
                    "已登记 %(count)s 人，记入培训台账第 %(first)s 至 %(last)s 号。",
                    len(records),
                )
                % {"count": len(records), "first": records[0].seq, "last": records[-1].seq},
            )
            return redirect("training_office:on-site")
    fields = form.score_fields()
    # A line of the work list leads here with its person ticked.
    ticked = set((request.POST or request.GET).getlist("people"))
    return admin_page(
        request,
        "training/on_site_form.html",
        _("登记现场教育"),
        {
            "group": group,
            "entries": [(entry, fields.get(str(entry.obligation.public_id))) for entry in group.entries],
            "form": form,
            "problems": problems,
            "ticked": ticked,
        },
        parents=((reverse("training_office:on-site"), _("现场教育登记")),),
        status=422 if request.method == "POST" else 200,
    )


def _group(request: HttpRequest, component_id: int) -> OnSiteGroup:
    """Return the component with the people in scope who need it next; not found if there is nobody."""
    for group in on_site_groups(request.user):
        if group.component.pk == component_id:
            return group
    raise Http404
