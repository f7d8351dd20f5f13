"""Hours: what is credited and what is not, and how gathered hours settle a yearly requirement."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.models import PlaySession, StudyBeat, StudyProgress, StudyRecord
from people.models import Role
from tests.factories.courses import WarningCaseFactory
from tests.factories.people import AssignmentFactory, EmployeeFactory, RoleGrantFactory, UserFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.hours import settle_hours
from training.actions.on_site import record_on_site_training
from training.figures import Figures, FigureVersion
from training.hours import Entry, Mode, Refusal, Requirement, credit
from training.models import Component, ComponentDone, Obligation, Programme, TrainingRecord
from training.queries.exceptions import exceptions_of
from training.queries.figures import shipped_versions
from training.queries.hours import gap_list, rings_of

EIGHT = Decimal(8)


def figures(*more: FigureVersion) -> Figures:
    """Return what ships, with these versions of the house over it."""
    return Figures(more, shipped_versions())


def entry(key, start, end, hours, mode=Mode.HELD, kind="special"):
    times = [dt.datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=dt.UTC) for text in (start, end)]
    return Entry(key, mode, key, kind, Decimal(hours), *times)


def test_overlapping_sessions_count_once():
    got = credit(
        [entry("a", "02T08:00", "02T10:00", 2), entry("b", "02T09:00", "02T11:00", 2)], figures=figures()
    )

    assert got.hours == 2
    assert [(item.entry.key, item.hours, item.why) for item in got.refused] == [("b", 2, Refusal.OVERLAP)]


def test_a_day_holds_no_more_than_its_ceiling_and_study_may_use_several_days():
    day = [entry("a", "02T08:00", "02T14:00", 6), entry("b", "02T15:00", "02T19:00", 4)]
    study = entry("s", "03T08:00", "05T09:00", 20, Mode.ONLINE)

    got = credit([*day, study], figures=figures())
    assert [(item.key, hours) for item, hours in got.counted] == [("a", 6), ("b", 2), ("s", 20)]
    assert [(item.hours, item.why) for item in got.refused] == [(2, Refusal.CEILING)]


def test_the_same_proof_counts_once_and_not_again_for_another_year():
    twice = [entry("a", "02T08:00", "02T10:00", 2), entry("a", "02T08:00", "02T10:00", 2)]

    assert credit(twice, figures=figures()).hours == 2
    assert credit(twice, figures=figures(), used={"a"}).hours == 0


def test_online_hours_fill_the_share_the_house_allows():
    online = [entry(f"s{n}", f"0{n}T08:00", f"0{n}T12:00", 4, Mode.ONLINE) for n in range(1, 6)]

    half = FigureVersion("online_share_pct", dt.date(2026, 1, 1), value=Decimal(50))
    got = credit(online, figures=figures(half), requirement=Requirement("annual", Decimal(20)))
    assert got.hours == 10
    assert {item.why for item in got.refused} == {Refusal.ONLINE_SHARE}


@pytest.mark.parametrize(
    ("kind", "required", "counts"),
    [
        ("special", "annual", True),
        ("case", "annual", True),
        ("pre_job", "annual", False),
        ("job_change", "annual", False),
        ("violation", "annual", False),
        ("entry", "annual", False),
        ("special", "managers", True),
        ("special", "review", False),
        ("review", "review", True),
    ],
)
def test_what_counts_towards_what(kind, required, counts):
    assert figures().counts(kind, required, dt.date(2026, 3, 2)) is counts


def test_what_applied_on_the_day_applies_whatever_came_later():
    day, later = dt.date(2026, 3, 2), dt.date(2026, 3, 4)
    entries = [
        entry(f"{n}-{kind}", f"0{n}T{start}:00", f"0{n}T{start + 4}:00", 4, kind=kind)
        for n, start, kind in ((2, 10, "special"), (2, 15, "case"), (4, 10, "special"), (4, 15, "case"))
    ]
    changed = figures(
        FigureVersion("daily_hours", later, value=Decimal(3)),
        FigureVersion("counts_towards_annual", later, kinds=frozenset({"special"})),
        FigureVersion("credit_hour_minutes", later, value=Decimal(50)),
    )

    got = credit(entries, figures=changed, requirement=Requirement("annual", Decimal(20)))

    assert [(item.key, hours) for item, hours in got.counted] == [
        ("2-special", 4),
        ("2-case", 4),
        ("4-special", 3),
    ]
    assert [changed.hour_minutes(on) for on in (day, later)] == [45, 50]
    assert changed.hour_minutes(dt.date(1999, 1, 1)) == 45


def test_a_number_nobody_knows_is_an_error():
    with pytest.raises(KeyError):
        figures().number("unknown", dt.date(2026, 3, 2))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 22), st.integers(1, 6), st.sampled_from(list(Mode))),
        max_size=12,
    ),
    st.randoms(),
)
def test_credit_never_exceeds_the_days_and_does_not_depend_on_the_order(rows, random):
    entries = [
        entry(f"{n}", f"0{day}T{hour:02}:00", f"0{day}T{hour + 1:02}:00", hours, mode)
        for n, (day, hour, hours, mode) in enumerate(rows)
    ]
    shuffled = list(entries)
    random.shuffle(shuffled)

    got = credit(entries, figures=figures())
    assert got == credit(shuffled, figures=figures())
    assert got.hours + sum(item.hours for item in got.refused) == sum(item.hours for item in entries)
    for day in range(1, 10):
        counted = sum(hours for item, hours in got.counted if item.started_at.day == day)
        assert counted <= EIGHT


# With the database


@pytest.fixture
def yearly():
    programme = ProgrammeFactory(kind="annual", on_site=[], code="annual-8", title="年度再培训")
    Component.objects.create(programme=programme, position=1, kind="hours", title="全年 8 学时", hours=8)
    rule = TrainingRuleFactory(trigger="window", window="year", programme=programme, before_work=False)
    employee = EmployeeFactory()
    AssignmentFactory(employee=employee, starts_on=dt.date(2020, 1, 1))
    return ObligationFactory(
        rule=rule,
        employee=employee,
        event=None,
        cause="window:annual:2026",
        cycle="2026",
        before_work=False,
        owed_from=dt.date(2026, 1, 1),
        due_on=dt.date(2026, 12, 31),
    )


def teach(employee, day, hours, kind="special", times=("08:00", "14:00")):
    programme = ProgrammeFactory(kind=kind, on_site=[hours])
    owed = ObligationFactory(employee=employee, rule__programme=programme)
    return record_on_site_training(
        obligations=[owed],
        component=programme.components.get(),
        held_from=at(day, times[0]),
        held_to=at(day, times[1]),
        hours=Decimal(hours),
        place="教育室",
        trainer_name="周师傅",
        acting_user=None,
        now=at(day, "20:00"),
    )


@pytest.mark.django_db
def test_sessions_of_a_year_fill_the_ring_and_settle_it(yearly):
    teach(yearly.employee, "2026-03-03", 5)
    teach(yearly.employee, "2026-03-04", 6, kind="pre_job")
    [ring] = rings_of([yearly.employee_id], dt.date(2026, 3, 5))[yearly.employee_id]
    assert (ring.credit.hours, ring.missing, ring.percent) == (5, 3, 62)

    teach(yearly.employee, "2026-05-04", 4)
    yearly.refresh_from_db()
    assert yearly.state == "done"
    record = TrainingRecord.objects.get(obligation=yearly, kind="programme")
    assert record.hours == 8
    assert len(record.payload) > 0
    assert settle_hours(employee_ids=[yearly.employee_id], now=at("2026-05-05")) == []


@pytest.mark.django_db
def test_what_was_counted_for_one_year_is_not_counted_for_the_next(yearly):
    yearly.owed_from, yearly.due_on, yearly.cycle = dt.date(2025, 1, 1), dt.date(2025, 12, 31), "2025"
    yearly.cause = "window:annual:2025"
    yearly.save()
    teach(yearly.employee, "2026-03-03", 8, times=("08:00", "16:00"))
    yearly.refresh_from_db()
    assert yearly.state == "done"

    again = ObligationFactory(
        rule=yearly.rule,
        employee=yearly.employee,
        event=None,
        cause="window:annual:2026",
        cycle="2026",
        owed_from=dt.date(2026, 1, 1),
        due_on=dt.date(2026, 12, 31),
    )
    assert settle_hours(employee_ids=[yearly.employee_id], now=at("2026-03-04")) == []
    assert Obligation.objects.get(pk=again.pk).state == "open"


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "missing", "state"), [(20, 12, "open"), (6, 0, "done")])
def test_a_rule_that_changes_within_the_year_counts_what_was_counted_for_its_old_version(
    yearly, hours, missing, state
):
    teach(yearly.employee, "2026-03-03", 8, times=("08:00", "16:00"))
    assert Obligation.objects.get(pk=yearly.pk).state == "done"
    programme = ProgrammeFactory(kind="annual", on_site=[])
    Component.objects.create(programme=programme, position=1, kind="hours", title="全年", hours=hours)
    changed = ObligationFactory(
        rule=TrainingRuleFactory(
            code=yearly.rule.code, effective_from=dt.date(2026, 7, 1), programme=programme
        ),
        employee=yearly.employee,
        event=None,
        cause=yearly.cause,
        cycle="2026",
        owed_from=dt.date(2026, 7, 1),
        due_on=dt.date(2026, 12, 31),
    )

    [ring] = rings_of([yearly.employee_id], dt.date(2026, 7, 1))[yearly.employee_id]
    assert (ring.credit.hours, ring.missing) == (8, missing)
    settle_hours(employee_ids=[yearly.employee_id], now=at("2026-07-01"))
    assert Obligation.objects.get(pk=changed.pk).state == state


@pytest.mark.django_db
def test_gap_list_names_those_in_scope_who_lack_hours(yearly):
    unit = yearly.employee.assignments.get().unit
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user
    stranger = RoleGrantFactory(role=Role.TEAM_LEADER).user
    teach(yearly.employee, "2026-03-03", 5)

    [gap] = gap_list(leader, dt.date(2026, 12, 1))
    assert (gap.employee.pk, gap.ring.missing, gap.days_left) == (yearly.employee_id, 3, 30)
    assert gap_list(stranger, dt.date(2026, 12, 1)) == []
    assert Programme.objects.filter(code="annual-8").exists()


@pytest.mark.django_db
def test_hours_that_cannot_be_gathered_in_time_stand_in_the_way(yearly):
    Component.objects.filter(programme=yearly.programme).update(hours=20)
    assert exceptions_of([yearly], dt.date(2026, 12, 29)) == []
    [late] = exceptions_of([yearly], dt.date(2026, 12, 30))
    assert (late.kind, late.hours_left, late.days_needed, late.days_left) == ("too_late", 20, 3, 2)

    teach(yearly.employee, "2026-03-03", 5)
    assert exceptions_of([yearly], dt.date(2026, 12, 30)) == []
    assert exceptions_of([yearly], dt.date(2026, 12, 31))[0].hours_left == 15


@pytest.mark.django_db
def test_a_lesson_that_is_not_published_is_no_content():
    lesson = WarningCaseFactory()
    programme = ProgrammeFactory(kind="special", on_site=[])
    Component.objects.create(programme=programme, position=1, kind="lesson", title="课件", lesson=lesson)
    owed = ObligationFactory(rule__programme=programme, due_on=dt.date(2027, 1, 1))
    assert "no_content" not in [item.kind for item in exceptions_of([owed], dt.date(2026, 3, 5))]

    lesson.unpublish()
    assert "no_content" in [item.kind for item in exceptions_of([owed], dt.date(2026, 3, 5))]


def studied(key, times, minutes, hours=2):
    """Return online study of one day with the stretches that may touch a class, in 学时 of 45 minutes."""
    spans = tuple(
        tuple(dt.datetime.fromisoformat(f"2026-03-02T{text}:00").replace(tzinfo=dt.UTC) for text in span)
        for span in times
    )
    return dataclasses.replace(
        entry(key, "02T00:00", "02T20:00", hours, Mode.ONLINE), times=spans, studied_s=minutes * 60
    )


@pytest.mark.parametrize(
    ("times", "minutes", "credited"),
    [
        ([("10:00", "11:30")], 90, 2),  # after the class
        ([("08:30", "10:00")], 90, 0),  # all of it in the class
        ([("08:30", "09:15")], 90, 1),  # half of it, the other half elsewhere
        ([("08:30", "09:15"), ("08:40", "09:15")], 90, 1),  # two devices are one person
        ([("08:30", "10:00")], 180, 2),  # as much again outside it is enough by itself
        ([("09:15", "10:45")], 90, 1),  # the class ends in the midst of it
    ],
)
def test_study_within_a_class_counts_once(times, minutes, credited):
    room = entry("c", "02T08:00", "02T10:00", 2)

    got = credit([room, studied("study:1", times, minutes)], figures=figures())

    assert got.hours == 2 + credited
    refused = [(item.entry.key, item.hours, item.why) for item in got.refused]
    assert refused == ([("study:1", 2 - credited, Refusal.SAME_TIME)] if credited < 2 else [])


@pytest.mark.django_db
def test_study_during_a_class_is_refused_with_the_reason_shown(yearly, client):
    lesson = WarningCaseFactory()
    course = ProgrammeFactory(kind="special", on_site=[])
    part = Component.objects.create(
        programme=course, position=1, kind="lesson", title="手机课件", lesson=lesson, hours=2
    )
    done = ObligationFactory(employee=yearly.employee, rule__programme=course)
    record = study_of(yearly.employee, lesson, "2026-03-03", "08:30", minutes=90)
    ComponentDone.objects.create(
        obligation=done,
        component=part,
        evidence={"kind": "lesson", "study_record_ids": [record.pk]},
        done_at=at("2026-03-03", "10:00"),
    )
    with CaptureQueriesContext(connection) as before:
        rings_of([yearly.employee_id], dt.date(2026, 3, 5))
    teach(yearly.employee, "2026-03-03", 2, times=("08:00", "09:30"))

    with CaptureQueriesContext(connection) as after:
        [ring] = rings_of([yearly.employee_id], dt.date(2026, 3, 5))[yearly.employee_id]
    assert ring.credit.by_mode == {Mode.HELD: 2, Mode.ONLINE: Decimal("0.7")}
    assert [(hours, why) for _entry, hours, why in ring.refused] == [
        (Decimal("1.3"), "线上学习与现场培训在同一时间，只算一次")
    ]
    assert len(after) == len(before) + 2
    assert settle_hours(employee_ids=[yearly.employee_id], now=at("2026-03-05")) == []

    boss = UserFactory(is_superuser=True)
    client.force_login(boss)
    page = client.get(reverse("training_office:obligation", args=[yearly.public_id])).content.decode()
    assert "2.7 / 8" in page
    assert "线上学习与现场培训在同一时间，只算一次" in page


def study_of(employee, lesson, day, start, minutes):
    """Return the proof of a film watched without a break, with its beats of half a minute."""
    begin, end = at(day, start), at(day, start) + dt.timedelta(minutes=minutes)
    common = {"employee": employee, "lesson": lesson, "content_sha256": "a" * 64}
    progress = StudyProgress.objects.create(**common, started_at=begin, completed_at=end)
    session = PlaySession.objects.create(
        employee=employee,
        progress=progress,
        nonce="n",
        opened_at=begin,
        closed_at=end,
        last_beat_at=end,
        paid_until=end,
    )
    StudyBeat.objects.bulk_create(
        StudyBeat(
            session=session,
            seq=number,
            part="film",
            from_s=(number - 1) * 30,
            to_s=number * 30,
            credited_s=30,
            verdict="credited",
            arrived_at=begin + dt.timedelta(seconds=number * 30),
        )
        for number in range(1, minutes * 2 + 1)
    )
    return StudyRecord.objects.create(
        **common, lesson_title="手机课件", watched_s=minutes * 60, started_at=begin, completed_at=end
    )
