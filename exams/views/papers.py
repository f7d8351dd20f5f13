"""Papers in the back office: checking a blueprint while it is typed, choosing questions, forms, a look at a draw."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from exams.actions.paper_sources import Place, draw_forms, save_fixed_paper
from exams.actions.papers import draw_paper
from exams.drawing import new_seed
from exams.errors import BadPaper, BlueprintEmpty, BlueprintNotFeasible, PaperMissing
from exams.forms.office import BaseRowFormSet, RowForm, RowFormSet
from exams.forms.papers import FormsForm, PickForm, chosen_places
from exams.models import BlueprintRow, Exam, PaperForm, PaperSource, QuestionVersion
from exams.queries.blueprint_check import check_blueprint
from exams.queries.office import banks_for, exams_for, get_exam_for
from exams.queries.paper_key import key_lines
from exams.queries.paper_preview import facts_of, facts_of_versions, shown_draw
from exams.queries.paper_sources import current_forms, fixed_list, outdated, pickable
from exams.shapes import Paper
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability

PICK_PAGE = 20


def own_exam(request: HttpRequest, exam_id: int) -> Exam:
    """Return an exam the user may edit, or answer 404."""
    try:
        return get_exam_for(request.user, exam_id)
    except Exam.DoesNotExist as error:
        raise Http404 from error


def exam_page(exam: Exam, title: str, **more: object) -> dict[str, object]:
    """Return what a page below an exam's needs."""
    limit = exam.duration_s // 60
    context = form_page(
        title, ("exams_office:exams", pgettext("plural", "考试")), exam=exam, limit_min=limit, **more
    )
    crumbs = cast(list[dict[str, str]], context["breadcrumbs_items"])
    back = reverse("exams_office:exam-edit", args=[exam.pk])
    crumbs.insert(1, {"url": back, "label": exam.title})
    return {**context, "back_url": back}


# Checking while it is typed


@require_POST
@for_those_who(Capability.MANAGE_EXAMS)
def blueprint_check(request: HttpRequest) -> HttpResponse:
    """Say how each typed row would fare with the chosen bank; nothing is saved.

    Rows that are not whole yet are left out of the count.
    """
    banks = banks_for(request.user, Capability.MANAGE_EXAMS)
    number = request.POST.get("bank", "")
    bank = banks.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    rows = cast(BaseRowFormSet, RowFormSet(request.POST, prefix="rows"))
    if bank is None or not rows.management_form.is_valid():
        return JsonResponse({"rows": [], "missing": 0, "text": _("先选题库，这里会显示每行够不够。")})
    rows.full_clean()
    whole = [form for form in rows.kept() if form.is_valid() and form.cleaned_data.get("count")]
    typed = [_typed_row(form, place) for place, form in enumerate(whole, start=1)]
    limit = request.POST.get("exposure_max_pct", "")
    max_pct = int(limit) if limit.isdecimal() and len(limit) < 4 else 0
    found = check_blueprint(typed, bank, exposure_max_pct=max_pct if 1 <= max_pct <= 100 else None)
    return JsonResponse(
        {
            "rows": [
                {
                    "prefix": form.prefix,
                    "number": told.position,
                    "fits": told.eligible,
                    "missing": told.missing,
                    "text": told.text,
                }
                for form, told in zip(whole, found.rows, strict=True)
            ],
            "missing": found.missing,
            "text": _("共 %(n)s 题，满分 %(points)s 分，预计 %(minutes)s 分钟答完。")
            % {"n": found.questions, "points": f"{found.points.normalize():f}", "minutes": found.minutes}
            if typed
            else "",
        }
    )


def _typed_row(form: RowForm, place: int) -> BlueprintRow:
    names = ("topic", "kind", "difficulty_min", "difficulty_max", "must_know_only", "count", "points")
    return BlueprintRow(position=place, **{name: form.cleaned_data[name] for name in names})


# A look at a draw


def _seen_exam(request: HttpRequest, exam_id: int) -> Exam:
    exam = exams_for(request.user, Capability.VIEW_BANK).filter(pk=exam_id).first()
    if exam is None:
        raise Http404
    return exam


def _seed(request: HttpRequest) -> str:
    """Return the asked seed if it looks like one; else a new one."""
    seed = request.GET.get("seed", "")
    return seed if len(seed) == 64 and set(seed) <= set("0123456789abcdef") else new_seed()


def _form(request: HttpRequest, exam: Exam) -> PaperForm | None:
    if exam.paper_source != PaperSource.FORMS:
        return None
    label = request.GET.get("form", "")
    return next((form for form in current_forms(exam) if form.label == label), None)


def _draw(request: HttpRequest, exam: Exam, seed: str) -> Paper | str:
    """Return a paper, or why there is none."""
    try:
        return draw_paper(exam, seed, form=_form(request, exam))
    except (BlueprintNotFeasible, PaperMissing) as error:
        return str(error)


