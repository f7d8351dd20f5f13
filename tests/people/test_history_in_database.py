"""The stays in the database follow from the events, whatever happens in whatever order."""

import datetime as dt
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people.actions.coming import apply_coming_events
from people.actions.corrections import correct_event
from people.actions.employment import (
    change_terms,
    hire,
    leave,
    leave_post,
    rehire,
    return_to_post,
    second,
    transfer,
)
from people.errors import EmploymentRefused
from people.models import Assignment, Employee, OrgUnit, Post, User
from people.queries import assignments_as_known, recorded_entries
from people.queries.history import SPAN_FIELDS
from people.roster import Span, spans_of, state_on

pytestmark = pytest.mark.django_db
D = dt.date
FIRST = D(2026, 3, 1)
MONTH = dt.timedelta(30)
DAYS = st.integers(0, 60).map(lambda days: FIRST + dt.timedelta(days))
NOTHING = {"acting_user": None}


class Undone(Exception):
    """Takes an example's rows back."""


@contextmanager
def taken_back():
    """Undo what an example wrote, so that the next one finds an empty database."""
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


def places():
    units = [OrgUnit.add_root(name=name) for name in ("一车间", "二车间", "三车间")]
    return units, [Post.objects.create(name=name) for name in ("车工", "电工")]


@st.composite
def steps(draw):
    """Something HR does: what, on which day, where, and how."""
    what = draw(
        st.sampled_from(
            ["transfer", "second", "leave_post", "return", "leave", "rehire", "terms"] + ["correct"] * 3
        )
    )
    return what, draw(DAYS), draw(st.integers(0, 5)), draw(st.integers(0, 9)), draw(st.booleans())


def take(step, employee, units, posts, now):
    """Do one step as HR would; what contradicts the history is refused and changes nothing."""
    what, day, place, number, flag = step
    there = {"unit": units[place % 3], "post": posts[place % 2]}
    who = {"employee": employee, "now": now, **NOTHING}
    match what:
        case "transfer":
            transfer(effective_on=day, **there, **who)
        case "second":
            second(starts_on=day, ends_before=day + dt.timedelta(number), **there, **who)
        case "leave_post":
            leave_post(effective_on=day, **who)
        case "return":
            return_to_post(effective_on=day, **(there if flag else {}), **who)
        case "leave":
            leave(left_on=day, **who)
        case "rehire":
            rehire(hired_on=day, **there, **who)
        case "terms":
            kind = ("own", "dispatched", "contractor")[place % 3]
            change_terms(employment_type=kind, employer=units[number % 3], effective_on=day, **who)
        case "correct":
            events = list(employee.events.order_by("recorded_at"))
            event = events[number % len(events)]
            correct_event(
                event=event, reason="核对", withdraw=flag, effective_on=day, **there, now=now, **NOTHING
            )


def stored(employee):
    rows = Assignment.objects.filter(employee=employee).order_by("starts_on", "kind")
    return tuple(Span(*values) for values in rows.values_list(*SPAN_FIELDS))


def believed(employee, known_at):
    days = [FIRST + dt.timedelta(days) for days in range(-5, 90, 7)]
    return [[known.span for known in assignments_as_known(employee, day, known_at)] for day in days]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(steps(), min_size=3, max_size=9), today=DAYS)
def test_stays_follow_from_the_events_and_beliefs_stay(told, today):
    with taken_back():
        units, posts = places()
        now = dt.datetime.combine(today, dt.time(2), dt.UTC)
        employee = hire(employee_no="1", name="张三", unit=units[0], post=posts[0], hired_on=FIRST,
                        now=now, **NOTHING)  # fmt: skip
        beliefs = []
        for step in told:
            now += dt.timedelta(hours=1)
            before = stored(employee)
            try:
                with transaction.atomic():
                    take(step, employee, units, posts, now)
            except EmploymentRefused:
                assert stored(employee) == before
            entries = recorded_entries([employee.pk])[employee.pk]
            assert stored(employee) == spans_of(entries)
            assert len({entry.recorded_at for entry in entries}) == len(entries)
            beliefs.append((now, believed(employee, now)))
        for known_at, belief in beliefs:
            assert believed(employee, known_at) == belief
        later = now + MONTH * 4
        apply_coming_events(now=later)
        employee = Employee.objects.get(pk=employee.pk)
        state = state_on(recorded_entries([employee.pk])[employee.pk], later.date())
        assert employee.changes_on is None
        assert employee.status == (state.standing if state else "left")
        assert User.objects.get(pk=employee.user_id).is_active == (employee.status != "left")
        if state:
            assert (employee.employment_type, employee.employer_id) == (state.employment_type, state.employer)
