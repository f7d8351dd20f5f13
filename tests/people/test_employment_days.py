"""Terms, secondments, days past and to come, and corrections, through the actions and the database."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from wagtail.models import ModelLogEntry

from people.actions.coming import apply_coming_events
from people.actions.corrections import correct_event, end_secondment
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
from people.models import Employee, EmploymentEvent, UnitKind, User
from people.permissions import Capability
from people.queries import (
    assignments_as_known,
    assignments_on,
    current_assignment,
    employees_for,
    known_people,
    place_of_work,
    unit_directory,
)
from people.roster import Problem, Row, Standing, diff_row
from people.signals import employment_changed_in_bulk
from tests.factories.people import OrgUnitFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
D = dt.date
HIRED = D(2026, 3, 2)
TODAY = D(2026, 11, 20)


def at(day, hour=1):
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


NOW = at(TODAY)
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def posts():
    return {name: PostFactory(name=name) for name in ("车工", "电工")}


@pytest.fixture
def employee(posts):
    return hire(employee_no="1", name="张三", unit=org_path("总厂/一车间"), post=posts["车工"],
                hired_on=HIRED, acting_user=None, now=at(HIRED))  # fmt: skip


def stays(employee):
    rows = employee.assignments.values_list("unit__name", "post__name", "starts_on", "ends_before")
    return [(f"{unit}/{post}", *days) for unit, post, *days in rows]


def refusal(call, **arguments):
    with pytest.raises(EmploymentRefused) as refused:
        call(**{**SYSTEM, **arguments})
    return refused.value.problem.code


def test_other_terms_are_an_interval_and_one_query_answers_for_a_day(
    employee, posts, django_assert_num_queries
):
    firm = OrgUnitFactory(name="远航派遣", kind=UnitKind.DISPATCH_FIRM)
    change_terms(employee=employee, employment_type="dispatched", employer=firm,
                 effective_on=D(2026, 5, 1), **SYSTEM)  # fmt: skip
    event = change_terms(employee=employee, employment_type="own", effective_on=D(2026, 8, 1), **SYSTEM)
    assert (event.kind, employee.employment_type, employee.employer) == ("terms_changed", "own", None)
    workshop = org_path("总厂/一车间")
    for day, employer in ((D(2026, 4, 30), None), (D(2026, 5, 1), firm), (D(2026, 8, 1), None)):
        with django_assert_num_queries(1):
            (stay,) = assignments_on(workshop, day)
            assert (stay.employee, stay.employer) == (employee, employer)
    again = change_terms(employee=employee, employment_type="own", effective_on=D(2026, 8, 1), **SYSTEM)
    assert again is None


def test_a_secondment_stands_beside_the_own_post(employee, posts):
    host = org_path("总厂/二车间")
    boss = RoleGrantFactory(unit=host, role="team_leader").user
    host_hr = RoleGrantFactory(unit=host).user
    second(employee=employee, unit=host, post=posts["电工"], starts_on=D(2026, 11, 1),
           ends_before=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    assert stays(employee) == [
        ("一车间/车工", HIRED, None),
        ("二车间/电工", D(2026, 11, 1), D(2026, 12, 1)),
    ]
    assert current_assignment(employee.pk, TODAY).unit.name == "一车间"
    assert place_of_work(employee.pk, TODAY).unit == host
    assert place_of_work(employee.pk, D(2026, 12, 1)).unit.name == "一车间"
    assert [len(assignments_on(host, TODAY, with_seconded=both)) for both in (False, True)] == [0, 1]
    assert employees_for(boss).get() == employee
    assert employees_for(host_hr).get() == employee
    assert not employees_for(host_hr, Capability.MANAGE_PEOPLE).exists()
    assert not employees_for(boss, on=D(2026, 12, 1)).exists()


def test_secondments_are_refused_where_they_overlap_or_lead_nowhere(employee, posts):
    there = {"employee": employee, "unit": org_path("总厂/二车间"), "post": posts["电工"]}
    span = {"starts_on": D(2026, 11, 1), "ends_before": D(2026, 12, 1)}
    second(**there, **span, **SYSTEM)
    for days in (span, {**span, "starts_on": D(2026, 10, 1), "ends_before": D(2026, 11, 2)}):
        assert refusal(second, **there, **days) == "secondments_overlap"
    assert refusal(second, **there, starts_on=TODAY, ends_before=TODAY) == "secondment_empty"
    home = {**there, "unit": org_path("总厂/一车间"), "post": posts["车工"]}
    assert refusal(second, **home, **span) == "same_place"
    second(**there, starts_on=D(2026, 12, 1), ends_before=D(2026, 12, 2), **SYSTEM)
    outsider = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    with pytest.raises(PermissionDenied):
        second(**there, starts_on=D(2027, 1, 1), ends_before=D(2027, 1, 2), acting_user=outsider, now=NOW)


def test_a_secondment_ends_on_another_day_than_planned(employee, posts):
    second(employee=employee, unit=org_path("总厂/二车间"), post=posts["电工"],
           starts_on=D(2026, 11, 1), ends_before=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    ending = {"employee": employee, "reason": "提前完成", **SYSTEM}
    event = end_secondment(ends_before=D(2026, 11, 25), **ending)
    assert (event.kind, event.corrects.effective_on) == ("secondment_ended", D(2026, 12, 1))
    assert stays(employee)[1] == ("二车间/电工", D(2026, 11, 1), D(2026, 11, 25))
    assert end_secondment(ends_before=D(2026, 11, 25), **ending) is None
    assert refusal(correct_event, event=event, reason="误录", withdraw=True) == "secondment_without_end"


def test_an_event_told_late_recuts_the_stays(employee, posts):
    third, other = org_path("总厂/三车间"), org_path("总厂/二车间")
    transfer(employee=employee, unit=third, post=posts["车工"], effective_on=D(2026, 9, 1), **SYSTEM)
    transfer(employee=employee, unit=other, post=posts["车工"], effective_on=D(2026, 6, 1), **SYSTEM)
    assert stays(employee) == [
        ("一车间/车工", HIRED, D(2026, 6, 1)),
        ("二车间/车工", D(2026, 6, 1), D(2026, 9, 1)),
        ("三车间/车工", D(2026, 9, 1), None),
    ]
    assert refusal(leave, employee=employee, left_on=D(2026, 7, 1)) == "later_event"
    early = {"employee": employee, "unit": other, "post": posts["车工"], "effective_on": D(2026, 1, 1)}
    assert refusal(transfer, **early) == "not_hired_yet"
    own = RoleGrantFactory(unit=third).user
    with pytest.raises(PermissionDenied):
        transfer(**{**early, "effective_on": D(2026, 7, 1)}, acting_user=own, now=NOW)


def test_a_day_to_come_takes_effect_by_itself(employee, posts):
    told = []

    def receiver(sender, event, **kwargs):
        told.append((set(event.event_ids), event.recorded_at))

    event = transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts["车工"],
                     effective_on=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    gone = leave(employee=employee, left_on=D(2027, 1, 1), **SYSTEM)
    employee.refresh_from_db()
    assert (employee.status, employee.left_on, employee.changes_on) == ("active", None, D(2026, 12, 1))
    assert User.objects.get(pk=employee.user_id).is_active
    assert current_assignment(employee.pk, TODAY).unit.name == "一车间"
    leader = RoleGrantFactory(unit=org_path("总厂/一车间"), role="team_leader").user
    assert employees_for(leader).get() == employee
    assert apply_coming_events(now=NOW) == 0
    employment_changed_in_bulk.connect(receiver)
    try:
        for day, ids in ((D(2026, 12, 1), {event.pk}), (D(2027, 1, 3), {gone.pk})):
            told.clear()
            assert apply_coming_events(now=at(day)) == 1
            assert told == [(ids, at(day))]
            assert apply_coming_events(now=at(day)) == 0
    finally:
        employment_changed_in_bulk.disconnect(receiver)
    employee.refresh_from_db()
    assert (employee.status, employee.left_on, employee.changes_on) == ("left", D(2027, 1, 1), None)
    assert not User.objects.get(pk=employee.user_id).is_active


def test_a_rehire_to_come_opens_the_account_on_its_day(employee, posts):
    leave(employee=employee, left_on=D(2026, 6, 1), **SYSTEM)
    rehire(employee=employee, hired_on=D(2026, 12, 1), unit=org_path("总厂/二车间"), post=posts["车工"],
           **SYSTEM)  # fmt: skip
    assert (employee.status, employee.left_on, employee.hired_on) == ("left", D(2026, 6, 1), HIRED)
    apply_coming_events(now=at(D(2026, 12, 1)))
    employee.refresh_from_db()
    assert (employee.status, employee.left_on, employee.hired_on) == ("active", None, D(2026, 12, 1))
    assert User.objects.get(pk=employee.user_id).is_active


def test_a_list_meets_what_is_recorded_for_later_days(employee, posts):
    transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts["车工"],
             effective_on=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    person = known_people(unit_directory())["1"]
    assert (person.unit, person.since, person.coming) == (
        "总厂/一车间", HIRED, (("transferred", D(2026, 12, 1)),),
    )  # fmt: skip
    same = diff_row(person, Row("1", 2, unit="总厂/一车间", post="车工"), TODAY)
    assert same.events == ()
    problem = diff_row(person, Row("1", 2, standing=Standing.LEFT), TODAY)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.detail["event"]) == ("later_event", "transferred")


def test_correcting_the_day_keeps_what_was_believed(employee, posts):
    other = org_path("总厂/二车间")
    event = transfer(employee=employee, unit=other, post=posts["车工"], effective_on=D(2026, 9, 1),
                     acting_user=None, now=at(D(2026, 9, 1)))  # fmt: skip
    asked = [(employee, D(2026, 8, 15)), (employee, D(2026, 9, 15)), (other, D(2026, 8, 15))]

    def believed(known_at):
        return [
            [(known.employee, known.span.unit) for known in assignments_as_known(subject, day, known_at)]
            for subject, day in asked
        ]

    before = believed(at(D(2026, 10, 1)))
    home = org_path("总厂/一车间")
    assert before == [[(employee, home.pk)], [(employee, other.pk)], []]
    fixed = correct_event(event=event, reason="调令为 8 月 1 日", effective_on=D(2026, 8, 1), **SYSTEM)
    assert (fixed.kind, fixed.corrects, fixed.reason) == ("transferred", event, "调令为 8 月 1 日")
    assert stays(employee)[1] == ("二车间/车工", D(2026, 8, 1), None)
    assert believed(at(D(2026, 10, 1))) == before
    assert believed(NOW + dt.timedelta(minutes=1)) == [
        [(employee, other.pk)], [(employee, other.pk)], [(employee, other.pk)],
    ]  # fmt: skip
    assert ModelLogEntry.objects.filter(action="people.employee.correct").exists()


def test_withdrawing_puts_the_stay_back_and_can_be_done_once(employee, posts):
    event = transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts["车工"],
                     effective_on=D(2026, 9, 1), **SYSTEM)  # fmt: skip
    taken_back = correct_event(event=event, reason="误录", withdraw=True, **SYSTEM)
    assert stays(employee) == [("一车间/车工", HIRED, None)]
    assert refusal(correct_event, event=event, reason="误录", withdraw=True) == "already_corrected"
    assert refusal(correct_event, event=taken_back, reason="误录", withdraw=True) == "is_withdrawn"
    hired = employee.events.get(kind="hired")
    assert refusal(correct_event, event=hired, reason="误录", effective_on=HIRED) == "nothing_changed"
    assert refusal(correct_event, event=hired, reason=" ", withdraw=True) == "reason_required"


def test_a_corrected_absence_corrects_the_days_away_of_the_return(employee):
    away = leave_post(employee=employee, effective_on=D(2026, 5, 1), **SYSTEM)
    back = return_to_post(employee=employee, effective_on=D(2026, 8, 1), **SYSTEM)
    assert back.days_away == 92
    assert refusal(correct_event, event=away, reason="误录", withdraw=True) == "later_event"
    correct_event(event=away, reason="病假条", effective_on=D(2026, 4, 3), **SYSTEM)
    fixed = EmploymentEvent.objects.get(corrects=back)
    assert (fixed.days_away, fixed.effective_on, fixed.reason) == (120, D(2026, 8, 1), "病假条")


def test_a_corrected_leaving_opens_the_account_again(employee):
    event = leave(employee=employee, left_on=TODAY, **SYSTEM)
    assert not User.objects.get(pk=employee.user_id).is_active
    later = correct_event(event=event, reason="日期", effective_on=D(2026, 12, 31), **SYSTEM)
    employee.refresh_from_db()
    assert (employee.status, employee.changes_on) == ("active", D(2026, 12, 31))
    assert User.objects.get(pk=employee.user_id).is_active
    correct_event(event=later, reason="不走了", withdraw=True, **SYSTEM)
    employee.refresh_from_db()
    assert (employee.status, employee.left_on, employee.changes_on) == ("active", None, None)


def test_a_hire_corrected_or_taken_back(employee, posts):
    hired = employee.events.get()
    correct_event(event=hired, reason="合同", effective_on=D(2026, 3, 9), unit=org_path("总厂/二车间"),
                  **SYSTEM)  # fmt: skip
    employee.refresh_from_db()
    assert employee.hired_on == D(2026, 3, 9)
    assert stays(employee) == [("二车间/车工", D(2026, 3, 9), None)]
    fixed = employee.events.get(corrects=hired)
    correct_event(event=fixed, reason="未报到", withdraw=True, **SYSTEM)
    employee.refresh_from_db()
    assert (employee.status, stays(employee)) == ("left", [])
    assert not User.objects.get(pk=employee.user_id).is_active
    again = rehire(employee=employee, hired_on=TODAY, unit=org_path("总厂/二车间"), post=posts["车工"],
                   **SYSTEM)  # fmt: skip
    assert (again.kind, stays(employee)) == ("rehired", [("二车间/车工", TODAY, None)])


def test_withdrawing_a_secondment_withdraws_its_end(employee, posts):
    event = second(employee=employee, unit=org_path("总厂/二车间"), post=posts["电工"],
                   starts_on=D(2026, 11, 1), ends_before=D(2026, 12, 1), **SYSTEM)  # fmt: skip
    correct_event(event=event, reason="误录", withdraw=True, **SYSTEM)
    assert stays(employee) == [("一车间/车工", HIRED, None)]
    assert employee.events.filter(is_withdrawn=True).count() == 2
    assert Employee.objects.get(pk=employee.pk).changes_on is None


def test_corrections_ask_for_every_unit_concerned(employee, posts):
    event = transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts["车工"],
                     effective_on=D(2026, 9, 1), **SYSTEM)  # fmt: skip
    change = {"event": event, "reason": "误录", "withdraw": True, "now": NOW}
    hr_of_one = RoleGrantFactory(unit=org_path("总厂/二车间")).user
    for user in (hr_of_one, UserFactory(), employee.user):
        with pytest.raises(PermissionDenied):
            correct_event(acting_user=user, **change)
    chief = RoleGrantFactory(unit=org_path("总厂")).user
    assert correct_event(acting_user=chief, **change).recorded_by == chief
