import itertools
import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exams.findings import (
    RIGHT,
    Rhythm,
    Saved,
    Timed,
    Use,
    Vector,
    groups,
    overlaps,
    shared_addresses,
    shared_devices,
    similar_answers,
    similar_timing,
    strength_of_odds,
    too_fast,
)
from tests.exams.cohort import CHEATERS, PEOPLE, Cohort, make_cohort

SEEDS = (1, 2, 3)


def found_in(cohort: Cohort) -> set[int]:
    found = {attempt for attempt, timed in cohort.timed.items() if too_fast(timed)}
    pairs = similar_answers(cohort.vectors) + similar_timing(cohort.rhythms) + overlaps(cohort.saves)
    for pair in pairs:
        found |= {pair.one, pair.other}
    for row in shared_devices(cohort.uses) + shared_addresses(cohort.uses):
        found |= set(row.attempts)
    return found


def check(seeds):
    recalled = wrong = 0
    for seed in seeds:
        cohort = make_cohort(seed)
        found = found_in(cohort)
        recalled += len(found & cohort.cheaters)
        wrong += len(found - cohort.cheaters)
    assert recalled >= 0.95 * CHEATERS * len(seeds)
    assert wrong <= 0.01 * (PEOPLE - CHEATERS) * len(seeds)


def test_cheaters_are_found_and_others_left_alone():
    check(SEEDS)


@pytest.mark.slow
def test_cheaters_are_found_in_cohorts_of_many_seeds():
    check(range(20, 40))


def test_a_cohort_without_cheaters_shows_nothing():
    cohort = make_cohort(7)
    honest = [vector for vector in cohort.vectors if vector.person not in cohort.cheaters]
    assert similar_answers(honest) == []
    assert similar_timing([each for each in cohort.rhythms if each.person not in cohort.cheaters]) == []


def test_two_thousand_attempts_take_seconds():
    cohort = make_cohort(1, people=2000, paper=20, bank=20)
    begun = time.process_time()
    similar_answers(cohort.vectors)
    similar_timing(cohort.rhythms)
    assert time.process_time() - begun < 20, "a hundred times slower would be quadratic in Python objects"


# Similar answers


def everyone(n=40, questions=20, seed=3):
    chance = random.Random(seed)
    return [
        Vector(person, person, {v: RIGHT if chance.random() < 0.6 else chance.choice("BCD") for v in range(questions)})
        for person in range(n)
    ]  # fmt: skip


def with_copy(vectors, of, **changes):
    source = vectors[of]
    return [*vectors, Vector(900, changes.get("person", 900), dict(source.answers))]


def test_shared_wrong_answers_tell_more_than_shared_right_ones():
    vectors = everyone()
    clever = max(vectors, key=lambda v: sum(a == RIGHT for a in v.answers.values()))
    weak = min(vectors, key=lambda v: sum(a == RIGHT for a in v.answers.values()))
    odds = {}
    for source in (clever, weak):
        pairs = similar_answers(with_copy(vectors, source.attempt), chance=1e9)
        odds[source.attempt] = next(
            pair.evidence["odds"] for pair in pairs if {pair.one, pair.other} == {source.attempt, 900}
        )
    assert odds[weak.attempt] > odds[clever.attempt]


def test_the_evidence_names_the_seldom_wrong_answers_first():
    vectors = everyone()
    weak = min(vectors, key=lambda v: sum(a == RIGHT for a in v.answers.values()))
    (pair,) = similar_answers(with_copy(vectors, weak.attempt))
    evidence = pair.evidence
    assert evidence["common"] == evidence["same"] == 20
    assert evidence["pairs"] == 41 * 40 // 2
    assert [each["right"] for each in evidence["equal"]] == sorted(
        each["right"] for each in evidence["equal"]
    )
    assert strength_of_odds(evidence["odds"], evidence["pairs"]) in (1, 2, 3)


def test_a_person_is_not_compared_with_an_own_resit():
    vectors = everyone()
    weak = min(vectors, key=lambda v: sum(a == RIGHT for a in v.answers.values()))
    assert similar_answers(with_copy(vectors, weak.attempt, person=weak.person)) == []


def test_few_questions_in_common_are_not_compared():
    one = Vector(1, 1, dict.fromkeys(range(10), "B"))
    other = Vector(2, 2, dict.fromkeys(range(5, 15), "B"))
    assert similar_answers([one, other], chance=1e9) == []
    assert similar_answers([]) == []


vectors_of_any = st.lists(
    st.dictionaries(st.integers(0, 15), st.sampled_from([RIGHT, "B", "C", ("A", "B"), "文字"]), min_size=8),
    max_size=8,
)


@settings(max_examples=40)
@given(vectors_of_any, st.randoms(use_true_random=False))
def test_the_order_of_attempts_does_not_matter(answers, shuffler):
    vectors = [Vector(n, n, given) for n, given in enumerate(answers)]

    def result(each):
        return {
            (frozenset({pair.one, pair.other}), pair.evidence["odds"]) for pair in similar_answers(each, chance=50)
        }  # fmt: skip

    shuffled = vectors[:]
    shuffler.shuffle(shuffled)
    assert result(vectors) == result(shuffled)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_groups_hold_everybody_once(pairs):
    found = groups(pairs)
    members = [each for group in found for each in group]
    assert sorted(members) == sorted({each for pair in pairs for each in pair})
    assert all(any({one, other} <= group for group in found) for one, other in pairs)


# Rhythm and speed


def rhythm(attempt, gaps, person=None):
    at, answered = 0.0, []
    for slot, gap in enumerate(gaps, start=1):
        at += gap
        answered.append((slot, at))
    return Rhythm(attempt, attempt if person is None else person, tuple(answered))


