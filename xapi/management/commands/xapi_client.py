"""Make or end a client of the learning record store."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from xapi.actions.storing import create_client, revoke_client
from xapi.models import Scope


class Command(BaseCommand):
    """`xapi_client add NAME --scope statements/write`, or `xapi_client revoke KEY`."""

    help = "Make a client that may bring or read xAPI statements (its secret is shown once), or end one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, a name or a key, and the scopes."""
        parser.add_argument("act", choices=["add", "revoke"])
        parser.add_argument("name")
        parser.add_argument("--scope", action="append", choices=Scope.values, default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError for a client there is not, or one without a scope."""
        if options["act"] == "revoke":
            if not revoke_client(key=options["name"], now=now()):
                raise CommandError("no such client, or ended before")
            self.stdout.write("revoked")
            return
        try:
            made = create_client(name=options["name"], scopes=options["scope"], now=now())
        except ValueError as error:
            raise CommandError(f"give at least one --scope of: {error}") from error
        self.stdout.write(f"key:    {made.client.key}\nsecret: {made.secret}")
        self.stdout.write("The secret is not kept and cannot be shown again.")
