"""HR's page to correct one person's own data: name, telephone, identity number."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.clock import now
from people.actions.particulars import change_particulars, gone_stays_so
from people.employment_forms import ParticularsForm
from people.errors import EmploymentRefused, StaleParticulars
from people.importers.messages import problem_message
from people.models import Employee, EmploymentStatus, User
from people.permissions import Capability
from people.queries import writers_of
from people.queries.identity import particulars, particulars_mark
from people.views.office_employee import employee_link, person_in_office
from people.views.office_import import office_context


@sensitive_post_parameters("id_number")
@never_cache
@require_http_methods(["GET", "POST"])
def particulars_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Correct a person's data. The stored identity number is shown masked only; left empty it stays."""
    user, employee, may = person_in_office(request, public_id)
    if Capability.MANAGE_PEOPLE not in may:
        raise Http404
    form = ParticularsForm(
        request.POST or None,
        initial={"name": employee.name, "phone": employee.phone, "seen": particulars_mark(employee)},
        known_id_number=particulars(employee, may).id_number,
    )
    if request.method == "POST" and form.is_valid():
        changed = _saved(form, employee, user, may)
        if changed:
            what = "、".join(str(form.fields[field].label) for field in changed)
            messages.success(
                request, _("“%(name)s”的%(what)s已更正。") % {"name": form.cleaned_data["name"], "what": what}
            )
        elif changed is not None:
            messages.info(request, _("本来就是这样，没有需要更正的。"))
        if changed is not None:
            return redirect("people_office:employee", public_id)
    context = office_context(_("更正个人资料"), employee_link(employee)) | {
        "form": form,
        "employee": employee,
        "gone": _why_gone(employee),
        "writers": writers_of(employee),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "people/particulars_edit.html", context, status=status)


def _why_gone(employee: Employee) -> str:
    """Return why the data of somebody who has left stays, and the cure; empty for everybody else."""
    if employee.status != EmploymentStatus.LEFT:
        return ""
    return problem_message(gone_stays_so(employee.left_on))


def _saved(
    form: ParticularsForm, employee: Employee, user: User, may: frozenset[Capability]
) -> list[str] | None:
    """Save a valid form and return what changed; None if the form says now what stands against it."""
    filled = form.cleaned_data
    try:
        return change_particulars(
            employee=employee,
            name=filled["name"],
            phone=filled["phone"],
            id_number=filled["id_number"],
            expected_mark=filled["seen"],
            acting_user=user,
            now=now(),
        )
    except EmploymentRefused as refused:
        field = refused.problem.field
        form.add_error(field if field in form.fields else None, problem_message(refused.problem))
    except StaleParticulars:
        _tell_what_is_there(form, employee, may)
    except PermissionDenied:
        form.add_error(None, _("您无权管理有关部门的人员：此人已调到别的部门，请由那里的人事办理。"))
    return None


def _tell_what_is_there(form: ParticularsForm, employee: Employee, may: frozenset[Capability]) -> None:
    """Say what somebody else wrote meanwhile; what was typed stays, and counts once it is sent again."""
    employee.refresh_from_db()
    known = particulars(employee, may)
    form.add_error(
        None,
        _(
            "这位员工的资料刚刚被别人改过，现在登记的是：姓名“%(name)s”，手机号 %(phone)s，身份证号 %(id_number)s。"
            "您写的还在这一页，没有保存：请核对，仍要照您写的改，就再按一次“保存”。"
        )
        % {"name": employee.name, "phone": known.phone or "—", "id_number": known.id_number or "—"},
    )
    typed = {name: form.data.get(name) for name in form.fields}
    form.data = typed | {"seen": particulars_mark(employee)}
