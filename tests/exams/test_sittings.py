"""A sitting's states, its seats, tickets and starts: each step, each refusal, and the second call."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from exams.actions.attempts import close_expired_attempts
from exams.actions.bank import save_questions
from exams.actions.prepared import prepare_papers
from exams.actions.seat_tickets import MAX_WRONG, issue_tickets, redeem_ticket
from exams.actions.seats import add_numbers, add_people, admit, arrive, remove_seat
from exams.actions.sitting_start import start_in_sitting
from exams.actions.sitting_time import extend_sitting, pause_sitting, release_seat, resume_sitting
from exams.actions.sittings import (
    cancel_sitting,
    end_finished_sittings,
    end_sitting,
    note_incident,
    open_doors,
    open_sitting,
)
from exams.errors import ExamError, OnlyInSittings, SittingRefused, TicketRefused
from exams.models import (
    Attempt,
    AttemptState,
    PreparedPaper,
    Question,
    Seat,
    SeatState,
    SittingEvent,
    SittingState,
)
from people.models import Role
from tests.exams.saving import SECOND, save, statements
from tests.factories.exams import DEVICE, NOW, make_attempt, make_bank, make_exam, single_choice
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory
from tests.factories.sittings import BELL, make_sitting, opened

pytestmark = pytest.mark.django_db
HERE = "10.0.0.1"


def start(sitting, seat=None, *, now=BELL + SECOND, device=DEVICE):
    seat = seat or sitting.seats.get()
    return start_in_sitting(
        sitting_public_id=sitting.public_id, employee_id=seat.employee_id, device=device, now=now
    )


def kinds(sitting):
    return list(SittingEvent.objects.filter(sitting=sitting).values_list("kind", flat=True))


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ExamError) as refused:
        call()
    assert str(refused.value)
    return str(getattr(refused.value, "code", ""))


STEPS = {
    "doors": lambda sitting: open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW),
    "open": lambda sitting: open_sitting(sitting_id=sitting.pk, acting_user=None, now=BELL),
    "end": lambda sitting: end_sitting(sitting_id=sitting.pk, acting_user=None, now=BELL + SECOND),
    "cancel": lambda sitting: cancel_sitting(sitting_id=sitting.pk, reason="停电", acting_user=None, now=NOW),
}
STATES = {
    "planned": [],
    "doors_open": ["doors"],
    "running": ["doors", "open"],
    "ended": ["doors", "open", "end"],
    "cancelled": ["cancel"],
}
# state, step → the state after it, or the code of the refusal
TABLE = [
    ("planned", "doors", "doors_open"),
    ("planned", "open", "doors_closed"),
    ("planned", "end", "not_running"),
    ("planned", "cancel", "cancelled"),
    ("doors_open", "doors", "doors_open"),
    ("doors_open", "open", "running"),
    ("doors_open", "end", "not_running"),
    ("doors_open", "cancel", "cancelled"),
    ("running", "doors", "running"),
    ("running", "open", "running"),
    ("running", "end", "ended"),
    ("running", "cancel", "running"),
    ("ended", "doors", "over"),
    ("ended", "open", "over"),
    ("ended", "end", "ended"),
    ("ended", "cancel", "over"),
    ("cancelled", "doors", "over"),
    ("cancelled", "open", "over"),
    ("cancelled", "end", "over"),
    ("cancelled", "cancel", "cancelled"),
]


def test_each_state_takes_the_steps_of_the_table_and_notes_each_once():
    exam = make_exam()
    for state, step, outcome in TABLE:
        sitting = make_sitting(exam)
        for before in STATES[state]:
            STEPS[before](sitting)
        noted = kinds(sitting)
        try:
            STEPS[step](sitting)
        except SittingRefused as refused:
            assert (refused.code, str(refused) != "") == (outcome, True), (state, step)
        sitting.refresh_from_db()
        assert sitting.state == (outcome if outcome in SittingState.values else state), (state, step)
        if sitting.state == state:
            assert kinds(sitting) == noted


def test_a_start_waits_for_doors_bell_and_recognition_and_ends_with_the_late_rule():
    sitting = make_sitting(late_min=10)
    assert code_of(lambda: start(sitting)) == "doors_closed"
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    assert code_of(lambda: start(sitting)) == "not_opened"
    open_sitting(sitting_id=sitting.pk, acting_user=None, now=BELL)
    assert code_of(lambda: start(sitting)) == "not_admitted"
    seat = sitting.seats.get()
    assert admit(sitting_id=sitting.pk, seat_ids=[seat.pk], acting_user=None, now=BELL) == 1
    assert code_of(lambda: start(sitting, now=BELL + dt.timedelta(minutes=11))) == "too_late"
    attempt = start(sitting, now=BELL + dt.timedelta(minutes=5))
    # Latecomers end with everybody.
    assert attempt.deadline_at == BELL + dt.timedelta(minutes=30)
    seat.refresh_from_db()
    assert (seat.state, seat.attempt) == (SeatState.STARTED, attempt)


def test_latecomers_get_the_full_time_where_the_sitting_says_so():
    sitting = opened(make_sitting(late_full_time=True))
    late = BELL + dt.timedelta(minutes=5)
    assert start(sitting, now=late).deadline_at == late + dt.timedelta(minutes=30)


def test_two_taps_give_one_attempt_and_a_stranger_none():
    sitting = opened(make_sitting())
    assert start(sitting) == start(sitting, device="another-device-of-the-same-one")
    assert Attempt.objects.count() == 1
    with pytest.raises(Seat.DoesNotExist):
        start_in_sitting(
            sitting_public_id=sitting.public_id, employee_id=EmployeeFactory().pk, device="", now=BELL
        )


def test_an_attempt_begun_elsewhere_is_not_taken_into_the_room():
    exam = make_exam()
    employee = EmployeeFactory()
    sitting = make_sitting(exam, [employee])
    make_attempt(exam, employee=employee, purpose="open", now=NOW + dt.timedelta(minutes=25))
    opened(sitting)
    assert code_of(lambda: start(sitting)) == "elsewhere"


@pytest.mark.parametrize("count", [1, 3])
def test_a_start_with_a_prepared_paper_costs_at_most_eight_statements(count):
    sitting = make_sitting(make_exam(make_bank(singles=8)), count)
    prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
    opened(sitting)
    seat = sitting.seats.order_by("number").first()
    prepared = PreparedPaper.objects.get(seat=seat)
    assert statements(lambda: start(sitting, seat)) == 6
    seat.refresh_from_db()
    assert (seat.attempt.seed, seat.attempt.paper["slots"]) == (prepared.seed, prepared.paper["slots"])


def test_preparing_again_keeps_papers_and_remakes_those_a_change_outdated():
    bank = make_bank()
    sitting = make_sitting(make_exam(bank), 3)

    def prepared():
        done = prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
        return done.made, done.remade, done.kept

    assert prepared() == (3, 0, 0)
    assert prepared() == (0, 0, 3)
    drawn = PreparedPaper.objects.order_by("seat__number").first().paper["slots"][0]["version_id"]
    question = Question.objects.get(current_version=drawn)
    save_questions(
        bank=bank,
        drafts=[single_choice(question.topic, question.code, stem="改过的题？")],
        acting_user=None,
        now=NOW,
    )
    made, remade, kept = prepared()
    assert (made, remade + kept) == (0, 3)
    assert remade >= 1
    in_use = set(Question.objects.values_list("current_version_id", flat=True))
    for paper in PreparedPaper.objects.values_list("paper", flat=True):
        assert {slot["version_id"] for slot in paper["slots"]} <= in_use


def test_a_paper_that_a_change_outdated_is_drawn_anew_at_the_start():
    bank = make_bank(singles=3)
    sitting = make_sitting(make_exam(bank))
    prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
    gone = PreparedPaper.objects.get().paper["slots"][0]["version_id"]
    Question.objects.filter(current_version=gone).update(retired_at=NOW)
    attempt = start(opened(sitting))
    assert gone not in {slot["version_id"] for slot in attempt.paper["slots"]}


def test_late_additions_start_without_a_prepared_paper():
    sitting = make_sitting()
    prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
    opened(sitting)
    late = EmployeeFactory()
    add_people(sitting_id=sitting.pk, employee_ids=[late.pk], acting_user=None, now=BELL)
    seat = sitting.seats.get(employee=late)
    admit(sitting_id=sitting.pk, seat_ids=[seat.pk], acting_user=None, now=BELL)
    assert start(sitting, seat).paper["slots"]


def test_the_end_closes_papers_marks_the_absent_and_discards_what_was_prepared_for_them():
    sitting = make_sitting(None, 3)
    prepare_papers(sitting_id=sitting.pk, acting_user=None, now=NOW)
    opened(sitting)
    first, second, third = sitting.seats.order_by("number")
    attempt = start(sitting, first)
    save(attempt, (1, 1, [attempt.paper["slots"][0]["tokens"][0]]), now=BELL + 2 * SECOND)
    at = BELL + dt.timedelta(minutes=10)
    assert end_sitting(sitting_id=sitting.pk, acting_user=None, now=at) == 1
    assert end_sitting(sitting_id=sitting.pk, acting_user=None, now=at) == 0
    close_expired_attempts(now=at + dt.timedelta(minutes=1))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    assert attempt.submitted_at == at
    assert list(sitting.seats.order_by("number").values_list("state", flat=True)) == [
        "started",
        "absent",
        "absent",
    ]
    assert not PreparedPaper.objects.exists()
    discarded = SittingEvent.objects.get(sitting=sitting, kind="discarded")
    assert discarded.data["employee_nos"] == [second.employee.employee_no, third.employee.employee_no]
    assert code_of(lambda: start(sitting, second)) == "over"


def test_a_paper_begun_while_the_end_waited_for_its_seat_ends_too():
    sitting = opened(make_sitting())
    attempt = start(sitting, now=BELL + 2 * SECOND)
    assert end_sitting(sitting_id=sitting.pk, acting_user=None, now=BELL + SECOND) == 1
    attempt.refresh_from_db()
    assert attempt.deadline_at == BELL + 3 * SECOND
    assert close_expired_attempts(now=BELL + dt.timedelta(minutes=1)).closed == 1


def test_a_sitting_ends_by_itself_when_all_handed_in_and_nobody_may_come():
    sitting = opened(make_sitting(None, 2, late_min=5))
    start(sitting, sitting.seats.order_by("number").first())
    for minute, ended in ((4, 0), (29, 0), (33, 1), (34, 0)):
        now = BELL + dt.timedelta(minutes=minute)
        close_expired_attempts(now=now)
        assert end_finished_sittings(now=now) == ended
    sitting.refresh_from_db()
    assert sitting.state == SittingState.ENDED


# Tickets


def ticket_for(sitting, now=NOW):
    return issue_tickets(sitting_id=sitting.pk, acting_user=None, now=now)[0].token


def redeem(token, now=NOW):
    return redeem_ticket(token=token, address=HERE, now=now)


def test_a_ticket_opens_its_own_seat_once_between_doors_and_end():
    sitting = make_sitting()
    token = ticket_for(sitting)
    assert len(token) >= 22  # 128 bits and more, in base64
    assert code_of(lambda: redeem(token)) == "doors_closed"
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    seat = redeem(token)
    assert seat == sitting.seats.get()
    assert (seat.state, seat.arrived_at) == (SeatState.ARRIVED, NOW)
    assert code_of(lambda: redeem(token)) == "ticket_refused"
    assert token not in str(Seat.objects.values().get())


def test_a_ticket_is_refused_when_replaced_of_a_closed_account_or_too_old():
    sitting = make_sitting(None, 2)
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    first, second = issue_tickets(sitting_id=sitting.pk, acting_user=None, now=NOW)
    newer = issue_tickets(sitting_id=sitting.pk, seat_ids=[first.seat.pk], acting_user=None, now=NOW)[0]
    assert code_of(lambda: redeem(first.token)) == "ticket_refused"
    assert code_of(lambda: redeem(newer.token, now=BELL + dt.timedelta(hours=3))) == "ticket_refused"
    second.seat.employee.user.is_active = False
    second.seat.employee.user.save()
    assert code_of(lambda: redeem(second.token)) == "ticket_refused"
    assert redeem(newer.token).employee == first.seat.employee
    end_of_all = cancel_sitting(sitting_id=sitting.pk, reason="停电", acting_user=None, now=NOW)
    assert end_of_all.state == SittingState.CANCELLED


def test_many_wrong_tickets_of_an_address_never_stop_a_right_one():
    sitting = make_sitting()
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    token = ticket_for(sitting)
    codes = {code_of(lambda: redeem("nothing")) for _ in range(MAX_WRONG)}
    assert codes == {"ticket_refused"}
    assert code_of(lambda: redeem("nothing")) == "too_many_wrong"
    assert redeem(token).sitting == sitting


def test_nobody_issues_a_ticket_to_themselves():
    unit = OrgUnitFactory()
    trainer = EmployeeFactory(assigned__unit=unit)
    RoleGrantFactory(user=trainer.user, role=Role.TRAINER, unit=unit)
    sitting = make_sitting(None, [trainer], unit=unit, acting_user=trainer.user)
    with pytest.raises(PermissionDenied):
        issue_tickets(
            sitting_id=sitting.pk, seat_ids=[sitting.seats.get().pk], acting_user=trainer.user, now=NOW
        )
    assert issue_tickets(sitting_id=sitting.pk, acting_user=trainer.user, now=NOW) == []
    with pytest.raises(TicketRefused):
        redeem("")


# The roster


def test_a_list_is_reported_line_by_line_and_holds_nobody_out_of_reach():
    unit, other = OrgUnitFactory(), OrgUnitFactory()
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit).user
    here = EmployeeFactory(assigned__unit=unit)
    known = EmployeeFactory(assigned__unit=unit)
    away = EmployeeFactory(assigned__unit=other)
    left = EmployeeFactory(left=True, assigned__unit=unit)
    without = EmployeeFactory(user=None, assigned__unit=unit)
    sitting = make_sitting(None, [known], unit=unit, acting_user=trainer)
    numbers = [here, here, known, away, left, without]
    lines = [(line, person.employee_no) for line, person in enumerate(numbers, start=2)]
    report = add_numbers(sitting_id=sitting.pk, numbers=[*lines, (9, "nobody")], acting_user=trainer, now=NOW)
    outcomes = [line.outcome for line in report.lines]
    assert outcomes == ["added", "known", "known", "refused", "refused", "refused", "refused"]
    # Somebody out of reach and somebody who is not there look the same.
    assert report.lines[3].message.replace(away.employee_no, "nobody") == report.lines[6].message
    assert list(sitting.seats.values_list("number", "employee")) == [(1, known.pk), (2, here.pk)]


def test_people_are_taken_off_until_they_start():
    sitting = opened(make_sitting(None, 2))
    first, second = sitting.seats.order_by("number")
    start(sitting, first)
    assert code_of(lambda: remove_seat(seat_id=first.pk, acting_user=None, now=BELL)) == "started"
    remove_seat(seat_id=second.pk, acting_user=None, now=BELL)
    assert list(sitting.seats.all()) == [first]


def test_arriving_twice_is_once_and_waits_for_the_doors():
    sitting = make_sitting()
    seat = sitting.seats.get()

    def come(now):
        return arrive(sitting_public_id=sitting.public_id, employee_id=seat.employee_id, now=now)

    assert code_of(lambda: come(NOW)) == "doors_closed"
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    assert come(NOW).arrived_at == come(NOW + SECOND).arrived_at == NOW


@pytest.mark.parametrize("count", [1, 3])
def test_admitting_everybody_costs_the_same_for_any_number(count):
    sitting = make_sitting(None, count)
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    Seat.objects.filter(sitting=sitting).update(state=SeatState.ARRIVED, arrived_at=NOW)
    cost = statements(lambda: admit(sitting_id=sitting.pk, seat_ids=None, acting_user=None, now=NOW))
    assert cost == 5
    assert admit(sitting_id=sitting.pk, seat_ids=None, acting_user=None, now=NOW) == 0


def test_a_broken_phone_is_released_while_its_paper_is_open():
    sitting = opened(make_sitting())
    seat = sitting.seats.get()

    def release(reason="没电了"):
        release_seat(sitting_id=sitting.pk, seat=seat, reason=reason, acting_user=None, now=BELL + 2 * SECOND)

    assert code_of(release) == "not_held"
    attempt = start(sitting)
    release()
    attempt.refresh_from_db()
    assert attempt.device == ""
    assert SittingEvent.objects.get(sitting=sitting, kind="released").employee == seat.employee


def test_a_pause_of_all_stops_every_clock_and_moves_the_common_end():
    sitting = opened(make_sitting(None, 2))
    first, second = sitting.seats.order_by("number")
    attempt = start(sitting, first, now=BELL)
    at = BELL + dt.timedelta(minutes=2)
    common = {"sitting_id": sitting.pk, "acting_user": None}
    assert pause_sitting(reason="停电", now=at, **common) == 1
    assert pause_sitting(reason="停电", now=at, **common) == 0
    assert code_of(lambda: start(sitting, second, now=at)) == "paused"
    at += dt.timedelta(minutes=5)
    assert resume_sitting(reason="来电", now=at, **common) == 1
    assert extend_sitting(reason="补时", seconds=60, now=at, **common) == 1
    end = BELL + dt.timedelta(minutes=36)
    attempt.refresh_from_db()
    assert attempt.deadline_at == start(sitting, second, now=at).deadline_at == end
    assert extend_sitting(reason="补时", seconds=60, seat=first, now=at, **common) == 1
    attempt.refresh_from_db()
    assert attempt.deadline_at == end + dt.timedelta(minutes=1)
    assert kinds(sitting)[-4:] == ["paused", "resumed", "extended", "extended"]


def test_incidents_say_something_and_are_never_changed():
    sitting = make_sitting()
    assert (
        code_of(lambda: note_incident(sitting_id=sitting.pk, text=" ", acting_user=None, now=NOW)) == "text"
    )
    event = note_incident(sitting_id=sitting.pk, text="停电三分钟", acting_user=None, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        SittingEvent.objects.filter(pk=event.pk).update(text="没有停电")


def test_only_those_over_the_unit_and_those_named_run_a_sitting():
    unit = OrgUnitFactory()
    sitting = make_sitting(unit=unit)
    named = RoleGrantFactory(role=Role.TRAINER, unit=OrgUnitFactory()).user
    for user in (RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user, named):
        with pytest.raises(PermissionDenied):
            open_doors(sitting_id=sitting.pk, acting_user=user, now=NOW)
    sitting.invigilators.add(named)
    assert open_doors(sitting_id=sitting.pk, acting_user=named, now=NOW).state == SittingState.DOORS_OPEN


def test_an_exam_bound_to_sittings_names_the_next_one():
    exam = make_exam(only_in_sittings=True)
    employee = EmployeeFactory()
    with pytest.raises(OnlyInSittings, match="还没有给你排场次"):
        make_attempt(exam, employee=employee)
    sitting = make_sitting(exam, [employee])
    with pytest.raises(OnlyInSittings, match="培训中心 301"):
        make_attempt(exam, employee=employee)
    assert start(opened(sitting)).state == AttemptState.OPEN
