"""When an exam on paper was sat: given by who types its marks in, for the marks that come to count from then on."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from exams.errors import BadPaperMark
from exams.models import PaperTime, PrintedPaper
from exams.queries.paper_marks import time_of
from people.audit import record_audit
from people.models import User
from people.permissions import Capability, allows

MOST_MINUTES = 600


@transaction.atomic
def give_time(
    *,
    printed: PrintedPaper,
    starts_at: dt.datetime,
    duration_min: int,
    acting_user: User | None,
    now: dt.datetime,
) -> PaperTime:
    """Note when a paper was sat and for how long; given again the same, nothing changes.

    Marks that count already keep the time they were entered with: one paper may be sat in groups.
    Raises: PermissionDenied; BadPaperMark (`time`) for a time that is not over yet, or no possible duration.
    """
    if acting_user is not None and not allows(acting_user, Capability.MARK_ATTEMPTS, printed.unit):
        raise PermissionDenied(_("你没有给这份试卷登分的权限。需要时请联系系统管理员授予阅卷人角色。"))
    if not 1 <= duration_min <= MOST_MINUTES:
        raise BadPaperMark("time", _("考试时长要在 1 到 %(n)s 分钟之间。") % {"n": MOST_MINUTES})
    ends_at = starts_at + dt.timedelta(minutes=duration_min)
    if ends_at > now:
        message = _("这场考试到 %(at)s 才结束，考完以后再登记时间。")
        raise BadPaperMark("time", message % {"at": f"{localtime(ends_at):%Y-%m-%d %H:%M}"})
    # Two who give the time at once wait for each other, so that the newest is the last one given.
    PrintedPaper.objects.select_for_update(of=("self",)).only("pk").get(pk=printed.pk)
    known = time_of(printed)
    if known is not None and (known.starts_at, known.duration_min) == (starts_at, duration_min):
        return known
    given = PaperTime.objects.create(
        printed=printed, starts_at=starts_at, duration_min=duration_min, given_by=acting_user, given_at=now
    )
    data = {"code": printed.code, "starts_at": starts_at.isoformat(), "minutes": duration_min}
    record_audit(printed.exam, "exams.printed.time", acting_user, data)
    return given
