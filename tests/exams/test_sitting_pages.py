"""The pages of a sitting: ticket and lobby for the candidate, console and roster for the invigilator."""

import datetime as dt
import io

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from openpyxl import Workbook

from exams.actions.seat_tickets import issue_tickets
from exams.actions.seats import admit
from exams.actions.sitting_start import start_in_sitting
from exams.actions.sitting_time import extend_sitting, release_seat
from exams.actions.sittings import end_sitting, open_doors
from exams.models import Attempt, PreparedPaper, Seat, Sitting, SittingEvent
from exams.queries.sittings import ask_again_s
from jobs.models import Job, JobState
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.exams.saving import statements
from tests.factories.exams import NOW, make_attempt, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory
from tests.factories.sittings import make_sitting, opened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def office(unit):
    client = Client()
    client.force_login(RoleGrantFactory(role=Role.TRAINER, unit=unit).user)
    return client


def people_of(unit, count):
    return [EmployeeFactory(assigned__unit=unit) for _ in range(count)]


def signed_in(employee):
    client = Client()
    client.force_login(employee.user)
    return client


def page(name, sitting, *more):
    return reverse(f"exams_office:{name}", args=[sitting.pk, *more])


# The candidate


def ticket_of(sitting):
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    ticket = issue_tickets(sitting_id=sitting.pk, acting_user=None, now=NOW)[0]
    return reverse("exams:ticket", args=[ticket.token])


def test_a_ticket_signs_in_for_its_sitting_alone_until_its_time_is_over(unit):
    (person,) = people_of(unit, 1)
    exam = make_exam()
    earlier = make_attempt(exam, employee=person, purpose="old", now=NOW - dt.timedelta(days=3))
    sitting = make_sitting(exam, [person], unit=unit)
    url = ticket_of(sitting)
    phone = Client()
    assert phone.get(url).status_code == 200
    assert Seat.objects.get().ticket_used_at is None, "looking uses nothing up"
    assert phone.post(url).status_code == 302
    lobby = reverse("exams:lobby", args=[sitting.public_id])
    assert phone.get(lobby).status_code == 200
    for elsewhere in ("/", reverse("exams:attempt", args=[earlier.public_id]), reverse("people:account")):
        assert phone.get(elsewhere).status_code == 403, elsewhere
    used = Client().post(url)
    assert (used.status_code, "已经用过" in used.content.decode()) == (410, True)
    admit(sitting_id=sitting.pk, seat_ids=[Seat.objects.get().pk], acting_user=None, now=NOW)
    opened(sitting, now=NOW, admit_all=False)
    begun = phone.post(reverse("exams:lobby-start", args=[sitting.public_id]))
    attempt = Attempt.objects.get(seat__sitting=sitting)
    assert begun.url == reverse("exams:attempt", args=[attempt.public_id])
    assert phone.get(begun.url).status_code == 200
    with time_machine.travel(NOW + dt.timedelta(hours=6), tick=False):
        assert phone.get(lobby).status_code == 302, "signed out"


def test_whoever_writes_long_gets_another_ticket_and_stays_signed_in(unit):
    sitting = make_sitting(make_exam(duration_s=4 * 3600), people_of(unit, 1), unit=unit)
    broken, phone = Client(), Client()
    broken.post(ticket_of(sitting))
    opened(sitting, now=NOW)
    begun = broken.post(reverse("exams:lobby-start", args=[sitting.public_id])).url
    seat = sitting.seats.get()
    common = {"sitting_id": sitting.pk, "seat": seat, "acting_user": None}
    with time_machine.travel(NOW + dt.timedelta(hours=3), tick=False) as time:
        now = NOW + dt.timedelta(hours=3)
        (ticket,) = issue_tickets(sitting_id=sitting.pk, seat_ids=[seat.pk], acting_user=None, now=now)
        release_seat(reason="手机坏了", now=now, **common)
        assert phone.post(reverse("exams:ticket", args=[ticket.token])).status_code == 302
        assert phone.post(reverse("exams:lobby-start", args=[sitting.public_id])).url == begun
        extend_sitting(seconds=4 * 3600, reason="停电", now=now, **common)
        assert phone.get(f"{begun}standing").status_code == 200
        time.shift(dt.timedelta(hours=4, minutes=30))
        assert phone.get(begun).status_code == 200, "before the deadline nobody is signed out"


