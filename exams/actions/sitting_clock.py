"""What a sitting's record says of a clock that was set while it ran."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from exams.models import OPEN_DOORS, Sitting, SittingEvent, SittingEventKind, SittingState
from jobs.signals import ClockStepped


@transaction.atomic
def note_clock_step(*, event: ClockStepped) -> int:
    """Add a step of a clock to the record of each sitting it fell into; return how many. Heard twice, it is one."""
    fell_into = Q(state__in=OPEN_DOORS)
    if event.seconds > 0:
        # A clock put forward ends sittings itself, perhaps before the keeper of the queue has seen it.
        jumped = dt.timedelta(seconds=event.seconds)
        fell_into |= Q(state=SittingState.ENDED, ended_at__gte=event.at - jumped, ended_at__lte=event.at)
    told = SittingEvent.objects.filter(kind=SittingEventKind.CLOCK, data__clock_step=event.step_id)
    sittings = Sitting.objects.select_for_update().filter(fell_into).exclude(pk__in=told.values("sitting"))
    data = {
        "clock_step": event.step_id,
        "source": event.source,
        "by_s": round(abs(event.seconds), 1),
        "ahead": event.seconds > 0,
    }
    facts = [
        SittingEvent(sitting=sitting, kind=SittingEventKind.CLOCK, data=data, by=None, at=event.at)
        for sitting in sittings
    ]
    return len(SittingEvent.objects.bulk_create(facts))
