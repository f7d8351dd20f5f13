"""manage.py forget_left_signatures: end erasures that could not reach the ink under letters and practical checks."""

from typing import Any

from django.core.management.base import BaseCommand

from common import clock
from training.actions.forgetting import forget_left_signatures


class Command(BaseCommand):
    """Delete the ink of people whose names were erased before it lay in tables of its own."""

    help = (
        "Once, after the upgrade: delete signatures under letters and practical checks of people whose names are "
        "erased already. A legal hold keeps them; run it again when it has ended."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete and print how many people it was."""
        forgotten, held = forget_left_signatures(now=clock.now())
        self.stdout.write(f"signatures of {forgotten} people deleted, of {held} kept by a legal hold")
