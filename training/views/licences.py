"""External licences: the list, and the form that registers or corrects one."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from people.models import Employee
from people.permissions import Capability
from people.queries import employees_for
from training.actions.clearance import save_licence
from training.errors import LicenceRefused
from training.forms import LicenceForm
from training.models import Licence
from training.permissions import may, require_scope
from training.queries.work import licences_for_user
from training.views.pages import admin_page, page_of, query_without_page, signed_in


@require_safe
def licences(request: HttpRequest) -> HttpResponse:
    """Show the licences of the people in scope, the first to run out first."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    context = {
        "page": page_of(request, licences_for_user(request.user)),
        "may_manage": may(request.user, Capability.MANAGE_TRAINING),
        "today": clock.today(),
        "query": query_without_page(request),
    }
    return admin_page(request, "training/licence_list.html", _("外部证件"), context, icon="key")


@require_http_methods(["GET", "HEAD", "POST"])
def licence_form(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Register a licence, or correct one of a person in scope."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    people = employees_for(request.user, Capability.MANAGE_TRAINING)
    licence = _licence(people, pk)
    initial = {}
    if licence is not None:
        names = ("licence_type", "number", "issuer", "valid_from", "valid_until", "review_due_on")
        initial = {name: getattr(licence, name) for name in names}
        initial["employee_no"] = licence.employee.employee_no
    form = LicenceForm(request.POST or None, initial=initial, people=people)
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data}
        employee = people.get(employee_no=fields.pop("employee_no"))
        try:
            save_licence(
                employee=employee,
                licence=licence,
                acting_user=signed_in(request),
                now=clock.now(),
                **fields,
            )
        except LicenceRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已保存 %(name)s 的证件。") % {"name": employee.name})
            return redirect("training_office:licences")
    return admin_page(
        request,
        "training/licence_form.html",
        _("修改证件") if licence else _("登记证件"),
        {"form": form},
        parents=((reverse("training_office:licences"), _("外部证件")),),
        icon="key",
        status=422 if request.method == "POST" else 200,
    )


def _licence(people: QuerySet[Employee], pk: int | None) -> Licence | None:
    if pk is None:
        return None
    licences = Licence.objects.filter(employee__in=people.values("pk")).select_related("employee")
    licence = licences.filter(pk=pk).first()
    if licence is None:
        raise Http404
    return licence
