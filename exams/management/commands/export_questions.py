"""Write the questions of a bank into a file of another system."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now
from common.spreadsheet import Watermark
from exams.importers.exporting import FILES, export_bank
from exams.models import Bank


class Command(BaseCommand):
    """`manage.py export_questions --bank CODE --format F --output FILE [--json]`."""

    help = (
        "Export the questions in use of a bank. What the format cannot hold is reported question by question; "
        "see docs/question-formats.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare bank, format and file."""
        parser.add_argument("--bank", required=True, help="code of the bank")
        parser.add_argument("--format", required=True, choices=tuple(FILES))
        parser.add_argument("--output", required=True, type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and print what it does not hold."""
        bank = Bank.objects.filter(code=options["bank"]).first()
        if bank is None:
            raise CommandError(f"没有编码为“{options['bank']}”的题库。")
        mark = Watermark("manage.py export_questions", now(), bank.name)
        exported = export_bank(bank, options["format"], mark=mark)
        options["output"].write_bytes(exported.data)
        result = exported.as_json(options["format"])
        if options["as_json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        self.stdout.write(f"{result['format']}: written {result['written']}")
        for lost in result["lost"]:
            self.stdout.write(f"{lost['code']}: [{lost['feature']}] {lost['message']}")
