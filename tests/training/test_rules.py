import dataclasses
import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import rules
from training.rules import EventFacts, RuleFacts, obligations_for

DAY = dt.date(2026, 7, 1)
GENERAL = RuleFacts(
    id=1,
    code="pre-job",
    trigger="hired",
    programme_id=10,
    due_days=7,
    before_work=True,
    effective_from=dt.date(2006, 3, 1),
)
HIRED = EventFacts(
    cause="event:1", kind="hired", effective_on=DAY, unit_path=(1, 2, 3), post_id=5, employment_type="own"
)


def rule(**changes) -> RuleFacts:
    return dataclasses.replace(GENERAL, **changes)


def event(**changes) -> EventFacts:
    return dataclasses.replace(HIRED, **changes)


@pytest.mark.parametrize(
    ("changes", "event_changes", "owed"),
    [
        ({}, {}, True),
        ({}, {"kind": "transferred"}, False),
        ({"effective_from": DAY}, {}, True),
        ({"effective_from": DAY + dt.timedelta(days=1)}, {}, False),
        ({"effective_before": DAY}, {}, False),
        ({"effective_before": DAY + dt.timedelta(days=1)}, {}, True),
        ({"unit_id": 1}, {}, True),
        ({"unit_id": 3}, {}, True),
        ({"unit_id": 4}, {}, False),
        ({"post_ids": frozenset({5, 6})}, {}, True),
        ({"post_ids": frozenset({6})}, {}, False),
        ({"post_ids": frozenset({6})}, {"post_id": None}, False),
        ({"awaits_scope": True}, {}, False),
        ({"employment_types": frozenset({"dispatched", "intern"})}, {}, False),
        ({"employment_types": frozenset({"dispatched"})}, {"employment_type": "dispatched"}, True),
        ({"high_risk": True}, {}, False),
        ({"high_risk": True}, {"is_high_risk": True}, True),
        ({"high_risk": False}, {"is_high_risk": True}, False),
        ({"trigger": "returned", "min_days_away": 365}, {"kind": "returned", "days_away": 364}, False),
        ({"trigger": "returned", "min_days_away": 365}, {"kind": "returned", "days_away": 365}, True),
        ({"trigger": "returned", "min_days_away": 365}, {"kind": "returned", "days_away": None}, False),
        ({"audience": rules.OTHER_STAFF}, {}, True),
        ({"audience": rules.OTHER_STAFF}, {"is_principal": True}, False),
        ({"audience": rules.PRINCIPAL}, {"is_principal": True}, True),
        ({"audience": rules.SAFETY_MANAGER}, {"is_principal": True}, False),
        ({"audience": rules.SAFETY_MANAGER}, {"is_safety_manager": True, "is_principal": True}, True),
    ],
)
def test_rule_is_owed_when_every_condition_holds(changes, event_changes, owed):
    assert bool(obligations_for(event(**event_changes), [rule(**changes)])) is owed


def test_obligation_states_its_days_and_its_cause():
    [spec] = obligations_for(HIRED, [GENERAL])

    assert (spec.owed_from, spec.due_on) == (DAY, DAY + dt.timedelta(days=7))
    assert (spec.rule_code, spec.programme_id, spec.cause, spec.before_work) == (
        "pre-job",
        10,
        "event:1",
        True,
    )


def test_programme_demanded_twice_is_owed_once_by_the_strictest_rule():
    later = rule(id=2, code="a", due_days=30)
    softer = rule(id=3, code="b", due_days=1, before_work=False)

    assert [spec.rule_id for spec in obligations_for(HIRED, [later, softer, GENERAL])] == [1]


def test_rule_change_on_the_first_of_july_holds_from_that_day():
    old = rule(effective_before=DAY)
    new = rule(id=2, programme_id=11, effective_from=DAY)

    eve = event(effective_on=DAY - dt.timedelta(days=1))
    assert [spec.rule_id for spec in obligations_for(eve, [old, new])] == [1]
    assert [spec.rule_id for spec in obligations_for(HIRED, [old, new])] == [2]


@pytest.mark.parametrize(
    ("changes", "bound"),
    [
        ({}, False),
        ({"unit_id": 99}, False),
        ({"high_risk": True}, False),
        ({"post_ids": frozenset({5})}, False),
        ({"post_ids": frozenset({6})}, True),
    ],
)
def test_only_a_rule_naming_other_posts_is_bound_to_another_post(changes, bound):
    assert rules.is_bound_to_other_post(rule(**changes), event(kind="transferred")) is bound


