"""How long personal data is kept, what is due, who asked for an erasure, and what holds it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now, today
from people.actions.erasure import confirm_erasure, reject_erasure, request_erasure
from people.actions.holds import end_hold, place_hold, save_retention_rule
from people.errors import ErasureRefused
from people.models import Employee, Erasable, ErasureRequest, LegalHold, RetentionRule, User
from people.permissions import Capability, allows, scope_of
from people.privacy_forms import HoldForm, RetentionRuleForm
from people.queries import employees_for, unit_directory
from people.queries.retention import (
    due_kinds,
    due_people,
    erasure_requests_for,
    get_erasure_request_for,
    get_retention_rule_for,
    holds_for,
    may_set_retention,
)
from people.views.office_import import office_context

SHOWN_PEOPLE = 200
SHOWN_REQUESTS = 50


def _require(request: HttpRequest, capability: Capability) -> User:
    if not isinstance(request.user, User) or not allows(request.user, capability):
        raise PermissionDenied
    return request.user


def _why(error: ErasureRefused) -> str:
    words = {
        "held": _("有法定保全，不能删除。先在“法定保全”里解除。"),
        "not_left": _("这个人没有离职，不能删除。"),
        "not_due": _("还没到期，不能删除：%(what)s。") % {"what": error.detail},
        "nothing": _("请写明原因。"),
        "pending": _("已经有人申请删除，等待第二个人确认。"),
        "same_person": _("申请人自己不能确认，请换一个人。"),
        "decided": _("这项申请已经处理过了。"),
    }
    return words[error.code]


@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Show the rules, what is due of whom, and the erasures asked for."""
    user = _require(request, Capability.ERASE_PERSONAL_DATA)
    context = office_context(_("保留期限与删除")) | {
        "rules": RetentionRule.objects.all(),
        "may_set": may_set_retention(user),
        "due": due_people(user, today(), SHOWN_PEOPLE),
        "most": SHOWN_PEOPLE,
        "requests": [
            {"request": one, "what": _words(one), "may_decide": one.requested_by_id != user.pk}
            for one in erasure_requests_for(user)[:SHOWN_REQUESTS]
        ],
    }
    return render(request, "people/retention.html", context)


def _words(request: ErasureRequest) -> str:
    return "、".join(str(Erasable(one).label) for one in request.what)


@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Change how long one kind of data is kept, and by which law."""
    user = _require(request, Capability.ERASE_PERSONAL_DATA)
    try:
        rule = get_retention_rule_for(user, rule_id)
    except RetentionRule.DoesNotExist as error:
        raise Http404 from error
    form = RetentionRuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        save_retention_rule(what=rule.what, acting_user=user, now=now(), **form.cleaned_data)
        messages.success(request, _("保留期限已保存。"))
        return redirect("people_office:retention")
    title = f"{_('保留期限')}：{rule.get_what_display()}"
    context = office_context(title, (reverse("people_office:retention"), _("保留期限与删除")))
    return render(request, "people/unit_edit.html", context | {"form": form})


@require_POST
def erasure_request(request: HttpRequest) -> HttpResponse:
    """Ask that all that is due of the chosen people (`employee`, public ids) be erased."""
    user = _require(request, Capability.ERASE_PERSONAL_DATA)
    ids = [one for one in request.POST.getlist("employee") if _is_uuid(one)]
    people = employees_for(user, Capability.ERASE_PERSONAL_DATA).filter(public_id__in=ids)
    asked = 0
    for employee in people[:SHOWN_PEOPLE]:
        try:
            request_erasure(
                employee=employee,
                what=due_kinds(employee.pk, today()),
                reason=request.POST.get("reason", "")[:200],
                acting_user=user,
                now=now(),
            )
            asked += 1
        except ErasureRefused as error:
            messages.error(request, f"{employee}：{_why(error)}")
    if asked:
        text = ngettext(
            "已为 %(count)d 人申请删除，等待第二个人确认。",
            "已为 %(count)d 人申请删除，等待第二个人确认。",
            asked,
        )
        messages.success(request, text % {"count": asked})
    elif not ids:
        messages.warning(request, _("请先选人。"))
    return redirect("people_office:retention")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@require_POST
def erasure_decide(request: HttpRequest, request_id: int) -> HttpResponse:
    """Confirm or reject an erasure somebody else asked for (`decision`: confirm or reject)."""
    user = _require(request, Capability.ERASE_PERSONAL_DATA)
    try:
        asked = get_erasure_request_for(user, request_id)
    except ErasureRequest.DoesNotExist as error:
        raise Http404 from error
    decide = {"confirm": confirm_erasure, "reject": reject_erasure}.get(request.POST.get("decision", ""))
    if decide is None:
        raise Http404
    try:
        decide(request=asked, acting_user=user, now=now())
    except ErasureRefused as error:
        messages.error(request, _why(error))
    else:
        messages.success(request, _("已处理。"))
    return redirect("people_office:retention")


@require_http_methods(["GET", "POST"])
def holds(request: HttpRequest) -> HttpResponse:
    """Show the legal holds, place a new one."""
    user = _require(request, Capability.HOLD_PERSONAL_DATA)
    units = scope_of(user, Capability.HOLD_PERSONAL_DATA)
    names = {pk: entry.full_name for pk, entry in unit_directory().items()}
    form = HoldForm(request.POST or None, units=units, full_names=names, initial={"starts_on": today()})
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        numbers = said.pop("employee_nos")
        is_unit = said["kind"] == LegalHold.Kind.UNIT
        people = [] if is_unit else _people(user, numbers)
        missing = set() if is_unit else set(numbers) - {one.employee_no for one in people}
        if missing:
            text = _("您负责的范围内没有这些工号：%(numbers)s") % {"numbers": "、".join(sorted(missing))}
            form.add_error("employee_nos", text)
        else:
            said["unit"] = said["unit"] if is_unit else None
            place_hold(people=people, acting_user=user, now=now(), **said)
            messages.success(request, _("已登记法定保全：在解除之前，有关人员的数据不会删除。"))
            return redirect("people_office:holds")
    context = office_context(_("法定保全")) | {"form": form, "holds": holds_for(user), "today": today()}
    return render(request, "people/holds.html", context, status=422 if form.is_bound else 200)


def _people(user: User, numbers: list[str]) -> list[Any]:
    people = employees_for(user, Capability.HOLD_PERSONAL_DATA)
    found: list[Employee] = list(people.filter(employee_no__in=numbers))
    return found


@require_POST
def hold_end(request: HttpRequest, hold_id: int) -> HttpResponse:
    """End a legal hold with a reason."""
    user = _require(request, Capability.HOLD_PERSONAL_DATA)
    hold = holds_for(user).filter(pk=hold_id).first()
    if hold is None:
        raise Http404
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        messages.error(request, _("请写明为什么解除。"))
    elif end_hold(hold=hold, reason=reason, acting_user=user, now=now()):
        messages.success(request, _("保全已解除。"))
    else:
        messages.warning(request, _("这项保全已经结束。"))
    return redirect("people_office:holds")
