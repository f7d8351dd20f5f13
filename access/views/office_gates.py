"""The office's pages of gates, of addresses that are told of changes, and of places."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actions.gates import register_gate, renew_token, revoke_gate
from access.actions.hooks import create_hook, end_hook, resend
from access.actions.places import save_place
from access.errors import HookRefused
from access.forms import LONGEST, GateForm, HookForm, PlaceForm
from access.models import AccessPlace, GateAsks
from access.permissions import gate_scope
from access.queries.hooks import deliveries_of, gates_in, hooks_in, places_in
from common.clock import now, today
from common.signatures import CLEARANCE_LIST, signing_key
from people.models import OrgUnit
from people.permissions import Scope
from training.views.pages import admin_page, page_of, query_without_page, signed_in


def units_in(scope: Scope) -> QuerySet[OrgUnit]:
    """Return the open units of a scope, in the order of the tree."""
    units: QuerySet[OrgUnit] = OrgUnit.objects.filter(scope.q("path"), closed_on__isnull=True)
    return units.order_by("path")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def gates(request: HttpRequest) -> HttpResponse:
    """List the gates in scope; POST registers one and shows its token, this once."""
    scope = gate_scope(request.user)
    form = GateForm(request.POST or None, units=units_in(scope), today=today())
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        gate, token = register_gate(**form.cleaned_data, acting_user=signed_in(request), now=now())
        made = {"gate": gate, "token": token}
        form = GateForm(units=units_in(scope), today=today())
    return _gates_page(request, scope, form, made)


def _gates_page(request: HttpRequest, scope: Scope, form: GateForm, made: dict[str, Any]) -> HttpResponse:
    page = page_of(request, gates_in(scope))
    asks = GateAsks.objects.filter(gate__in=[gate.pk for gate in page]).values("gate_id").order_by()
    counted = {
        row["gate_id"]: row
        for row in asks.annotate(cleared=Sum("cleared"), blocked=Sum("blocked"), unknown=Sum("unknown"))
    }
    context = {
        "page": page,
        "rows": [{"gate": gate, "asks": counted.get(gate.pk)} for gate in page],
        "form": form,
        "made": made,
        "today": today(),
        "list_key": signing_key(CLEARANCE_LIST),
        "query": query_without_page(request),
    }
    status = 422 if form.is_bound and form.errors else 200
    return admin_page(request, "access/gate_list.html", _("门禁"), context, icon="lock", status=status)


@never_cache
@require_POST
def gate_renew(request: HttpRequest, gate_id: int) -> HttpResponse:
    """Give a gate a new token and show it, this once."""
    scope = gate_scope(request.user)
    gate = gates_in(scope).filter(pk=gate_id).first()
    if gate is None:
        raise Http404
    until = today() + LONGEST
    token = renew_token(gate=gate, expires_on=until, acting_user=signed_in(request), now=now())
    form = GateForm(units=units_in(scope), today=today())
    return _gates_page(request, scope, form, {"gate": gate, "token": token})


@require_POST
def gate_revoke(request: HttpRequest, gate_id: int) -> HttpResponse:
    """Stop a gate at once."""
    gate = gates_in(gate_scope(request.user)).filter(pk=gate_id).first()
    if gate is None:
        raise Http404
    if revoke_gate(gate=gate, acting_user=signed_in(request), now=now()):
        messages.success(request, _("已停用“%(name)s”。") % {"name": gate.name})
    return redirect("access_office:gates")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hooks(request: HttpRequest) -> HttpResponse:
    """List the addresses that are told of changes; POST adds one and shows its secret, this once."""
    scope = gate_scope(request.user)
    form = HookForm(request.POST or None, units=units_in(scope))
    made: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            hook, secret = create_hook(**form.cleaned_data, acting_user=signed_in(request), now=now())
        except HookRefused as error:
            form.add_error(None, str(error))
        else:
            made = {"hook": hook, "secret": secret}
            form = HookForm(units=units_in(scope))
    context = {
        "page": page_of(request, hooks_in(scope)),
        "form": form,
        "made": made,
        "query": query_without_page(request),
    }
    status = 422 if form.is_bound and form.errors else 200
    return admin_page(request, "access/hook_list.html", _("变更推送"), context, icon="rotate", status=status)


@require_safe
def hook(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Show the messages of an address, those given up first."""
    found = hooks_in(gate_scope(request.user)).filter(pk=hook_id).first()
    if found is None:
        raise Http404
    context = {
        "hook": found,
        "page": page_of(request, deliveries_of(found)),
        "query": query_without_page(request),
    }
    parents = ((reverse("access_office:hooks"), _("变更推送")),)
    return admin_page(
        request, "access/hook_inspect.html", found.name, context, parents=parents, icon="rotate"
    )


@require_POST
def hook_end(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Tell an address nothing more."""
    found = hooks_in(gate_scope(request.user)).filter(pk=hook_id).first()
    if found is None:
        raise Http404
    if end_hook(hook=found, acting_user=signed_in(request), now=now()):
        messages.success(request, _("已停用“%(name)s”。") % {"name": found.name})
    return redirect("access_office:hooks")


@require_POST
def delivery_resend(request: HttpRequest, hook_id: int, delivery_id: int) -> HttpResponse:
    """Send a message that was given up once more."""
    found = hooks_in(gate_scope(request.user)).filter(pk=hook_id).first()
    delivery = deliveries_of(found).filter(pk=delivery_id).first() if found else None
    if delivery is None:
        raise Http404
    if resend(delivery=delivery, acting_user=signed_in(request), now=now()):
        messages.success(request, _("已重新排队，一分钟内发送。"))
    return redirect("access_office:hook", hook_id)


@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """List the places in scope."""
    context = {
        "page": page_of(request, places_in(gate_scope(request.user))),
        "today": today(),
        "query": query_without_page(request),
    }
    return admin_page(request, "access/place_list.html", _("场所"), context, icon="site")


@require_http_methods(["GET", "HEAD", "POST"])
def place_form(request: HttpRequest, place_id: int | None = None) -> HttpResponse:
    """Add a place, or change one in scope."""
    scope = gate_scope(request.user)
    place: AccessPlace | None = None
    initial: dict[str, Any] = {}
    if place_id is not None:
        place = places_in(scope).filter(pk=place_id).first()
        if place is None:
            raise Http404
        names = ("code", "name", "unit", "is_high_risk", "own_people_only", "basis", "closed_on")
        initial = {name: getattr(place, name) for name in names}
        initial["licences"] = place.demanded_licences.all()
        initial["programmes"] = place.demanded_programmes.all()
    form = PlaceForm(request.POST or None, initial=initial, units=units_in(scope), place=place)
    if request.method == "POST" and form.is_valid():
        saved = save_place(place=place, acting_user=signed_in(request), **form.cleaned_data)
        messages.success(request, _("已保存“%(name)s”。") % {"name": saved.name})
        return redirect("access_office:places")
    return admin_page(
        request,
        "access/place_form.html",
        _("修改场所") if place else _("新建场所"),
        {"form": form},
        parents=((reverse("access_office:places"), _("场所")),),
        icon="site",
        status=422 if request.method == "POST" else 200,
    )
