"""What standing and recurring rules ask of a person on a day, without a database."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.recurring import (
    LicenceDue,
    PersonFacts,
    PlaceHeld,
    calendar_window,
    days_of_cycle,
    owed_on,
    plus_months,
)
from training.rules import EventFacts, RuleFacts

D = dt.date.fromisoformat
PLACE = EventFacts(cause="", kind="", effective_on=dt.date.min, unit_path=(1, 2), post_id=5)
RULE = RuleFacts(
    id=1,
    code="annual",
    trigger="window",
    window="year",
    programme_id=10,
    due_days=30,
    before_work=False,
    effective_from=D("2006-03-01"),
)


def rule(**changes):
    return dataclasses.replace(RULE, **changes)


def standing(**changes):
    return rule(trigger="standing", window="", code="holds", **changes)


def person(*spans, licences=(), done=None, **place):
    held = [
        PlaceHeld(dataclasses.replace(PLACE, **place), D(starts), D(ends) if ends else None)
        for starts, ends in spans or [("2020-05-01", "")]
    ]
    return PersonFacts(tuple(held), tuple(licences), done or {})


def days(spec):
    return (spec.cause, spec.owed_from.isoformat(), spec.due_on.isoformat())


@pytest.mark.parametrize(
    ("window", "day", "expected"),
    [
        ("year", "2026-07-01", ("2026", "2026-01-01", "2026-12-31")),
        ("half_year", "2026-06-30", ("2026H1", "2026-01-01", "2026-06-30")),
        ("half_year", "2026-07-01", ("2026H2", "2026-07-01", "2026-12-31")),
        ("quarter", "2026-12-31", ("2026Q4", "2026-10-01", "2026-12-31")),
    ],
)
def test_calendar_windows_end_on_their_last_day(window, day, expected):
    name, begins, ends = calendar_window(window, D(day))

    assert (name, begins.isoformat(), ends.isoformat()) == expected


@pytest.mark.parametrize(
    ("changes", "who", "day", "expected"),
    [
        # A calendar year, for whoever stood there when it began.
        ({}, person(), "2026-03-01", ["window:annual:2026", "2026-01-01", "2026-12-31"]),
        ({}, person(("2026-02-01", "")), "2026-03-01", None),
        (
            {"joiners_wait": False},
            person(("2026-02-01", "")),
            "2026-03-01",
            ["window:annual:2026", "2026-02-01"],
        ),
        # Away on the day: nothing. A stay that follows without a gap is one standing.
        ({}, person(("2020-01-01", "2026-02-01")), "2026-02-01", None),
        ({}, person(("2020-01-01", "2026-02-01"), ("2026-02-01", "")), "2026-03-01", ["window:annual:2026"]),
        ({}, person(("2020-01-01", "2026-01-15"), ("2026-02-01", "")), "2026-03-01", None),
        # It binds from the day the house took it up.
        ({"adopted_on": D("2026-05-01")}, person(), "2026-04-30", None),
        ({"adopted_on": D("2026-05-01")}, person(), "2026-05-01", ["window:annual:2026", "2026-05-01"]),
        ({"post_ids": frozenset({6})}, person(), "2026-03-01", None),
        # So many months after the last time, told of in good time.
        (
            {"window": "months", "every_months": 12, "lead_days": 30},
            person(done={10: D("2025-03-14")}),
            "2026-02-11",
            None,
        ),
        (
            {"window": "months", "every_months": 12, "lead_days": 30},
            person(done={10: D("2025-03-14")}),
            "2026-02-12",
            ["window:annual:2025-03-14", "2026-02-12", "2026-03-14"],
        ),
        (
            {"window": "months", "every_months": 12},
            person(("2026-01-05", "")),
            "2026-01-06",
            ["window:annual:2026-01-05", "2026-01-05", "2026-02-04"],
        ),
    ],
)
def test_window_is_owed_by_those_who_stand_there(changes, who, day, expected):
    found = owed_on(who, [rule(**changes)], D(day))

    if expected is None:
        assert found == []
    else:
        assert list(days(found[0]))[: len(expected)] == expected


def test_standing_rule_is_owed_once_whatever_its_version():
    old = standing(effective_before=D("2026-07-01"))
    new = standing(id=2, effective_from=D("2026-07-01"), before_work=True)

    [before] = owed_on(person(), [old, new], D("2026-06-30"))
    [after] = owed_on(person(), [old, new], D("2026-07-01"))
    assert (before.cause, before.rule_id, after.cause, after.rule_id) == (
        "standing:holds",
        1,
        "standing:holds",
        2,
    )
    assert owed_on(person(done={10: D("2021-01-01")}), [old, new], D("2026-07-01")) == []


def test_every_licence_of_the_family_has_its_review():
    review = rule(trigger="licence_review", window="", code="review", licence_family="x", lead_days=60)
    licences = [
        LicenceDue(1, "x", D("2026-08-31")),
        LicenceDue(2, "x", D("2026-09-01")),
        LicenceDue(3, "y", D("2026-08-31")),
    ]

    found = owed_on(person(licences=licences), [review], D("2026-07-03"))
    assert [days(spec) for spec in found] == [
        ("licence:1:2026-08-31", "2026-07-02", "2026-08-31"),
        ("licence:2:2026-09-01", "2026-07-03", "2026-09-01"),
    ]


def test_one_programme_is_asked_once_by_the_strictest_rule():
    soft = rule(id=2, code="b", window="half_year")

    assert [spec.rule_id for spec in owed_on(person(), [RULE, soft], D("2026-03-01"))] == [2]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2024-02-29", 12, "2025-02-28"), ("2026-01-31", 1, "2026-02-28"), ("2026-11-30", 3, "2027-02-28")],
)
def test_months_end_within_the_month(day, months, expected):
    assert plus_months(D(day), months) == D(expected)


@settings(max_examples=60)
@given(
    start=st.dates(D("2019-01-01"), D("2026-01-01")),
    asked=st.lists(st.dates(D("2026-01-01"), D("2026-12-31")), min_size=2, max_size=6),
    window=st.sampled_from(["year", "half_year", "quarter"]),
    waits=st.booleans(),
)
def test_the_answer_for_a_cycle_is_the_same_on_each_of_its_days(start, asked, window, waits):
    who = PersonFacts((PlaceHeld(PLACE, start),))
    by_cause = {}
    for day in asked:
        for spec in owed_on(who, [rule(window=window, joiners_wait=waits)], day):
            assert by_cause.setdefault(spec.cause, spec) == spec
            assert spec.owed_from <= spec.due_on


@given(st.sampled_from(["year", "half_year", "quarter"]), st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_the_name_of_a_cycle_tells_its_days(window, day):
    name, begins, ends = calendar_window(window, day)
    assert days_of_cycle(name) == (begins, ends)
    assert begins <= day <= ends
    assert days_of_cycle(day.isoformat()) is days_of_cycle("") is None
