"""Load the fictitious machine works of the demo."""

import argparse
import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from common.clock import now
from portal.demo.load import load_demo
from portal.demo.organisation import DEMO_LOGINS, DEMO_PASSWORD
from portal.queries import is_empty_installation


class Command(BaseCommand):
    """`manage.py demo [--employees N] [--film-seconds S]`."""

    help = "Load the demo: a fictitious works with people at every stage of training. Needs a site without people."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take how many people the works has, and whether its films are squeezed."""
        parser.add_argument("--employees", type=int, default=60)
        parser.add_argument(
            "--film-seconds",
            type=float,
            help="squeeze each film into so many seconds; default: its own length",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it with a progress bar on a terminal and plain lines elsewhere."""
        if options["employees"] < 10:
            raise CommandError(
                "--employees must be at least 10: the people the start screen names and a few more"
            )
        if not is_empty_installation():
            raise CommandError(
                "this site already holds people; the demo is for an empty one. "
                "Point DATABASE_URL and MEDIA_ROOT elsewhere, or remove var/ to start over."
            )
        # A line for each of some hundred finished lessons would bury the progress.
        logging.getLogger("anxue").setLevel(logging.WARNING)
        with _Bars(self) as bars:
            load_demo(
                employees=options["employees"],
                now=now(),
                report=bars.report,
                film_seconds=options["film_seconds"],
            )
        self.stdout.write(
            f"Demo loaded: {options['employees']} people; password of all accounts {DEMO_PASSWORD}"
        )
        for login in DEMO_LOGINS:
            self.stdout.write(f"  {login.username:<10} {login.description}")


class _Bars:
    """One bar per step on a terminal; elsewhere one line when a step begins and one when it ends."""

    def __init__(self, command: BaseCommand) -> None:
        self.command = command
        self.bar: tqdm[Any] | None = None
        self.step = ""

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def report(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` of a step are ready."""
        if step != self.step:
            self._close()
            self.step = step
            if sys.stderr.isatty():
                self.bar = tqdm(total=total, desc=step, file=sys.stderr)
            else:
                self.command.stdout.write(f"{step} …")
                self.command.stdout.flush()
        if self.bar is not None:
            self.bar.update(done - self.bar.n)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
