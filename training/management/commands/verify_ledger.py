"""manage.py verify_ledger: recompute the training ledger and say what does not fit."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.queries.verification import verify_ledger
from training.seals import CheckpointUnreadable, SealFacts, read_checkpoint


class Command(BaseCommand):
    """Verify every row, every seal and the checkpoints given. Exit status 1 if anything is wrong."""

    help = (
        "Recompute the training ledger and report altered, deleted, inserted, reordered or rolled back rows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --checkpoint, --new and --json."""
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint kept outside this machine; may be given several times",
        )
        parser.add_argument(
            "--new",
            action="store_true",
            help="believe the rows up to the checkpoint (its root must still be sealed) and read only later ones",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, print what was found, and end with status 1 if that is anything."""
        checkpoints = [read_file(name) for name in options["checkpoint"]]
        if options["new"] and not checkpoints:
            raise CommandError("--new needs --checkpoint FILE: without it there is nothing to go on from")
        report = verify_ledger(checkpoints=checkpoints, only_new=options["new"])
        if options["json"]:
            self.stdout.write(json.dumps(report.document(), ensure_ascii=False))
        else:
            for problem in report.problems:
                self.stdout.write(f"{problem.kind} {problem.record}: {problem.message}")
            word = "wrong" if report.problems else "ok"
            self.stdout.write(f"{word}: {report.records} records, {report.sealed} sealed")
        if report.problems:
            sys.exit(1)


def read_file(name: str) -> SealFacts:
    """Read a checkpoint's file; raise CommandError, naming it, if it cannot be read."""
    try:
        return read_checkpoint(Path(name).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, CheckpointUnreadable) as error:
        raise CommandError(f"{name} is no readable checkpoint: {error}") from error