days = st.dates(min_value=dt.date(2020, 1, 1), max_value=dt.date(2030, 1, 1))
rule_sets = st.lists(
    st.builds(
        RuleFacts,
        id=st.integers(1, 50),
        code=st.sampled_from("abcdef"),
        trigger=st.sampled_from(sorted(rules.TRIGGERS)),
        programme_id=st.integers(1, 5),
        due_days=st.integers(0, 60),
        before_work=st.booleans(),
        effective_from=days,
        effective_before=st.none() | days,
        audience=st.sampled_from(["", rules.PRINCIPAL, rules.SAFETY_MANAGER, rules.OTHER_STAFF]),
        unit_id=st.none() | st.integers(1, 4),
        post_ids=st.frozensets(st.integers(1, 4), max_size=2),
        employment_types=st.frozensets(st.sampled_from(["own", "dispatched"]), max_size=2),
        high_risk=st.none() | st.booleans(),
        min_days_away=st.none() | st.integers(0, 400),
    ),
    max_size=8,
    unique_by=lambda item: item.id,
)
events = st.builds(
    EventFacts,
    cause=st.just("event:1"),
    kind=st.sampled_from([*sorted(rules.TRIGGERS), "left", "left_post"]),
    effective_on=days,
    unit_path=st.lists(st.integers(1, 4), unique=True).map(tuple),
    post_id=st.none() | st.integers(1, 4),
    employment_type=st.sampled_from(["own", "dispatched"]),
    is_high_risk=st.booleans(),
    days_away=st.none() | st.integers(0, 500),
    is_principal=st.booleans(),
    is_safety_manager=st.booleans(),
)


@given(event=events, rule_set=rule_sets, seed=st.integers())
def test_replay_gives_the_same_whatever_the_order_of_rules(event, rule_set, seed):
    shuffled = list(rule_set)
    random.Random(seed).shuffle(shuffled)

    assert obligations_for(event, rule_set) == obligations_for(event, shuffled)


@given(event=events, rule_set=rule_sets)
def test_every_obligation_has_a_rule_in_force_and_a_programme_of_its_own(event, rule_set):
    specs = obligations_for(event, rule_set)

    by_id = {item.id: item for item in rule_set}
    assert len({spec.programme_id for spec in specs}) == len(specs)
    for spec in specs:
        assert rules.applies(by_id[spec.rule_id], event)
        assert spec.owed_from <= spec.due_on
    applicable = {item.programme_id for item in rule_set if rules.applies(item, event)}
    assert {spec.programme_id for spec in specs} == applicable


@given(event=events, rule_set=rule_sets)
def test_leaving_or_a_pause_never_makes_anyone_owe(event, rule_set):
    for kind in ("left", "left_post"):
        assert obligations_for(dataclasses.replace(event, kind=kind), rule_set) == []


@pytest.mark.parametrize(("kind", "owed"), [("transferred", 1), ("seconded", 1), ("secondment_ended", 0)])
def test_a_secondment_asks_for_what_a_transfer_asks_for(kind, owed):
    moved = [rule(trigger="transferred")]
    assert len(obligations_for(event(kind=kind), moved)) == owed
    assert obligations_for(event(kind=kind, is_withdrawn=True), moved) == []


def test_during_a_secondment_the_posts_of_both_places_bind():
    of_own_post = rule(post_ids=frozenset({7}))
    seconded = event(kind="seconded", post_id=5)
    assert rules.is_bound_to_other_post(of_own_post, seconded)
    both = dataclasses.replace(seconded, other_post_ids=frozenset({7}))
    assert not rules.is_bound_to_other_post(of_own_post, both)


def test_a_rule_that_applies_stands_in_the_place_of_those_it_names():
    site = rule(id=2, code="construction", programme_id=11, unit_id=3, instead_of=frozenset({"pre-job"}))

    assert [spec.rule_code for spec in obligations_for(event(), [GENERAL, site])] == ["construction"]
    elsewhere = event(unit_path=(1, 4))
    assert [spec.rule_code for spec in obligations_for(elsewhere, [GENERAL, site])] == ["pre-job"]
    waiting = dataclasses.replace(site, unit_id=None, awaits_scope=True)
    assert [spec.rule_code for spec in obligations_for(event(), [GENERAL, waiting])] == ["pre-job"]
