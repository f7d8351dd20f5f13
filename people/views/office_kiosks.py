"""The office's list of shared tablets: register one, stop one."""

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common.clock import now, today
from people.actions.kiosks import register_kiosk, revoke_kiosk
from people.admin_forms import KioskRegisterForm
from people.models import Kiosk, User
from people.queries import get_kiosk_for, kiosks_for, unit_directory
from people.queries.kiosks import kiosk_units
from people.views.office_import import office_context


def _keeper(request: HttpRequest) -> User:
    """Return the user if they may register tablets anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not kiosk_units(request.user, today()).exists():
        raise PermissionDenied
    return request.user


@never_cache
@require_http_methods(["GET", "POST"])
def kiosks(request: HttpRequest) -> HttpResponse:
    """List the tablets in scope; POST registers one and shows its pairing code, this once."""
    user = _keeper(request)
    names = unit_directory()
    units = [(unit.pk, names[unit.pk].full_name) for unit in kiosk_units(user, today())]
    form = KioskRegisterForm(request.POST or None, units=units)
    pairing: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        unit = kiosk_units(user, today()).get(pk=form.cleaned_data["unit"])
        device, token = register_kiosk(name=form.cleaned_data["name"], unit=unit, acting_user=user, now=now())
        link = settings.PUBLIC_BASE_URL + reverse("people:kiosk-pair", args=[token])
        code = segno.make(link, error="m", micro=False)
        pairing = {"kiosk": device, "link": link, "qr": code.svg_data_uri(scale=5, border=2)}
        form = KioskRegisterForm(units=units)
    rows = [{"kiosk": one, "unit": names[one.unit_id].full_name} for one in kiosks_for(user, today())]
    context = office_context(pgettext("plural", "共用平板")) | {
        "rows": rows,
        "form": form,
        "pairing": pairing,
    }
    return render(request, "people/kiosk_list.html", context)


@require_POST
def revoke(request: HttpRequest, kiosk_id: int) -> HttpResponse:
    """Stop a tablet."""
    user = _keeper(request)
    try:
        device = get_kiosk_for(user, kiosk_id, today())
    except Kiosk.DoesNotExist as error:
        raise Http404 from error
    revoke_kiosk(kiosk=device, acting_user=user, now=now())
    messages.success(request, _("已停用“%(name)s”。") % {"name": device.name})
    return redirect("people_office:kiosks")
