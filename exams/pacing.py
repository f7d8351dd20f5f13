"""How long a paper takes to answer. Pure.

Usual values of test practice (each type's `answering_s`), with reading at 300 Chinese characters a minute; not law, and no
deadline hangs on it: it shows an author that 60 questions do not go into 20 minutes.
"""

import math
from collections.abc import Iterable

from exams.types import type_of

READING_PER_MIN = 300


def expected_s(kind: str, characters: int) -> int:
    """Return the seconds one question takes: reading `characters`, then answering by its kind."""
    return math.ceil(characters * 60 / READING_PER_MIN) + type_of(kind).answering_s


def expected_min(questions: Iterable[tuple[str, int]]) -> int:
    """Return the minutes (rounded up) that (kind, characters) together take."""
    return math.ceil(sum(expected_s(kind, characters) for kind, characters in questions) / 60)
