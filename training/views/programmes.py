"""Programmes in the office: the form of what a training consists of, and copies."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common import clock
from people.permissions import Capability
from training.actions.programmes import copy_programme, save_programme, specs_of
from training.errors import ProgrammeRefused
from training.models import Obligation, Programme
from training.permissions import require_scope
from training.programme_forms import ComponentFormSet, CopyForm, ProgrammeForm, StageFormSet
from training.queries.parts import get_lasting_programme
from training.views.pages import admin_page, signed_in


def _programme_or_404(pk: int) -> Programme:
    try:
        return get_lasting_programme(pk)
    except Programme.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "HEAD", "POST"])
def programme_form(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make a programme, or change one as far as it may be changed."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    known = _programme_or_404(pk) if pk else None
    data = _with_more(request.POST) if request.POST else None
    names = ("code", "title", "kind", "summary", "valid_months", "daily_hours", "is_active")
    form = ProgrammeForm(
        data, known=known, initial={name: getattr(known, name) for name in names} if known else {}
    )
    components, stages = _parts(known)
    parts = ComponentFormSet(data, prefix="parts", initial=components)
    stage_forms = StageFormSet(data, prefix="stages", initial=stages)
    problem = ""
    is_sent = request.method == "POST" and "more" not in request.POST
    if is_sent and form.is_valid() and parts.is_valid() and stage_forms.is_valid():
        try:
            saved = save_programme(
                **form.cleaned_data,
                components=[spec for one in parts if (spec := one.spec())],
                stages=[stage for one in stage_forms if (stage := one.spec())],
                acting_user=signed_in(request),
                now=clock.now(),
            )
        except ProgrammeRefused as error:
            problem = str(error)
        else:
            messages.success(request, _("已保存培训方案“%(title)s”。") % {"title": saved.title})
            return redirect("training_office:programmes")
    context = {
        "form": form,
        "parts": parts,
        "stages": stage_forms,
        "problem": problem,
        "programme": known,
        "is_used": known is not None and Obligation.objects.filter(programme=known).exists(),
        "copy_form": CopyForm(initial={"title": known.title}) if known else None,
    }
    return admin_page(
        request,
        "training/programme_form.html",
        known.title if known else _("新培训方案"),
        context,
        parents=((reverse("training_office:programmes"), _("培训方案")),),
        icon="list-ul",
        status=422 if is_sent else 200,
    )


def _with_more(sent: QueryDict) -> QueryDict:
    """Return what was sent, with one more empty row of each kind if that was asked for."""
    data = sent.copy()
    if "more" in sent:
        for prefix in ("parts", "stages"):
            total = sent.get(f"{prefix}-TOTAL_FORMS", "")
            data[f"{prefix}-TOTAL_FORMS"] = str(int(total) + 1 if total.isdigit() else 1)
    return data


def _parts(known: Programme | None) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return what the rows of components and stages show."""
    if known is None:
        return [], []
    components, stages = specs_of(known)
    shown: list[dict[str, object]] = [
        {
            "title": spec.title,
            "kind": spec.kind,
            "stage": spec.stage,
            "level": spec.level,
            "hours": spec.hours,
            "pass_mark": spec.pass_mark,
            "course": spec.course,
            "exam": spec.exam,
            "licence_type": spec.licence_type,
            "checklist": "\n".join(spec.checklist),
            "body": spec.body,
        }
        for spec in components
    ]
    return shown, [
        {
            "title": stage.title,
            "min_days_after": stage.min_days_after,
            "pass_rule": stage.pass_rule,
            "assessor": stage.assessor,
        }
        for stage in stages
    ]


@require_POST
def programme_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a programme into an own one, or into its next version."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    programme = _programme_or_404(pk)
    form = CopyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写新编码和名称。"))
        return redirect("training_office:programme-edit", pk=pk)
    try:
        copy = copy_programme(
            programme=programme, **form.cleaned_data, acting_user=signed_in(request), now=clock.now()
        )
    except ProgrammeRefused as error:
        messages.error(request, str(error))
        return redirect("training_office:programme-edit", pk=pk)
    messages.success(request, _("已复制为“%(title)s”，可以修改。") % {"title": copy.title})
    return redirect("training_office:programme-edit", pk=copy.pk)
