"""Recurring work, and the queue's proof that it is alive."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.models import Schedule

from common.clock import now
from jobs.models import Heartbeat

ALIVE_WITHIN = dt.timedelta(minutes=3)


def ensure_schedules() -> None:
    """Make the queue's schedule equal settings.SCHEDULES: add, correct and remove.

    Raises ImportError, naming the function, if a scheduled function does not exist.
    """
    with transaction.atomic():
        for name, function, cron in settings.SCHEDULES:
            import_string(function)
            schedule, created = Schedule.objects.get_or_create(
                name=name, defaults={"func": function, "schedule_type": Schedule.CRON, "cron": cron}
            )
            if not created and (schedule.func, schedule.cron) != (function, cron):
                schedule.func, schedule.cron = function, cron
                schedule.next_run = now()
                schedule.save(update_fields=["func", "cron", "next_run"])
        Schedule.objects.exclude(name__in=[name for name, _, _ in settings.SCHEDULES]).delete()


def beat() -> None:
    """Note that the queue is alive. Scheduled each minute."""
    Heartbeat.objects.update_or_create(cluster="default", defaults={"beat_at": now()})


def is_alive(at: dt.datetime) -> bool:
    """Tell whether the queue has shown itself within the last three minutes before `at`."""
    return Heartbeat.objects.filter(beat_at__gte=at - ALIVE_WITHIN).exists()
