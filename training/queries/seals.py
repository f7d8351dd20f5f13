"""Reads about the seals of the training ledger."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max

from jobs.models import Job
from training.models import LedgerCheckpoint, LedgerHead, LedgerSeal, TrainingRecord
from training.seals import SealFacts, utc_text

HASH_BYTES = 32
VERIFICATION = "training.tasks.verify_whole_ledger"
_AT_ONCE = 500  # seals read in one statement


def split_hashes(joined: bytes | memoryview) -> list[bytes]:
    """Return the hashes that were stored behind each other."""
    data = bytes(joined)
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def facts_of(seal: LedgerSeal) -> SealFacts:
    """Return what a seal says, in the form that is signed and carried out of the machine."""
    return SealFacts(
        number=seal.number,
        origin=seal.origin,
        size=seal.size,
        root=seal.root,
        previous_root=seal.previous_root,
        sealed_at=utc_text(seal.sealed_at),
        key=seal.key,
        signature=seal.signature,
    )


def last_seal() -> LedgerSeal | None:
    """Return the newest seal, without its leaves."""
    return LedgerSeal.objects.defer("leaves").order_by("-number").first()


def sealed_size() -> int:
    """Return up to which number the ledger is sealed."""
    return LedgerSeal.objects.aggregate(size=Max("size"))["size"] or 0


def seals_from(number: int) -> Iterator[LedgerSeal]:
    """Yield the seals from a number on, in their order; 500 in one statement."""
    while True:
        found = list(LedgerSeal.objects.filter(number__gte=number).order_by("number")[:_AT_ONCE])
        yield from found
        if len(found) < _AT_ONCE:
            return
        number = found[-1].number + 1


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How the ledger stands: rows, how many of them are sealed, the newest seal, its last way out, the last check."""

    records: int
    sealed: int
    seal: LedgerSeal | None
    checkpoint: LedgerCheckpoint | None
    checked: Job | None
    unsealed_since: dt.datetime | None

    @property
    def waiting(self) -> int:
        """Return how many rows are not sealed yet."""
        return max(self.records - self.sealed, 0)


def ledger_state() -> LedgerState:
    """Return how the ledger stands. Six queries at most, whatever its size."""
    seal = last_seal()
    sealed = seal.size if seal else 0
    records = TrainingRecord.objects.aggregate(last=Max("seq"))["last"] or 0
    waiting = TrainingRecord.objects.filter(seq__gt=sealed).order_by("seq").values_list("recorded_at")
    return LedgerState(
        records=records,
        sealed=sealed,
        seal=seal,
        checkpoint=LedgerCheckpoint.objects.select_related("seal", "taken_by")
        .defer("seal__leaves", "seal__peaks")
        .first(),
        checked=Job.objects.filter(task=VERIFICATION, finished_at__isnull=False)
        .order_by("-finished_at")
        .first(),
        unsealed_since=next(iter(waiting[:1]), (None,))[0] if records > sealed else None,
    )


def last_number() -> int:
    """Return the number the next row follows."""
    return LedgerHead.objects.values_list("last_seq", flat=True).first() or 0
