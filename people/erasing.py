"""The registry of what erases a person's data in each room, for people.actions.erasure.

A room registers `Eraser`s under the hook `personal_data_erasers`. An eraser runs inside the transaction of the
erasure, takes the person as locked, and is idempotent. Facts are not erased: ledger rows keep their commitment.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from wagtail import hooks

from people.models import Employee, Erasable

HOOK = "personal_data_erasers"


@dataclass(frozen=True, slots=True)
class Eraser:
    """What erases one kind of data in one room."""

    what: Erasable
    erase: Callable[[Employee, dt.datetime], None]


def erasers(what: str) -> list[Eraser]:
    """Return what every room registered for one kind of data."""
    return [eraser for hook in hooks.get_hooks(HOOK) for eraser in hook() if eraser.what == what]
