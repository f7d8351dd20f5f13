"""manage.py seal_ledger: seal the rows of the training ledger that are not sealed yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.signatures import NoSigningKey
from training.actions.sealing import seal_ledger
from training.errors import LedgerBroken


class Command(BaseCommand):
    """Do at once what the queue does each minute."""

    help = "Seal all rows of the training ledger that are not sealed yet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal and print each seal in one line: size and root."""
        try:
            made = seal_ledger(now=clock.now())
        except (LedgerBroken, NoSigningKey) as error:
            raise CommandError(str(error)) from error
        for seal in made:
            self.stdout.write(f"seal {seal.number}: {seal.size} records, root {seal.root}")
        if not made:
            self.stdout.write("nothing to seal")
