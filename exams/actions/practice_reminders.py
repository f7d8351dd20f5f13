"""The one message of a day about practice: to those who answer the daily question, before they forget."""

import datetime as dt

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from exams.models import PracticeAnswer, PracticeMode
from exams.queries.practice_pool import pool
from notices.actions import NoticeDraft, send_notices
from people.models import Employee, EmploymentStatus

STILL_AT_IT = dt.timedelta(days=14)  # who has not answered for longer is left in peace


def remind_of_daily_question(*, now: dt.datetime) -> int:
    """Send everybody who answers the daily question, and not yet today's, one message; return how many.

    At most one a day and person, however often this runs; none when there is nothing to ask.
    """
    today = localdate(now)
    if not pool(now, machine_only=True):
        return 0
    daily = PracticeAnswer.objects.filter(mode=PracticeMode.DAILY)
    recent = daily.filter(day__gte=today - STILL_AT_IT, day__lt=today).values("employee")
    people = (
        Employee.objects.filter(pk__in=recent, status=EmploymentStatus.ACTIVE, user__is_active=True)
        .exclude(pk__in=daily.filter(day=today).values("employee"))
        .order_by("pk")
    )
    drafts = [
        NoticeDraft(
            recipient_id=user_id,
            cause=f"practice-daily:{today}",
            title=_("今天的每日一题"),
            body=_("一天一道，一分钟。不计学时，不影响成绩。"),
            link=reverse("exams:practice-daily"),
        )
        for user_id in people.values_list("user_id", flat=True)
        if user_id is not None
    ]
    send_notices(drafts=drafts, now=now)
    return len(drafts)
