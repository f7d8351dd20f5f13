"""What follows from recorded events: tables of single cases, and what holds for any history at all."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from people.roster import Entry, EventName, Span, Standing, first_clash, in_force, spans_of, state_on, trace
from people.roster.baseline import Standpoint, baseline
from people.roster.history import PRIMARY, SECONDMENT, SETS_TERMS

D = dt.date
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OWN = {"employment_type": "own"}


def moment(number):
    return START + dt.timedelta(hours=number)


def events(*told):
    """Make entries, recorded in the order given, from (name, day, place, further fields)."""
    made = []
    for number, (name, day, *rest) in enumerate(told):
        place = rest[0] if rest else None
        more = rest[1] if len(rest) > 1 else {}
        unit, post = place.split("/") if place else (None, None)
        fields = {"unit": unit, "post": post, **more}
        made.append(Entry(f"e{number}", EventName(name), day, moment(number), **fields))
    return made


def stays(entries, kind=PRIMARY):
    return [
        (f"{span.unit}/{span.post}", span.starts_on, span.ends_before)
        for span in spans_of(entries)
        if span.kind == kind
    ]


HIRE = ("hired", D(2026, 1, 5), "A/x", OWN)
CASES = {
    "hired": ([HIRE], [("A/x", D(2026, 1, 5), None)]),
    "moved": (
        [HIRE, ("transferred", D(2026, 3, 1), "B/x")],
        [("A/x", D(2026, 1, 5), D(2026, 3, 1)), ("B/x", D(2026, 3, 1), None)],
    ),
    "moved on the first day": (
        [HIRE, ("transferred", D(2026, 1, 5), "B/x")],
        [("B/x", D(2026, 1, 5), None)],
    ),
    "moved to the same place": (
        [HIRE, ("transferred", D(2026, 3, 1), "A/x")],
        [("A/x", D(2026, 1, 5), None)],
    ),
    "told late: between two stays": (
        [HIRE, ("transferred", D(2026, 6, 1), "C/x"), ("transferred", D(2026, 3, 1), "B/x")],
        [
            ("A/x", D(2026, 1, 5), D(2026, 3, 1)),
            ("B/x", D(2026, 3, 1), D(2026, 6, 1)),
            ("C/x", D(2026, 6, 1), None),
        ],
    ),
    "away and back elsewhere": (
        [HIRE, ("left_post", D(2026, 3, 1)), ("returned", D(2026, 5, 1), "B/y")],
        [("A/x", D(2026, 1, 5), D(2026, 3, 1)), ("B/y", D(2026, 5, 1), None)],
    ),
    "gone on the first day keeps it": (
        [HIRE, ("left", D(2026, 1, 5))],
        [("A/x", D(2026, 1, 5), D(2026, 1, 6))],
    ),
    "gone and hired again on that day": (
        [HIRE, ("left", D(2026, 1, 5)), ("rehired", D(2026, 1, 5), "B/x", OWN)],
        [("B/x", D(2026, 1, 5), None)],
    ),
}


@pytest.mark.parametrize(("told", "expected"), CASES.values(), ids=CASES)
def test_stays_of_events(told, expected):
    assert stays(events(*told)) == expected
    assert trace(in_force(events(*told))).clashes == ()


def test_other_terms_close_the_stay_and_open_the_next():
    firm = {"employment_type": "dispatched", "employer": "firm"}
    found = spans_of(
        events(
            ("hired", D(2026, 1, 5), "A/x", firm),
            ("seconded", D(2026, 2, 1), "H/y"),
            ("secondment_ended", D(2026, 6, 1)),
            ("terms_changed", D(2026, 4, 1), None, OWN),
        )
    )
    assert found == (
        Span(PRIMARY, "A", "x", "dispatched", "firm", D(2026, 1, 5), D(2026, 4, 1)),
        Span(SECONDMENT, "H", "y", "dispatched", "firm", D(2026, 2, 1), D(2026, 4, 1)),
        Span(PRIMARY, "A", "x", "own", None, D(2026, 4, 1)),
        Span(SECONDMENT, "H", "y", "own", None, D(2026, 4, 1), D(2026, 6, 1)),
    )


def test_terms_of_somebody_away_hold_on_return():
    found = spans_of(
        events(
            HIRE,
            ("left_post", D(2026, 3, 1)),
            ("terms_changed", D(2026, 4, 1), None, {"employment_type": "contractor", "employer": "firm"}),
            ("returned", D(2026, 5, 1), "A/x"),
        )
    )
    assert [(span.employment_type, span.starts_on) for span in found] == [
        ("own", D(2026, 1, 5)),
        ("contractor", D(2026, 5, 1)),
    ]


def test_a_secondment_lies_beside_the_own_stay_and_ends_with_leaving():
    told = [HIRE, ("seconded", D(2026, 2, 1), "H/y"), ("secondment_ended", D(2026, 6, 1))]
    assert stays(events(*told), SECONDMENT) == [("H/y", D(2026, 2, 1), D(2026, 6, 1))]
    assert stays(events(*told)) == [("A/x", D(2026, 1, 5), None)]
    gone = events(*told, ("left", D(2026, 3, 1)))
    assert stays(gone, SECONDMENT) == [("H/y", D(2026, 2, 1), D(2026, 3, 1))]
    assert trace(in_force(gone)).clashes == ()
    assert state_on(events(*told), D(2026, 2, 1)).host_unit == "H"
    assert state_on(events(*told), D(2026, 6, 1)).host_unit is None


CONTRADICTIONS = [
    ([("transferred", D(2026, 1, 5), "A/x")], "not_hired_yet"),
    ([HIRE, ("hired", D(2026, 2, 1), "A/x", OWN)], "already_hired"),
    ([HIRE, ("rehired", D(2026, 2, 1), "A/x", OWN)], "not_gone"),
    ([HIRE, ("returned", D(2026, 2, 1), "A/x")], "not_away"),
    ([HIRE, ("left", D(2026, 2, 1)), ("transferred", D(2026, 3, 1), "B/x")], "already_left"),
    ([HIRE, ("left_post", D(2026, 2, 1)), ("transferred", D(2026, 3, 1), "B/x")], "is_away"),
    ([HIRE, ("seconded", D(2026, 2, 1), "H/y")], "secondment_without_end"),
    (
        [
            HIRE,
            ("seconded", D(2026, 2, 1), "H/y"),
            ("secondment_ended", D(2026, 4, 1)),
            ("seconded", D(2026, 3, 1), "K/y"),
            ("secondment_ended", D(2026, 5, 1)),
        ],
        "secondments_overlap",
    ),
]


@pytest.mark.parametrize(("told", "code"), CONTRADICTIONS)
def test_contradictions(told, code):
    entries = events(*told)
    assert first_clash([], entries).code == code
    assert first_clash(entries, entries) is None, "what contradicted itself before is nobody's fault"


def test_correction_takes_the_place_of_what_it_corrects():
    entries = events(
        HIRE,
        ("transferred", D(2026, 3, 1), "B/x"),
        ("transferred", D(2026, 3, 1), "C/x"),
        ("transferred", D(2026, 3, 1), "X/x", {"corrects": "e1"}),
    )
    assert stays(entries)[-1] == ("C/x", D(2026, 3, 1), None), "still before the second move of that day"
    withdrawn = [*entries, *events(HIRE, HIRE, HIRE, HIRE, ("transferred", D(2026, 3, 1), "C/x",
                                   {"corrects": "e2", "is_withdrawn": True}))[4:]]  # fmt: skip
    assert stays(withdrawn)[-1] == ("X/x", D(2026, 3, 1), None)
    believed = [(span.unit, span.starts_on) for span in spans_of(withdrawn, moment(1))]
    assert believed == [("A", D(2026, 1, 5)), ("B", D(2026, 3, 1))]


def test_days_away_follow_from_the_events():
    entries = events(
        HIRE,
        ("left_post", D(2026, 3, 1)),
        ("returned", D(2026, 3, 11), "A/x"),
        ("left", D(2026, 4, 1)),
        ("rehired", D(2026, 4, 6), "A/x", OWN),
    )
    assert trace(in_force(entries)).days_away == {"e2": 10, "e4": 5}


DAYS = st.dates(D(2026, 1, 1), D(2026, 2, 15))
PLACES = st.sampled_from(["A", "B", "C"])


@st.composite
def histories(draw):
    """Any events in any order, sensible or not, with corrections."""
    entries = []
    for number in range(draw(st.integers(0, 12))):
        corrects = None
        free = [
            e for e in entries if e.id not in {other.corrects for other in entries} and not e.is_withdrawn
        ]
        if free and draw(st.integers(0, 3)) == 0:
            corrects = draw(st.sampled_from(free))
        name = corrects.name if corrects else draw(st.sampled_from(EventName))
        entries.append(
            Entry(
                f"e{number}",
                name,
                draw(DAYS),
                moment(number),
                draw(PLACES),
                "x",
                draw(st.sampled_from(["own", "dispatched"])) if name in SETS_TERMS else "",
                corrects=corrects.id if corrects else None,
                is_withdrawn=bool(corrects) and draw(st.booleans()),
            )
        )
    return entries


@st.composite
def sensible_histories(draw):
    """Any events in any order of which each fits those before it."""
    kept = []
    for entry in draw(histories()):
        if first_clash(kept, [*kept, entry]) is None:
            kept.append(entry)
    return kept


COMES = ("hired", "rehired", "returned")


def place_at_the_end_of(day, entries):
    """Say by the plainest rule where somebody belonged on a day: no intervals, one event after the other."""
    at_work, place, terms, began, stood = False, None, "", None, None
    for entry in entries:
        if entry.on > day:
            break
        before = (at_work, place, terms)
        place = entry.unit if entry.name in (*COMES, "transferred") else place
        terms = entry.employment_type or terms
        at_work = entry.name in COMES or (at_work and entry.name not in ("left", "left_post"))
        if at_work and (entry.name in COMES or before != (at_work, place, terms)):
            began = entry.on
        stood = (place, terms) if at_work else stood
    # Whoever comes and goes on one day belonged there that day.
    return stood if at_work or began == day else None


@settings(max_examples=300)
@given(entries=sensible_histories())
def test_stays_say_of_each_day_what_the_events_say(entries):
    found = [span for span in spans_of(entries) if span.kind == PRIMARY]
    held = in_force(entries)
    for number in range(60):
        day = D(2026, 1, 1) + dt.timedelta(number)
        here = [
            (span.unit, span.employment_type)
            for span in found
            if span.starts_on <= day and (span.ends_before is None or day < span.ends_before)
        ]
        expected = place_at_the_end_of(day, held)
        assert here == ([expected] if expected else [])


@settings(max_examples=300)
@given(entries=histories(), cut=st.integers(0, 12))
def test_what_was_believed_never_changes(entries, cut):
    spans = spans_of(entries)
    for kind in (PRIMARY, SECONDMENT):
        row = [span for span in spans if span.kind == kind]
        assert all(span.ends_before is None or span.ends_before > span.starts_on for span in row)
        assert all(
            one.ends_before is not None and one.ends_before <= two.starts_on for one, two in pairwise(row)
        )
    assert spans_of(entries, moment(cut)) == spans_of(entries[: cut + 1])
    assert spans_of(list(reversed(entries))) == spans


def test_stays_without_events_count_as_what_they_stand_for():
    def span(unit, starts_on, ends_before=None):
        return Span(PRIMARY, unit, "x", "own", None, starts_on, ends_before)

    jan, mar, may, jun = D(2026, 1, 5), D(2026, 3, 1), D(2026, 5, 1), D(2026, 6, 1)
    told = [span("A", jan, mar), span("B", mar, may), span("B", jun)]
    at_work = Standpoint(Standing.ACTIVE, jan, None, "own", None)
    assert list(spans_of(baseline(told, at_work, None))) == told
    gone = Standpoint(Standing.LEFT, jan, may, "own", None)
    made = baseline(told[:2], gone, None)
    assert list(spans_of(made)) == told[:2]
    assert state_on(made, jun).standing is Standing.LEFT
    back = Entry("e", EventName.RETURNED, jun, moment(1), "B", "x")
    assert list(spans_of([*baseline(told, at_work, back), back])) == told
    assert state_on(baseline([], gone, None), jun).left_on == may
