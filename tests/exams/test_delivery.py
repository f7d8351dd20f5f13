"""Windows, passwords, networks, resits and extra time at the door; pauses and extensions while an exam runs."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from common.arrival import arrived_at
from exams.actions.attempts import close_expired_attempts, go_on, submit_attempt, take_over
from exams.actions.deadlines import (
    LONGEST_PAUSE,
    extend_attempts,
    pause_attempts,
    release_devices,
    resume_attempts,
)
from exams.actions.extra_time import grant_extra_time, withdraw_extra_time
from exams.actions.starting import DrawnPaper, Presence, start_attempt
from exams.admission import ExtraTime, Window
from exams.errors import (
    AttemptClosed,
    AttemptMoved,
    AttemptPaused,
    BadAnswer,
    BadChange,
    NotReleased,
    SlotLeft,
    StartRefused,
)
from exams.models import (
    AttemptChange,
    AttemptMark,
    AttemptState,
    Exam,
    ExtraTimeGrant,
    LateAnswer,
    PasswordMiss,
)
from exams.signals import Restudied, restudy_asked
from tests.exams.saving import SECOND, save, statements, stored
from tests.factories.exams import (
    DEVICE,
    NOW,
    make_attempt,
    make_bank,
    make_exam,
    right_response,
    sit,
    submit,
    wrong_response,
)
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def start(exam, employee, *, now=NOW, device=DEVICE, **more):
    return start_attempt(exam=exam, employee=employee, purpose="p", device=device, now=now, **more)


# The door


def test_a_window_is_told_and_cuts_the_time():
    exam = make_exam(opens_at=NOW, closes_at=NOW + 20 * MINUTE, late_after_s=600, duration_s=1800)
    with pytest.raises(StartRefused, match="2026-05-11 09:00 开考") as early:
        start(exam, EmployeeFactory(), now=NOW - SECOND)
    assert (early.value.code, early.value.until) == ("not_yet", NOW)
    attempt = start(exam, EmployeeFactory(), now=NOW + 5 * MINUTE)
    assert attempt.deadline_at == NOW + 20 * MINUTE
    with pytest.raises(StartRefused, match="超过了允许迟到的时间"):
        start(exam, EmployeeFactory(), now=NOW + 11 * MINUTE)
    with pytest.raises(StartRefused, match="时间已过"):
        start(exam, EmployeeFactory(), now=NOW + 20 * MINUTE)
    # Who sits already goes on.
    assert start(exam, attempt.employee, now=NOW + 19 * MINUTE) == attempt


def test_a_sitting_brings_its_own_window_a_prepared_paper_and_its_word():
    exam = make_exam(opens_at=NOW - 2 * MINUTE, closes_at=NOW - MINUTE, password="开门")
    employee = EmployeeFactory()
    drawn = make_attempt(make_exam())
    prepared = DrawnPaper(paper=drawn.paper, seed=drawn.seed)
    exam.refresh_from_db()

    def begin():
        return start(
            exam,
            employee,
            window=Window(closes_at=NOW + 10 * MINUTE),
            prepared=prepared,
            presence=Presence(vouched=True),
        )

    assert statements(begin) == 3  # the exam was read without its guard
    attempt = begin()
    assert (attempt.deadline_at, attempt.seed) == (NOW + 10 * MINUTE, drawn.seed)


def test_the_password_is_asked_and_wrong_tries_are_limited_per_person():
    exam, employee = make_exam(password="安全第1"), EmployeeFactory()
    assert "安全" not in exam.password_hash
    with pytest.raises(StartRefused, match="口令由监考人员当场告知"):
        start(exam, employee)
    for _ in range(5):
        with pytest.raises(StartRefused, match="口令不对"):
            start(exam, employee, presence=Presence(password="安全第2"))
    with pytest.raises(StartRefused, match="等 10 分钟"):
        start(exam, employee, presence=Presence(password="安全第1"))
    assert PasswordMiss.objects.count() == 5
    # Another person is not kept out, and neither is this one after a while.
    other = EmployeeFactory()
    assert statements(lambda: start(exam, other, presence=Presence(password=" 安全第1 "))) == 6
    later = NOW + dt.timedelta(minutes=10, seconds=1)
    assert start(exam, employee, presence=Presence(password="安全第1"), now=later).number == 1


def test_networks_and_shared_tablets_are_demanded_where_the_exam_says_so():
    exam, employee = make_exam(networks=["10.20.0.0/16", "2001:db8::/32"], kiosk_only=True), EmployeeFactory()
    for address in ("", "10.21.0.1", "unknown"):
        with pytest.raises(StartRefused, match="指定的网络"):
            start(exam, employee, presence=Presence(address=address, on_kiosk=True))
    with pytest.raises(StartRefused, match="公用平板"):
        start(exam, employee, presence=Presence(address="10.20.3.4"))
    assert start(exam, employee, presence=Presence(address="10.20.3.4", on_kiosk=True)).number == 1


def test_a_resit_is_for_those_who_failed_counts_for_so_much_and_waits_for_study():
    exam = make_exam(resit_failed_only=True, resit_after_study=True, resit_cap_pct=85, attempts_allowed=3)
    employee, lucky = EmployeeFactory(), EmployeeFactory()
    sit(exam, lucky, right=True, purpose="p")
    with pytest.raises(StartRefused, match="已经合格"):
        start(exam, lucky)
    sit(exam, employee, right=False, purpose="p")
    heard, missing = [], ["规程"]

    def answer(*, asked, **_):
        heard.append(asked)
        return Restudied(missing=tuple(missing))

    restudy_asked.connect(answer)
    try:
        with pytest.raises(StartRefused, match="重新学一遍"):
            start(exam, employee, now=NOW + MINUTE)
        missing.clear()
        sit(exam, employee, right=True, purpose="p", now=NOW + MINUTE)
    finally:
        restudy_asked.disconnect(answer)
    assert (heard[0].purpose, heard[0].since) == ("p", NOW)
    mark = AttemptMark.objects.latest("pk")
    assert (mark.score_pct, mark.points, mark.passed) == (85, 30, True)


def test_the_database_refuses_a_window_upside_down_and_a_cap_below_the_pass_line():
    exam = make_exam()
    for change in ({"opens_at": NOW, "closes_at": NOW}, {"resit_cap_pct": 79}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Exam.objects.filter(pk=exam.pk).update(**change)


def test_questions_stay_in_the_order_written_where_they_are_not_shuffled():
    exam = make_exam(make_bank(singles=12), question_order="written")
    for _ in range(3):
        ids = [slot["version_id"] for slot in make_attempt(exam).paper["slots"]]
        assert ids[:2] == sorted(ids[:2])


# Extra time


def grant(employee, exam=None, pct=0, s=0, **more):
    given = {"reason": "右手受伤", "acting_user": None, "now": NOW, **more}
    return grant_extra_time(employee=employee, exam=exam, extra=ExtraTime(pct, s), **given)


def test_extra_time_counts_from_the_next_start_and_for_the_running_attempt_if_wished():
    exam, employee = make_exam(duration_s=1800, closes_at=NOW + 30 * MINUTE), EmployeeFactory()
    grant(employee, pct=25)
    attempt = start(exam, employee)
    assert attempt.deadline_at == NOW + dt.timedelta(seconds=2250)
    grant(employee, exam, s=900)
    attempt.refresh_from_db()
    assert attempt.deadline_at == NOW + dt.timedelta(seconds=2250)
    own = grant(employee, exam, s=1200, running_too=True)
    attempt.refresh_from_db()
    # 1,200 s for this exam instead of the 900 granted before.
    assert attempt.deadline_at == NOW + dt.timedelta(seconds=2550)
    assert ExtraTimeGrant.objects.filter(withdrawn_at__isnull=True).count() == 2
    assert withdraw_extra_time(grant=own, acting_user=None, now=NOW)
    assert not withdraw_extra_time(grant=own, acting_user=None, now=NOW)
    for wrong in ({"reason": " "}, {"pct": 301}, {"pct": 0}):
        with pytest.raises(BadChange):
            grant(employee, **{"pct": 10, **wrong})
    with pytest.raises(PermissionDenied):
        grant(employee, pct=10, acting_user=UserFactory())


# While it runs


def watch(exam, action, **more):
    return action(**{"exam": exam, "reason": "停电", "acting_user": None, "now": NOW, **more})


def test_an_extension_moves_deadline_and_sweep_and_leaves_a_fact():
    attempt = make_attempt()
    user = UserFactory(superuser=True)
    before = attempt.deadline_at
    assert watch(attempt.exam, extend_attempts, seconds=300, acting_user=user) == 1
    attempt.refresh_from_db()
    assert attempt.deadline_at == before + 5 * MINUTE
    assert attempt.next_check_at == attempt.deadline_at + 5 * SECOND
    fact = AttemptChange.objects.get()
    assert (fact.kind, fact.reason, fact.made_by) == ("extended", "停电", user)
    assert (fact.old_deadline, fact.new_deadline) == (before, attempt.deadline_at)
    receipt = save(attempt, (1, 1, right_response(attempt, 1)), now=before + MINUTE)
    assert receipt.deadline == attempt.deadline_at
    with pytest.raises(IntegrityError), transaction.atomic():
        AttemptChange.objects.update(reason="别的")


def test_while_paused_the_clock_stands_and_no_answer_is_taken():
    attempt = make_attempt()
    deadline = attempt.deadline_at
    at = NOW + 10 * MINUTE
    assert watch(attempt.exam, pause_attempts, now=at) == 1
    assert watch(attempt.exam, pause_attempts, now=at + MINUTE) == 0
    with pytest.raises(AttemptPaused):
        save(attempt, (1, 1, right_response(attempt, 1)), now=at)
    with pytest.raises(AttemptPaused):
        submit(attempt, now=at)
    # Past the old deadline nothing closes it.
    assert close_expired_attempts(now=deadline + MINUTE).closed == 0
    watch(attempt.exam, extend_attempts, seconds=60, now=deadline)
    assert watch(attempt.exam, resume_attempts, now=deadline + 5 * MINUTE) == 1
    attempt.refresh_from_db()
    assert attempt.deadline_at == deadline + MINUTE + (deadline + 5 * MINUTE - at)
    assert attempt.next_check_at == attempt.deadline_at + 5 * SECOND
    assert save(attempt, (1, 1, right_response(attempt, 1)), now=attempt.deadline_at).saved == ((1, 1),)
    assert watch(attempt.exam, resume_attempts, now=deadline) == 0


def test_a_pause_nobody_ends_ends_by_itself():
    attempt = make_attempt()
    watch(attempt.exam, pause_attempts)
    assert close_expired_attempts(now=NOW + LONGEST_PAUSE + SECOND).closed == 1
    attempt.refresh_from_db()
    assert (attempt.state, attempt.paused_at) == (AttemptState.GRADED, None)


def test_many_attempts_change_with_the_same_number_of_statements():
    exam = make_exam()
    make_attempt(exam)
    one = statements(lambda: watch(exam, pause_attempts))
    for _ in range(3):
        make_attempt(exam)
    assert statements(lambda: watch(exam, pause_attempts)) == one
    assert AttemptChange.objects.count() == 4


def test_an_invigilator_reaches_those_in_their_care_and_says_why():
    mine = make_attempt()
    exam = mine.exam
    other = make_attempt(exam)
    with pytest.raises(PermissionDenied):
        watch(exam, pause_attempts, acting_user=UserFactory())
    with pytest.raises(BadChange, match="事由"):
        watch(exam, pause_attempts, reason="  ")
    with pytest.raises(BadChange, match="4 小时"):
        watch(exam, extend_attempts, seconds=0)
    assert watch(exam, pause_attempts, attempt_ids=[other.pk]) == 1
    mine.refresh_from_db()
    assert mine.paused_at is None


def test_a_closed_attempt_is_not_reopened():
    attempt = make_attempt()
    submit(attempt)
    assert watch(attempt.exam, extend_attempts, seconds=60) == 0
    due = make_attempt()
    assert watch(due.exam, extend_attempts, seconds=60, now=due.next_check_at + SECOND) == 0


def test_a_device_is_let_go_by_the_invigilator_where_the_exam_says_so():
    attempt = make_attempt(make_exam(take_over="released"))
    other = {"attempt_public_id": attempt.public_id, "employee_id": attempt.employee_id, "device": "second"}
    with pytest.raises(NotReleased, match="举手"):
        take_over(**other, now=NOW)
    assert watch(attempt.exam, release_devices) == 1
    assert AttemptChange.objects.get().device == DEVICE
    take_over(**other, now=NOW)
    with pytest.raises(AttemptMoved):
        save(attempt, (1, 1, right_response(attempt, 1)))


# Late answers


def test_what_comes_too_late_is_kept_as_evidence_and_never_marked():
    attempt = make_attempt()
    late = attempt.next_check_at + SECOND
    step = (1, 1, right_response(attempt, 1))
    for _ in range(2):
        with pytest.raises(AttemptClosed):
            save(attempt, step, (2, 2, ["not on the paper"]), now=late)
    kept = LateAnswer.objects.get()
    assert (kept.slot, kept.response, kept.received_at) == (1, right_response(attempt, 1), late)
    submit_attempt(
        attempt_public_id=attempt.public_id,
        employee_id=attempt.employee_id,
        device=DEVICE,
        now=late,
        steps=[{"slot": 2, "seq": 2, "response": right_response(attempt, 2)}],
    )
    assert (LateAnswer.objects.count(), stored(attempt)) == (2, {})
    assert AttemptMark.objects.get().points == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        LateAnswer.objects.all().delete()


def test_answers_after_a_hand_in_are_no_late_evidence():
    attempt = make_attempt()
    submit(attempt)
    with pytest.raises(AttemptClosed):
        save(attempt, (1, 1, right_response(attempt, 1)))
    assert not LateAnswer.objects.exists()


def test_what_reached_the_proxy_in_time_counts_however_long_it_waited(settings, rf):
    settings.EXAM_ARRIVAL_GRACE_S = 20
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    attempt = make_attempt()
    in_time = attempt.deadline_at + 4 * SECOND
    now = in_time + 15 * SECOND
    request = rf.post("/", headers={"X-Request-Start": f"t={in_time.timestamp():.3f}"})
    assert arrived_at(request, now) == in_time

    def send(arrived, seq):
        return save(attempt, (1, seq, right_response(attempt, 1)), now=now, arrived=arrived)

    assert send(in_time, 1).saved == ((1, 1),)
    with pytest.raises(AttemptClosed):
        send(now, 2)
    assert LateAnswer.objects.get().seq == 2
    # At most so long ago, and only from the proxy.
    assert arrived_at(request, now + 10 * SECOND) == now + 10 * SECOND - 20 * SECOND
    stranger = rf.post(
        "/", headers={"X-Request-Start": f"t={in_time.timestamp()}"}, REMOTE_ADDR="198.51.100.7"
    )
    assert arrived_at(stranger, now) == now
    for text in ("", "t=", "soon", "nan", f"t={now.timestamp() + 60}"):
        assert arrived_at(rf.post("/", headers={"X-Request-Start": text}), now) == now
    settings.EXAM_ARRIVAL_GRACE_S = 0
    assert arrived_at(request, now) == now


# One way


def test_on_a_one_way_paper_a_question_left_is_left():
    attempt = make_attempt(make_exam(navigation="one_way"))
    step = (1, 1, right_response(attempt, 1))
    save(attempt, step)
    with pytest.raises(BadAnswer, match="还没有到第 2 题"):
        save(attempt, (2, 2, right_response(attempt, 2)))

    def leave(slot, *steps):
        return go_on(
            attempt_public_id=attempt.public_id,
            employee_id=attempt.employee_id,
            from_slot=slot,
            steps=[{"slot": place, "seq": seq, "response": given} for place, seq, given in steps],
            device=DEVICE,
            now=NOW,
        )

    newer = (1, 3, wrong_response(attempt, 1))
    for _ in range(2):  # the reply may be lost and the request repeated
        assert leave(1, newer).at_slot == 2
    # A retry of what is stored gets its receipt; anything else is refused.
    assert save(attempt, step).saved == ((1, 1),)
    with pytest.raises(SlotLeft):
        save(attempt, (1, 4, right_response(attempt, 1)), (2, 5, right_response(attempt, 2)))
    assert stored(attempt) == {1: wrong_response(attempt, 1)}
    for slot in (2, 3):
        leave(slot)
    with pytest.raises(BadAnswer, match="没有下一题"):
        leave(4)
    submit(attempt)
    with pytest.raises(AttemptClosed):
        leave(3)
