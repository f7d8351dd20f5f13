"""An exam made void takes back what rested on it, and only that; sat again, everything is in order again."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from wagtail.models import ModelLogEntry

from certificates.models import Certificate, CertificateStatus
from exams.actions.voiding import plan_void, void_attempt
from exams.errors import VoidRefused
from exams.models import Attempt, AttemptMark, AttemptState, AttemptVoid
from exams.queries import result_for_display, with_latest_mark
from exams.signals import AttemptVoided, attempt_voided
from notices.models import Notice
from people.models import EmploymentStatus, Role
from tests.factories.certificates import CertificateTemplateFactory
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import DEVICE, answer, make_attempt, make_exam, right_response, submit
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, at, prove_study
from training.actions.completion import on_study_completed
from training.actions.exam_component import start_component_exam
from training.actions.voiding import on_attempt_voided
from training.models import (
    ClearanceState,
    ComponentDone,
    ObligationState,
    PastObligation,
    TrainingRecord,
)
from training.queries.hours import entries_of
from training.queries.records import hours_in_year, records_of
from training.queries.verification import verify_ledger

pytestmark = pytest.mark.django_db
EXAM_DAY = at("2026-06-01", "15:00")
VOID_DAY = at("2026-06-20", "10:00")
AGAIN = at("2026-06-22", "09:00")
REASON = "与张某的答卷完全相同，本人承认抄袭"


@pytest.fixture
def obligation():
    lesson = PolicySpeechFactory()
    exam = make_exam(pass_pct=80, attempts_allowed=1)
    programme = ProgrammeFactory(title="焊工岗前", course=CourseFactory(lessons=[lesson]), exam=exam)
    CertificateTemplateFactory(programmes=[programme])
    made = ObligationFactory(
        rule__programme=programme,
        rule__due_days=7,
        employee=EmployeeFactory(assigned=True, user=UserFactory()),
        before_work=True,
    )
    on_study_completed(event=prove_study(made.employee, lesson, EXAM_DAY - dt.timedelta(hours=2)))
    return made


def sit(obligation, now):
    attempt = start_component_exam(
        obligation=obligation,
        component=obligation.programme.components.get(kind="exam"),
        employee=obligation.employee,
        device=DEVICE,
        now=now,
    )
    slots = range(1, len(attempt.paper["slots"]) + 1)
    answer(attempt, {slot: right_response(attempt, slot) for slot in slots}, now=now)
    submit(attempt, now=now)
    obligation.refresh_from_db()
    return Attempt.objects.get(pk=attempt.pk)


def void(attempt, **changes):
    arguments = {"attempt_id": attempt.pk, "reason": REASON, "acting_user": None, "now": VOID_DAY, **changes}
    return void_attempt(**arguments)


def told(attempt):
    return [each.text for each in plan_void(attempt=attempt, acting_user=None)]


def test_what_rested_on_it_is_taken_back_and_what_was_learnt_stays(obligation):
    attempt = sit(obligation, EXAM_DAY)
    certificate = Certificate.objects.get()
    assert ClearanceState.objects.get().is_cleared
    assert set(told(attempt)) == {
        "培训任务“焊工岗前”重新打开，台账更正为不合格，须重新考试，考过以前不得上岗。",
        f"证书 {certificate.number} 凭这次考试签发，将被撤销。",
    }

    voiding = void(attempt)

    assert (voiding.was_state, voiding.reason) == (AttemptState.GRADED, REASON)
    obligation.refresh_from_db()
    assert (obligation.state, obligation.closed_at) == (ObligationState.OPEN, None)
    assert obligation.due_on == dt.date(2026, 6, 27)
    past = PastObligation.objects.get()
    assert (past.state, past.closed_at, past.until) == (ObligationState.DONE, EXAM_DAY, VOID_DAY)
    assert [done.component.kind for done in ComponentDone.objects.all()] == ["course"]
    first, second = TrainingRecord.objects.order_by("seq")
    assert (second.corrects, second.passed, second.recorded_at) == (first, False, VOID_DAY)
    assert hours_in_year(obligation.employee_id, 2026) == 0
    assert CertificateStatus.objects.get().kind == "revoked"
    assert not ClearanceState.objects.get().is_cleared
    notice = Notice.objects.get(title__startswith="答卷已作废")
    assert REASON in notice.body
    assert AttemptMark.objects.filter(attempt=attempt, passed=True).count() == 1  # stays as it was
    assert ComponentDone.everything.filter(component__kind="exam").count() == 1  # so does this


def test_only_the_exam_is_sat_again_and_everything_is_in_order_again(obligation):
    void(sit(obligation, EXAM_DAY))
    obligation.refresh_from_db()

    again = sit(obligation, AGAIN)  # the void one is not one of the one attempt this exam allows

    assert (again.number, again.state) == (2, AttemptState.GRADED)
    assert (obligation.state, obligation.closed_at) == (ObligationState.DONE, AGAIN)
    rows = list(TrainingRecord.objects.order_by("seq"))
    assert [(row.kind, row.passed) for row in rows] == [
        ("programme", True),
        ("correction", False),
        ("correction", True),
    ]
    assert rows[2].corrects == rows[1]
    assert rows[2].completed_at == AGAIN
    assert [record.pk for record in records_of(obligation.employee_id)] == [rows[2].pk]
    assert hours_in_year(obligation.employee_id, 2026) == rows[0].hours
    assert ClearanceState.objects.get().is_cleared
    old, new = Certificate.objects.order_by("pk")
    assert (old.record, new.record) == (rows[0], rows[2])
    assert [change.certificate for change in CertificateStatus.objects.all()] == [old]


def test_a_second_call_and_a_second_telling_change_nothing(obligation):
    attempt = sit(obligation, EXAM_DAY)
    first = void(attempt)
    assert void(attempt, reason="另一个理由", now=AGAIN) == first
    event = AttemptVoided(
        attempt.pk, obligation.employee_id, attempt.exam_id, attempt.purpose, REASON, VOID_DAY
    )
    attempt_voided.send(sender=None, event=event)
    assert on_attempt_voided(event=event) is None
    assert TrainingRecord.objects.count() == 2
    assert CertificateStatus.objects.count() == 1
    assert AttemptVoid.objects.get().reason == REASON


def test_an_open_obligation_loses_its_exam_alone():
    exam = make_exam(pass_pct=80)
    programme = ProgrammeFactory(title="带实操的", exam=exam, on_site=[8])
    obligation = ObligationFactory(rule__programme=programme, employee=EmployeeFactory(assigned=True))
    attempt = make_attempt(
        exam, employee=obligation.employee, purpose=f"obligation:{obligation.public_id}", now=EXAM_DAY
    )
    slots = range(1, len(attempt.paper["slots"]) + 1)
    answer(attempt, {slot: right_response(attempt, slot) for slot in slots}, now=EXAM_DAY)
    submit(attempt, now=EXAM_DAY)
    attempt.refresh_from_db()
    assert ComponentDone.objects.count() == 1
    assert told(attempt) == ["培训任务“带实操的”的考试改为没有通过，须重新考试。"]

    void(attempt)

    obligation.refresh_from_db()
    assert obligation.state == ObligationState.OPEN
    assert not ComponentDone.objects.exists()
    assert not TrainingRecord.objects.exists()
    assert not PastObligation.objects.exists()


def test_a_day_that_is_not_over_stays(obligation):
    type(obligation).objects.filter(pk=obligation.pk).update(due_on=dt.date(2026, 12, 31))
    obligation.refresh_from_db()
    void(sit(obligation, EXAM_DAY))
    obligation.refresh_from_db()
    assert obligation.due_on == dt.date(2026, 12, 31)


def test_who_has_left_owes_nothing_anew(obligation):
    attempt = sit(obligation, EXAM_DAY)
    type(obligation.employee).objects.update(status=EmploymentStatus.LEFT, left_on=dt.date(2026, 6, 10))
    void(attempt)
    obligation.refresh_from_db()
    assert (obligation.state, obligation.closed_at) == (ObligationState.CANCELLED, VOID_DAY)
    assert REASON in obligation.close_reason
    assert not TrainingRecord.objects.latest("seq").passed
    assert CertificateStatus.objects.get().kind == "revoked"


def test_another_attempt_that_failed_takes_nothing_back(obligation):
    exam = obligation.programme.components.get(kind="exam").exam
    type(exam).objects.update(attempts_allowed=2)
    failed = start_component_exam(
        obligation=obligation,
        component=obligation.programme.components.get(kind="exam"),
        employee=obligation.employee,
        device=DEVICE,
        now=EXAM_DAY,
    )
    submit(failed, now=EXAM_DAY)
    sit(obligation, AGAIN)
    failed.refresh_from_db()
    assert told(failed) == []
    void(failed, now=AGAIN)
    obligation.refresh_from_db()
    assert obligation.state == ObligationState.DONE
    assert not CertificateStatus.objects.exists()


def test_a_void_attempt_shows_no_result(obligation):
    attempt = sit(obligation, EXAM_DAY)
    void(attempt)
    attempt.refresh_from_db()
    shown = with_latest_mark(Attempt.objects.all()).get()
    assert (shown.score_pct, shown.passed) == (None, None)
    assert result_for_display(attempt, AGAIN) is None
    assert entries_of([obligation.employee_id], dt.date(2026, 6, 1), dt.date(2026, 6, 30)).keys() <= {
        obligation.employee_id
    }


def test_the_ledger_agrees_with_itself(obligation):
    void(sit(obligation, EXAM_DAY))
    obligation.refresh_from_db()
    sit(obligation, AGAIN)
    assert verify_ledger().problems == []


@pytest.mark.parametrize(
    ("reason", "state", "words"),
    [
        ("  ", AttemptState.GRADED, "请写明理由"),
        (REASON, AttemptState.OPEN, "还在作答"),
    ],
)
def test_what_cannot_be_made_void(obligation, reason, state, words):
    attempt = sit(obligation, EXAM_DAY)
    if state == AttemptState.OPEN:
        Attempt.objects.update(state=state, submitted_at=None, next_check_at=EXAM_DAY)
    with pytest.raises(VoidRefused, match=words):
        void(attempt, reason=reason)
    assert not AttemptVoid.objects.exists()


def test_a_mark_of_a_paper_exam_is_corrected_where_it_was_typed_in(obligation):
    attempt = sit(obligation, EXAM_DAY)
    Attempt.objects.update(paper={**attempt.paper, "printed": {}})
    with pytest.raises(VoidRefused, match="纸质考试"):
        void(attempt)


class TestOffice:
    @pytest.fixture(autouse=True)
    def _at(self, time_machine):
        time_machine.move_to(VOID_DAY, tick=False)

    def page(self, attempt):
        return reverse("exams_office:attempt-void", args=[attempt.public_id])

    def test_examiner_sees_what_follows_and_says_why(self, client, obligation):
        attempt = sit(obligation, EXAM_DAY)
        unit = obligation.employee.assignments.get().unit
        examiner = RoleGrantFactory(role=Role.EXAMINER, unit=unit, starts_on=dt.date(2026, 1, 1)).user
        client.force_login(examiner)
        timeline = reverse("exams_office:attempt-timeline", args=[attempt.public_id])
        assert self.page(attempt) in client.get(timeline).content.decode()
        shown = client.get(self.page(attempt)).content.decode()
        assert "考过以前不得上岗" in shown
        assert Certificate.objects.get().number in shown
        missing = client.post(self.page(attempt), {"reason": ""})
        assert missing.status_code == 422
        assert not AttemptVoid.objects.exists()

        done = client.post(self.page(attempt), {"reason": REASON})

        assert (done.status_code, done.url) == (302, timeline)
        assert AttemptVoid.objects.get().voided_by == examiner
        assert ModelLogEntry.objects.filter(action="exams.attempt.void", user=examiner).count() == 1
        page = client.get(timeline).content.decode()
        assert REASON in page
        assert self.page(attempt) not in page
        assert client.get(self.page(attempt)).url == timeline
        client.force_login(obligation.employee.user)
        assert REASON in client.get(reverse("exams:result", args=[attempt.public_id])).content.decode()

    def test_nobody_does_it_to_oneself_or_elsewhere(self, client, obligation):
        attempt = sit(obligation, EXAM_DAY)
        unit = obligation.employee.assignments.get().unit
        own = obligation.employee.user
        RoleGrantFactory(user=own, role=Role.EXAMINER, unit=unit, starts_on=dt.date(2026, 1, 1))
        elsewhere = RoleGrantFactory(
            role=Role.EXAMINER, unit=OrgUnitFactory(), starts_on=dt.date(2026, 1, 1)
        ).user
        for user in (own, elsewhere):
            client.force_login(user)
            assert client.post(self.page(attempt), {"reason": REASON}).status_code == 404
            with pytest.raises(PermissionDenied):
                void(attempt, acting_user=user)
        assert not AttemptVoid.objects.exists()
