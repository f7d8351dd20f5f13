"""The password of an exam, which a room hears from its invigilator. Kept as a keyed digest.

A slow hash such as Argon2 takes 0.4 s of a core: a room of 500 that starts together would wait for minutes.
What protects this password is that the digest is made with a key the database does not hold (FIELD_KEYS), that
it counts for one exam, and that wrong tries are limited per person.
"""

import hmac

from common.signing import keyed_digest, make_token

LONGEST = 64


def _digest(salt: str, password: str) -> str:
    return keyed_digest("exam password", f"{salt}:{password.strip()}")


def hash_password(password: str) -> str:
    """Return what is stored for a password: a salt and a keyed digest. Blanks around it do not count."""
    salt = make_token()
    return f"{salt}${_digest(salt, password)}"


def password_fits(password: str, stored: str) -> bool:
    """Tell whether a password is the stored one, in constant time."""
    salt, _, digest = stored.partition("$")
    return hmac.compare_digest(_digest(salt, password), digest)
