import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xapi.statements import (
    Actor,
    ExamFact,
    FilmBeat,
    FilmFact,
    StudyFact,
    duration,
    exam_statements,
    film_statements,
    segments,
    statement_id,
    study_statements,
)
from xapi.validation import check_statement

T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
ACTOR = Actor("https://anxue.example.org", "001001")


def beat(start, end, at):
    return FilmBeat(start, end, T0 + dt.timedelta(seconds=at))


def film(*beats):
    return FilmFact("k", ACTOR, "https://a.example/f/1", "动火", 60.0, T0, beats)


def verbs(statements):
    return [one["verb"]["id"].rpartition("/")[2] for one in statements]


@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        ([], ["initialized"]),
        ([beat(0, 10, 10), beat(10, 20, 20)], ["initialized", "played", "paused"]),
        ([beat(0, 10, 10), beat(10, 20, 60)], ["initialized", "played", "paused", "played", "paused"]),
        (
            [beat(0, 10, 10), beat(40, 50, 20)],
            ["initialized", "played", "paused", "seeked", "played", "paused"],
        ),
        (
            [beat(0, 10, 10), beat(5, 15, 20)],
            ["initialized", "played", "paused", "seeked", "played", "paused"],
        ),
    ],
    ids=["opened only", "through", "paused", "forward", "back"],
)
def test_what_happened_to_a_film(beats, expected):
    assert verbs(film_statements(film(*beats))) == expected


def test_video_profile_extensions():
    paused = film_statements(film(beat(0, 10, 10), beat(40, 50, 20)))[-1]
    extensions = paused["result"]["extensions"]
    video = "https://w3id.org/xapi/video/extensions/"
    assert extensions == {
        f"{video}time": 50,
        f"{video}progress": 0.333,
        f"{video}played-segments": "0[.]10[,]40[.]50",
    }
    assert paused["context"]["extensions"][f"{video}length"] == 60.0


def test_lesson_and_film_completed():
    fact = StudyFact(
        "k",
        ACTOR,
        "https://a.example/l/1",
        "讲话",
        100,
        T0,
        "https://a.example/f/1",
        "片",
        60.0,
        [(0.0, 57.0)],
    )
    lesson, watched = study_statements(fact)
    assert (lesson["result"]["duration"], lesson["object"]["id"]) == ("PT100S", "https://a.example/l/1")
    assert watched["result"]["extensions"]["https://w3id.org/xapi/video/extensions/progress"] == 0.95


@pytest.mark.parametrize(("passed", "verb"), [(True, "passed"), (False, "failed")])
def test_exam(passed, verb):
    (found,) = exam_statements(ExamFact("k", ACTOR, "https://a.example/e/1", "考试", 45, 60, passed, T0))
    assert verbs([found]) == [verb]
    assert found["result"]["score"] == {"raw": 45, "min": 0, "max": 60, "scaled": 0.75}


def test_the_same_fact_is_the_same_statement():
    facts = film(beat(0, 10, 10)), film(beat(0, 10, 10))
    assert film_statements(facts[0]) == film_statements(facts[1])
    assert statement_id("k", "a") == statement_id("k", "a") != statement_id("k", "b")
    assert statement_id("k", "a").version == 5


def test_words_of_time():
    assert (duration(90.126), duration(-1), segments([(0, 12.5), (30, 40)])) == (
        "PT90.13S",
        "PT0S",
        "0[.]12.5[,]30[.]40",
    )


stretches = st.lists(
    st.tuples(st.floats(0, 60), st.floats(0, 10), st.floats(0, 1000)).map(
        lambda three: beat(three[0], three[0] + three[1], three[2])
    ),
    max_size=8,
)


@given(stretches)
def test_whatever_was_played_makes_valid_statements_with_own_ids(beats):
    found = film_statements(film(*sorted(beats, key=lambda one: one.arrived_at)))
    for one in found:
        check_statement(one)
    assert len({one["id"] for one in found}) == len(found)
