"""What a sitting has on paper: the slips with the tickets, and the record with its signatures. Made by jobs."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from common.printing import STATIC_SCHEME, OwnFilesOnly, qr_svg
from exams.actions.seat_tickets import issue_tickets
from exams.actions.sittings import locked
from exams.errors import SittingRefused
from exams.models import OVER, Sitting
from exams.queries.sittings import get_sitting_for, record_of
from jobs.models import Job
from jobs.queue import enqueue
from people.models import User

TICKETS, RECORD = "exams.tasks.print_tickets", "exams.tasks.print_record"
Told = Callable[[int, int], None]


def ticket_url(token: str) -> str:
    """Return the address in the QR code of a ticket."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('exams:ticket', args=[token])}"


def queue_tickets(*, sitting_id: int, acting_user: User) -> Job:
    """Queue the job that issues and prints tickets. Raises SittingRefused (`over`, `nobody`); PermissionDenied."""
    with transaction.atomic():
        sitting = locked(sitting_id, acting_user)
        if sitting.state in OVER:
            raise SittingRefused("over", _("这个场次已经结束，不再签发入场凭条。"))
        if not sitting.seats.exists():
            raise SittingRefused("nobody", _("名单里还没有人。请先编排名单，再打印凭条。"))
        return _queue(TICKETS, _("入场凭条：%(title)s"), sitting, acting_user)


def queue_record(*, sitting_id: int, acting_user: User) -> Job:
    """Queue the job that prints the record of a sitting as it stands. Raises PermissionDenied."""
    with transaction.atomic():
        return _queue(RECORD, _("考场记录表：%(title)s"), locked(sitting_id, acting_user), acting_user)


def _queue(task: str, title: str, sitting: Sitting, acting_user: User) -> Job:
    return enqueue(
        task,
        title=title % {"title": sitting.title},
        params={"sitting_id": sitting.pk},
        requested_by=acting_user,
    )


def print_tickets(*, sitting_id: int, acting_user: User, now: dt.datetime, job: Job, progress: Told) -> int:
    """Issue tickets to all who have not arrived and put the slips into the job's file; return how many.

    Run twice, the slips of the second run are good and those of the first are not.
    """
    issued = issue_tickets(sitting_id=sitting_id, acting_user=acting_user, now=now)
    progress(0, len(issued))
    sitting = Sitting.objects.select_related("exam").get(pk=sitting_id)
    slips = [
        {"seat": ticket.seat, "link": ticket_url(ticket.token), "qr": qr_svg(ticket_url(ticket.token))}
        for ticket in issued
    ]
    context = {"sitting": sitting, "slips": slips, "organisation": settings.ORGANISATION_NAME}
    _keep(job, "pdf/seat_tickets.html", context, _("入场凭条"), sitting)
    progress(len(issued), len(issued))
    return len(issued)


def print_record(*, sitting_id: int, acting_user: User, now: dt.datetime, job: Job) -> None:
    """Put the record of a sitting into the job's file: attendance, times, incidents, lines to sign on."""
    sitting = get_sitting_for(acting_user, sitting_id)
    context: Mapping[str, Any] = {
        **record_of(sitting, reader=acting_user, now=now),
        "sitting": sitting,
        "printed_at": now,
        "printed_by": acting_user,
        "organisation": settings.ORGANISATION_NAME,
    }
    _keep(job, "pdf/sitting_record.html", context, _("考场记录表"), sitting)


def _keep(job: Job, template: str, context: Mapping[str, Any], name: str, sitting: Sitting) -> None:
    page = render_to_string(template, dict(context))
    document = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
    pdf = bytes(document.write_pdf(font_config=FontConfiguration()))
    day = localtime(sitting.planned_at).strftime("%Y%m%d-%H%M")
    job.result_file.save(f"{name}-{day}.pdf", ContentFile(pdf))
