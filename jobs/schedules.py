"""Recurring work, and the queue's proof that it is alive."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.models import Schedule, validate_cron

from common.clock import now
from jobs.models import Heartbeat

ALIVE_WITHIN = dt.timedelta(minutes=3)


def ensure_schedules() -> None:
    """Make the queue's schedule equal settings.SCHEDULES: add, correct and remove.

    Raises ImportError, naming the function, if a scheduled function does not exist, and ValidationError for a
    cron line nobody can read; then nothing is changed.
    """
    for _, function, cron in settings.SCHEDULES:
        import_string(function)
        validate_cron(cron)
    with transaction.atomic():
        kept: list[int] = []
        for name, function, cron in settings.SCHEDULES:
            wanted = {"func": function, "schedule_type": Schedule.CRON, "cron": cron, "repeats": -1}
            # Names are not unique in the queue's table: of several with one name the first stays.
            schedule = Schedule.objects.filter(name=name).order_by("pk").first()
            if schedule is None:
                schedule = Schedule.objects.create(name=name, next_run=now(), **wanted)
            elif any(getattr(schedule, field) != value for field, value in wanted.items()):
                Schedule.objects.filter(pk=schedule.pk).update(next_run=now(), **wanted)
            kept.append(schedule.pk)
        Schedule.objects.exclude(pk__in=kept).delete()


def beat() -> None:
    """Note that the queue is alive. Scheduled each minute."""
    Heartbeat.objects.update_or_create(cluster="default", defaults={"beat_at": now()})


def is_alive(at: dt.datetime) -> bool:
    """Tell whether the queue has shown itself within the last three minutes before `at`."""
    return Heartbeat.objects.filter(beat_at__gte=at - ALIVE_WITHIN).exists()
