"""The diff of a list against what is known: each outcome, each contradiction, and what must always hold."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.roster import (
    EventName,
    Outcome,
    Person,
    Places,
    Problem,
    Row,
    Standing,
    brake_ending,
    diff_roster,
    diff_row,
    replay,
    resolve_place,
)

D = dt.date
ON = D(2026, 11, 20)
WORKER = Person("001", "张三", Standing.ACTIVE, D(2020, 1, 1), D(2024, 5, 1), "总厂/一车间", "车工")
AWAY = replace(WORKER, standing=Standing.AWAY, since=D(2026, 3, 1))
GONE = replace(WORKER, standing=Standing.LEFT, left_on=D(2026, 3, 1), since=D(2026, 3, 1))
NEW = Row("002", 5, "李四", "总厂/一车间", "钳工", hired_on=D(2026, 11, 18))


def outcome(before, row):
    change = diff_row(before, row, ON)
    assert not isinstance(change, Problem), change
    return change.outcome, [(e.name.value, e.effective_on) for e in change.events], change.after


def test_new_person_is_hired_on_the_hire_date():
    kind, events, after = outcome(None, replace(NEW, effective_on=D(2026, 11, 25)))
    assert (kind, events) == (Outcome.CREATED, [("hired", D(2026, 11, 18))])
    assert (after.since, after.unit, after.post, after.employment_type) == (
        D(2026, 11, 18), "总厂/一车间", "钳工", "own",
    )  # fmt: skip


def test_new_person_away_is_hired_and_leaves_the_post():
    kind, events, after = outcome(None, replace(NEW, standing=Standing.AWAY))
    assert (kind, events) == (Outcome.CREATED, [("hired", D(2026, 11, 18)), ("left_post", ON)])
    assert after.standing is Standing.AWAY


def test_unknown_leaver_is_not_made():
    assert outcome(None, replace(NEW, left_on=D(2026, 11, 19))) == (Outcome.UNCHANGED, [], None)


def test_same_row_is_unchanged_and_keeps_what_the_list_leaves_empty():
    assert outcome(WORKER, Row("001", 2, "张三", "总厂/一车间", "车工")) == (Outcome.UNCHANGED, [], WORKER)
    assert outcome(WORKER, Row("001", 2)) == (Outcome.UNCHANGED, [], WORKER)


def test_new_particulars_are_no_employment_event():
    change = diff_row(WORKER, Row("001", 2, phone="13800000000"), ON)
    assert change.outcome is Outcome.UNCHANGED
    assert change.is_detail_only
    assert change.after.phone == "13800000000"


@pytest.mark.parametrize(
    ("row", "day"),
    [
        (Row("001", 2, unit="总厂/二车间"), ON),
        (Row("001", 2, post="电工", effective_on=D(2026, 11, 1)), D(2026, 11, 1)),
        (Row("001", 2, post="电工", effective_on=D(2026, 12, 1)), D(2026, 12, 1)),
    ],
)
def test_other_unit_or_post_is_a_transfer_on_its_day(row, day):
    kind, events, after = outcome(WORKER, row)
    assert (kind, events, after.since) == (Outcome.MOVED, [("transferred", day)], day)


def test_transfer_of_somebody_who_has_not_started_yet_counts_from_the_start():
    future = replace(WORKER, since=D(2026, 12, 1))
    assert outcome(future, Row("001", 2, post="电工"))[1] == [("transferred", D(2026, 12, 1))]


@pytest.mark.parametrize(
    ("row", "day"),
    [
        (Row("001", 2, standing=Standing.LEFT), ON),
        (Row("001", 2, left_on=D(2026, 10, 31)), D(2026, 10, 31)),
        (Row("001", 2, standing=Standing.LEFT, effective_on=D(2026, 10, 31)), D(2026, 10, 31)),
    ],
)
def test_leaving_by_state_or_by_date(row, day):
    kind, events, after = outcome(WORKER, row)
    assert (kind, events) == (Outcome.LEFT, [("left", day)])
    assert (after.standing, after.left_on, after.unit) == (Standing.LEFT, day, "总厂/一车间")


def test_leaving_the_post_keeps_the_place_and_return_counts_the_days():
    kind, events, away = outcome(WORKER, Row("001", 2, standing=Standing.AWAY, effective_on=D(2026, 3, 1)))
    assert (kind, events, away) == (Outcome.LEFT, [("left_post", D(2026, 3, 1))], AWAY)
    change = diff_row(away, Row("001", 2, standing=Standing.ACTIVE, effective_on=D(2026, 9, 17)), ON)
    assert change.outcome is Outcome.RETURNED
    assert [(e.name, e.days_away) for e in change.events] == [(EventName.RETURNED, 200)]
    assert change.events[0].to_unit == "总厂/一车间"


def test_return_to_another_post_is_a_transfer_as_well():
    kind, events, after = outcome(AWAY, Row("001", 2, standing=Standing.ACTIVE, post="电工"))
    assert (kind, events) == (Outcome.RETURNED, [("returned", ON), ("transferred", ON)])
    assert after.post == "电工"


def test_away_row_without_a_state_stays_away():
    assert outcome(AWAY, Row("001", 2, "张三", "总厂/一车间", "车工"))[0] is Outcome.UNCHANGED
    assert outcome(AWAY, Row("001", 2, unit="总厂/二车间", standing=Standing.AWAY))[2] == AWAY


def test_away_person_may_leave():
    assert outcome(AWAY, Row("001", 2, left_on=D(2026, 6, 1)))[1] == [("left", D(2026, 6, 1))]


def test_rehire_by_state_or_by_a_later_hire_date():
    for row in (
        Row("001", 2, standing=Standing.ACTIVE, hired_on=D(2026, 11, 1), unit="总厂/二车间", post="车工"),
        Row("001", 2, hired_on=D(2026, 11, 1), unit="总厂/二车间"),
        Row("001", 2, hired_on=D(2026, 11, 1), left_on=D(2026, 3, 1), unit="总厂/二车间"),
    ):
        kind, events, after = outcome(GONE, row)
        assert (kind, events) == (Outcome.RETURNED, [("rehired", D(2026, 11, 1))])
        assert (after.hired_on, after.left_on, after.unit) == (D(2026, 11, 1), None, "总厂/二车间")
    assert outcome(GONE, Row("001", 2, standing=Standing.ACTIVE))[1] == [("rehired", ON)]


def test_old_row_of_somebody_who_left_changes_nothing():
    assert outcome(GONE, Row("001", 2, "张三", "总厂/一车间", "车工", hired_on=D(2020, 1, 1)))[2] == GONE


def test_own_employees_have_no_other_employer():
    dispatched = replace(WORKER, employment_type="dispatched", employer="远航派遣")
    assert outcome(dispatched, Row("001", 2, employment_type="own"))[2].employer == ""
    assert outcome(WORKER, Row("001", 2, employer="总厂"))[2] == WORKER
    assert outcome(dispatched, Row("001", 2))[2] == dispatched


PROBLEMS = [
    (None, replace(NEW, name=""), "name", "required"),
    (None, replace(NEW, unit=""), "unit", "required"),
    (None, replace(NEW, post=""), "post", "required"),
    (None, replace(NEW, hired_on=None), "hired_on", "required"),
    (None, replace(NEW, standing=Standing.ACTIVE, left_on=ON), "left_on", "active_with_left_on"),
    (WORKER, Row("001", 2, standing=Standing.ACTIVE, left_on=ON), "left_on", "active_with_left_on"),
    (WORKER, Row("001", 2, left_on=D(2026, 12, 1)), "left_on", "left_on_in_future"),
    (WORKER, Row("001", 2, left_on=D(2019, 1, 1)), "left_on", "left_before_hired"),
    (WORKER, Row("001", 2, left_on=D(2024, 1, 1)), "left_on", "before_stay"),
    (WORKER, Row("001", 2, post="电工", effective_on=D(2024, 1, 1)), "effective_on", "before_stay"),
    (WORKER, Row("001", 2, standing=Standing.AWAY, effective_on=D(2024, 1, 1)), "effective_on", "before_stay"),
    (AWAY, Row("001", 2, unit="总厂/二车间"), "unit", "away_cannot_move"),
    (AWAY, Row("001", 2, standing=Standing.ACTIVE, effective_on=D(2026, 1, 1)), "effective_on",
     "back_before_gone"),
    (GONE, Row("001", 2, standing=Standing.AWAY), "standing", "left_cannot_be_away"),
    (GONE, Row("001", 2, left_on=D(2026, 4, 1)), "left_on", "left_on_differs"),
    (GONE, Row("001", 2, standing=Standing.ACTIVE, effective_on=D(2026, 1, 1)), "effective_on",
     "back_before_gone"),
    (replace(WORKER, unit="", post=""), Row("001", 2, post="电工"), "unit", "required"),
    (replace(WORKER, unit="", post=""), Row("001", 2, unit="总厂"), "post", "required"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "row", "field", "code"), PROBLEMS)
def test_contradictions_name_the_field(before, row, field, code):
    problem = diff_row(before, row, ON)
    assert isinstance(problem, Problem)
    assert (problem.line, problem.field, problem.code) == (row.line, field, code)


def test_missing_people_stay_unless_the_list_is_the_full_roster():
    known = {"001": WORKER, "003": replace(GONE, employee_no="003"), "004": replace(AWAY, employee_no="004")}
    assert diff_roster(known, [NEW], ON).count(Outcome.LEFT) == 0
    full = diff_roster(known, [NEW], ON, missing_have_left=known)
    assert [change.employee_no for change in full.changes if change.outcome is Outcome.LEFT] == ["001", "004"]


@pytest.mark.parametrize(
    ("employed", "missing", "allowed", "stopped"),
    [(10, 5, 0, 0), (10, 6, 0, 6), (100, 10, 0, 0), (100, 11, 0, 11), (100, 11, 11, 0), (100, 12, 11, 12)],
)
def test_brake(employed, missing, allowed, stopped):
    known = {f"{n:03}": replace(WORKER, employee_no=f"{n:03}") for n in range(employed)}
    rows = [Row(number, 2 + n) for n, number in enumerate(list(known)[missing:])]
    diff = diff_roster(known, rows, ON, missing_have_left=known)
    assert brake_ending(known, diff, allowed=allowed) == stopped


def test_brake_counts_everybody_a_list_ends():
    """A column of contract ends taken for the leaving day would end all who are named."""
    known = {f"{n:03}": replace(WORKER, employee_no=f"{n:03}") for n in range(10)}
    numbers = list(known)
    named = [Row(number, 2, standing=Standing.LEFT) for number in numbers[:6]]
    assert brake_ending(known, diff_roster(known, named, ON)) == 6
    assert brake_ending(known, diff_roster(known, named[:4], ON)) == 0
    rest = [Row(number, 2) for number in numbers[4:8]]
    full = diff_roster(known, [*named[:4], *rest], ON, missing_have_left=known)
    assert brake_ending(known, full) == 6
    assert brake_ending(known, full, allowed=6) == 0
    away = [Row(number, 2, standing=Standing.AWAY) for number in numbers]
    assert brake_ending(known, diff_roster(known, away, ON)) == 0


DAYS = st.dates(D(2026, 1, 1), D(2026, 12, 31))
ROWS = st.builds(
    Row,
    employee_no=st.sampled_from(["001", "002", "003", "004"]),
    line=st.integers(2, 99),
    name=st.sampled_from(["", "张三", "李四"]),
    unit=st.sampled_from(["", "总厂/一车间", "总厂/二车间"]),
    post=st.sampled_from(["", "车工", "电工"]),
    standing=st.sampled_from([None, *Standing]),
    hired_on=st.none() | DAYS,
    left_on=st.none() | DAYS,
    effective_on=st.none() | DAYS,
    phone=st.sampled_from(["", "13800000000"]),
    employment_type=st.sampled_from(["", "own", "dispatched"]),
    employer=st.sampled_from(["", "远航派遣"]),
)
ROSTERS = st.lists(ROWS, max_size=4, unique_by=lambda row: row.employee_no)


@given(months=st.lists(ROSTERS, min_size=1, max_size=12))
def test_a_year_of_lists_replayed(months):
    """Each list applied twice changes nothing; events and stays of every person never run backwards."""
    known: dict[str, Person] = {}
    history: dict[str, list] = {}
    for month, rows in enumerate(months, start=1):
        on = D(2026, month, 28)
        diff = diff_roster(known, rows, on)
        sound = {problem.line for problem in diff.problems}
        for change in diff.changes:
            history.setdefault(change.employee_no, []).extend(change.events)
            if change.after and change.before:
                assert change.after.since >= change.before.since
            if change.after:
                assert (change.after.left_on is not None) == (change.after.standing is Standing.LEFT)
        known = replay(known, diff)
        again = diff_roster(known, [row for row in rows if row.line not in sound], on)
        assert all(not change.events and change.before == change.after for change in again.changes)
        assert not again.problems
    for number, events in history.items():
        names = [event.name for event in events]
        if names:
            assert names[0] is EventName.HIRED
            assert names.count(EventName.HIRED) == 1
            assert all(e.days_away is not None and e.days_away >= 0 for e in events
                       if e.name in (EventName.RETURNED, EventName.REHIRED))  # fmt: skip
        last = known.get(number)
        assert (last is not None) == bool(names)


def test_replaying_the_same_lists_gives_the_same_events():
    months = [[NEW], [replace(NEW, post="电工")], [Row("002", 2, standing=Standing.AWAY)]]

    def events():
        known, seen = {}, []
        for month, rows in enumerate(months, start=1):
            diff = diff_roster(known, rows, D(2026, 11, 20 + month))
            seen += [event for change in diff.changes for event in change.events]
            known = replay(known, diff)
        return seen

    assert events() == events()
    assert [event.name for event in events()] == ["hired", "transferred", "left_post"]


UNITS = Places(
    frozenset(
        {"总厂", "总厂/一车间", "总厂/一车间/甲班", "总厂/二车间", "总厂/二车间/甲班", "总厂/二车间/乙班"}
    ),
    codes={"D02": "总厂/二车间"},
)


@pytest.mark.parametrize(
    ("text", "name", "why_not"),
    [
        ("总厂/一车间/甲班", "总厂/一车间/甲班", ""),
        ("总厂\\一车间 > 甲班", "总厂/一车间/甲班", ""),
        ("/总厂/一车间/", "总厂/一车间", ""),
        ("D02", "总厂/二车间", ""),
        ("乙班", "总厂/二车间/乙班", ""),
        ("一车间/甲班", "总厂/一车间/甲班", ""),
        ("甲班", "", "ambiguous"),
        ("总厂/三车间", "", "unknown"),
    ],
)
def test_resolve_place(text, name, why_not):
    found = resolve_place(UNITS, text)
    assert (found.name, found.why_not) == (name, why_not)


def test_unknown_place_names_the_nearest_or_is_made():
    assert "总厂/一车间/甲班" in resolve_place(UNITS, "总厂/一车问/甲班").near
    assert resolve_place(UNITS, "三分厂/乙班组").near == ("总厂/二车间/乙班",)
    made = resolve_place(Places(frozenset(), may_create=True), "总厂/三车间")
    assert (made.name, made.is_new) == ("总厂/三车间", True)


def test_a_post_is_never_the_end_of_another():
    posts = Places(frozenset({"电工/焊工"}), is_tree=False)
    assert resolve_place(posts, "焊工").why_not == "unknown"
    assert resolve_place(posts, "电工/焊工").name == "电工/焊工"


def test_other_terms_are_an_event():
    dispatched = replace(WORKER, employment_type="dispatched", employer="远航派遣")
    change = diff_row(WORKER, Row("001", 2, employment_type="dispatched", employer="远航派遣"), ON)
    (event,) = change.events
    assert (event.name, event.effective_on, event.employment_type, event.employer) == (
        EventName.TERMS_CHANGED, ON, "dispatched", "远航派遣",
    )  # fmt: skip
    assert (change.outcome, change.after) == (Outcome.TERMS, replace(dispatched, since=ON))
    both = diff_row(dispatched, Row("001", 2, unit="总厂/二车间", employment_type="own"), ON)
    assert [event.name for event in both.events] == ["transferred", "terms_changed"]
    firm = diff_row(dispatched, Row("001", 2, employer="建安公司"), ON)
    assert firm.events[0].employer == "建安公司"
    away = diff_row(AWAY, Row("001", 2, employment_type="contractor", employer="建安公司"), ON)
    assert ([event.name for event in away.events], away.after.standing) == (["terms_changed"], Standing.AWAY)


def test_terms_of_an_ended_employment_stay():
    change = diff_row(WORKER, Row("001", 2, left_on=ON, employment_type="dispatched"), ON)
    assert [event.name for event in change.events] == ["left"]
    assert change.after.employment_type == "own"


LATER = D(2026, 12, 1)


@pytest.mark.parametrize(
    ("coming", "row", "refused"),
    [
        ("transferred", Row("001", 2, standing=Standing.LEFT), True),
        ("transferred", Row("001", 2, standing=Standing.AWAY), True),
        ("transferred", Row("001", 2, unit="总厂/二车间"), False),
        ("left", Row("001", 2, standing=Standing.LEFT), True),
        ("left", Row("001", 2, unit="总厂/二车间"), False),
        ("secondment_ended", Row("001", 2, standing=Standing.LEFT), False),
        ("terms_changed", Row("001", 2, standing=Standing.AWAY), False),
        ("left", Row("001", 2), False),
    ],
)
def test_a_list_is_refused_where_it_makes_a_recorded_later_event_impossible(coming, row, refused):
    person = replace(WORKER, coming=((EventName(coming), LATER),))
    found = diff_row(person, row, ON)
    assert isinstance(found, Problem) is refused
    if refused:
        assert (found.code, found.detail) == ("later_event", {"day": "2026-12-01", "event": coming})
