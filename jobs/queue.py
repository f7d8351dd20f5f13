"""The one adapter over django-q. Everything that runs in the background goes through here.

The queue is a table of the same database, so a job and the facts it is about commit or vanish together.
Delivery is at least once: a worker that dies leaves the job to the next one. Every task is idempotent.
"""

import datetime as dt
import json
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from common.clock import now
from jobs.models import Job, JobState

log = structlog.get_logger("anxue.jobs")
RUNNER = "jobs.queue.run_job"
# What a task returns that has done a part of its work: the queue calls it again, after whatever waits. So a long
# job is never cut off by the queue's time limit and keeps nobody waiting; it must find its own place again.
MORE_TO_DO: Final[dict[str, Any]] = {"more_to_do": True}


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
            task=task,
            title=title[:200],
            params=params,
            requested_by=requested_by,
            total=total,
            created_at=now(),
        )
        async_task(RUNNER, str(job.pk), group=task)
    return job


def run_job(job_id: str) -> None:
    """Run one job in the worker; a job that is done is left alone (it was delivered twice).

    An exception is kept on the job for people to read, and raised again so that the queue tries once more.
    Raises Job.DoesNotExist if the job was deleted, and whatever the task raises.
    """
    job = Job.objects.get(pk=job_id)
    if job.state == JobState.DONE:
        return
    if job.state == JobState.QUEUED and job.started_at:
        Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)  # it goes on where it stopped
    else:
        Job.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING, started_at=now(), finished_at=None, done=0, message=""
        )
    job.refresh_from_db()
    try:
        result = import_string(job.task)(job) or {}
        json.dumps(result)  # a result that cannot be kept is the task's failure, not a job that never ends
    except Exception as error:
        Job.objects.filter(pk=job.pk).update(
            state=JobState.FAILED, finished_at=now(), message=_told(f"{type(error).__name__}: {error}")
        )
        log.exception("job_failed", job=str(job.pk), task=job.task)
        raise
    if result is MORE_TO_DO:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
            async_task(RUNNER, job_id, group=job.task)
        return
    Job.objects.filter(pk=job.pk).update(
        state=JobState.DONE, finished_at=now(), done=F("total"), result=result
    )


def _told(message: str) -> str:
    """Return a message as the column can hold it: PostgreSQL refuses NUL in a text."""
    return message.replace("\x00", "")[:500]


def report_progress(job: Job, *, done: int, total: int, message: str = "") -> None:
    """Note how far a job is. Callers report a few times a second at most; each call is one UPDATE."""
    Job.objects.filter(pk=job.pk).update(done=min(done, total), total=total, message=_told(message))


def run_pending_jobs(limit: int = 1000) -> int:
    """Run queued jobs here and now, oldest first, and return how many ran.

    For commands that must leave nothing behind (loading the demo) and for tests. A worker may run beside it:
    what that worker has taken is left to it, and what runs here is taken as a worker takes it, so that a job
    whose run was cut short is delivered again. Raises what the first failing job raises.
    """
    ran = 0
    while ran < limit:
        row = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("id").first()
        if row is None:
            break
        taken_until = timezone.now() + dt.timedelta(seconds=Conf.RETRY)
        if not OrmQ.objects.filter(pk=row.pk, lock=row.lock).update(lock=taken_until):
            continue
        package = SignedPackage.loads(row.payload)
        import_string(package["func"])(*package["args"], **package["kwargs"])
        OrmQ.objects.filter(pk=row.pk).delete()
        ran += 1
    return ran