def test_a_ticket_leaves_a_full_session_of_the_same_person_as_it_is(unit):
    (person,) = people_of(unit, 1)
    url = ticket_of(make_sitting(None, [person], unit=unit))
    phone = signed_in(person)
    assert phone.post(url).status_code == 302
    assert phone.get("/").status_code == 200


def test_before_the_doors_a_ticket_says_when_to_come_and_stays_good(unit):
    sitting = make_sitting(None, people_of(unit, 1), unit=unit)
    ticket = issue_tickets(sitting_id=sitting.pk, acting_user=None, now=NOW)[0]
    url = reverse("exams:ticket", args=[ticket.token])
    early = Client().post(url)
    assert (early.status_code, "还没有开门" in early.content.decode()) == (409, True)
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    assert Client().post(url).status_code == 302


def test_the_lobby_leads_from_arrival_to_the_paper(unit):
    (person,) = people_of(unit, 1)
    sitting = make_sitting(make_exam(only_in_sittings=True), [person], unit=unit)
    phone = signed_in(person)
    lobby, state, arrive, start = (
        reverse(f"exams:lobby{name}", args=[sitting.public_id])
        for name in ("", "-state", "-arrive", "-start")
    )
    # Starting by oneself leads here.
    by_oneself = phone.post(reverse("exams:start", args=[sitting.exam.code]))
    assert by_oneself.url == lobby
    assert phone.get(state).json()["stage"] == "planned"
    phone.post(arrive)
    assert Seat.objects.get().state == "expected"
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    phone.post(arrive)
    assert Seat.objects.get().state == "arrived"
    told = phone.get(state)
    assert told.json()["stage"] == "waiting"
    assert int(told["Retry-After"]) == told.json()["ask_again_s"]
    # Nothing of the paper is there before the bell, whatever is asked.
    assert phone.post(start).url == lobby
    opened(sitting, now=NOW)
    assert phone.get(state).json()["stage"] == "may_start"
    begun = phone.post(start)
    assert phone.post(start).url == begun.url
    assert phone.get(state).json()["stage"] == "writing"
    stranger = signed_in(EmployeeFactory())
    assert {stranger.get(url).status_code for url in (lobby, state)} == {404}
    assert Client().get(state).status_code == 401


@pytest.mark.parametrize("count", [1, 3])
def test_asking_how_things_stand_costs_four_statements(unit, count):
    people = people_of(unit, count)
    sitting = make_sitting(None, people, unit=unit)
    phone = signed_in(people[0])
    url = reverse("exams:lobby-state", args=[sitting.public_id])
    phone.get(url)
    assert statements(lambda: phone.get(url)) <= 4


def test_two_thousand_phones_ask_forty_times_a_second():
    near, far = dt.timedelta(minutes=1), dt.timedelta(hours=1)
    assert [ask_again_s(1, near, jitter=jitter) for jitter in (0, 0.5, 1)] == [3, 4, 5]
    waits = [ask_again_s(2000, near, jitter=n / 100) for n in range(101)]
    assert 48 <= sum(waits) / len(waits) <= 52
    assert max(waits) - min(waits) > 30
    assert ask_again_s(1, far, jitter=0.5) == 60


# The invigilator


