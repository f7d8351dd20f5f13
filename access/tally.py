"""What each process remembers of gates between two writes: how often they asked, and how often in this minute.

Nothing is written while a gate waits: the counts go into one row per gate and hour after the answer is sent, every
few seconds. A process that dies loses those seconds. The limit holds for each process by itself.
"""

import datetime as dt
import threading
from dataclasses import dataclass, field

FLUSH_EVERY_S = 5.0
FORGET_AT = 10_000  # clients in one minute


@dataclass(slots=True)
class Counts:
    """What a gate was told within an hour and not written yet."""

    cleared: int = 0
    blocked: int = 0
    unknown: int = 0
    last_at: dt.datetime | None = None


@dataclass(slots=True)
class Tally:
    """The counts not written yet, by gate and hour."""

    waiting: dict[tuple[int, dt.datetime], Counts] = field(default_factory=dict)
    flushed_at: dt.datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, gate_id: int, *, cleared: int, blocked: int, unknown: int, now: dt.datetime) -> None:
        """Count what a gate was told."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self.lock:
            counts = self.waiting.setdefault((gate_id, hour), Counts())
            counts.cleared += cleared
            counts.blocked += blocked
            counts.unknown += unknown
            counts.last_at = now

    def take_due(self, now: dt.datetime) -> dict[tuple[int, dt.datetime], Counts]:
        """Return what is to be written now, once; nothing within a few seconds of the last time."""
        with self.lock:
            if self.flushed_at is not None and 0 <= (now - self.flushed_at).total_seconds() < FLUSH_EVERY_S:
                return {}
            self.flushed_at = now
            taken, self.waiting = self.waiting, {}
            return taken


@dataclass(slots=True)
class Limiter:
    """Counts calls in fixed minutes, in this process alone: no statement for a gate in a hurry."""

    minute: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def within(self, client: str, limit: int, now: dt.datetime) -> bool:
        """Count a call and tell whether it is among the first `limit` of its minute."""
        minute = int(now.timestamp()) // 60
        with self.lock:
            if minute != self.minute or len(self.calls) > FORGET_AT:
                self.minute, self.calls = minute, {}
            self.calls[client] = self.calls.get(client, 0) + 1
            return self.calls[client] <= limit


TALLY = Tally()
LIMITER = Limiter()
