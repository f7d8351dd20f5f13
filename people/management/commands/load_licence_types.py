"""`manage.py load_licence_types`: put in the kinds of licences that ship with the site."""

from typing import Any

from django.core.management.base import BaseCommand

from people.actions.licence_types import load_licence_types


class Command(BaseCommand):
    """Adds what is missing, fills what is empty, changes nothing else."""

    help = "Put in the kinds of licences that ship with the site; safe to run again"

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what came of it."""
        added, filled = load_licence_types(acting_user=None)
        self.stdout.write(f"{added} added, {filled} completed")
