"""What a seal of the training ledger says, as the text that is signed and as the file that leaves the house. Pure."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

CHECKPOINT_FORMAT = "anxue-ledger-checkpoint/1"
PROOF_FORMAT = "anxue-ledger-proof/1"
EXPORT_FORMAT = "anxue-ledger-export/1"
_SIGNED_AS = "anxue-ledger-seal/1"
_HEX = {"root": 64, "previous_root": 64, "key": 64, "signature": 128}


class CheckpointUnreadable(ValueError):
    """A file is no checkpoint of a ledger; `str(error)` says what is wrong with it, in English, for logs."""


@dataclass(frozen=True, slots=True)
class SealFacts:
    """One seal. Hashes, key and signature are lower-case hex, `sealed_at` UTC text with microseconds."""

    number: int
    origin: str
    size: int
    root: str
    previous_root: str
    sealed_at: str
    key: str = ""
    signature: str = ""

    def message(self) -> bytes:
        """Return the bytes that are signed: one line for each fact, a line feed behind each."""
        lines = (
            _SIGNED_AS,
            self.origin,
            str(self.number),
            str(self.size),
            self.root,
            self.previous_root,
            self.sealed_at,
        )
        return "".join(f"{line}\n" for line in lines).encode()

    def document(self) -> dict[str, Any]:
        """Return the seal as the object that checkpoints, proofs and exports carry."""
        return {
            "format": CHECKPOINT_FORMAT,
            "origin": self.origin,
            "number": self.number,
            "size": self.size,
            "root": self.root,
            "previous_root": self.previous_root,
            "sealed_at": self.sealed_at,
            "key": self.key,
            "signature": self.signature,
        }

    def line(self) -> str:
        """Return the seal in one short line for print and QR: format, number, size, root, key, signature."""
        return " ".join(
            (
                CHECKPOINT_FORMAT,
                str(self.number),
                str(self.size),
                self.root,
                self.previous_root,
                self.sealed_at,
                self.key,
                self.signature,
                self.origin,
            )
        )


def utc_text(moment: dt.datetime) -> str:
    """Return an aware time as UTC text with microseconds, the one form the ledger uses."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_checkpoint(text: str) -> SealFacts:
    """Read a checkpoint from its file, or from the line a printed QR code holds.

    Raises CheckpointUnreadable. Whether the signature is good is not looked at here.
    """
    text = text.strip().removeprefix("\ufeff")
    found = _from_line(text) if text.startswith(CHECKPOINT_FORMAT) else _from_json(text)
    for name, digits in _HEX.items():
        value = getattr(found, name)
        if len(value) != digits or set(value) - set("0123456789abcdef"):
            raise CheckpointUnreadable(f"{name} is not {digits} hex digits")
    if found.size < 1 or found.number < 1:
        raise CheckpointUnreadable("number and size must be positive")
    return found


def _from_line(text: str) -> SealFacts:
    parts = text.split(" ", 8)
    if len(parts) != 9 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise CheckpointUnreadable("the line does not hold nine words")
    _format, number, size, root, previous, sealed_at, key, signature, origin = parts
    return SealFacts(int(number), origin, int(size), root, previous, sealed_at, key, signature)


def _from_json(text: str) -> SealFacts:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise CheckpointUnreadable(f"not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != CHECKPOINT_FORMAT:
        raise CheckpointUnreadable(f"the format is not {CHECKPOINT_FORMAT}")
    texts = ("origin", "root", "previous_root", "sealed_at", "key", "signature")
    if any(not isinstance(data.get(name), str) for name in texts):
        raise CheckpointUnreadable(f"each of {', '.join(texts)} must be a text")
    if any(type(data.get(name)) is not int for name in ("number", "size")):
        raise CheckpointUnreadable("number and size must be whole numbers")
    return SealFacts(number=data["number"], size=data["size"], **{name: data[name] for name in texts})
