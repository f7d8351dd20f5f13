"""Who may see which job."""

from typing import Any
from uuid import UUID

from jobs.models import Job


def get_job_for(user: Any, job_id: UUID) -> Job:
    """Return a job the user asked for; superusers see every job.

    Raises Job.DoesNotExist otherwise, whether or not there is such a job; views answer 404.
    """
    jobs = Job.objects.all()
    if not user.is_superuser:
        jobs = jobs.filter(requested_by_id=user.pk)
    return jobs.get(pk=job_id)