@require_safe
@for_those_who(Capability.VIEW_BANK)
def exam_preview(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Show a paper as a candidate would get it, with its sums; the key only when an editor asks for it."""
    exam = _seen_exam(request, exam_id)
    seed = _seed(request)
    paper = _draw(request, exam, seed)
    title = _("预览一份试卷：%(exam)s") % {"exam": exam.title}
    if isinstance(paper, str):
        return render(request, "exams/office_paper_preview.html", exam_page(exam, title, problem=paper))
    may_edit = exams_for(request.user, Capability.MANAGE_EXAMS).filter(pk=exam.pk).exists()
    with_key = may_edit and request.GET.get("key") == "1"
    asked = {"seed": seed, "form": paper.get("form", "")}
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in asked.items() if value})
    context = exam_page(
        exam,
        title,
        facts=facts_of(paper),
        query=query.urlencode(),
        form_label=paper.get("form", ""),
        may_edit=may_edit,
        key=key_lines(paper) if with_key else None,
    )
    return render(request, "exams/office_paper_preview.html", context)


@require_safe
@xframe_options_sameorigin
@for_those_who(Capability.VIEW_BANK)
def exam_preview_paper(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Show the drawn questions on the candidate's page. There is no key in it."""
    exam = _seen_exam(request, exam_id)
    paper = _draw(request, exam, _seed(request))
    shown = () if isinstance(paper, str) else shown_draw(paper)
    scripts = sorted({question.script for question in shown if question.script})
    return render(request, "exams/paper_preview.html", {"exam": exam, "questions": shown, "scripts": scripts})


# A fixed paper


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_fixed(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Choose the questions of a fixed paper and their order. Every button works without a script.

    What is not saved yet stands in the form itself: each button sends the whole list and gets it back changed.
    """
    exam = own_exam(request, exam_id)
    problem = focus = ""
    places = [Place(row.version.question_id, row.points) for row in fixed_list(exam)]
    if request.method == "POST":
        places, problem, focus = chosen_places(request.POST)
        act = request.POST.get("act", "")
        if act in {"save", "renew"} and not problem:
            try:
                count = save_fixed_paper(
                    exam=exam,
                    places=places,
                    renew={place.question_id for place in places} if act == "renew" else (),
                    acting_user=editor(request),
                )
            except BadPaper as error:
                problem = str(error)
            else:
                messages.success(request, _("试卷已保存，共 %(n)s 题。") % {"n": count})
                return redirect("exams_office:exam-fixed", exam.pk)
    context = exam_page(
        exam, _("选题：%(exam)s") % {"exam": exam.title}, problem=problem, focus=focus
    ) | _picking(request, exam, places)
    return render(request, "exams/office_paper_fixed.html", context, status=422 if problem else 200)


def _picking(request: HttpRequest, exam: Exam, places: Sequence[Place]) -> dict[str, Any]:
    """Return the chosen questions in order, and a page of those that can be added."""
    points = {place.question_id: place.points for place in places}
    questions = {question.pk: question for question in pickable(exam).filter(pk__in=points)}
    pinned = {row.version.question_id: row.version for row in fixed_list(exam)}
    chosen: list[tuple[int, QuestionVersion, Decimal]] = []
    for question_id, given in points.items():
        question = questions.get(question_id)
        version = pinned.get(question_id) or (question and question.current_version)
        if version:
            chosen.append((question_id, version, given))
    form = PickForm(request.POST or request.GET or None)
    found = form.narrowed(pickable(exam).exclude(pk__in=points))
    _act, _sep, wanted = request.POST.get("act", "").partition("page:")
    page = Paginator(found, PICK_PAGE).get_page(wanted or 1)
    return {
        "chosen": chosen,
        "facts": facts_of_versions([(version, given) for _id, version, given in chosen]),
        "old": outdated([version.pk for version in pinned.values()]),
        "pick_form": form,
        "page": page,
    }


# Parallel forms


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_forms(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Draw parallel forms, and show how alike they are."""
    exam = own_exam(request, exam_id)
    form = FormsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = draw_forms(
                exam=exam, count=form.cleaned_data["count"], acting_user=editor(request), now=clock.now()
            )
        except (BadPaper, BlueprintEmpty, BlueprintNotFeasible) as error:
            form.add_error("count", str(error))
        else:
            messages.success(request, _("抽好了 %(n)s 份平行卷。") % {"n": len(made)})
            return redirect("exams_office:exam-forms", exam.pk)
    forms = current_forms(exam)
    hardness = [made.figures["hardness"] for made in forms]
    context = exam_page(
        exam,
        _("平行卷：%(exam)s") % {"exam": exam.title},
        form=form,
        forms=[
            made.figures | {"label": made.label, "lost_pct": round(made.figures["hardness"] * 100, 1)}
            for made in forms
        ],
        apart_pct=round((max(hardness) - min(hardness)) * 100, 1) if forms else None,
        old=outdated([slot["version_id"] for made in forms for slot in made.slots]),
        rules_changed=bool(forms) and not _follows_rules(exam, forms[0]),
        made_at=forms[0].made_at if forms else None,
    )
    return render(request, "exams/office_paper_forms.html", context, status=422 if form.errors else 200)


def _follows_rules(exam: Exam, form: PaperForm) -> bool:
    """Tell whether a form has the kinds, numbers and points the blueprint asks for now."""
    asked = Counter[tuple[str, Decimal]]()
    for kind, points, count in exam.blueprint_rows.values_list("kind", "points", "count"):
        asked[kind, points] += count
    return asked == Counter((slot["kind"], Decimal(slot["points"])) for slot in form.slots)
