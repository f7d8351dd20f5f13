"""The numbers of the rules in the office: what applies, since when, by which clause; and their next versions."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from people.permissions import Capability, allows_everywhere
from training.actions.parameters import save_parameter
from training.errors import ParameterRefused
from training.models import TrainingParameter
from training.parameter_forms import ParameterForm, initial_of
from training.parameters import USES
from training.permissions import require_scope
from training.queries.parameters import consequences, parameter_rows, parameter_versions
from training.views.pages import admin_page, signed_in


@require_safe
def parameters(request: HttpRequest) -> HttpResponse:
    """Show every number with its basis, since when it holds and what it is used for."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    return admin_page(
        request,
        "training/parameter_list.html",
        _("规则数值"),
        {"rows": parameter_rows(clock.today())},
        parents=_parents(),
        icon="list-ul",
    )


@require_safe
def parameter(request: HttpRequest, code: str) -> HttpResponse:
    """Show one number with all its versions."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    versions = _versions_or_404(code)
    context = {
        "code": code,
        "versions": versions,
        "use": USES[code],
        "today": clock.today(),
        "may_change": allows_everywhere(request.user, Capability.MANAGE_TRAINING),
    }
    return admin_page(
        request,
        "training/parameter_inspect.html",
        versions[0].title,
        context,
        parents=_parents((reverse("training_office:parameters"), _("规则数值"))),
        icon="list-ul",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def parameter_form(request: HttpRequest, code: str) -> HttpResponse:
    """Take the next version of a number: first say what it would change, then save it."""
    if not allows_everywhere(request.user, Capability.MANAGE_TRAINING):
        raise PermissionDenied
    versions, today = _versions_or_404(code), clock.today()
    current = next((item for item in versions if item.effective_from <= today), versions[-1])
    form = ParameterForm(
        request.POST or None,
        use=USES[code],
        unit=current.unit,
        today=today,
        initial=initial_of(current, today),
    )
    told: list[str] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if "save" in request.POST:
            saved = _save(request, code, form)
            if saved is not None:
                messages.success(
                    request,
                    _("已保存“%(title)s”：%(shown)s，%(day)s 起施行。")
                    % {
                        "title": saved.title,
                        "shown": saved.shown,
                        "day": saved.effective_from.isoformat(),
                    },
                )
                return redirect("training_office:parameter", code=code)
        else:
            told = consequences(
                current,
                value=data.get("value"),
                kinds=data.get("kinds", ()),
                since=data["effective_from"],
            )
    return admin_page(
        request,
        "training/parameter_form.html",
        _("修改：%(title)s") % {"title": current.title},
        {"form": form, "current": current, "consequences": told},
        parents=_parents(
            (reverse("training_office:parameters"), _("规则数值")),
            (reverse("training_office:parameter", args=[code]), current.title),
        ),
        icon="list-ul",
        status=422 if form.errors else 200,
    )


def _save(request: HttpRequest, code: str, form: ParameterForm) -> TrainingParameter | None:
    try:
        return save_parameter(code=code, **form.cleaned_data, acting_user=signed_in(request), now=clock.now())
    except ParameterRefused as error:
        form.add_error(None, str(error))
        return None


def _versions_or_404(code: str) -> list[TrainingParameter]:
    found = parameter_versions(code)
    if code not in found:
        raise Http404
    return found[code]


def _parents(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return ((reverse("training_office:rules"), _("培训规则")), *more)
