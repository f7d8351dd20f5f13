"""Recurring and queued work of the room."""

from django.core.files.base import ContentFile

from access.actions import badges, hooks
from access.actions.badge_sheets import badge_sheet
from common import clock
from jobs.models import Job
from people.models import User


def send_deliveries(job: Job) -> dict[str, int]:
    """Send messages about changed clearance, as soon as there are some."""
    return {"sent": hooks.send_due(now=clock.now())}


def send_waiting() -> int:
    """Send what could not be sent before; return how many messages arrived. Scheduled each minute."""
    return hooks.send_due(now=clock.now())


def drop_old() -> int:
    """Delete what is kept for half a year and is older; return how many rows. Scheduled each night."""
    return badges.drop_old(now=clock.now())


def print_badges(job: Job) -> dict[str, int]:
    """Print the badges of the people a job names onto sheets; the PDF is the job's file."""
    if job.result_file:
        return job.result
    user = User.objects.get(pk=job.params["user_id"])
    pdf, count = badge_sheet(
        employee_ids=job.params["employee_ids"],
        with_photo=job.params["with_photo"],
        acting_user=user,
        now=clock.now(),
    )
    job.result_file.save("badges.pdf", ContentFile(pdf), save=False)
    Job.objects.filter(pk=job.pk).update(result_file=job.result_file.name)
    return {"badges": count}