def test_an_invigilator_plans_fills_and_opens_a_sitting(unit, office):
    exam = make_exam()
    here, left = people_of(unit, 2)[0], EmployeeFactory(left=True, assigned__unit=unit)
    planned = {
        "exam": exam.pk,
        "title": "第一场",
        "unit": unit.pk,
        "place": "301",
        "planned_at": "2026-05-11T10:00",
        "doors_min": "30",
        "late_min": "15",
        "admission_needed": "on",
    }
    wrong = office.post(reverse("exams_office:sitting-add"), {**planned, "late_min": "45"})
    assert (wrong.status_code, "必须短于考试时长" in wrong.content.decode()) == (422, True)
    office.post(reverse("exams_office:sitting-add"), planned)
    sitting = Sitting.objects.get()
    assert (
        "名单里还没有人" in office.post(page("sitting-step", sitting, "doors"), follow=True).content.decode()
    )
    filled = office.post(
        page("sitting-roster", sitting),
        {"way": "numbers", "numbers": f"{here.employee_no}，nobody\n{left.employee_no}"},
    ).content.decode()
    assert "新加 1 人，原有 0 人，未加 2 行" in filled
    office.post(page("sitting-step", sitting, "doors"))
    run_pending_jobs()
    assert PreparedPaper.objects.count() == 1
    seat = Seat.objects.get()
    office.post(page("seat-step", sitting, seat.pk, "admit"))
    office.post(page("sitting-step", sitting, "open"))
    shown = office.get(page("sitting", sitting)).content.decode()
    assert here.name in shown
    sitting.refresh_from_db()
    assert sitting.state == "running"
    assert office.get(page("sitting-edit", sitting)).status_code == 200


@pytest.mark.parametrize("way", ["file", "unit", "owing"])
def test_a_roster_is_filled_from_a_workbook_a_unit_or_what_people_owe(unit, office, way):
    people = people_of(unit, 2)
    sitting = make_sitting(None, [], unit=unit)
    book = Workbook()
    for row in [["考试名单"], ["序号", "工号", "姓名"], [1, people[0].employee_no, "某"], [2, None, ""]]:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    data.name, _ = "名单.xlsx", data.seek(0)
    sent = {"way": way, "unit": unit.pk} if way != "file" else {"way": way, "file": data}
    answer = office.post(page("sitting-roster", sitting), sent)
    assert answer.status_code == 200
    expected = {"file": {people[0].pk}, "unit": {one.pk for one in people}, "owing": set()}
    assert set(sitting.seats.values_list("employee_id", flat=True)) == expected[way]


def test_a_workbook_without_the_column_is_refused_with_the_cure(unit, office):
    book = Workbook()
    book.active.append(["姓名"])
    data = io.BytesIO()
    book.save(data)
    data.name, _ = "名单.xlsx", data.seek(0)
    sitting = make_sitting(None, [], unit=unit)
    answer = office.post(page("sitting-roster", sitting), {"way": "file", "file": data})
    assert (answer.status_code, "没有“工号”这一列" in answer.content.decode()) == (422, True)


def test_the_console_costs_the_same_for_one_seat_and_three(unit, office):
    costs = []
    for count in (1, 3):
        sitting = opened(make_sitting(None, people_of(unit, count), unit=unit), now=NOW)
        url = page("sitting", sitting)
        office.get(url)
        costs.append(statements(lambda url=url: office.get(url, headers={"HX-Request": "true"})))
    assert costs[0] == costs[1] <= 16


def test_every_step_of_the_console_answers_and_is_noted(unit, office):
    people = people_of(unit, 2)
    sitting = opened(make_sitting(None, people, unit=unit), now=NOW)
    first, second = sitting.seats.order_by("number")
    signed_in(people[0]).post(reverse("exams:lobby-start", args=[sitting.public_id]))
    seat_steps = [
        ("pause", {"text": "如厕"}),
        ("resume", {"text": "回来"}),
        ("extend", {"text": "手机故障", "minutes": "5"}),
        ("release", {"text": "没电"}),
        ("incident", {"text": "翻书，已提醒"}),
    ]
    for step, data in seat_steps:
        assert office.post(page("seat-step", sitting, first.pk, step), data).status_code == 302, step
    shown = office.post(page("seat-step", sitting, second.pk, "ticket"))
    assert "/exam/seat/" in shown.content.decode()
    for step, data in [
        ("pause", {"text": "停电"}),
        ("resume", {"text": "来电"}),
        ("extend", {"text": "补时", "minutes": "3"}),
        ("extend", {"text": "补时", "minutes": "nonsense"}),
        ("incident", {"text": "停电三分钟"}),
        ("admit-all", {}),
        ("cancel", {"text": "不考了"}),
        ("end", {}),
    ]:
        assert office.post(page("sitting-step", sitting, step), data).status_code == 302, step
    assert office.post(page("sitting-step", sitting, "nothing")).status_code == 404
    assert office.post(page("seat-step", sitting, first.pk, "nothing")).status_code == 404
    noted = list(SittingEvent.objects.filter(sitting=sitting).values_list("kind", flat=True))[5:]
    assert noted == [
        "paused", "resumed", "extended", "released", "incident", "tickets", "paused", "resumed", "extended",
        "incident", "ended", "absent",
    ]  # fmt: skip
    seat_page = office.get(page("sitting-seat", sitting, first.pk)).content.decode()
    assert "翻书，已提醒" in seat_page


