"""Long work of this room, run by the queue."""

from courses.actions import films
from jobs.models import Job


def finish_film(job: Job) -> dict[str, bool]:
    """Put a new film's index first and draw its poster. Params: `film_id`."""
    return films.finish_film(film_id=job.params["film_id"])
