"""The ledger as something that can be proved: one row with its proof, its correction, seals, checkpoint, verification."""

import json
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from common.signatures import known_keys
from jobs.queue import enqueue
from people.permissions import Capability, allows
from people.queries import employees_for
from training.actions.ledger import correct_record
from training.actions.sealing import checkpoint_name, checkpoint_text, take_checkpoint
from training.errors import CorrectionRefused, LedgerBroken, NotSealed
from training.ledger_forms import CorrectionForm, VerificationForm
from training.models import LedgerCheckpoint, RecordSalt, TrainingRecord
from training.permissions import may, require_scope
from training.queries.proofs import proof_of
from training.queries.records import records_for_user
from training.queries.seals import VERIFICATION, ledger_state
from training.seals import SealFacts
from training.views.pages import admin_page, signed_in

CHECKER = "check_ledger.py"
_KEEPERS = (Capability.MANAGE_TRAINING, Capability.VIEW_AUDIT)


def _record(request: HttpRequest, seq: int) -> TrainingRecord:
    """Return a row of somebody in scope; not found otherwise, whether or not there is one."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    record = records_for_user(request.user).select_related("corrected_by").filter(seq=seq).first()
    if record is None:
        raise Http404
    return record


def _parents(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return ((reverse("training_office:ledger"), _("培训台账")), *more)


def _title(record: TrainingRecord) -> str:
    return _("台账第 %(seq)s 号") % {"seq": record.seq}


@require_safe
def record_inspect(request: HttpRequest, seq: int) -> HttpResponse:
    """Show one row: what it says, whether it is sealed, what it corrects or is corrected by."""
    record = _record(request, seq)
    said = json.loads(record.payload)
    newer = TrainingRecord.objects.filter(corrects=record).first()
    context = {
        "record": record,
        "state": ledger_state(),
        "content": said.get("content", []),
        "replaces": said.get("replaces", ""),
        "reason": RecordSalt.objects.filter(record=record, field=RecordSalt.Field.REASON).first(),
        "newer": newer,
        "may_correct": newer is None and _may_correct(request, record),
    }
    return admin_page(
        request, "training/ledger_inspect.html", _title(record), context, parents=_parents(), icon="doc-full"
    )


def _may_correct(request: HttpRequest, record: TrainingRecord) -> bool:
    people = employees_for(request.user, Capability.MANAGE_TRAINING)
    return people.filter(pk=record.employee_id).exists()


@require_safe
def record_proof(request: HttpRequest, seq: int) -> HttpResponse:
    """Send the file that proves one row to people outside. It names nobody."""
    record = _record(request, seq)
    try:
        proof = proof_of(record)
    except (NotSealed, LedgerBroken) as error:
        messages.error(request, str(error))
        return redirect("training_office:ledger-record", seq=seq)
    return _download(json.dumps(proof, ensure_ascii=False, indent=1) + "\n", f"ledger-proof-{seq}.json")


@require_http_methods(["GET", "HEAD", "POST"])
def record_correct(request: HttpRequest, seq: int) -> HttpResponse:
    """Add a row that says what this one should have said."""
    require_scope(request.user, Capability.MANAGE_TRAINING)
    record = _record(request, seq)
    if not _may_correct(request, record):
        raise PermissionDenied
    form = CorrectionForm(request.POST or None, record=record)
    if request.method == "POST" and form.is_valid():
        try:
            new = correct_record(
                record=record,
                reason=form.cleaned_data["reason"],
                acting_user=signed_in(request),
                now=clock.now(),
                **form.changes(),
            )
        except CorrectionRefused as error:
            form.add_error(None, str(error))
        else:
            values = {"new": new.seq, "old": record.seq}
            messages.success(request, _("已记入台账第 %(new)s 号，更正第 %(old)s 号。") % values)
            return redirect("training_office:ledger-record", seq=new.seq)
    return admin_page(
        request,
        "training/ledger_correct.html",
        _("更正台账第 %(seq)s 号") % {"seq": seq},
        {"form": form, "record": record},
        parents=_parents((reverse("training_office:ledger-record", args=[seq]), _title(record))),
        icon="doc-full",
        status=422 if request.method == "POST" else 200,
    )


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """Show how far the ledger is sealed, when its root last left the house, and what the last check found."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    state = ledger_state()
    context = {
        "state": state,
        "found": state.checked.result if state.checked and state.checked.state == "done" else None,
        "may_keep": any(may(request.user, capability) for capability in _KEEPERS),
        "form": VerificationForm(),
        "keys": known_keys(),
    }
    return admin_page(
        request, "training/ledger_seals.html", _("台账封存"), context, parents=_parents(), icon="lock"
    )


def _require_keeper(request: HttpRequest) -> None:
    require_scope(request.user, Capability.VIEW_COVERAGE)
    if not any(allows(request.user, capability) for capability in _KEEPERS):
        raise PermissionDenied


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Queue a verification of the whole ledger, against a checkpoint if one is uploaded."""
    _require_keeper(request)
    form = VerificationForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors.get("checkpoint", [])))
        return redirect("training_office:ledger-seals")
    job = enqueue(
        VERIFICATION,
        title=_("核验培训台账"),
        params={
            "checkpoint": form.cleaned_data["checkpoint"],
            "next_url": reverse("training_office:ledger-seals"),
        },
        requested_by=signed_in(request),
    )
    return redirect("jobs:detail", job.pk)


@require_POST
def checkpoint_file(request: HttpRequest) -> HttpResponse:
    """Send the newest seal as a file to keep elsewhere, and note that it was taken."""
    facts = _taken(request, LedgerCheckpoint.Way.FILE)
    if facts is None:
        return redirect("training_office:ledger-seals")
    return _download(checkpoint_text(facts), checkpoint_name(facts))


@require_POST
def checkpoint_print(request: HttpRequest) -> HttpResponse:
    """Show the newest seal as a sheet to print, sign and put away, and note that it was taken."""
    facts = _taken(request, LedgerCheckpoint.Way.PRINT)
    if facts is None:
        return redirect("training_office:ledger-seals")
    code = segno.make(facts.line(), micro=False).svg_inline(scale=3, border=4, light="#fff")
    context: dict[str, Any] = {
        "facts": facts,
        "code": mark_safe(code),  # noqa: S308 - drawn here from hex digits and the site's own address
        "now": clock.now(),
        "organisation": settings.ORGANISATION_NAME,
    }
    return admin_page(
        request,
        "training/ledger_checkpoint.html",
        _("培训台账检查点"),
        context,
        parents=_parents((reverse("training_office:ledger-seals"), _("台账封存"))),
        icon="lock",
    )


def _taken(request: HttpRequest, way: str) -> SealFacts | None:
    _require_keeper(request)
    facts = take_checkpoint(way=way, acting_user=signed_in(request), now=clock.now())
    if facts is None:
        messages.error(request, _("台账还没有封存过，一分钟后再试。"))
    return facts


@require_safe
def checker(request: HttpRequest) -> FileResponse:
    """Send the program that checks proofs and exports on any machine with Python."""
    require_scope(request.user, Capability.VIEW_COVERAGE)
    path = Path(settings.PROJECT_DIR) / "tools" / CHECKER
    return FileResponse(path.open("rb"), as_attachment=True, filename=CHECKER, content_type="text/x-python")


def _download(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store, private"
    return response
