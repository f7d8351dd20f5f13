"""Ledger rows as verification reads them: the hashed text beside the columns and the salts that must agree with it."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from common.signing import same
from training import merkle
from training.commitments import commit_person, commit_text, subject_of
from training.models import ForgottenText, RecordSalt, TrainingRecord
from training.seals import utc_text

FORMAT = 2
_CHUNK = 2_000
_PERSON, _TRAINER, _REASON = RecordSalt.Field.PERSON, RecordSalt.Field.TRAINER, RecordSalt.Field.REASON
_SALTED = (str(_PERSON), str(_TRAINER), str(_REASON))


class Row(NamedTuple):
    """The columns of one row; the order is that of `_COLUMNS`."""

    pk: int
    seq: int
    payload: str
    leaf_hash: str
    public_id: UUID
    kind: str
    programme: str | None
    component: int | None
    obligation: UUID | None
    title: str
    hours: Decimal
    score_pct: Decimal | None
    passed: bool
    started_at: dt.datetime
    completed_at: dt.datetime
    place: str
    corrects_seq: int | None
    recorded_by: int | None
    recorded_at: dt.datetime


_COLUMNS = (
    "pk",
    "seq",
    "payload",
    "leaf_hash",
    "employee__public_id",
    "kind",
    "programme__code",
    "component_id",
    "obligation__public_id",
    "title",
    "hours",
    "score_pct",
    "passed",
    "started_at",
    "completed_at",
    "place",
    "corrects__seq",
    "recorded_by_id",
    "recorded_at",
)


class CheckedRow(NamedTuple):
    """One row with what was found: its leaf, the number its text gives itself, and the field that is off."""

    seq: int
    leaf: bytes
    said_seq: int | None
    fault: (
        str  # name of a field or of "payload", "leaf_hash", "salt:<field>"; "" if the row agrees with itself
    )


def checked_rows(*, after: int, upto: int) -> Iterator[CheckedRow]:
    """Yield the rows numbered above `after` and up to `upto`, each checked against itself.

    Reads in one pass with flat memory: three statements for every 2,000 rows.
    """
    rows = (
        TrainingRecord._base_manager.filter(seq__gt=after, seq__lte=upto)
        .order_by("seq", "pk")
        .values_list(*_COLUMNS)
        .iterator(chunk_size=_CHUNK)
    )
    chunk: list[Row] = []
    for values in rows:
        chunk.append(Row._make(values))
        if len(chunk) == _CHUNK:
            yield from _checked(chunk)
            chunk = []
    yield from _checked(chunk)


def _checked(chunk: list[Row]) -> Iterator[CheckedRow]:
    if not chunk:
        return
    within = {"record__seq__gte": chunk[0].seq, "record__seq__lte": chunk[-1].seq}
    salts: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    for record_id, field, value, text in RecordSalt.objects.filter(**within).values_list(
        "record_id", "field", "value", "text"
    ):
        salts[record_id][field] = (value, text)
    # Read behind the salts: whoever is forgotten at this very moment is found in one of the two.
    forgotten: dict[int, set[str]] = defaultdict(set)
    for record_id, field in ForgottenText.objects.filter(**within).values_list("record_id", "field"):
        forgotten[record_id].add(field)
    for row in chunk:
        yield _check(row, salts.get(row.pk, {}), forgotten.get(row.pk, set()))


def _check(row: Row, salts: dict[str, tuple[str, str]], forgotten: set[str]) -> CheckedRow:
    leaf = merkle.leaf_hash(row.payload.encode(errors="surrogatepass"))
    try:
        said = json.loads(row.payload)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return CheckedRow(row.seq, leaf, None, "payload")
    said_seq = said.get("seq")
    if leaf.hex() != row.leaf_hash:
        fault = "leaf_hash"
    else:
        fault = _differing(row, said) or _wrong_salt(row, said, salts, forgotten)
    return CheckedRow(row.seq, leaf, said_seq if isinstance(said_seq, int) else None, fault)


def _differing(row: Row, said: dict[str, Any]) -> str:
    """Return the first column that does not say what the hashed text says, or nothing."""
    columns = {
        "format": FORMAT,
        "kind": row.kind,
        "subject": subject_of(row.public_id, row.seq),
        "programme": row.programme or "",
        "component": row.component,
        "obligation": None if row.obligation is None else str(row.obligation),
        "title": row.title,
        "hours": f"{row.hours:.2f}",
        "score_pct": None if row.score_pct is None else f"{row.score_pct:.2f}",
        "passed": row.passed,
        "started_at": utc_text(row.started_at),
        "completed_at": utc_text(row.completed_at),
        "place": row.place,
        "corrects_seq": row.corrects_seq,
        "recorded_by": row.recorded_by,
        "recorded_at": utc_text(row.recorded_at),
    }
    for name, value in columns.items():
        if name not in said or said[name] != value:
            return name
    return ""


def _wrong_salt(
    row: Row, said: dict[str, Any], salts: dict[str, tuple[str, str]], forgotten: set[str]
) -> str:
    """Return the first commitment its salt does not open; without a salt there must be a note of its erasure."""
    for field in _SALTED:
        committed = said.get(field, "")
        if field not in salts:
            if committed and field not in forgotten:
                return f"salt:{field}"
            continue
        value, text = salts[field]
        opened = (
            commit_person(value, row.public_id, text) if field == _PERSON else commit_text(value, field, text)
        )
        if not isinstance(committed, str) or not same(opened, committed):
            return f"salt:{field}"
    return ""
