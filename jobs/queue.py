"""The one adapter over django-q. Everything that runs in the background goes through here.

The queue is a table of the same database, so a job and the facts it is about commit or vanish together.
Delivery is at least once: a worker that dies leaves the job to the next one. Every task is idempotent.
"""

from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from common.clock import now
from jobs.models import FINAL_STATES, Job, JobState

log = structlog.get_logger("anxue.jobs")
RUNNER = "jobs.queue.run_job"


def enqueue(
    task: str, *, title: str, params: dict[str, Any], requested_by: Any = None, total: int = 0
) -> Job:
    """Queue `task` (the dotted path of a function taking a Job) and return its Job.

    Call it inside the transaction of the facts the job is about. `params` holds ids and small values only.
    Raises ImportError if there is no such function, so a typo fails here and not in the worker.
    """
    import_string(task)
    with transaction.atomic():
        job = Job.objects.create(
            task=task, title=title, params=params, requested_by=requested_by, total=total, created_at=now()
        )
        async_task(RUNNER, str(job.pk), group=task)
    return job


def run_job(job_id: str) -> None:
    """Run one job in the worker; a job that already ended is left alone (it was delivered twice).

    An exception is kept on the job for people to read, and raised again so that the queue tries once more.
    """
    job = Job.objects.get(pk=job_id)
    if job.state in FINAL_STATES and job.state != JobState.FAILED:
        return
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, started_at=now(), message="")
    job.refresh_from_db()
    try:
        result = import_string(job.task)(job)
    except Exception as error:
        Job.objects.filter(pk=job.pk).update(
            state=JobState.FAILED, finished_at=now(), message=f"{type(error).__name__}: {error}"[:500]
        )
        log.exception("job_failed", job=str(job.pk), task=job.task)
        raise
    Job.objects.filter(pk=job.pk).update(
        state=JobState.DONE, finished_at=now(), done=F("total"), result=result or {}
    )


def report_progress(job: Job, *, done: int, total: int, message: str = "") -> None:
    """Note how far a job is. Callers report a few times a second at most; each call is one UPDATE."""
    Job.objects.filter(pk=job.pk).update(done=min(done, total), total=total, message=message[:500])


def run_pending_jobs(limit: int = 1000) -> int:
    """Run queued jobs here and now, oldest first, and return how many ran.

    For commands that must leave nothing behind (loading the demo) and for tests; a worker may run beside it.
    """
    ran = 0
    while ran < limit:
        row = OrmQ.objects.order_by("id").first()
        if row is None:
            break
        package = SignedPackage.loads(row.payload)
        # Whoever deletes the row owns the job, so a worker beside us does not run it too.
        deleted, _ = OrmQ.objects.filter(pk=row.pk).delete()
        if not deleted:
            continue
        import_string(package["func"])(*package["args"], **package["kwargs"])
        ran += 1
    return ran
