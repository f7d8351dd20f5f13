"""Papers on paper: freezing one for a unit and a day, and making its three PDFs."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from exams.actions.papers import draw_paper
from exams.drawing import new_seed
from exams.models import Exam, PaperForm, PaperSource, PrintedPaper
from exams.permissions import require_over_bank
from exams.queries.paper_key import key_lines
from exams.queries.paper_print import by_kind, print_sections
from exams.queries.paper_sources import current_forms
from exams.rendering import render_part
from jobs.models import Job
from jobs.queue import enqueue
from people.audit import record_audit
from people.models import OrgUnit, User
from people.permissions import Capability, allows

# Without 0, O, 1, I, L: read aloud and typed from paper. 31^8 codes.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
TASK = "exams.tasks.print_papers"


@transaction.atomic
def print_papers(
    *,
    exam: Exam,
    unit: OrgUnit,
    sat_on: dt.date,
    label: str = "",
    second_entry: bool = False,
    acting_user: User | None,
    now: dt.datetime,
) -> tuple[list[PrintedPaper], Job]:
    """Freeze a paper for a unit's exam on a day, one for each parallel form (or that of `label` alone).

    The PDFs are made by the returned job. Everybody with the same code has the same questions and options in
    the same order, so one key fits.
    Raises: PermissionDenied; BlueprintNotFeasible; PaperMissing.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    if acting_user is not None and not allows(acting_user, Capability.MANAGE_EXAMS, unit):
        raise PermissionDenied(_("你没有在单位“%(unit)s”组织考试的权限。") % {"unit": unit.name})
    forms: list[PaperForm | None] = [None]
    if exam.paper_source == PaperSource.FORMS:
        forms = [form for form in current_forms(exam) if label in {"", form.label}] or [None]
    made = []
    for form in forms:
        code = _new_code()
        paper = by_kind(draw_paper(exam, new_seed(), form=form))
        paper["printed"] = code
        made.append(
            PrintedPaper.objects.create(
                exam=exam,
                unit=unit,
                code=code,
                label=paper.get("form", ""),
                paper=paper,
                sat_on=sat_on,
                second_entry=second_entry,
                made_by=acting_user,
                made_at=now,
            )
        )
    codes = [printed.code for printed in made]
    record_audit(exam, "exams.exam.print", acting_user, {"codes": codes, "unit": unit.name})
    job = enqueue(
        TASK,
        title=_("印制试卷：%(exam)s") % {"exam": exam.title},
        params={"printed_ids": [printed.pk for printed in made], "exam_id": exam.pk},
        requested_by=acting_user,
        total=len(made),
    )
    return made, job


def _new_code() -> str:
    while True:
        code = "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))
        if not PrintedPaper.objects.filter(code=code).exists():
            return code


def make_files(*, printed_id: int) -> PrintedPaper:
    """Make and store the three PDFs of a printed paper; those that are there stay.

    Rendering happens outside any transaction. Raises: PrintedPaper.DoesNotExist; RenderingFailed.
    """
    printed = PrintedPaper.objects.select_related("exam", "unit").get(pk=printed_id)
    if printed.key_file:
        return printed
    context = printed_context(printed)
    address = f"{settings.PUBLIC_BASE_URL}{reverse('exams_office:paper-marks', args=[printed.public_id])}"
    made = {part: render_part(part, context, address) for part in ("paper", "sheet")}
    with translation.override(settings.LANGUAGE_CODE):
        context["key"] = key_lines(printed.paper)
    made["key"] = render_part("key", context, address)
    for part, pdf in made.items():
        getattr(printed, f"{part}_file").save(f"{printed.public_id}-{part}.pdf", ContentFile(pdf), save=False)
    printed.save(update_fields=["paper_file", "sheet_file", "key_file"])
    return printed


def printed_context(printed: PrintedPaper) -> dict[str, Any]:
    """Return what the paper's pages show; the key is not in it."""
    policy: Mapping[str, Any] = printed.paper["policy"]
    with translation.override(settings.LANGUAGE_CODE):
        sections = print_sections(printed)
    points = sum(section.points for section in sections)
    return {
        "printed": printed,
        "title": printed.exam.title,
        "unit": printed.unit.name,
        "sections": sections,
        "points": points,
        "minutes": policy["duration_s"] // 60,
        "pass_pct": policy["pass_pct"],
        "must_know_fails": policy["must_know_fails"],
        "questions": len(printed.paper["slots"]),
    }
