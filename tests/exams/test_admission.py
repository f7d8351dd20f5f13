"""Who may start, and until when: by tables and properties. No database."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.admission import (
    ExtraTime,
    Facts,
    Obstacle,
    Past,
    Refusal,
    Rules,
    Window,
    obstacle_to,
    time_given,
)

NOON = dt.datetime(2026, 5, 11, 4, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


def rules(**changes):
    return Rules(**{"duration_s": 3600, "attempts_allowed": 2, **changes})


def facts(**changes):
    return Facts(**{"now": NOON, **changes})


FAILED = Past(ended_at=NOON - HOUR, passed=False)
PASSED = Past(ended_at=NOON - HOUR, passed=True)
UNMARKED = Past(ended_at=NOON - HOUR, passed=None)

CASES = [
    ("nothing in the way", {}, {}, None),
    ("closed", {"is_open": False}, {}, Refusal(Obstacle.CLOSED)),
    (
        "before it opens",
        {"window": Window(opens_at=NOON + MINUTE)},
        {},
        Refusal(Obstacle.NOT_YET, NOON + MINUTE),
    ),
    ("at the bell", {"window": Window(opens_at=NOON)}, {}, None),
    ("at the end", {"window": Window(closes_at=NOON)}, {}, Refusal(Obstacle.OVER)),
    (
        "too late",
        {"window": Window(opens_at=NOON - 16 * MINUTE, late_after_s=900)},
        {},
        Refusal(Obstacle.TOO_LATE),
    ),
    ("late but in time", {"window": Window(opens_at=NOON - 15 * MINUTE, late_after_s=900)}, {}, None),
    ("passed and no limit to that", {}, {"past": (PASSED,)}, None),
    ("passed", {"resit_failed_only": True}, {"past": (FAILED, PASSED)}, Refusal(Obstacle.PASSED)),
    ("none left", {}, {"past": (FAILED, FAILED)}, Refusal(Obstacle.NO_ATTEMPTS_LEFT)),
    (
        "not marked yet",
        {"resit_failed_only": True},
        {"past": (UNMARKED,)},
        Refusal(Obstacle.RESULT_PENDING),
    ),
    (
        "the resit is next week",
        {"resit_from": NOON + 7 * 24 * HOUR},
        {"past": (FAILED,)},
        Refusal(Obstacle.RESIT_NOT_YET, NOON + 7 * 24 * HOUR),
    ),
    ("the first attempt does not wait for the resit", {"resit_from": NOON + HOUR}, {}, None),
    (
        "study first",
        {"resit_after_study": True},
        {"past": (FAILED,), "restudied": False},
        Refusal(Obstacle.RESTUDY),
    ),
    ("the first attempt needs no second study", {"resit_after_study": True}, {"restudied": False}, None),
    (
        "cooling down",
        {"cool_down_s": 7200},
        {"past": (FAILED,)},
        Refusal(Obstacle.COOLING_DOWN, NOON + HOUR),
    ),
    ("cooled down", {"cool_down_s": 3600}, {"past": (FAILED,)}, None),
    ("outside", {}, {"in_network": False}, Refusal(Obstacle.OUTSIDE_NETWORK)),
    ("own phone", {}, {"on_kiosk": False}, Refusal(Obstacle.KIOSK_ONLY)),
    ("no password", {}, {"password": "missing"}, Refusal(Obstacle.PASSWORD_MISSING)),
    ("wrong password", {}, {"password": "wrong"}, Refusal(Obstacle.PASSWORD_WRONG)),
    ("too many passwords", {}, {"password": "locked"}, Refusal(Obstacle.PASSWORD_LOCKED)),
    # Whoever cannot start anyway is not asked for a password.
    (
        "over, and no password",
        {"window": Window(closes_at=NOON)},
        {"password": "missing"},
        Refusal(Obstacle.OVER),
    ),
]


@pytest.mark.parametrize(
    ("exam", "person", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_first_thing_in_the_way_is_named(exam, person, expected):
    assert obstacle_to(rules(**exam), facts(**person)) == expected


def test_the_time_is_the_shorter_of_duration_and_window_and_extra_time_moves_both():
    late = NOON - 40 * MINUTE
    window = Window(opens_at=late, closes_at=late + HOUR)
    given = time_given(rules(window=window), ExtraTime(), NOON)
    assert (given.ends_at, given.cut) == (NOON + 20 * MINUTE, True)
    kept = time_given(rules(window=Window(late, late + HOUR, cuts=False)), ExtraTime(), NOON)
    assert (kept.ends_at, kept.cut) == (NOON + HOUR, False)
    slower = time_given(rules(window=window), ExtraTime(pct=25, s=60), NOON)
    assert (slower.ends_at, slower.full_s) == (NOON + 36 * MINUTE, 4560)


moments = st.integers(-10_000, 10_000).map(lambda s: NOON + dt.timedelta(seconds=s))
windows = st.builds(
    lambda opens, length, late, cuts: Window(opens, opens + dt.timedelta(seconds=length), late, cuts),
    moments,
    st.integers(1, 9000),
    st.one_of(st.none(), st.integers(0, 9000)),
    st.booleans(),
)
extras = st.builds(ExtraTime, st.integers(0, 300), st.integers(0, 3600))


@settings(max_examples=150, deadline=None)
@given(now=moments, window=windows, duration=st.integers(60, 9000), extra=extras, more=st.integers(0, 600))
def test_whoever_may_start_gets_time_and_never_beyond_the_window(now, window, duration, extra, more):
    exam = rules(duration_s=duration, window=window)
    refused = obstacle_to(exam, facts(now=now))
    given_time = time_given(exam, extra, now)
    allowed = window.opens_at <= now < window.closes_at and (
        window.last_start is None or now <= window.last_start
    )
    assert (refused is None) == allowed
    if not allowed:
        return
    full = dt.timedelta(seconds=duration + extra.of(duration))
    assert now < given_time.ends_at <= now + full
    assert given_time.cut == (given_time.ends_at < now + full)
    if window.cuts:
        assert given_time.ends_at <= window.closes_at + dt.timedelta(seconds=extra.of(duration))
    else:
        assert given_time.ends_at == now + full
    # More extra time never means an earlier end.
    assert time_given(exam, ExtraTime(extra.pct, extra.s + more), now).ends_at >= given_time.ends_at
