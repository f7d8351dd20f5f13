"""Proofs of the training ledger for people outside: one row, the whole, and how a checkpoint grew into it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from training import merkle
from training.errors import LedgerBroken, NotSealed
from training.models import LedgerSeal, TrainingRecord
from training.queries.seals import facts_of, last_seal, seals_from, split_hashes
from training.seals import EXPORT_FORMAT, PROOF_FORMAT, SealFacts

_PROVED = "check_ledger.py"
_ROWS_AT_ONCE = 2_000


def proof_of(record: TrainingRecord) -> dict[str, Any]:
    """Return the file that proves one row: its text, its path to the root of the newest seal, that seal.

    It holds no salt: names stay closed to whoever gets it. Reads all sealed hashes (about a second for a million).
    Raises NotSealed for a row younger than the newest seal.
    """
    seal = last_seal()
    if seal is None or record.seq > seal.size:
        raise NotSealed(_("台账第 %(seq)s 号还没有封存，一分钟后再下载证明。") % {"seq": record.seq})
    leaves = _sealed_leaves(seal)
    return {
        "format": PROOF_FORMAT,
        "how": f"python3 {_PROVED} --key KEY FILE",
        "seq": record.seq,
        "payload": record.payload,
        "path": [node.hex() for node in merkle.inclusion_proof(record.seq - 1, leaves)],
        "seal": facts_of(seal).document(),
    }


def proofs_of(records: Iterable[TrainingRecord]) -> dict[int, dict[str, Any]]:
    """Return the files that prove these rows, by number; rows younger than the newest seal have none yet.

    As `proof_of`, but the sealed hashes are read once for all of them.
    """
    seal = last_seal()
    if seal is None:
        return {}
    paths = _Paths(_sealed_leaves(seal))
    document = facts_of(seal).document()
    return {
        record.seq: {
            "format": PROOF_FORMAT,
            "how": f"python3 {_PROVED} --key KEY FILE",
            "seq": record.seq,
            "payload": record.payload,
            "path": paths.path(record.seq - 1),
            "seal": document,
        }
        for record in records
        if record.seq <= seal.size
    }


def consistency(old: SealFacts) -> dict[str, Any] | None:
    """Return what shows that the newest seal holds all rows of an old one, unchanged; None if it does not reach it."""
    seal = last_seal()
    if seal is None or old.size > seal.size:
        return None
    path = merkle.consistency_proof(old.size, _sealed_leaves(seal))
    return {
        "old": old.document(),
        "new": facts_of(seal).document(),
        "path": [node.hex() for node in path],
    }


def _sealed_leaves(newest: LedgerSeal) -> list[bytes]:
    leaves: list[bytes] = []
    for seal in seals_from(1):
        if seal.number > newest.number:
            break
        leaves += split_hashes(seal.leaves)
    if len(leaves) != newest.size:
        raise LedgerBroken(_("封存不完整，不能出具证明：请运行 verify_ledger。"))
    return leaves


def export_lines(*, proofs: bool = True, checkpoint: SealFacts | None = None) -> Iterator[str]:
    """Yield the whole ledger as lines of JSON, ending with a line feed each.

    First `{"format", "seal"}` with the newest seal, then one `{"record": {…}}` per row in order (seq, payload,
    and with `proofs` its path to that seal), one `{"seal": …}` per seal behind the last row it covers, and with
    a checkpoint one `{"consistency": …}` at the end. Rows no seal covers yet come last, without a path.
    Names are closed: the export holds no salt. Rows are streamed; with `proofs` all hashes are kept in memory
    (about 100 bytes each).
    """
    newest = last_seal()
    yield _line({"format": EXPORT_FORMAT, "seal": facts_of(newest).document() if newest else None})
    paths = _Paths(_sealed_leaves(newest)) if newest and proofs else None
    seals = seals_from(1)
    seal = next(seals, None)
    rows = TrainingRecord._base_manager.order_by("seq").values_list("seq", "payload")
    for seq, payload in rows.iterator(chunk_size=_ROWS_AT_ONCE):
        said: dict[str, Any] = {"seq": seq, "payload": payload}
        if paths is not None and seq <= paths.size:
            said["path"] = paths.path(seq - 1)
        yield _line({"record": said})
        while seal is not None and newest is not None and seal.size <= seq and seal.number <= newest.number:
            yield _line({"seal": facts_of(seal).document()})
            seal = next(seals, None)
    if checkpoint is not None:
        yield _line({"consistency": consistency(checkpoint)})


class _Paths:
    """All levels of a tree, so that each path is read instead of computed anew."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.size = len(leaves)
        self.levels = [leaves]
        while len(self.levels[-1]) > 1:
            level = self.levels[-1]
            above = [merkle.node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self.levels.append(above if len(level) % 2 == 0 else [*above, level[-1]])

    def path(self, index: int) -> list[str]:
        """Return the audit path of a leaf as hex."""
        found = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                found.append(level[sibling].hex())
            index //= 2
        return found


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
