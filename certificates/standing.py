"""What a certificate is worth at a moment: folded from its dates and the changes made to it. Pure."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EXPIRING_DAYS = 30


class State(StrEnum):
    """The states of mechanisms "Certificates"; the words for people stand with the pages."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


FINAL_STATES = frozenset({State.REVOKED, State.SUPERSEDED})
IN_FORCE = frozenset({State.VALID, State.EXPIRING})
# The safety sign beside the word: what the reader should do about the certificate.
SIGNS = {
    State.VALID: "safe",
    State.EXPIRING: "care",
    State.EXPIRED: "stop",
    State.SUSPENDED: "stop",
    State.REVOKED: "stop",
    State.SUPERSEDED: "care",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `kind` is `suspended`, `resumed`, `revoked` or `superseded`; `changed_at` is aware."""

    kind: str
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A state and, where a change brought it about, since when."""

    state: State
    since: dt.datetime | None = None

    @property
    def sign(self) -> str:
        """Return the safety sign that stands beside the word: safe, care or stop."""
        return SIGNS[self.state]

    @property
    def in_force(self) -> bool:
        """Tell whether the certificate counts."""
        return self.state in IN_FORCE


def standing_at(
    moment: dt.datetime, today: dt.date, valid_until: dt.date | None, changes: Iterable[Change]
) -> Standing:
    """Return the standing at `moment`, of which `today` is the local date.

    A certificate counts through the whole of its last day. Revoked and superseded are final, the first of
    them wins; a suspension hides the dates until it is lifted. Changes after `moment` are not looked at.
    """
    suspended_since: dt.datetime | None = None
    for change in sorted((c for c in changes if c.changed_at <= moment), key=lambda c: c.changed_at):
        if change.kind in FINAL_STATES:
            return Standing(State(change.kind), change.changed_at)
        if change.kind != State.SUSPENDED:
            suspended_since = None
        elif suspended_since is None:
            suspended_since = change.changed_at
    if suspended_since is not None:
        return Standing(State.SUSPENDED, suspended_since)
    if valid_until is None:
        return Standing(State.VALID)
    days_left = (valid_until - today).days
    if days_left < 0:
        return Standing(State.EXPIRED)
    return Standing(State.EXPIRING if days_left <= EXPIRING_DAYS else State.VALID)
