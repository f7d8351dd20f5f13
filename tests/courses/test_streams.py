import datetime as dt
import uuid

import pytest

from courses.streams import (
    AHEAD_S,
    BadStream,
    Stream,
    StreamExpired,
    expiry,
    make_token,
    may_fetch,
    read_token,
)

NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
STREAM = Stream(7, 3, "hls/3/ab12", expiry(NOW, 600.0), uuid.UUID(int=5))


@pytest.mark.parametrize("stream", [STREAM, Stream(7, 3, "hls/3/ab12", expiry(NOW, 1.0))])
def test_a_token_says_what_was_put_into_it(stream):
    assert read_token(make_token(stream), NOW) == stream
    assert "/" not in make_token(stream)


def test_a_token_lasts_as_long_as_the_film_and_a_quarter_of_an_hour():
    token = make_token(STREAM)
    assert read_token(token, NOW + dt.timedelta(minutes=25)) == STREAM
    with pytest.raises(StreamExpired):
        read_token(token, NOW + dt.timedelta(minutes=25, seconds=1))
    assert expiry(NOW, 1e6) - NOW.timestamp() == 5 * 3600


@pytest.mark.parametrize("place", range(5))
def test_no_part_of_a_token_can_be_changed(place):
    parts = make_token(STREAM).split(".")
    parts[place] = parts[place][:-1] + ("1" if parts[place][-1:] != "1" else "2")
    with pytest.raises(BadStream):
        read_token(".".join(parts), NOW)


@pytest.mark.parametrize("token", ["", ".", "a.b", "1.1.x.99999999999..", "钥匙"])
def test_nonsense_is_refused(token):
    with pytest.raises(BadStream):
        read_token(token, NOW)


@pytest.mark.parametrize(
    ("number", "frontier_s", "is_done", "allowed"),
    [(0, 0.0, False, True), (10, 0.0, False, True), (11, 0.0, False, False), (11, 6.0, False, True),
     (600, 0.0, False, False), (600, 0.0, True, True)],
)  # fmt: skip
def test_only_what_lies_near_the_frontier_may_be_fetched(number, frontier_s, is_done, allowed):
    assert AHEAD_S == 60
    assert may_fetch(number, frontier_s=frontier_s, is_done=is_done) is allowed
