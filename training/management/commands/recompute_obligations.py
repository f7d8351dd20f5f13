"""`manage.py recompute_obligations [--as-of DAY]`: bring what standing and recurring rules ask in step with a day."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from training.actions.recompute import recompute_obligations


class Command(BaseCommand):
    """Recompute obligations; running it twice changes nothing the second time."""

    help = "Create and cancel what standing and recurring rules ask of people on a day (default: today)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the day."""
        parser.add_argument("--as-of", type=dt.date.fromisoformat, default=None, metavar="YYYY-MM-DD")

    def handle(self, *args: Any, as_of: dt.date | None, **options: Any) -> None:
        """Recompute and say what changed."""
        if as_of is not None and as_of > clock.today():
            raise CommandError(f"{as_of} is still to come")
        applied = recompute_obligations(now=clock.now(), on=as_of)
        self.stdout.write(f"created {applied.created}, cancelled {applied.cancelled}")
