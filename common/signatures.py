"""Ed25519 signatures of the training ledger, with keys from settings.LEDGER_KEYS.

An entry is a secret text (a key pair is derived from it) or `public:` and 64 hex digits: the public half of a key
that signs no more. The first entry signs; all are accepted.
"""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

PUBLIC_PREFIX = "public:"
LEDGER = b"anxue ledger seal"
CLEARANCE_LIST = (
    b"anxue clearance list"  # another key pair of the same secret: a list is no seal, nor a seal a list
)


class NoSigningKey(Exception):
    """The first entry of LEDGER_KEYS cannot sign: it is missing, or only the public half of a key."""


@lru_cache(maxsize=16)
def _private(secret: str, purpose: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), purpose, "sha256"))


def _public_hex(entry: str, purpose: bytes) -> str:
    if entry.startswith(PUBLIC_PREFIX):
        return entry.removeprefix(PUBLIC_PREFIX).lower()
    return _private(entry, purpose).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def known_keys() -> tuple[str, ...]:
    """Return the public keys (hex) whose seals are accepted, the one that signs first."""
    return tuple(_public_hex(entry, LEDGER) for entry in settings.LEDGER_KEYS)


def signing_key(purpose: bytes) -> str:
    """Return the public half (hex) of the key that signs for a purpose; "" if none does."""
    first = next(iter(settings.LEDGER_KEYS), "")
    return "" if not first or first.startswith(PUBLIC_PREFIX) else _public_hex(first, purpose)


def sign(message: bytes, purpose: bytes = LEDGER) -> tuple[str, str]:
    """Sign with the first of settings.LEDGER_KEYS; return the public key and the signature, both in hex.

    Each purpose has a key pair of its own.

    Raises NoSigningKey if that entry holds no secret.
    """
    first = next(iter(settings.LEDGER_KEYS), "")
    if not first or first.startswith(PUBLIC_PREFIX):
        raise NoSigningKey("the first entry of LEDGER_KEYS must be a secret key")
    return _public_hex(first, purpose), _private(first, purpose).sign(message).hex()


def is_signed(message: bytes, key: str, signature: str) -> bool:
    """Tell whether `signature` (hex) over `message` is by `key` (hex); malformed ones are not."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
