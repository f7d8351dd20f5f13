"""What exams are taken for, in the words this room gives them."""

from uuid import UUID

PURPOSE_PREFIX = "obligation:"


def obligation_id_in(purpose: str) -> UUID | None:
    """Return the public id of the obligation an exam was taken for, or None if it was for something else."""
    prefix, _sep, text = purpose.rpartition(PURPOSE_PREFIX)
    if prefix or not _sep:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
