#!/usr/bin/env python3
"""Check a file from the training ledger of 安学 AnXue. Needs Python 3.8 or newer and nothing else.

    python3 check_ledger.py --key PUBLICKEY proof-17.json            one row with its proof
    python3 check_ledger.py --key PUBLICKEY ledger.jsonl             a whole export
    python3 check_ledger.py --key PUBLICKEY --checkpoint OLD.json ledger.jsonl

The public key (64 hex digits) is the one the company published or printed; never take it from the file itself.
With --checkpoint the ledger must still hold, unchanged, all rows that a checkpoint kept earlier speaks of.
Exit status: 0 everything fits, 1 something does not, 2 the file cannot be read.

What is computed here: SHA-256 leaf and node hashes as in RFC 6962, inclusion as in RFC 9162 2.1.3.2, Ed25519 as
in RFC 8032 5.1.7. The signature is checked in plain Python so that nothing has to be installed on the machine of
whoever doubts; it takes some milliseconds, and no secret passes through it.
"""

from __future__ import annotations  # "X | None" on Python 3.8, which reads no annotation then

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Point = tuple[int, int, int, int]
    Document = dict[str, Any]  # what a seal, a row, a proof or a line of an export is in JSON

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


class Unfit(Exception):
    """Something in the file does not fit together."""