def test_slips_and_record_are_printed_by_jobs(unit, office):
    people = people_of(unit, 3)
    sitting = make_sitting(None, people, unit=unit)
    for step in ("tickets", "record"):
        moved = office.post(page("sitting-step", sitting, step))
        assert "/jobs/" in moved.url
    run_pending_jobs()
    tickets, record = Job.objects.order_by("created_at", "title")
    for job in (tickets, record):
        assert job.state == JobState.DONE, job.message
        with job.result_file.open() as made:
            assert made.read().startswith(b"%PDF")
    assert Seat.objects.filter(ticket_digest=None).count() == 0


def test_an_auditor_reads_list_console_seat_and_record_and_is_offered_nothing_to_do(unit):
    sitting = opened(make_sitting(people=people_of(unit, 2), unit=unit, bring="工牌"))
    elsewhere = make_sitting()
    auditor = Client()
    auditor.force_login(RoleGrantFactory(role=Role.AUDITOR, unit=unit).user)
    assert page("sitting", sitting) in auditor.get(reverse("exams_office:sittings")).text
    assert page("sitting", elsewhere) not in auditor.get(reverse("exams_office:sittings")).text
    seat = sitting.seats.first()
    for url in (
        page("sitting", sitting),
        page("sitting-record", sitting),
        page("sitting-seat", sitting, seat.pk),
    ):
        shown = auditor.get(url)
        assert shown.status_code == 200
        assert seat.employee.name in shown.text
        assert "/do/" not in shown.text
        assert "/incident/" not in shown.text
    assert auditor.get(page("sitting", elsewhere)).status_code == 404
    assert auditor.get(page("sitting-record", elsewhere)).status_code == 404
    assert auditor.post(page("sitting-step", sitting, "end")).status_code in (302, 403)
    sitting.refresh_from_db()
    assert sitting.state == "running"


def test_the_record_says_when_papers_were_handed_in_before_the_sweep_has_come_by(unit, office):
    sitting = opened(make_sitting(people=people_of(unit, 1), unit=unit), now=NOW)
    seat = sitting.seats.get()
    start_in_sitting(
        sitting_public_id=sitting.public_id, employee_id=seat.employee_id, device="d" * 22, now=NOW
    )
    ended_at = NOW + dt.timedelta(minutes=7)
    with time_machine.travel(ended_at, tick=False):
        assert "（到时）" not in office.get(page("sitting-record", sitting)).text
        end_sitting(sitting_id=sitting.pk, acting_user=None, now=ended_at)
        shown = office.get(page("sitting-record", sitting)).text
        assert Attempt.objects.get().submitted_at is None
        assert shown.count(f"{localtime(ended_at):%H:%M:%S}") >= 2
        assert "（到时）" in shown
        assert "交卷" in office.get(page("sitting-seat", sitting, seat.pk)).text


@pytest.mark.parametrize("count", [1, 3])
def test_the_record_costs_the_same_for_any_number(unit, office, count):
    sitting = opened(make_sitting(people=people_of(unit, count), unit=unit))
    office.get(page("sitting-record", sitting))
    assert statements(lambda: office.get(page("sitting-record", sitting))) <= 24
