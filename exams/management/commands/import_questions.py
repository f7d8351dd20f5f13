"""Take questions of another system into a bank."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common.clock import now
from exams.importers.importing import import_questions
from exams.importers.reading import FORMATS
from exams.importers.report import Report


class Command(BaseCommand):
    """`manage.py import_questions FILE --bank CODE [--format auto] [--dry-run] [--json]`."""

    help = (
        "Import questions from Excel, GIFT, Aiken, Moodle XML or QTI 2.1/3.0 into a bank, which is created if there "
        "is none. Questions are found again by their code, name or identifier, else by their stem: a second import "
        "changes nothing. Every line that is refused and every feature that is not taken over is reported. If there "
        "are errors the exit status is 1; the sound questions are imported nevertheless, unless --dry-run is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare file, bank and format."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--bank", required=True, help="code of the bank")
        parser.add_argument("--format", default="auto", choices=("auto", *FORMATS))
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would be done and keep nothing"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print the report."""
        path: Path = options["file"]
        report = import_questions(
            path=path,
            file_name=path.name,
            bank_code=options["bank"],
            wanted=options["format"],
            dry_run=options["dry_run"],
            acting_user=None,
            now=now(),
        )
        if options["as_json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            self._print(report)
        if report.errors:
            raise SystemExit(1)

    def _print(self, report: Report) -> None:
        counts = [f"{name} {report.count(name)}" for name in ("created", "updated", "unchanged")]
        self.stdout.write(f"{report.format}: read {report.read}, {', '.join(counts)}")
        for one in report.unsupported:
            self.stdout.write(f"{one.line}: [{one.feature}] {one.message}")
        for one in report.errors:
            self.stderr.write(f"{one.line}: {one.message}")