# Ed25519 (RFC 8032): points in extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, xy = T/Z


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * D % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _same_point(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % PRIME == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % PRIME == 0


def _point(data: bytes) -> Point | None:
    """Return the point that 32 bytes encode, or None if they encode none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


_BASE = _point((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether 64 bytes of `signature` over `message` are by the 32 bytes of `key`."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, commitment = _point(key), _point(signature[:32])
    factor = int.from_bytes(signature[32:], "little")
    if _BASE is None or public is None or commitment is None or factor >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _same_point(_times(factor, _BASE), _add(commitment, _times(challenge, public)))


# The tree (RFC 6962)


def leaf_hash(payload: bytes) -> bytes:
    """Return the hash of one row's text."""
    return hashlib.sha256(b"\x00" + payload).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf, kept as the roots of its complete subtrees."""

    def __init__(self) -> None:
        """Begin empty."""
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Put a leaf behind the others."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a path leads from a leaf, or None if it cannot be one."""
    if not 0 <= index < size:
        return None
    position, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position % 2 or position == last:
            node = node_hash(sibling, node)
            while position and not position % 2:
                position, last = position // 2, last // 2
        else:
            node = node_hash(node, sibling)
        position, last = position // 2, last // 2
    return node if last == 0 else None


# What stands in the files


def check_seal(seal: Document, key: str) -> None:
    """Raise Unfit unless a seal is signed by the key (hex)."""
    lines = ["anxue-ledger-seal/1", seal["origin"], str(seal["number"]), str(seal["size"]), seal["root"]]
    lines += [seal["previous_root"], seal["sealed_at"]]
    message = "".join(line + "\n" for line in lines).encode()
    if seal["key"] != key:
        raise Unfit("seal %s is signed by another key: %s" % (seal["number"], seal["key"]))
    if not is_signed(bytes.fromhex(key), message, bytes.fromhex(seal["signature"])):
        raise Unfit("the signature of seal %s is wrong: the seal was altered" % seal["number"])


def check_row(row: Document, seal: Document) -> None:
    """Raise Unfit unless a row leads by its path to the root of a seal."""
    leaf = leaf_hash(row["payload"].encode())
    path = [bytes.fromhex(node) for node in row["path"]]
    if json.loads(row["payload"])["seq"] != row["seq"]:
        raise Unfit("row %s carries the text of another row" % row["seq"])
    root = root_by_path(leaf, row["seq"] - 1, seal["size"], path)
    if root is None or root.hex() != seal["root"]:
        raise Unfit("row %s is not what was sealed" % row["seq"])


def check_proof(proof: Document, key: str, checkpoint: Document | None) -> str:
    """Check the proof of one row; return what to say."""
    if checkpoint is not None:
        raise Unfit("a checkpoint is checked against a whole export, not against the proof of one row")
    check_seal(proof["seal"], key)
    check_row(proof, proof["seal"])
    return "ok: row %s stands unchanged in the ledger sealed at %s (%s rows)\n%s" % (
        proof["seq"],
        proof["seal"]["sealed_at"],
        proof["seal"]["size"],
        json.dumps(json.loads(proof["payload"]), ensure_ascii=False, indent=1),
    )


class Export:
    """A whole export, checked line by line."""

    def __init__(
        self, newest: Document, key: str, checkpoint: Document | None, every_signature: bool
    ) -> None:
        """Begin with the newest seal, which the first line names."""
        self.newest, self.key, self.checkpoint = newest, key, checkpoint
        self.every_signature = every_signature
        self.tree = Tree()
        self.seen: Document | None = None
        self.previous = self.tree.root().hex()

    def row(self, row: Document) -> None:
        """Take the next row."""
        last, wanted = self.tree.size, self.checkpoint
        if row["seq"] != last + 1:
            raise Unfit("behind row %s comes row %s" % (last, row["seq"]))
        if json.loads(row["payload"])["seq"] != row["seq"]:
            raise Unfit("row %s carries the text of another row" % row["seq"])
        if "path" in row:
            check_row(row, self.newest)
        self.tree.add(leaf_hash(row["payload"].encode()))
        if wanted and self.tree.size == wanted["size"] and self.tree.root().hex() != wanted["root"]:
            raise Unfit("the first %s rows are not those of the checkpoint" % self.tree.size)

    def seal(self, seal: Document) -> None:
        """Take the seal over the rows so far."""
        self.seen = seal
        if self.every_signature:
            check_seal(seal, self.key)
        if seal["previous_root"] != self.previous:
            raise Unfit("seal %s does not follow the one before it" % seal["number"])
        self.previous = seal["root"]
        if self.tree.size != seal["size"] or self.tree.root().hex() != seal["root"]:
            raise Unfit("rows up to %s are not what seal %s says" % (self.tree.size, seal["number"]))

    def end(self) -> str:
        """Look whether everything promised was there; return what to say."""
        rows, newest, wanted = self.tree.size, self.newest, self.checkpoint
        if self.seen is None or self.seen["root"] != newest["root"] or self.seen["size"] != newest["size"]:
            raise Unfit("rows are missing at the end: %s of %s sealed ones" % (rows, newest["size"]))
        if wanted and wanted["size"] > rows:
            raise Unfit("the checkpoint knows %s rows, the export has %s" % (wanted["size"], rows))
        return "ok: %s rows, %s of them sealed until %s" % (rows, newest["size"], newest["sealed_at"])


def check_export(
    lines: Iterator[Document], key: str, checkpoint: Document | None, every_signature: bool
) -> str:
    """Check a whole export; return what to say."""
    newest = next(lines)["seal"]
    if newest is None:
        raise Unfit("the export holds no seal: nothing in it can be proved")
    check_seal(newest, key)
    export = Export(newest, key, checkpoint, every_signature)
    for line in lines:
        if "record" in line:
            export.row(line["record"])
        elif "seal" in line:
            export.seal(line["seal"])
    return export.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the file named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Check a proof or an export of the training ledger.")
    parser.add_argument("file")
    parser.add_argument("--key", required=True, help="public key, 64 hex digits, from a source you trust")
    parser.add_argument("--checkpoint", help="a checkpoint kept from earlier")
    parser.add_argument("--every-signature", action="store_true", help="check all seals, not only the newest")
    asked = parser.parse_args(arguments)
    key = asked.key.strip().lower()
    try:
        checkpoint = None
        if asked.checkpoint:
            with Path(asked.checkpoint).open(encoding="utf-8-sig") as source:
                checkpoint = json.load(source)
            check_seal(checkpoint, key)
        with Path(asked.file).open(encoding="utf-8-sig") as source:
            if asked.file.endswith(".jsonl"):
                lines = (json.loads(line) for line in source)
                said = check_export(lines, key, checkpoint, asked.every_signature)
            else:
                said = check_proof(json.load(source), key, checkpoint)
    except Unfit as error:
        print("WRONG: %s" % error)
        return 1
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        print("cannot read the file: %r" % error, file=sys.stderr)
        return 2
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
