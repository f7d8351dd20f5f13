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
    clearance,
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
