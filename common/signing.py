"""Tokens and digests. A token is shown once and kept only as its digest."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

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


def _derived(purpose: str, key: str) -> bytes:
    return hmac.digest(key.encode(), purpose.encode(), "sha256")


def keyed_digest(purpose: str, text: str) -> str:
    """Return a digest that finds equal values without storing them (e.g. ID numbers), in hex.

    Uses the oldest of settings.FIELD_KEYS, so adding a newer key does not move existing digests.
    """
    return hmac.new(_derived(purpose, settings.FIELD_KEYS[-1]), text.encode(), "sha256").hexdigest()


def _fernet() -> MultiFernet:
    return _fernet_of(tuple(settings.FIELD_KEYS))


@lru_cache(maxsize=8)
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived("field", key))) for key in keys])


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
