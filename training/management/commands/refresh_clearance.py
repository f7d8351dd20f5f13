"""manage.py refresh_clearance: recompute who may work."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from common import clock
from training.actions import clearance


class Command(BaseCommand):
    """Recompute clearance for everyone, or only where it may have changed by itself."""

    help = "Recompute and store who may work in the present post, with reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --due."""
        parser.add_argument(
            "--due",
            action="store_true",
            help="only people whose recheck day has come or who were never computed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Recompute and print how many people it was."""
        now = clock.now()
        count = clearance.refresh_due(now=now) if options["due"] else clearance.refresh_all(now=now)
        self.stdout.write(f"clearance of {count} people refreshed")
