"""Study that was counted already, and a class of the same clock time that is entered later; and packages' times."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import PackageReport, PlaySession, StudyProgress, StudyRecord
from tests.factories.courses import CourseFactory, WarningCaseFactory
from tests.factories.people import EmployeeFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from tests.training.test_hours import entry, figures, study_of
from training.actions.completion import settle_courses
from training.actions.hours import settle_hours
from training.actions.ledger import correct_record
from training.actions.on_site import record_on_site_training
from training.errors import OnSiteRefused
from training.hours import CountedTime, Mode, Refusal, credit
from training.models import Component, Obligation, TrainingRecord
from training.queries.hours import rings_of
from training.queries.study_times import placed_within

DAY = "2026-03-03"
TODAY = dt.date(2026, 3, 5)
NOW = at("2026-03-05")


def clock(text, day=2):
    return dt.datetime.fromisoformat(f"2026-03-{day:02}T{text}:00").replace(tzinfo=dt.UTC)


def test_a_class_entered_later_gives_nothing_for_time_that_was_counted():
    room = entry("c", "02T08:00", "02T09:30", 2)
    counted = [CountedTime(clock("08:30"), clock("09:15"), counted_at=clock("12:00"))]

    late = dataclasses.replace(room, recorded_at=clock("09:00", day=5))
    got = credit([late], figures=figures(), counted_before=counted)
    assert got.hours == 1
    assert [(item.hours, item.why) for item in got.refused] == [(1, Refusal.SAME_TIME)]
    in_time = dataclasses.replace(room, recorded_at=clock("10:00"))  # then it was the study that gave way
    assert credit([in_time], figures=figures(), counted_before=counted).hours == 2
    long = dataclasses.replace(late, ended_at=clock("11:00"))  # there was time for two hours beside it
    assert credit([long], figures=figures(), counted_before=counted).hours == 2


@pytest.mark.parametrize(
    ("interval", "minutes", "windows", "placed"),
    [
        (("08:00", "10:00"), 30, [("09:00", "11:00")], [("09:00", "09:30")]),
        (("08:00", "10:00"), 90, [("09:00", "11:00")], [("09:00", "10:00")]),
        (("08:00", "10:00"), 90, [("09:30", "11:00"), ("07:00", "09:00")], [("08:00", "09:00"), ("09:30", "10:00")]),
        (("08:00", "08:30"), 30, [("09:00", "11:00")], []),
    ],
)  # fmt: skip
def test_as_much_of_a_packages_time_as_can_lie_in_a_class_does(interval, minutes, windows, placed):
    def spans(pairs):
        return [tuple(clock(text) for text in pair) for pair in pairs]

    [whole] = spans([interval])
    assert placed_within(whole, dt.timedelta(minutes=minutes), spans(windows)) == spans(placed)


def online(employee, lesson):
    """Return what somebody owes that two hours online settle."""
    programme = ProgrammeFactory(kind="special", course=CourseFactory(lessons=[lesson]))
    return ObligationFactory(employee=employee, rule__programme=programme)


def studied_and_settled(employee, start="08:30", minutes=90):
    """Let somebody study on the day and close the training that asked for it; return the row of the ledger."""
    lesson = WarningCaseFactory()
    study_of(employee, lesson, DAY, start, minutes)
    item = online(employee, lesson)
    [row] = settle_courses(obligations=[item], now=at(DAY, "12:00"))
    return row


def enter(*employees, hours=2, times=("08:00", "10:00"), programme=None, now=NOW):
    programme = programme or ProgrammeFactory(kind="special", on_site=[hours])
    rule = TrainingRuleFactory(programme=programme)
    return record_on_site_training(
        obligations=[ObligationFactory(employee=one, rule=rule) for one in employees],
        component=programme.components.get(),
        held_from=at(DAY, times[0]),
        held_to=at(DAY, times[1]),
        hours=Decimal(hours),
        place="教育室",
        trainer_name="周师傅",
        acting_user=None,
        now=now,
    )


@pytest.mark.django_db
def test_the_entry_is_refused_with_both_times_and_the_cure():
    person, other = EmployeeFactory(name="张伟"), EmployeeFactory(name="李娜")
    row = studied_and_settled(person)
    with pytest.raises(OnSiteRefused) as refused:
        enter(person, other)
    assert refused.value.problems == [
        f"{person} 在 2026-03-03 08:30–10:00 线上学习了“手机课件”，已计学时，"
        "登记的 2026-03-03 08:00–10:00 除去这段时间不足 2 学时；同一时间不能计两次。 "
        f"请登记真实的时间和学时；时间无误的，先更正台账第 {row.seq} 号，或不登记此人。"
    ]
    assert TrainingRecord.objects.filter(kind="on_site").count() == 0
    enter(other)
    enter(person, times=("10:00", "11:30"))  # the true times


@pytest.mark.django_db
def test_study_in_a_break_does_no_harm():
    person = EmployeeFactory()
    studied_and_settled(person, "09:00", 20)
    assert (
        len(enter(person, times=("08:00", "10:00"))) == 1
    )  # 90 minutes of class in 120, 20 of them elsewhere


@pytest.mark.django_db
def test_what_is_still_open_gives_way_to_the_class_as_before():
    person, lesson = EmployeeFactory(), WarningCaseFactory()
    study_of(person, lesson, DAY, "08:30", 90)
    online(person, lesson)
    assert len(enter(person)) == 1


@pytest.mark.django_db
def test_whoever_corrects_the_ledger_decides_and_the_class_can_be_entered():
    person = EmployeeFactory()
    row = studied_and_settled(person)
    correct_record(
        record=row, reason="听课时放着手机课件，不算学习", hours=Decimal("0.7"), acting_user=None, now=at("2026-03-04")
    )  # fmt: skip
    assert len(enter(person)) == 1


def yearly_of(employee, hours):
    programme = ProgrammeFactory(kind="annual", on_site=[], title=f"再培训 {hours} 学时")
    Component.objects.create(programme=programme, position=1, kind="hours", title="学时", hours=hours)
    return ObligationFactory(
        rule=TrainingRuleFactory(programme=programme, before_work=False),
        employee=employee,
        before_work=False,
        owed_from=dt.date(2026, 1, 1),
        due_on=dt.date(2026, 12, 31),
    )


@pytest.mark.django_db
def test_a_class_moved_onto_counted_study_gives_nothing_and_says_so():
    person = EmployeeFactory()
    first = yearly_of(person, 2)
    studied_and_settled(person)
    settle_hours(employee_ids=[person.pk], now=at(DAY, "12:00"))
    assert Obligation.objects.get(pk=first.pk).state == "done"
    [entered] = enter(person, times=("13:00", "14:30"))
    again = yearly_of(person, 3)
    [ring] = rings_of([person.pk], TODAY)[person.pk]
    assert (ring.obligation.pk, ring.credit.hours) == (again.pk, 2)

    correct_record(
        record=TrainingRecord.objects.get(pk=entered.pk), reason="写错了上下午",
        started_at=at(DAY, "08:30"), completed_at=at(DAY, "10:00"), acting_user=None, now=NOW,
    )  # fmt: skip
    [ring] = rings_of([person.pk], TODAY)[person.pk]
    assert ring.credit.hours == 0
    assert [(hours, why) for _entry, hours, why in ring.refused] == [
        (2, "线上学习与现场培训在同一时间，只算一次")
    ]
    assert Obligation.objects.get(pk=first.pk).state == "done"  # what is done stays done


@pytest.mark.django_db
def test_a_class_entered_before_the_study_was_counted_keeps_its_hours_when_its_place_is_corrected():
    person = EmployeeFactory()
    [entered] = enter(person, times=("08:30", "10:00"), now=at(DAY, "11:00"))
    first = yearly_of(person, 2)
    settle_hours(employee_ids=[person.pk], now=at(DAY, "11:30"))
    assert Obligation.objects.get(pk=first.pk).state == "done"
    studied_and_settled(person)
    yearly_of(person, 3)
    correct_record(record=entered, reason="写错了地点", place="二楼", acting_user=None, now=NOW)
    [ring] = rings_of([person.pk], TODAY)[person.pk]
    assert (ring.credit.hours, ring.credit.by_mode[Mode.HELD]) == (2, 2)


@pytest.mark.django_db
def test_the_statements_do_not_grow_with_the_people():
    def refused(count):
        people = [EmployeeFactory() for _ in range(count)]
        for person in people:
            studied_and_settled(person)
        with CaptureQueriesContext(connection) as asked, pytest.raises(OnSiteRefused) as error:
            enter(*people)
        assert len(error.value.problems) == count
        made = sum("INSERT" in query["sql"] for query in asked.captured_queries)
        return len([query for query in asked.captured_queries if "SELECT" in query["sql"]]) - made

    few = refused(1)
    assert refused(3) <= few + 2 * 6  # what the factories of two more people ask


# Packages


def packaged(employee, lesson, reports, opened="08:00"):
    """Return the proof of a package gone through on the day; `reports` are when each came and its minutes."""
    begin, end = at(DAY, opened), at(DAY, reports[-1][0])
    common = {"employee": employee, "lesson": lesson, "content_sha256": "b" * 64}
    progress = StudyProgress.objects.create(**common, started_at=begin, completed_at=end)
    session = PlaySession.objects.create(
        employee=employee, progress=progress, nonce="n", opened_at=begin, closed_at=end,
        last_beat_at=end, paid_until=end,
    )  # fmt: skip
    for seq, (clock_time, minutes) in enumerate(reports, start=1):
        PackageReport.objects.create(
            session=session, progress=progress, seq=seq, part="I1", completion="completed", success="unknown",
            credited_s=minutes * 60, arrived_at=at(DAY, clock_time),
        )  # fmt: skip
    total = sum(minutes for _time, minutes in reports) * 60.0
    return StudyRecord.objects.create(
        **common,
        lesson_title="课件包",
        package_sha256="c" * 64,
        package_result={"rule": "completed", "parts": {"I1": {"completion": "completed", "total_s": total}}},
        started_at=begin,
        completed_at=end,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reports", "credited"),
    [
        ([("08:45", 45), ("09:30", 45)], 0),  # all of it in the class
        ([("09:00", 60), ("12:00", 30)], 0),  # between nine and twelve: it may have been in the class
        ([("09:00", 60), ("12:00", 60)], "0.7"),  # half of that cannot have been
        ([("10:00", 0), ("11:30", 90)], 2),  # all of it after the class
        ([("10:00", 90), ("11:30", 90)], 2),  # as much again outside it
    ],
)
def test_a_package_gone_through_in_a_class_counts_once(reports, credited):
    person, lesson = EmployeeFactory(), WarningCaseFactory()
    packaged(person, lesson, reports)
    item = online(person, lesson)
    yearly_of(person, 8)
    enter(person, times=("08:00", "09:30"), now=at(DAY, "12:30"))
    settle_courses(obligations=[item], now=at(DAY, "13:00"))
    [ring] = rings_of([person.pk], TODAY)[person.pk]
    assert ring.credit.by_mode.get(Mode.HELD) == 2
    assert ring.credit.by_mode.get(Mode.ONLINE, 0) == Decimal(credited)


@pytest.mark.django_db
def test_a_class_entered_after_a_counted_package_is_refused():
    person, lesson = EmployeeFactory(), WarningCaseFactory()
    packaged(person, lesson, [("08:45", 45), ("09:30", 45)])
    settle_courses(obligations=[online(person, lesson)], now=at(DAY, "12:00"))
    with pytest.raises(OnSiteRefused, match="课件包"):
        enter(person, times=("08:00", "09:30"))
    assert len(enter(person, times=("13:00", "14:30"))) == 1
