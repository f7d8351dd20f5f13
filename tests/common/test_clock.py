import datetime as dt

import pytest
import time_machine

from common import clock


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (dt.datetime(2026, 3, 8, 15, 59, 59, tzinfo=dt.UTC), dt.date(2026, 3, 8)),
        (dt.datetime(2026, 3, 8, 16, 0, tzinfo=dt.UTC), dt.date(2026, 3, 9)),
    ],
)
def test_day_changes_at_midnight_in_china(moment, day):
    with time_machine.travel(moment, tick=False):
        assert clock.today() == day
        assert clock.now() == moment


def test_now_is_aware_and_in_utc():
    assert clock.now().utcoffset() == dt.timedelta(0)
