"""Tokens and digests. A token is shown once and kept only as its digest."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

TOKEN_BYTES = 20  # 160 bits, above the 128 that ASVS 11.5.1 asks for


class FieldKeyMismatch(Exception):
    """A stored ciphertext opens with none of the configured FIELD_KEYS."""


def make_token() -> str:
    """Return a new unguessable token, safe in a URL (27 characters)."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token in hex. Enough for tokens of 112 bits and more (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return the one byte string that stands for `value`: sorted keys, no spaces, UTF-8, no floats.

    Floats are refused because their text form differs between systems; write decimals as strings. Keys are
    texts, because JSON would write 1 and "1" alike.
    Raises TypeError for a float, another key, or a type JSON does not know; UnicodeEncodeError for a text
    that has no UTF-8 form (a lone surrogate).
    """
    _refuse_ambiguous(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _refuse_ambiguous(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical JSON holds no floats: write the number as a string")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"canonical JSON has texts for keys, not {key!r}")
            _refuse_ambiguous(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_ambiguous(item)


def _derived(purpose: str, key: str) -> bytes:
    return hmac.digest(key.encode(), purpose.encode(), "sha256")


def keyed_digest(purpose: str, text: str) -> str:
    """Return a digest that finds equal values without storing them (e.g. ID numbers), in hex.

    Uses the oldest of settings.FIELD_KEYS, so adding a newer key does not move existing digests.
    """
    return hmac.new(_derived(purpose, settings.FIELD_KEYS[-1]), text.encode(), "sha256").hexdigest()


def _fernet() -> MultiFernet:
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(_derived("field", key))) for key in settings.FIELD_KEYS]
    )


def encrypt_text(text: str) -> str:
    """Encrypt a short text for storage with the newest of settings.FIELD_KEYS."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt_text(ciphertext: str) -> str:
    """Open what `encrypt_text` made; raise FieldKeyMismatch if no configured key fits."""
    try:
        return _fernet().decrypt(ciphertext.encode()).decode()
    except InvalidToken as error:
        raise FieldKeyMismatch("none of FIELD_KEYS opens this value") from error


def mac(key: str, *parts: object) -> str:
    """Return the HMAC-SHA-256 in hex of `parts` joined by newlines, under `key`."""
    return hmac.new(key.encode(), "\n".join(map(str, parts)).encode(), "sha256").hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two digests in constant time; whatever text a client sends, the answer is true or false."""
    # Python reads "\ud800" from JSON as a lone surrogate, which plain UTF-8 refuses to encode.
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))
