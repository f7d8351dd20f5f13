"""Who may start an exam now, for how long, and what stands in the way. Pure.

The server decides with its own clock. Times are aware; `None` means: no such rule.
"""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Obstacle(StrEnum):
    """What keeps a person from starting, in the order in which it is told."""

    CLOSED = "not_open"
    NOT_YET = "not_yet"
    OVER = "window_over"
    TOO_LATE = "too_late"
    PASSED = "passed"
    NO_ATTEMPTS_LEFT = "no_attempts_left"
    RESULT_PENDING = "result_pending"
    RESIT_NOT_YET = "resit_not_yet"
    RESTUDY = "restudy"
    COOLING_DOWN = "cooling_down"
    OUTSIDE_NETWORK = "outside_network"
    KIOSK_ONLY = "kiosk_only"
    PASSWORD_LOCKED = "password_locked"  # noqa: S105
    PASSWORD_MISSING = "password_missing"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105


PasswordState = Literal["not asked", "missing", "wrong", "right", "locked"]


@dataclass(frozen=True, slots=True)
class Window:
    """When an exam may be sat: from `opens_at` until before `closes_at`.

    Nobody starts later than `late_after_s` seconds after it opens. With `cuts`, the end of the window is the end
    for everyone; otherwise whoever started in time keeps the full time.
    """

    opens_at: dt.datetime | None = None
    closes_at: dt.datetime | None = None
    late_after_s: int | None = None
    cuts: bool = True

    @property
    def last_start(self) -> dt.datetime | None:
        """Return the last moment to start by the rule for latecomers, or None without one."""
        if self.opens_at is None or self.late_after_s is None:
            return None
        return self.opens_at + dt.timedelta(seconds=self.late_after_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an exam demands of whoever starts it."""

    duration_s: int
    attempts_allowed: int
    is_open: bool = True
    window: Window = field(default_factory=Window)
    cool_down_s: int = 0
    resit_failed_only: bool = False
    resit_from: dt.datetime | None = None
    resit_after_study: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier attempt that counts: when it ended, and whether it was passed (None: not marked yet)."""

    ended_at: dt.datetime
    passed: bool | None


@dataclass(frozen=True, slots=True)
class ExtraTime:
    """Time a person has beyond the others': a share of the duration in per cent, and seconds on top."""

    pct: int = 0
    s: int = 0

    def of(self, duration_s: int) -> int:
        """Return the extra seconds for an exam of `duration_s` seconds."""
        return duration_s * self.pct // 100 + self.s


@dataclass(frozen=True, slots=True)
class Presence:
    """Where somebody asks from, and what they gave. Without anything it meets no demand of an exam.

    `address` is common.addresses.client_address; `vouched` means that an invigilator saw the person: a ticket
    stands for password, network and shared tablet.
    """

    address: str = ""
    on_kiosk: bool = False
    password: str = ""
    vouched: bool = False


NOWHERE = Presence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the person at the door. `past` are the attempts for this purpose that count, in order."""

    now: dt.datetime
    past: tuple[Past, ...] = ()
    restudied: bool = True
    in_network: bool = True
    on_kiosk: bool = True
    password: PasswordState = "not asked"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not now. `until` is when it will be otherwise, where a time alone changes it."""

    obstacle: Obstacle
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class TimeGiven:
    """How long somebody who starts now has. `cut` tells that the window ends before the full time does."""

    ends_at: dt.datetime
    full_s: int
    cut: bool


def time_given(rules: Rules, extra: ExtraTime, now: dt.datetime) -> TimeGiven:
    """Return the time of somebody who starts at `now`: the duration with the extra time, or until the window ends.

    Extra time moves the end of the window by as much, or it would be worth nothing where the window is as long
    as the exam.
    """
    more_s = extra.of(rules.duration_s)
    full_s = rules.duration_s + more_s
    ends_at = now + dt.timedelta(seconds=full_s)
    window = rules.window
    if window.closes_at is not None and window.cuts:
        end_of_window = window.closes_at + dt.timedelta(seconds=more_s)
        if end_of_window < ends_at:
            return TimeGiven(end_of_window, full_s, cut=True)
    return TimeGiven(ends_at, full_s, cut=False)


def obstacle_to(rules: Rules, facts: Facts) -> Refusal | None:
    """Return the first thing in the way of starting at `facts.now`, or None when the person may start."""
    return _exam_shut(rules, facts) or _attempts_used(rules, facts) or _place_or_password(facts)


def _exam_shut(rules: Rules, facts: Facts) -> Refusal | None:
    if not rules.is_open:
        return Refusal(Obstacle.CLOSED)
    window = rules.window
    if window.opens_at is not None and facts.now < window.opens_at:
        return Refusal(Obstacle.NOT_YET, window.opens_at)
    if window.closes_at is not None and facts.now >= window.closes_at:
        return Refusal(Obstacle.OVER)
    if window.last_start is not None and facts.now > window.last_start:
        return Refusal(Obstacle.TOO_LATE)
    return None


def _attempts_used(rules: Rules, facts: Facts) -> Refusal | None:
    if not facts.past:
        return None
    if rules.resit_failed_only and any(past.passed for past in facts.past):
        return Refusal(Obstacle.PASSED)
    if len(facts.past) >= rules.attempts_allowed:
        return Refusal(Obstacle.NO_ATTEMPTS_LEFT)
    if rules.resit_failed_only and any(past.passed is None for past in facts.past):
        return Refusal(Obstacle.RESULT_PENDING)
    if rules.resit_from is not None and facts.now < rules.resit_from:
        return Refusal(Obstacle.RESIT_NOT_YET, rules.resit_from)
    if rules.resit_after_study and not facts.restudied:
        return Refusal(Obstacle.RESTUDY)
    until = cool_down_until(rules.cool_down_s, facts.past, facts.now)
    return Refusal(Obstacle.COOLING_DOWN, until) if until else None


def cool_down_until(cool_down_s: int, past: tuple[Past, ...], now: dt.datetime) -> dt.datetime | None:
    """Return when the time between two attempts is over, or None if it is."""
    if not past or not cool_down_s:
        return None
    until = max(each.ended_at for each in past) + dt.timedelta(seconds=cool_down_s)
    return until if now < until else None


def _place_or_password(facts: Facts) -> Refusal | None:
    if not facts.in_network:
        return Refusal(Obstacle.OUTSIDE_NETWORK)
    if not facts.on_kiosk:
        return Refusal(Obstacle.KIOSK_ONLY)
    by_state = {
        "locked": Obstacle.PASSWORD_LOCKED,
        "missing": Obstacle.PASSWORD_MISSING,
        "wrong": Obstacle.PASSWORD_WRONG,
    }
    found = by_state.get(facts.password)
    return Refusal(found) if found else None
