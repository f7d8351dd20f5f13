"""`manage.py export_clearance_list --gate 3`: the signed list of a gate as a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.actions.passlists import signed_list
from access.errors import ListRefused
from access.models import Gate
from common.canonical import canonical_json
from common.clock import now


class Command(BaseCommand):
    """Writes what `GET /api/clearance/list` would answer, for a gate that is served by hand or by a file share."""

    help = "Write the signed list of who may pass a gate"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the gate, the version it has, and the file."""
        parser.add_argument("--gate", required=True, help="number or name of the gate")
        parser.add_argument("--since", type=int, default=0, help="version the gate has; 0: the whole list")
        parser.add_argument("--output", help="file; without it the list goes to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the list. Raises CommandError for an unknown gate or without a key to sign with."""
        name: str = options["gate"]
        gates = Gate.objects.filter(revoked_at__isnull=True)
        found = list(gates.filter(pk=int(name)) if name.isdigit() else gates.filter(name=name))
        if len(found) != 1:
            raise CommandError(f"{len(found)} running gates are called {name!r}")
        try:
            made = signed_list(gate=found[0], since=options["since"], now=now())
        except ListRefused as error:
            raise CommandError(str(error)) from error
        text = canonical_json(made).decode()
        if not options["output"]:
            self.stdout.write(text)
            return
        # In one step, so that a gate that reads meanwhile never finds half a list.
        target = Path(options["output"])
        part = target.with_name(target.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(target)
