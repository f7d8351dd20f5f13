"""How a ledger row names people and reasons without saying them: salted commitments. Pure.

Whoever has the salt and the text can show that a row means them; once the salt is deleted nobody can, and
guessing does not help: the salt has 256 bits.
"""

import hmac

NAMES_JOINED_BY = "、"


def _mac(key: str, *parts: object) -> str:
    return hmac.new(key.encode(), "\n".join(map(str, parts)).encode(), "sha256").hexdigest()


def person_text(employee_no: str, name: str) -> str:
    """Return what is kept beside the salt of a person: number and name as they were, on two lines."""
    return f"{employee_no}\n{name}"


def commit_person(salt: str, public_id: object, text: str) -> str:
    """Return the commitment to a person: HMAC-SHA-256 of random id, number and name under the salt, in hex."""
    return _mac(salt, public_id, text)


def commit_text(salt: str, field: str, text: str) -> str:
    """Return the commitment to a text (the trainers, the reason of a correction) in hex."""
    return _mac(salt, field, text)


def subject_of(public_id: object, seq: int) -> str:
    """Return what ties a row to a person's random id, differently in each row, in hex.

    It needs no salt: an id of 122 random bits cannot be guessed. It stays when name and number are erased.
    """
    return _mac(str(public_id), "subject", seq)
