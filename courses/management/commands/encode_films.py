"""Have films encoded for playing that are not yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from courses.actions.encodings import request_encoding
from courses.models import Film
from courses.queries import films_to_encode


class Command(BaseCommand):
    """`manage.py encode_films [ID …] [--all] [--dry-run]`."""

    help = "Queue the encoding of films and recordings that have none yet, of those named, or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which films."""
        parser.add_argument("film", nargs="*", type=int, help="ids; default: what is not encoded yet")
        parser.add_argument("--all", action="store_true", help="encode again what is encoded already")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue one job for each film and say which."""
        films = Film.objects.order_by("pk") if options["all"] or options["film"] else films_to_encode()
        if options["film"]:
            films = films.filter(pk__in=options["film"])
        for film in films:
            if not options["dry_run"]:
                request_encoding(film=film, acting_user=None)
            self.stdout.write(f"{film.pk} {film.title}")
        word = "待转码" if options["dry_run"] else "已排入转码"
        self.stdout.write(f"{word}：{len(films)} 部")
