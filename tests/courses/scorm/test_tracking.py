import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.scorm.tracking import (
    COMPLETED,
    PartState,
    Tracked,
    begin_again,
    credited_seconds,
    is_done,
    next_state,
    read_report,
    span_12,
    starting_data,
)

LONG = 9_999 * 3600


@pytest.mark.parametrize(
    ("status", "raw", "passing", "expected"),
    [
        ("completed", "", None, ("completed", "unknown", None)),
        ("passed", "90", None, ("completed", "passed", 90.0)),
        ("failed", "10", None, ("completed", "failed", 10.0)),
        ("incomplete", "10", 60.0, ("incomplete", "unknown", 10.0)),
        ("browsed", "", None, ("incomplete", "unknown", None)),
        # Where the manifest asks for a score, the score decides over the word.
        ("passed", "59", 60.0, ("completed", "failed", 59.0)),
        ("completed", "60", 60.0, ("completed", "passed", 60.0)),
        ("nonsense", "NaN", 60.0, ("incomplete", "unknown", None)),
        ("passed", "1e308", None, ("completed", "passed", 100.0)),
    ],
)
def test_12(status, raw, passing, expected):
    found = read_report("1.2", {"cmi.core.lesson_status": status, "cmi.core.score.raw": raw}, passing)
    assert (found.completion, found.success, found.score_pct) == expected


def test_12_score_in_its_range():
    cmi = {"cmi.core.score.raw": "15", "cmi.core.score.min": "10", "cmi.core.score.max": "20"}
    assert read_report("1.2", cmi, None).score_pct == 50.0


@pytest.mark.parametrize(
    ("completion", "success", "scaled", "passing", "expected"),
    [
        ("completed", "passed", "0.8", None, ("completed", "passed", 80.0)),
        ("completed", "unknown", "", None, ("completed", "unknown", None)),
        ("completed", "passed", "0.5", 70.0, ("completed", "failed", 50.0)),
        ("incomplete", "passed", "-1", None, ("incomplete", "passed", 0.0)),
        ("not attempted", "", "", None, ("incomplete", "unknown", None)),
    ],
)
def test_2004(completion, success, scaled, passing, expected):
    cmi = {"cmi.completion_status": completion, "cmi.success_status": success, "cmi.score.scaled": scaled}
    found = read_report("2004", cmi, passing)
    assert (found.completion, found.success, found.score_pct) == expected


@pytest.mark.parametrize(
    ("version", "name", "text", "seconds"),
    [
        ("1.2", "cmi.core.session_time", "0001:02:03.5", 3723.5),
        ("1.2", "cmi.core.session_time", "1:2", 0),
        ("1.2", "cmi.core.session_time", "-1:00:00", 0),
        ("2004", "cmi.session_time", "PT1H2M3.5S", 3723.5),
        ("2004", "cmi.session_time", "P1D", 86400),
        ("2004", "cmi.session_time", "1 hour", 0),
    ],
)
def test_time(version, name, text, seconds):
    assert read_report(version, {name: text}, None).session_s == seconds


@given(st.lists(st.tuples(st.floats(0, LONG), st.floats(0, 300)), max_size=20))
def test_whatever_is_said_no_more_counts_than_the_clock_has_run(reports):
    wall = total = 0.0
    for said, passed in reports:
        wall += passed
        total += credited_seconds(said, wall_s=wall, already_s=total)
        assert total <= wall + 0.01 * (len(reports) + 1)


def test_what_was_gone_through_stays_so():
    good = next_state(PartState(), Tracked(COMPLETED, "passed", 90.0, 9, ""), credited_s=9, is_final=True)
    worse = next_state(good, Tracked("incomplete", "failed", 10.0, 9, ""), credited_s=9, is_final=False)
    assert (worse.is_through, worse.has_passed, worse.total_s, worse.score_pct) == (True, True, 18, 10.0)


@pytest.mark.parametrize(
    ("success", "exit_word", "attempt"), [("failed", "", 2), ("failed", "suspend", 1), ("passed", "", 1)]
)
def test_a_new_attempt_after_a_failed_one_that_ended(success, exit_word, attempt):
    state = next_state(
        PartState(), Tracked(COMPLETED, success, None, 0, exit_word), credited_s=0, is_final=True
    )
    assert begin_again(state).attempt == attempt


def test_done_is_every_part_by_the_rule():
    through, passed = PartState(is_through=True), PartState(is_through=True, has_passed=True)
    assert is_done({"a": through, "b": passed}, ["a", "b"], "completed")
    assert not is_done({"a": through, "b": passed}, ["a", "b"], "passed")
    assert not is_done({"a": through}, ["a", "b"], "completed")
    assert not is_done({}, [], "completed")


def test_only_the_platform_says_what_is_the_platforms():
    kept = {
        "cmi.core.lesson_mode": "review",
        "cmi.core.student_name": "somebody",
        "cmi.core.total_time": "9999:00:00",
        "cmi.suspend_data": "x",
        "cmi.interactions._count": "3",
    }
    data = starting_data("1.2", kept, PartState(total_s=61.5), passing_pct=60.0, launch_data="a=1")
    assert data == {
        "cmi.suspend_data": "x",
        "cmi.core.entry": "resume",
        "cmi.core.credit": "credit",
        "cmi.core.lesson_mode": "normal",
        "cmi.core.total_time": "0000:01:01.50",
        "cmi.launch_data": "a=1",
        "cmi.student_data.mastery_score": "60",
    }
    assert span_12(10**9) == "9999:00:00.00"
