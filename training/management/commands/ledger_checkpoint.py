"""manage.py ledger_checkpoint: bring the root of the training ledger out of this machine."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import segno
from django.core.management.base import BaseCommand, CommandError

from common import clock
from training.actions.sealing import checkpoint_text, mail_checkpoint, take_checkpoint
from training.models import LedgerCheckpoint


class Command(BaseCommand):
    """Write the newest seal to a file, a QR code or an e-mail; without any of them to standard output."""

    help = "Write the newest seal of the training ledger to a place outside this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --output, --qr and --mail."""
        parser.add_argument("--output", metavar="FILE", help="write the checkpoint to this file")
        parser.add_argument("--qr", metavar="FILE", help="write it as a QR code: .svg or .png")
        parser.add_argument("--mail", action="append", default=[], metavar="ADDRESS", help="send it there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the checkpoint wherever it was asked to go."""
        now = clock.now()
        if options["mail"] and not mail_checkpoint(addresses=options["mail"], acting_user=None, now=now):
            raise CommandError("nothing is sealed yet: run manage.py seal_ledger first")
        if options["mail"] and not (options["output"] or options["qr"]):
            return
        facts = take_checkpoint(way=LedgerCheckpoint.Way.COMMAND, acting_user=None, now=now)
        if facts is None:
            raise CommandError("nothing is sealed yet: run manage.py seal_ledger first")
        if options["output"]:
            Path(options["output"]).write_text(checkpoint_text(facts), encoding="utf-8")
        if options["qr"]:
            segno.make(facts.line(), micro=False).save(options["qr"], scale=4)
        if not (options["output"] or options["qr"]):
            self.stdout.write(checkpoint_text(facts), ending="")
