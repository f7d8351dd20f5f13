"""Versions of questions as papers need them. Triggers refuse every change of one, so each process keeps the last ones used."""

from collections.abc import Iterable

from django.db import connections

from common.kept import Kept
from exams.models import QuestionVersion

# Some kilobytes each: what a large sitting draws from, not the whole of a large bank.
_versions: Kept[int, QuestionVersion] = Kept(2_000)


def versions_of(version_ids: Iterable[int]) -> dict[int, QuestionVersion]:
    """Return versions with their media, by id; to be read only. No key is in them. At most one statement.

    What is read inside a transaction is not kept: the transaction may be taken back, and its numbers used again.
    """
    wanted = set(version_ids)
    found = {pk: kept for pk in wanted if (kept := _versions.get(pk)) is not None}
    missing = wanted - found.keys()
    if missing:
        queryset = QuestionVersion.objects.select_related("media")
        read = queryset.in_bulk(missing)
        if not connections[queryset.db].in_atomic_block:
            for pk, version in read.items():
                _versions.keep(pk, version)
        found |= read
    return found
