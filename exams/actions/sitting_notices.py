"""What the people of a sitting are told: that they are to come, that it moved, that they need not, and the eve."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exams.models import OVER, Seat, Sitting, SittingEvent
from notices.actions import NoticeDraft, send_notices
from people.models import EmploymentStatus

# What a person on the roster must know; a change of anything else is the invigilators' affair.
TOLD_OF = ("exam_id", "place", "doors_at", "planned_at", "bring")


def lobby_path(sitting: Sitting) -> str:
    """Return the address of a sitting's lobby."""
    return reverse("exams:lobby", args=[sitting.public_id])


def tell_seated(*, event: SittingEvent, employee_ids: Iterable[int], now: dt.datetime) -> None:
    """Tell these people that `event` put them on the roster: when, where, and what to bring."""
    seats = Seat.objects.filter(sitting=event.sitting, employee_id__in=list(employee_ids))
    _tell(event, _recipients(seats), gettext_lazy("考试安排：%(exam)s"), now)


def tell_changed(*, event: SittingEvent, now: dt.datetime) -> None:
    """Tell everybody on the roster that time, place or what to bring is another since `event`."""
    recipients = _recipients(Seat.objects.filter(sitting=event.sitting))
    _tell(event, recipients, gettext_lazy("考试的时间或地点变了：%(exam)s"), now)


def tell_removed(*, event: SittingEvent, now: dt.datetime) -> None:
    """Tell the person of `event` that he or she is no longer on the roster."""
    person = event.employee
    if person is None or person.user_id is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        what = _("你已不在“%(title)s”的名单里，不用来了。有疑问请问安排考试的人。")
        _tell(
            event,
            [person.user_id],
            gettext_lazy("不用参加：%(exam)s"),
            now,
            what % {"title": event.sitting.title},
        )


def tell_cancelled(*, event: SittingEvent, now: dt.datetime) -> None:
    """Tell everybody on the roster that the sitting does not take place, and why."""
    recipients = _recipients(Seat.objects.filter(sitting=event.sitting))
    with translation.override(settings.LANGUAGE_CODE):
        what = _("%(at)s 在%(place)s的这场考试取消了，不用来。原因：%(why)s") % {
            "at": _moment(event.sitting.planned_at),
            "place": event.sitting.place,
            "why": event.text,
        }
        _tell(event, recipients, gettext_lazy("考试取消：%(exam)s"), now, what)


def remind_of_sittings(*, now: dt.datetime) -> int:
    """Remind those who sit an exam tomorrow; return how many. Once per person, sitting and day it is held on."""
    tomorrow = localdate(now) + dt.timedelta(days=1)
    starts = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    sittings = Sitting.objects.filter(
        planned_at__gte=starts, planned_at__lt=starts + dt.timedelta(days=1)
    ).exclude(state__in=OVER)
    drafts: list[NoticeDraft] = []
    with translation.override(settings.LANGUAGE_CODE):
        seats = _awaited(Seat.objects.filter(sitting__in=sittings, attempt=None))
        for seat in seats.select_related("sitting__exam", "employee").order_by("pk"):
            assert seat.employee.user_id is not None  # an active account: _awaited
            drafts.append(
                NoticeDraft(
                    recipient_id=seat.employee.user_id,
                    cause=f"sitting:{seat.sitting_id}:eve:{tomorrow}",
                    title=_("明天考试：%(exam)s") % {"exam": seat.sitting.exam.title},
                    body=told_of(seat.sitting),
                    link=lobby_path(seat.sitting),
                )
            )
    send_notices(drafts=drafts, now=now)
    return len(drafts)


def told_of(sitting: Sitting) -> str:
    """Return when and where a sitting is and what to bring, in a few sentences."""
    text = _("%(at)s 开考，%(doors)s 开门候考。考场：%(place)s。") % {
        "at": _moment(sitting.planned_at),
        "doors": f"{localtime(sitting.doors_at):%H:%M}",
        "place": sitting.place,
    }
    return text + _("请带：%(bring)s。") % {"bring": sitting.bring.rstrip("。.")} if sitting.bring else text


def _moment(at: dt.datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def _awaited(seats: QuerySet[Seat]) -> QuerySet[Seat]:
    """Return the seats of people who can still be told something and come."""
    return seats.filter(~Q(employee__status=EmploymentStatus.LEFT), employee__user__is_active=True)


def _recipients(seats: QuerySet[Seat]) -> list[int]:
    ids = _awaited(seats).order_by("pk").values_list("employee__user_id", flat=True)
    return [user_id for user_id in ids if user_id is not None]


def _tell(
    event: SittingEvent, recipient_ids: Iterable[int], title: str | Promise, now: dt.datetime, body: str = ""
) -> None:
    """Send one message about an event. Without `body` it says when and where, and leads to the lobby."""
    sitting = event.sitting
    with translation.override(settings.LANGUAGE_CODE):
        text = body or told_of(sitting)
        drafts = [
            NoticeDraft(
                recipient_id=user_id,
                cause=f"sitting:{sitting.pk}:{event.kind}:{event.pk}",
                title=str(title) % {"exam": sitting.exam.title},
                body=text,
                link="" if body else lobby_path(sitting),
            )
            for user_id in recipient_ids
        ]
    send_notices(drafts=drafts, now=now)
