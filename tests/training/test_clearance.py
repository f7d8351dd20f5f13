import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.clearance import (
    ClearanceFacts,
    DemandedLicence,
    HeldLicence,
    OwedTraining,
    ReasonCode,
    Stay,
    Worked,
    clearance,
    months_after,
)

DAY = dt.date(2026, 11, 21)
WELDING = DemandedLicence("welding", "熔化焊接与热切割", "安全生产法第三十条")
POST = Stay(dt.date(2026, 1, 1), None)
WELDER = Stay(dt.date(2026, 1, 1), None, (WELDING,))


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


def licence(**changes) -> HeldLicence:
    return HeldLicence(
        **{"code": "welding", "valid_from": DAY - days(100), "valid_until": DAY + days(100), **changes}
    )


def owed(**changes) -> OwedTraining:
    return OwedTraining(
        **{
            "public_id": "o1",
            "title": "岗前",
            "owed_from": DAY,
            "due_on": DAY + days(7),
            "basis": "令3",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("facts", "codes", "recheck_on"),
    [
        ({"stays": (POST,)}, [], None),
        ({"stays": (POST,), "status": "left"}, [ReasonCode.LEFT], None),
        ({"stays": (POST,), "status": "away"}, [ReasonCode.AWAY], None),
        ({}, [ReasonCode.NO_POST], None),
        ({"stays": (Stay(DAY + days(3), None),)}, [ReasonCode.NO_POST], DAY + days(3)),
        ({"stays": (Stay(DAY - days(3), DAY),)}, [ReasonCode.NO_POST], None),
        ({"stays": (Stay(DAY - days(3), DAY + days(1)),)}, [], DAY + days(1)),
        ({"stays": (POST,), "owed": (owed(),)}, [ReasonCode.TRAINING_OWED], None),
        ({"stays": (POST,), "owed": (owed(owed_from=DAY + days(1)),)}, [], DAY + days(1)),
        ({"stays": (WELDER,)}, [ReasonCode.LICENCE_MISSING], None),
        ({"stays": (WELDER,), "held": (licence(),)}, [], DAY + days(101)),
        ({"stays": (WELDER,), "held": (licence(valid_until=DAY),)}, [], DAY + days(1)),
        (
            {"stays": (WELDER,), "held": (licence(valid_until=DAY - days(1)),)},
            [ReasonCode.LICENCE_EXPIRED],
            None,
        ),
        (
            {"stays": (WELDER,), "held": (licence(valid_from=DAY + days(2)),)},
            [ReasonCode.LICENCE_NOT_YET_VALID],
            DAY + days(2),
        ),
        (
            {"stays": (WELDER,), "held": (licence(review_due_on=DAY - days(1)),)},
            [ReasonCode.LICENCE_REVIEW_OVERDUE],
            DAY + days(101),
        ),
        ({"stays": (WELDER,), "held": (licence(review_due_on=DAY),)}, [], DAY + days(1)),
        (
            {"stays": (WELDER,), "held": (licence(valid_until=DAY - days(1)), licence())},
            [],
            DAY + days(101),
        ),
        (
            {"stays": (WELDER,), "held": (licence(code="forklift"),)},
            [ReasonCode.LICENCE_MISSING],
            DAY + days(101),
        ),
        (
            {"stays": (WELDER,), "owed": (owed(),)},
            [ReasonCode.TRAINING_OWED, ReasonCode.LICENCE_MISSING],
            None,
        ),
    ],
)
def test_clearance_names_every_reason_and_the_next_day_that_matters(facts, codes, recheck_on):
    answer = clearance(ClearanceFacts(**{"on": DAY, "status": "active", **facts}))

    assert [reason.code for reason in answer.reasons] == codes
    assert answer.is_cleared is not bool(codes)
    assert answer.recheck_on == recheck_on


def test_reason_carries_subject_date_basis_and_target():
    answer = clearance(
        ClearanceFacts(
            DAY,
            "active",
            (WELDER,),
            (owed(),),
            (licence(valid_until=DAY - days(5)), licence(valid_until=DAY - days(2))),
        )
    )

    training, expired = answer.reasons
    assert (training.subject, training.day, training.basis, training.obligation_id) == (
        "岗前",
        DAY + days(7),
        "令3",
        "o1",
    )
    assert (expired.subject, expired.day, expired.licence_type) == (WELDING.name, DAY - days(2), "welding")


dates = st.dates(min_value=DAY - days(40), max_value=DAY + days(40))
spans = st.tuples(dates, dates).filter(lambda pair: pair[0] < pair[1])
all_facts = st.builds(
    ClearanceFacts,
    on=dates,
    status=st.sampled_from(["active", "away", "left"]),
    stays=st.lists(spans.map(lambda pair: Stay(*pair, (WELDING,))), max_size=3).map(tuple),
    owed=st.lists(st.builds(owed, owed_from=dates), max_size=2).map(tuple),
    held=st.lists(
        st.tuples(spans, st.none() | dates).map(
            lambda drawn: HeldLicence("welding", drawn[0][0], drawn[0][1], drawn[1])
        ),
        max_size=3,
    ).map(tuple),
)


@given(all_facts)
def test_answer_cannot_change_before_the_recheck_day(facts):
    answer = clearance(facts)
    last = (answer.recheck_on or facts.on + days(90)) - days(1)
    between = facts.on + (last - facts.on) // 2

    for on in (between, last):
        later = clearance(ClearanceFacts(on, facts.status, facts.stays, facts.owed, facts.held))
        assert [reason.code for reason in later.reasons] == [reason.code for reason in answer.reasons]


PRACTISED = DemandedLicence("welding", "熔化焊接与热切割", "安全生产法第三十条", 6)


def worked(*spans) -> tuple[Worked, ...]:
    return tuple(
        Worked("welding", dt.date.fromisoformat(start), dt.date.fromisoformat(end) if end else None)
        for start, end in spans
    )


@pytest.mark.parametrize(
    ("spans", "examined", "last"),
    [
        ([("2026-01-01", None)], [], None),  # nothing known of before
        ([("2025-01-01", "2025-07-02"), ("2026-01-01", None)], [], "2025-07-01"),  # six months to the day
        ([("2025-01-01", "2025-07-03"), ("2026-01-01", None)], [], None),  # a day less
        ([("2025-01-01", "2025-07-02"), ("2026-01-01", None)], ["2025-12-01"], None),
        ([("2025-01-01", "2025-07-02"), ("2026-01-01", None)], ["2025-06-01"], "2025-07-01"),
        ([("2025-01-01", "2025-07-02"), ("2026-01-01", None)], ["2026-11-20"], None),
        ([("2025-01-01", "2025-07-02"), ("2026-01-01", None)], ["2026-11-22"], "2025-07-01"),  # to come
        ([("2025-01-01", "2025-07-02"), ("2026-12-01", None)], [], None),  # not begun yet
        (
            [("2024-01-01", "2024-02-01"), ("2024-12-01", "2025-12-01"), ("2025-12-01", None)],
            [],
            "2024-01-31",
        ),
    ],
)
def test_break_of_months_asks_for_an_exam(spans, examined, last):
    held = licence(valid_from=dt.date(2020, 1, 1), assessed_on=tuple(map(dt.date.fromisoformat, examined)))
    stay = Stay(dt.date(2026, 1, 1), None, (PRACTISED,))
    facts = ClearanceFacts(on=DAY, status="active", stays=(stay,), held=(held,), worked=worked(*spans))
    reasons = clearance(facts).reasons
    assert [reason.day for reason in reasons] == ([dt.date.fromisoformat(last)] if last else [])
    assert {reason.code for reason in reasons} <= {ReasonCode.REASSESSMENT_DUE}


def test_refuted_licence_is_none():
    facts = ClearanceFacts(on=DAY, status="active", stays=(WELDER,), held=(licence(is_refuted=True),))
    assert [reason.code for reason in clearance(facts).reasons] == [ReasonCode.LICENCE_REFUTED]


@given(
    spans=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 500)), max_size=6),
    examined=st.lists(st.integers(0, 2500), max_size=3),
    months=st.integers(1, 24),
)
def test_an_exam_today_heals_every_break(spans, examined, months):
    start = DAY - days(2400)
    demanded = DemandedLicence("welding", "焊", "法", months)
    times = tuple(Worked("welding", start + days(at), start + days(at + long)) for at, long in spans)
    held = licence(valid_from=start, assessed_on=tuple(start + days(at) for at in examined))
    stay = Stay(start, None, (demanded,))

    def codes(*also: dt.date) -> list[str]:
        own = HeldLicence("welding", start, DAY + days(9), None, False, (*held.assessed_on, *also))
        facts = ClearanceFacts(on=DAY, status="active", stays=(stay,), held=(own,), worked=times)
        return [reason.code for reason in clearance(facts).reasons]

    assert codes(DAY) == []
    # More examinations never block, and gaps shorter than the months never do.
    assert len(codes(DAY - days(30))) <= len(codes())
    gaps = [months_after(one.ends_before, months) for one in times]
    if len(times) < 2 or max(one.starts_on for one in times) < min(gaps):
        assert codes() == []


@given(st.dates(max_value=dt.date(2200, 1, 1)), st.integers(0, 300))
def test_months_after_keeps_the_day_or_takes_the_last(day, months):
    later = months_after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + days(1)).day == 1
