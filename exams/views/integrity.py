"""The candidate's side of integrity: what the page noted, photographs, and the Safe Exam Browser."""

import base64
import datetime as dt
import tempfile
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from common import clock, quarantine
from common.devices import device_of
from common.throttle import within_limit
from exams.actions.guards import require_seb
from exams.actions.integrity import note_events
from exams.actions.integrity_photos import answer_photo_request, keep_photo
from exams.errors import AttemptClosed, AttemptMoved, BadEvent, PhotoNotWanted, SebNeeded
from exams.forms.events import parse_events
from exams.models import Attempt, AttemptState, ExamGuard
from exams.queries import get_attempt_for, own_employee_id
from exams.queries.integrity import photo_agreed, photo_due
from exams.views.origin import origin_of
from people.importers.photos import MAX_BYTES

private = cache_control(no_store=True, private=True)
REPORTS_A_MINUTE = 20  # of one person at one attempt: the page sends one every few seconds at most
UPLOADS_A_MINUTE = 6


def seb_page(request: HttpRequest, title: str) -> HttpResponse:
    """Say that this exam opens in a Safe Exam Browser only, and what to do."""
    return render(request, "exams/seb_needed.html", {"title": title}, status=403)


def guarded_page(request: HttpRequest, attempt: Attempt) -> HttpResponse | None:
    """Return the page that stands before the paper: no Safe Exam Browser, or photographs not yet asked about.

    No statement for an exam that asks for neither.
    """
    try:
        require_seb(attempt, origin_of(request))
    except SebNeeded:
        return seb_page(request, attempt.exam.title)
    if attempt.paper["policy"].get("photo") and photo_agreed(attempt.pk) is None:
        return redirect("exams:photo-consent", public_id=attempt.public_id)
    return None


def photo_asked_for(attempt: Attempt, now: dt.datetime) -> dict[str, Any] | None:
    """Return whether a photograph is wanted now; None where the exam asks for none or the person declined."""
    if not attempt.paper["policy"].get("photo") or not photo_agreed(attempt.pk):
        return None
    return {"due": photo_due(attempt.pk, now) is not None}


@require_POST
@private
def events(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep what the answering page noted. It is never waited for: whatever is wrong, answering goes on."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "signed_out"}, status=401)
    now = clock.now()
    if not within_limit(
        "exam-events", f"{request.user.pk}:{public_id}", limit=REPORTS_A_MINUTE, window_s=60, now=now
    ):
        return JsonResponse({"error": "too_often"}, status=429)
    try:
        source, noted = parse_events(request.body)
        kept = note_events(
            attempt_public_id=public_id,
            employee_id=own_employee_id(request.user),
            source=source,
            events=noted,
            device=device_of(request),
            origin=origin_of(request),
            now=now,
        )
    except Attempt.DoesNotExist:
        return JsonResponse({"error": "not_found"}, status=404)
    except BadEvent as error:
        return JsonResponse({"error": error.code, "message": str(error), "field": error.field}, status=400)
    except (AttemptClosed, AttemptMoved) as error:
        return JsonResponse({"error": error.code, "message": str(error)}, status=409)
    reply: dict[str, object] = {"kept": kept}
    if not noted:
        # The page asks without events only where photographs may be due.
        attempt = get_attempt_for(request.user, public_id)
        reply["photo"] = photo_asked_for(attempt, now)
    return JsonResponse(reply)


def _own_open_attempt(request: HttpRequest, public_id: uuid.UUID) -> Attempt:
    assert request.user.is_authenticated
    try:
        attempt = get_attempt_for(request.user, public_id)
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    if not attempt.paper["policy"].get("photo"):
        raise Http404
    return attempt


@require_http_methods(["GET", "POST"])
@login_required
@private
def photo_consent(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask whether photographs may be taken; either answer leads to the paper."""
    attempt = _own_open_attempt(request, public_id)
    if request.method == "POST" and request.POST.get("answer") in {"agree", "decline"}:
        assert request.user.is_authenticated
        agreed = request.POST["answer"] == "agree"
        try:
            answer_photo_request(
                attempt_public_id=public_id,
                employee_id=own_employee_id(request.user),
                agreed=agreed,
                now=clock.now(),
            )
        except AttemptClosed:
            return redirect("exams:result", public_id=public_id)
        if not agreed:
            messages.info(request, _("不拍照。请让监考人员或培训师当面核对你是本人。"))
        return redirect("exams:attempt", public_id=public_id)
    if attempt.state != AttemptState.OPEN:
        return redirect("exams:result", public_id=public_id)
    guard = ExamGuard.objects.filter(exam=attempt.exam_id).first()
    return render(
        request,
        "exams/photo_consent.html",
        {"attempt": attempt, "guard": guard, "agreed": photo_agreed(attempt.pk)},
    )


@require_POST
@login_required
@private
def photo(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep a photograph, drawn anew in a child process; a script gets JSON, a plain form goes back."""
    attempt = _own_open_attempt(request, public_id)
    assert request.user.is_authenticated
    now = clock.now()
    problem = ""
    if not within_limit(
        "exam-photo", f"{request.user.pk}:{public_id}", limit=UPLOADS_A_MINUTE, window_s=60, now=now
    ):
        problem = _("上传得太频繁，请过一分钟再试。")
    elif photo_asked_for(attempt, now) != {"due": True}:
        # Asked before anything is drawn anew: a child process is not for whoever feels like it.
        problem = str(PhotoNotWanted())
    else:
        jpeg = _drawn_anew(request.FILES.get("photo"))
        if jpeg is None:
            problem = _("这个文件不是能读的照片（JPEG、PNG 或 WebP，10 MB 以内），请重新拍一张。")
        else:
            try:
                keep_photo(
                    attempt_public_id=public_id,
                    employee_id=own_employee_id(request.user),
                    jpeg=jpeg,
                    now=now,
                )
            except (AttemptClosed, PhotoNotWanted) as error:
                problem = str(error)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"message": problem}, status=400 if problem else 200)
    messages.error(request, problem) if problem else messages.success(request, _("照片已保存。"))
    return redirect("exams:attempt", public_id=public_id)


def _drawn_anew(upload: Any) -> bytes | None:
    """Return an uploaded picture drawn anew, without anything but pixels; None for what is no picture."""
    if upload is None or (upload.size or 0) > MAX_BYTES:
        return None
    with tempfile.NamedTemporaryFile() as handle:
        for piece in upload.chunks():
            handle.write(piece)
        handle.flush()
        try:
            drawn = quarantine.run("people.importers.photos:draw_anew", handle.name, timeout_s=20)
        except quarantine.Quarantined:
            return None
    return base64.b64decode(drawn["jpeg"]) if "jpeg" in drawn else None
