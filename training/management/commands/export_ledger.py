"""manage.py export_ledger: write the whole training ledger as JSON Lines that can be checked without this site."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from training.errors import LedgerBroken
from training.management.commands.verify_ledger import read_file
from training.queries.proofs import export_lines


class Command(BaseCommand):
    """Stream rows, seals and proofs. Names are not in it: the salts stay here."""

    help = "Write the training ledger with its seals and proofs as JSON Lines; check it with tools/check_ledger.py."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --output, --no-proofs and --checkpoint."""
        parser.add_argument("--output", metavar="FILE", help="write to this file instead of standard output")
        parser.add_argument("--no-proofs", action="store_true", help="leave the path of each row out")
        parser.add_argument(
            "--checkpoint", metavar="FILE", help="add how this checkpoint grew into the ledger"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the lines."""
        old = read_file(options["checkpoint"]) if options["checkpoint"] else None
        try:
            if not options["output"]:
                self._write(sys.stdout, options, old)
                return
            with Path(options["output"]).open("w", encoding="utf-8") as target:
                self._write(target, options, old)
        except LedgerBroken as error:
            raise CommandError(str(error)) from error

    def _write(self, target: TextIO, options: dict[str, Any], old: Any) -> None:
        target.writelines(export_lines(proofs=not options["no_proofs"], checkpoint=old))
