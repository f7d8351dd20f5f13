import datetime as dt

from common.throttle import within_limit

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)


def ask(client="10.0.0.1", scope="verify", now=NOW):
    return within_limit(scope, client, limit=2, window_s=60, now=now)


def test_requests_up_to_the_limit_pass_and_the_next_does_not():
    assert [ask() for _ in range(4)] == [True, True, False, False]


def test_clients_scopes_and_windows_are_counted_apart():
    for _ in range(3):
        ask()
    assert ask(client="10.0.0.2")
    assert ask(scope="other")
    assert ask(now=NOW + dt.timedelta(seconds=60))
