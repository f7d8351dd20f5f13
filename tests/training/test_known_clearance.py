"""Was this welder cleared on 12 March at ten, and what did the gate say?"""

import datetime as dt

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from people.permissions import Scope
from tests.factories.people import AssignmentFactory, EmployeeFactory, PostFactory, org_path
from tests.factories.training import LicenceFactory, LicenceTypeFactory, at
from tests.training.test_known_coverage import make_known
from training.actions.clearance import refresh_clearance
from training.actions.licences import record_review
from training.models import ClearanceState, PastClearance
from training.queries.coverage import coverage_table
from training.queries.known_clearance import answers_of, blocked_before, clearance_as_told
from training.queries.known_coverage import coverage_as_known

pytestmark = pytest.mark.django_db
EVERYTHING = Scope(everything=True)


def make_welder(valid_until="2026-03-10", **licence):
    """Return a welder whose licence ends on a day."""
    post = PostFactory()
    post.demanded_licences.add(LicenceTypeFactory())
    employee = EmployeeFactory()
    AssignmentFactory(employee=employee, unit=org_path("总厂"), post=post, starts_on=dt.date(2026, 1, 1))
    LicenceFactory(employee=employee, valid_until=dt.date.fromisoformat(valid_until), **licence)
    return employee


def refresh(*people, day, time="00:10"):
    refresh_clearance(employee_ids=[person.pk for person in people], now=at(day, time))


def renew(welder, until, day):
    record_review(
        licence=welder.licences.get(),
        done_on=dt.date.fromisoformat(day),
        next_due_on=None,
        valid_until=dt.date.fromisoformat(until),
        acting_user=None,
        now=at(day),
    )


def told(person, day, time="10:00"):
    answer = clearance_as_told([person.pk], at(day, time))[person.pk]
    return answer and (answer.is_cleared, [reason.code for reason in answer.reasons])


def test_every_past_moment_is_answered_as_it_was_told_then():
    welder = make_welder()
    refresh(welder, day="2026-03-01")
    refresh(welder, day="2026-03-11")
    renew(welder, "2029-03-10", day="2026-03-20")

    assert told(welder, "2026-02-28") is None
    assert told(welder, "2026-03-10") == (True, [])
    assert told(welder, "2026-03-12") == (False, ["licence_expired"])
    assert told(welder, "2026-03-21") == (True, [])
    assert list(PastClearance.objects.values_list("is_cleared", "since", "until")) == [
        (True, at("2026-03-01", "00:10"), at("2026-03-11", "00:10")),
        (False, at("2026-03-11", "00:10"), at("2026-03-20")),
    ]
    answer = clearance_as_told([welder.pk], at("2026-03-12"))[welder.pk]
    assert (answer.since, answer.until) == (at("2026-03-11", "00:10"), at("2026-03-20"))
    assert [reason.text for reason in answer.reasons] == [
        "证件已过期：熔化焊接与热切割作业（有效期至 2026-03-10）"
    ]
    [now] = clearance_as_told([welder.pk], at("2026-03-21")).values()
    assert (now.since, now.until, now.has_run_out) == (at("2026-03-20"), None, False)
    assert [one.is_cleared for one in answers_of(welder.pk)] == [True, False, True]
    assert [one.is_cleared for one in answers_of(welder.pk, most=1)] == [True, False]


def test_what_is_put_right_later_changes_no_answer_given():
    welder = make_welder()
    refresh(welder, day="2026-03-11")
    before = clearance_as_told([welder.pk], at("2026-03-12"))
    # The licence had been renewed in February; nobody had entered it.
    renew(welder, "2029-02-10", day="2026-04-02")
    after = clearance_as_told([welder.pk], at("2026-03-12"))
    assert after[welder.pk].stored == before[welder.pk].stored
    assert told(welder, "2026-03-12") == (False, ["licence_expired"])


def test_the_same_answer_again_is_no_other_one():
    welder = make_welder()
    refresh(welder, day="2026-03-11")
    ClearanceState.objects.update(reasons=[{**ClearanceState.objects.get().reasons[0], "text": "证件过期了"}])
    refresh(welder, day="2026-03-12")

    state = ClearanceState.objects.get()
    assert not PastClearance.objects.exists()
    assert (state.since, state.computed_at) == (at("2026-03-11", "00:10"), at("2026-03-12", "00:10"))
    assert state.reasons[0]["text"] == "证件已过期：熔化焊接与热切割作业（有效期至 2026-03-10）"


def test_another_reason_is_another_answer_though_still_blocked():
    welder = make_welder()
    refresh(welder, day="2026-03-11")
    welder.licences.all().delete()
    refresh(welder, day="2026-03-12")
    assert told(welder, "2026-03-11") == (False, ["licence_expired"])
    assert told(welder, "2026-03-12") == (False, ["licence_missing"])