def test_one_rhythm_twice_is_found_and_many_rhythms_are_not():
    chance = random.Random(5)
    own = [[chance.lognormvariate(2.6, 0.6) for _ in range(20)] for _ in range(60)]
    rhythms = [rhythm(n, gaps) for n, gaps in enumerate(own)]
    assert similar_timing(rhythms) == []
    copied = [gap + chance.uniform(-0.3, 0.3) for gap in own[4]]
    (pair,) = similar_timing([*rhythms, rhythm(99, copied)])
    assert {pair.one, pair.other} == {4, 99}
    assert similar_timing([*rhythms, rhythm(99, copied, person=4)]) == []


seconds = st.sampled_from([0.2, 1.0, 1.7, 2.5, 10.0, 10.5, 14.9, 15.7, 60.0, 63.1])


@settings(max_examples=60)
@given(
    st.lists(st.lists(seconds, min_size=9, max_size=9), min_size=2, max_size=14),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_counting_by_sets_finds_what_comparing_pair_by_pair_finds(gaps, orders, each):
    """`orders` orders of answering; a person has up to `each` attempts."""
    rhythms = [
        Rhythm(n, n // each, tuple((slot + n % orders, at) for slot, at in rhythm(n, own).answered))
        for n, own in enumerate(gaps)
    ]
    for chance in (0.5, 20, 1e9):
        found = similar_timing(rhythms, chance=chance)
        plain = pair_by_pair(rhythms, chance)
        assert sorted((pair.one, pair.other, pair.evidence["alike"]) for pair in found) == sorted(plain)


def pair_by_pair(rhythms, chance):
    """Return (one, other, alike) as plainly as it can be said."""
    compared = []
    for one, other in itertools.permutations(rhythms, 2):
        (slots, mine), (others, theirs) = one.intervals(), other.intervals()
        first = (sum(mine), rhythms.index(one)) < (sum(theirs), rhythms.index(other))
        near = sum(theirs) <= sum(mine) * 1.1 + 0.75
        if first and near and slots == others and one.person != other.person:
            pairs = zip(mine, theirs, strict=True)
            alike = sum(abs(a - b) <= max(0.75, 0.05 * min(a, b)) for a, b in pairs)
            compared.append((one.attempt, other.attempt, alike))
    seen, n = 8 * len(compared), len(rhythms)
    p = min((sum(alike for *_, alike in compared) + 1) / (seen + 2), 0.6) if seen else 0.5
    p = max(p, 0.25) if seen < 1000 else p

    def by_chance(alike):
        return sum(math.comb(8, k) * p**k * (1 - p) ** (8 - k) for k in range(alike, 9))

    return [each for each in compared if by_chance(each[2]) * (n * (n - 1) // 2) <= chance and each[2]]


def test_answers_that_came_together_have_no_rhythm():
    together = Rhythm(1, 1, tuple((slot, 300.0) for slot in range(1, 30)))
    assert similar_timing([together, Rhythm(2, 2, together.answered)]) == []


@pytest.mark.parametrize(
    ("took", "right", "found"),
    [(0.8, True, True), (0.8, False, False), (20, True, False)],
    ids=["knew before reading", "guessed", "read"],
)
def test_speed(took, right, found):
    evidence = too_fast([Timed(slot, took, 100, right) for slot in range(1, 21)])
    assert bool(evidence) is found


def test_reading_all_first_and_answering_then_is_not_fast():
    answers = [Timed(1, 400, 100, True), *(Timed(slot, 1, 100, True) for slot in range(2, 21))]
    assert too_fast(answers) is None
    assert too_fast([]) is None


# Places


def use(attempt, begins, ends, place="phone", **more):
    return Use(attempt, more.pop("person", attempt), place, begins, ends, **more)


def test_one_device_for_three_people():
    row = [use(1, 0, 100), use(2, 130, 200), use(3, 240, 300)]
    (found,) = shared_devices(row)
    assert (found.attempts, found.evidence["people"], found.evidence["median_gap_s"]) == ((1, 2, 3), 3, 35)
    assert shared_devices(row[:2]) == []
    assert shared_devices([use(n, 0, 1, person=1) for n in range(5)]) == []
    assert shared_devices([use(n, n, n, is_shared_tablet=True) for n in range(5)]) == []


def test_one_address_counts_only_one_after_the_other():
    row = [use(n, 100 * n, 100 * n + 90) for n in range(4)]
    assert [found.attempts for found in shared_addresses(row)] == [(0, 1, 2, 3)]
    assert shared_addresses([use(n, 10 * n, 10 * n + 90) for n in range(8)]) == [], "a room full of people"
    assert shared_addresses([use(n, 1000 * n, 1000 * n + 90) for n in range(8)]) == [], "hours apart"


def test_two_people_by_turns_on_one_device_and_one_person_on_two():
    turns = [Saved(n % 2, n % 2, "phone", 10.0 * n) for n in range(6)]
    (pair,) = overlaps(turns)
    assert (pair.one, pair.other, pair.evidence["turns"], pair.evidence["same_person"]) == (0, 1, 5, False)
    twice = [Saved(n % 2, 7, f"phone-{n % 2}", 10.0 * n) for n in range(6)]
    assert overlaps(twice)[0].evidence["same_person"] is True
    assert overlaps([Saved(n % 2, n % 2, "phone", 100.0 * n) for n in range(6)]) == []
    assert overlaps([Saved(n % 2, n % 2, "", 10.0 * n) for n in range(6)]) == []
