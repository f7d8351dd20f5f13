"""The page on which somebody watches a job."""

from pathlib import PurePosixPath
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.models import FINAL_STATES, Job
from jobs.queries import get_job_for

SIGNS = {"queued": "care", "running": "must", "done": "safe", "failed": "stop"}


def _job_or_404(request: HttpRequest, job_id: UUID) -> Job:
    try:
        return get_job_for(request.user, job_id)
    except Job.DoesNotExist as error:
        raise Http404 from error


@never_cache
@login_required
@require_safe
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show how far a job is; the page asks for its own inner part until the job ends.

    A task may leave `next_url` (an address of this site) and `next_label` in its result: where to go on.
    """
    job = _job_or_404(request, job_id)
    next_url = str(job.result.get("next_url", ""))
    context = {
        "job": job,
        "sign": SIGNS[job.state],
        "is_final": job.state in FINAL_STATES,
        "next_url": next_url if next_url.startswith("/") and not next_url.startswith("//") else "",
    }
    is_poll = request.headers.get("HX-Request") == "true"
    return render(request, "jobs/_job.html" if is_poll else "jobs/job_detail.html", context)


@login_required
@require_safe
def job_file(request: HttpRequest, job_id: UUID) -> FileResponse:
    """Send the file a job made, as a download, to who asked for it."""
    job = _job_or_404(request, job_id)
    if not job.result_file:
        raise Http404
    name = PurePosixPath(job.result_file.name or "").name
    return FileResponse(job.result_file.open("rb"), as_attachment=True, filename=name)
