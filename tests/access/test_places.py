"""What a place asks for beyond the post, without a database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.places import Conditions, DemandedProgramme, Visitor, last_good_day, place_reasons, place_until
from training.clearance import DemandedLicence, HeldLicence, ReasonCode

DAY = dt.date(2026, 11, 22)
WELDING = DemandedLicence("welding", "焊接", "法")
ENTRY = DemandedProgramme("tank-entry", "罐区入场教育", 12)
PLACE = Conditions(
    "储罐区", "0001", own_people_only=True, licences=(WELDING,), programmes=(ENTRY,), basis="公司规定"
)
GOOD = HeldLicence("welding", dt.date(2025, 1, 1), dt.date(2027, 12, 31))


def visitor(**changes):
    known = {"paths": ("00010002",), "held": (GOOD,), "done": (("tank-entry", dt.date(2026, 3, 1)),)}
    return Visitor(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "codes", "until"),
    [
        ({}, [], "2027-02-28"),
        ({"paths": ("0002",)}, [ReasonCode.NOT_OF_THIS_PLACE], "2027-02-28"),
        ({"paths": ("0002", "0001")}, [], "2027-02-28"),
        ({"held": ()}, [ReasonCode.LICENCE_MISSING], "2027-02-28"),
        ({"done": ()}, [ReasonCode.PROGRAMME_MISSING], "2027-12-31"),
        ({"done": (("other", DAY),)}, [ReasonCode.PROGRAMME_MISSING], "2027-12-31"),
        ({"done": (("tank-entry", dt.date(2025, 11, 22)),)}, [ReasonCode.PROGRAMME_EXPIRED], "2027-12-31"),
        ({"done": (("tank-entry", dt.date(2025, 11, 23)),)}, [], "2026-11-22"),
        ({"done": (("tank-entry", dt.date(2026, 12, 1)),)}, [ReasonCode.PROGRAMME_MISSING], "2027-11-30"),
    ],
)
def test_conditions_of_a_place(changes, codes, until):
    reasons = place_reasons(PLACE, visitor(**changes), DAY)
    assert [reason.code for reason in reasons] == codes
    assert place_until(PLACE, visitor(**changes), DAY) == dt.date.fromisoformat(until)


def test_reasons_carry_the_rule_behind_them():
    reasons = place_reasons(PLACE, Visitor(), DAY)
    assert [reason.basis for reason in reasons] == ["公司规定", "法", "公司规定"]


def test_training_without_an_end_holds_for_good():
    assert last_good_day(DAY, None) is None
    place = Conditions("x", "0001", programmes=(DemandedProgramme("a", "甲"),))
    seen = Visitor(done=(("a", dt.date(2001, 1, 1)),))
    assert place_reasons(place, seen, DAY) == ()
    assert place_until(place, seen, DAY) is None


@given(
    done=st.lists(st.dates(dt.date(2024, 1, 1), dt.date(2027, 1, 1)), max_size=4),
    months=st.none() | st.integers(1, 36),
    until=st.dates(dt.date(2025, 1, 2), dt.date(2028, 1, 1)),
    ahead=st.integers(0, 800),
)
def test_answer_holds_until_the_day_it_names(done, months, until, ahead):
    """Between today and the last good day nothing changes by itself, unless training to come is done."""
    place = Conditions("x", "0001", licences=(WELDING,), programmes=(DemandedProgramme("a", "甲", months),))
    seen = Visitor(
        held=(HeldLicence("welding", dt.date(2025, 1, 1), until),),
        done=tuple(("a", day) for day in done if day <= DAY),
    )
    last = place_until(place, seen, DAY)
    later = DAY + dt.timedelta(days=ahead)
    if last is None or later <= last:
        assert [one.code for one in place_reasons(place, seen, later)] == [
            one.code for one in place_reasons(place, seen, DAY)
        ]


@given(st.lists(st.sampled_from(["0001", "0002", "00010003"]), max_size=3))
def test_open_place_asks_nobody_where_they_belong(paths):
    assert place_reasons(Conditions("x", "0001"), Visitor(paths=tuple(paths)), DAY) == ()
