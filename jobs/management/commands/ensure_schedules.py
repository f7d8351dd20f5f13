"""Make the queue's schedule equal the settings."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.schedules import ensure_schedules


class Command(BaseCommand):
    """`manage.py ensure_schedules`: run it after each deployment."""

    help = "Add, correct and remove scheduled work so that it equals settings.SCHEDULES."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the schedule."""
        ensure_schedules()
        self.stdout.write("schedules are in place")
