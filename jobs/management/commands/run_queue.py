"""Run the queue and keep it up."""

import argparse
import signal
import sys
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from jobs.supervision import Supervisor, use_careful_sentinel


class Command(BaseCommand):
    """`manage.py run_queue`: the queue's workers, and every five seconds what settings.TICKS names."""

    help = "Run the queue until told to stop: its workers, started again when they end, and what is due every 5 s."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take what tells the child from its keeper."""
        parser.add_argument(
            "--workers-only", action="store_true", help="the workers alone, with nobody to keep them up"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        if options["workers_only"]:
            use_careful_sentinel()
            call_command("qcluster")
            return
        supervisor = Supervisor(
            [sys.executable, str(settings.PROJECT_DIR / "manage.py"), "run_queue", "--workers-only"],
            ticks=settings.TICKS,
        )

        def stop(signum: int, frame: FrameType | None) -> None:
            supervisor.is_stopping = True

        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, stop)
        supervisor.run()
