"""The one text form of a value, for hashing."""

import json
from typing import Any


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
