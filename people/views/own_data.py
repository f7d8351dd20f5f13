"""What is held on oneself, who looked at it, and a copy of it all."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now, today
from people.actions.copies import request_copy
from people.actions.identity import Why
from people.actions.photos import delete_photo
from people.errors import AlreadyShown
from people.models import AccessReason, Employee, EmployeePhoto, PersonalDataCopy, User
from people.personal_data import providers
from people.privacy_forms import OnceForm
from people.queries import current_assignment, employee_of
from people.queries.accesses import accesses_of
from people.queries.copies import get_copy_for, own_copies
from people.queries.identity import particulars
from people.queries.workbooks import field_words
from people.sessions import client_address, recent_authentication_required
from people.views.office_copy import sent_copy

SHOWN_ACCESSES = 50


def _own(request: HttpRequest) -> tuple[User, Employee]:
    employee = employee_of(request.user)
    if employee is None or not isinstance(request.user, User):
        raise Http404
    return request.user, employee


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: HttpRequest) -> HttpResponse:
    """Show what is held on the learner and who saw it; POST with `delete_photo` takes the photograph off."""
    user, employee = _own(request)
    if request.method == "POST":
        if "delete_photo" in request.POST and delete_photo(employee=employee, acting_user=user, now=now()):
            messages.success(request, _("照片已删除。"))
        return redirect("people:own-data")
    return _page(request, user, employee, OnceForm())


def _page(
    request: HttpRequest, user: User, employee: Employee, form: OnceForm, status: int = 200
) -> HttpResponse:
    seen = accesses_of(employee.pk)[:SHOWN_ACCESSES]
    context = {
        "tab": "me",
        "employee": employee,
        "assignment": current_assignment(employee.pk, today()),
        "particulars": particulars(employee, frozenset()),
        "has_photo": EmployeePhoto.objects.filter(employee=employee).exists(),
        "kinds": [provider.title for provider in providers()],
        "accesses": [{"row": row, "fields": field_words(row.fields)} for row in seen],
        "copies": own_copies(user, now())[:3],
        "form": form,
    }
    return render(request, "people/own_data.html", context, status=status)


@never_cache
@login_required
@require_POST
@recent_authentication_required
def request_own_copy(request: HttpRequest) -> HttpResponse:
    """Queue a copy of everything held on the learner, who signed in just now."""
    user, employee = _own(request)
    form = OnceForm(request.POST)
    if not form.is_valid():
        return _page(request, user, employee, form, status=422)
    why = Why(
        AccessReason.REQUEST,
        _("本人导出自己的数据"),
        client_address(request),
        form.cleaned_data["request_key"],
    )
    try:
        copy = request_copy(employee=employee, why=why, acting_user=user, now=now())
    except AlreadyShown:
        return redirect("people:own-data")
    return redirect("jobs:detail", copy.job_id)


@never_cache
@login_required
@require_safe
def copy_file(request: HttpRequest, public_id: UUID) -> FileResponse:
    """Send a copy of the own data as a download, for as long as it is kept."""
    try:
        copy = get_copy_for(request.user, public_id, now(), own=True)
    except PersonalDataCopy.DoesNotExist as error:
        raise Http404 from error
    return sent_copy(copy)
