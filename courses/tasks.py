"""Long work of this room, run by the queue."""

from typing import Any

from django.core.management import call_command

from common.clock import now
from courses.actions import encodings, films, uploads
from jobs.models import Job


def finish_film(job: Job) -> dict[str, bool]:
    """Put a new film's index first and draw its poster. Params: `film_id`."""
    return films.finish_film(film_id=job.params["film_id"])


def encode_film(job: Job) -> dict[str, Any]:
    """Encode a film in its sizes, a part at a time. Params: `film_id`."""
    return encodings.encode_film(job=job, film_id=job.params["film_id"], now=now())


def sweep_films() -> None:
    """Delete uploads nobody went on with and what encodings left behind. Scheduled each night."""
    uploads.sweep_uploads(now=now())
    encodings.sweep_encodings(now=now())


def publish_scheduled() -> None:
    """Publish and take down pages whose time has come. Scheduled every minute; harmless when run twice."""
    call_command("publish_scheduled")
