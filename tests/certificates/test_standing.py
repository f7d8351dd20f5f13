import datetime as dt

import pytest

from certificates.standing import Change, State, standing_at

NOW = dt.datetime(2026, 6, 1, 4, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 1)
AT = {day: dt.datetime(2026, 5, day, tzinfo=dt.UTC) for day in range(1, 32)}


def state(valid_until=None, *changes):
    return standing_at(NOW, TODAY, valid_until, [Change(kind, at) for kind, at in changes])


@pytest.mark.parametrize(
    ("valid_until", "expected"),
    [
        (None, State.VALID),
        (dt.date(2026, 7, 2), State.VALID),
        (dt.date(2026, 7, 1), State.EXPIRING),
        (dt.date(2026, 6, 1), State.EXPIRING),
        (dt.date(2026, 5, 31), State.EXPIRED),
    ],
    ids=["no end", "31 days", "30 days", "last day", "day after"],
)
def test_dates_decide_while_nothing_was_changed(valid_until, expected):
    standing = state(valid_until)
    assert (standing.state, standing.since) == (expected, None)


@pytest.mark.parametrize(
    ("changes", "expected", "since"),
    [
        ([("suspended", AT[3])], State.SUSPENDED, AT[3]),
        ([("suspended", AT[3]), ("suspended", AT[5])], State.SUSPENDED, AT[3]),
        ([("suspended", AT[3]), ("resumed", AT[4])], State.VALID, None),
        ([("resumed", AT[4]), ("suspended", AT[3])], State.VALID, None),
        ([("suspended", AT[3]), ("resumed", AT[4]), ("suspended", AT[9])], State.SUSPENDED, AT[9]),
        ([("suspended", AT[3]), ("revoked", AT[4])], State.REVOKED, AT[4]),
        ([("revoked", AT[4]), ("resumed", AT[5])], State.REVOKED, AT[4]),
        ([("superseded", AT[2]), ("revoked", AT[4])], State.SUPERSEDED, AT[2]),
        ([("revoked", NOW + dt.timedelta(seconds=1))], State.VALID, None),
    ],
)
def test_changes_are_folded_in_the_order_of_time(changes, expected, since):
    standing = state(None, *changes)
    assert (standing.state, standing.since) == (expected, since)


def test_suspension_hides_the_dates_and_resuming_shows_them_again():
    past = dt.date(2026, 5, 1)
    assert state(past, ("suspended", AT[3])).state == State.SUSPENDED
    assert state(past, ("suspended", AT[3]), ("resumed", AT[9])).state == State.EXPIRED


def test_sign_and_force_follow_the_state():
    assert (state(None).sign, state(None).in_force) == ("safe", True)
    revoked = state(None, ("revoked", AT[1]))
    assert (revoked.sign, revoked.in_force) == ("stop", False)