def test_until_the_night_is_done_gates_computed_anew():
    welder = make_welder()
    refresh(welder, day="2026-03-01")
    refresh(welder, day="2026-03-13")
    [ran_out] = clearance_as_told([welder.pk], at("2026-03-12")).values()
    assert (ran_out.is_cleared, ran_out.has_run_out) == (True, True)
    [good] = clearance_as_told([welder.pk], at("2026-03-10")).values()
    assert (good.is_cleared, good.has_run_out) == (True, False)


def test_a_clock_set_back_leaves_one_answer_for_each_moment():
    welder = make_welder()
    refresh(welder, day="2026-03-11")
    renew(welder, "2029-03-10", day="2026-03-10")
    state = ClearanceState.objects.get()
    assert (state.is_cleared, state.since) == (True, at("2026-03-11", "00:10"))
    assert told(welder, "2026-03-11") == (True, [])
    assert len(answers_of(welder.pk)) == 1


def test_answers_are_kept_by_one_statement_and_nobody_changes_them():
    def statements(day, *people):
        with CaptureQueriesContext(connection) as queries:
            refresh(*people, day=day)
        kept = [query for query in queries if "training_pastclearance" in query["sql"]]
        return len(queries), len(kept)

    one, *more = [make_welder() for _ in range(4)]
    for day, kept in (("2026-03-01", 0), ("2026-03-02", 0), ("2026-03-11", 1)):
        few, many = statements(day, one), statements(day, *more)
        assert few == many
        assert few[1] == kept
    assert PastClearance.objects.count() == 4
    for change in (lambda rows: rows.update(is_cleared=False), lambda rows: rows.delete()):
        with pytest.raises((IntegrityError, OperationalError), match="append-only"), transaction.atomic():
            change(PastClearance.objects.all())


def test_the_answers_of_many_take_as_many_queries_as_of_one(django_assert_num_queries):
    people = [make_welder() for _ in range(3)]
    refresh(*people, day="2026-03-01")
    refresh(*people, day="2026-03-11")
    for some in (people[:1], people):
        with django_assert_num_queries(2):
            found = clearance_as_told([person.pk for person in some], at("2026-03-05"))
        assert [answer.is_cleared for answer in found.values()] == [True] * len(some)
    with django_assert_num_queries(1):
        assert blocked_before(at("2026-03-11", "00:11")) == {person.pk for person in people}


def test_coverage_as_known_counts_whom_gates_were_told_were_blocked():
    person, march_11 = make_welder(), dt.date(2026, 3, 11)
    make_known(person, "2026-01-01")
    refresh(person, day="2026-03-01")
    refresh(person, day="2026-03-11")
    assert coverage_as_known(EVERYTHING, march_11).total.blocked == 1
    assert coverage_as_known(EVERYTHING, march_11) == coverage_table(EVERYTHING, march_11)

    renew(person, "2029-03-10", day="2026-03-12")
    assert coverage_table(EVERYTHING, march_11).total.blocked == 0
    assert coverage_as_known(EVERYTHING, march_11).total.blocked == 1
    assert coverage_as_known(EVERYTHING, march_11).rows[0].counts.blocked == 1
    assert coverage_as_known(EVERYTHING, dt.date(2026, 3, 10)).total.blocked == 0
    # At the very moment of the new answer the one before it had been told.
    for known_at, blocked in (("00:10", 0), ("00:11", 1)):
        assert coverage_as_known(EVERYTHING, march_11, at("2026-03-11", known_at)).total.blocked == blocked


class TestAnySeries(TestCase):
    """Whatever was answered when: the last answer at or before a moment is the one that was told."""

    @settings(max_examples=25, deadline=None)
    @given(
        answers=st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from(["good", "expired", "none"])), min_size=1, max_size=8
        )
    )
    def test_the_last_answer_at_or_before_a_moment_was_told(self, answers):
        welder = make_welder("2029-03-10")
        ends = {"good": dt.date(2029, 3, 10), "expired": dt.date(2025, 12, 31)}
        expected, hour = {}, 0
        for wait, kind in answers:
            hour += wait
            welder.licences.all().delete()
            if kind != "none":
                LicenceFactory(employee=welder, valid_until=ends[kind])
            refresh(welder, day="2026-03-01", time=f"{hour:02}:00")
            expected[hour] = kind
        codes = {"good": [], "expired": ["licence_expired"], "none": ["licence_missing"]}
        for asked in range(-1, hour + 1):
            kind = expected.get(max((one for one in expected if one <= asked), default=None))
            found = told(welder, "2026-02-28", "23:30") if asked < 0 else told(
                welder, "2026-03-01", f"{asked:02}:00"
            )  # fmt: skip
            assert found == (None if kind is None else (kind == "good", codes[kind]))
