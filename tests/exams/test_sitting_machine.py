"""Sittings with duplicates, reordering, late packets, two devices, expiry and sweeps, against a model."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from exams.actions.attempts import close_expired_attempts, save_answers, submit_attempt, take_over
from exams.actions.deadlines import extend_attempts, pause_attempts, resume_attempts
from exams.actions.marks import mark_attempt
from exams.actions.starting import start_attempt
from exams.errors import AttemptClosed, AttemptMoved, AttemptPaused, ExamError, NoAttemptsLeft, SeqTaken
from exams.marking import mark_paper
from exams.models import Attempt, AttemptMark, AttemptState
from exams.queries import keys_of, latest_steps
from exams.shapes import Step
from exams.signals import attempt_graded
from tests.factories.exams import NOW, make_exam
from tests.factories.people import EmployeeFactory

DEVICES = ["phone", "tablet"]
SLOTS = 4
ALLOWED = 2
slots = st.integers(1, SLOTS)


class Sittings(RuleBasedStateMachine):
    """One person, one exam, two devices; time only goes forward."""

    @initialize()
    def set_up(self):
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.exam = make_exam(attempts_allowed=ALLOWED, duration_s=60, grace_s=5)
        self.employee = EmployeeFactory()
        self.now = NOW
        self.attempt = None
        self.acknowledged = {}  # (attempt, slot, seq) -> response
        self.sent = []
        self.seq = 0
        self.graded = []
        attempt_graded.connect(self.hear)

    def hear(self, event, **_):
        self.graded.append(event)

    def teardown(self):
        if hasattr(self, "undo"):
            attempt_graded.disconnect(self.hear)
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    @rule(seconds=st.sampled_from([1, 20, 64]))
    def time_passes(self, seconds):
        self.now += dt.timedelta(seconds=seconds)

    @rule(device=st.sampled_from(DEVICES))
    def start(self, device):
        before = Attempt.objects.count()
        try:
            self.attempt = start_attempt(
                exam=self.exam, employee=self.employee, purpose="p", device=device, now=self.now
            )
        except NoAttemptsLeft:
            assert before == ALLOWED

    @rule(slot=slots, choice=st.integers(0, 3), device=st.sampled_from(DEVICES))
    def save(self, slot, choice, device):
        if self.attempt is None:
            return
        self.seq += 1
        tokens = self.attempt.paper["slots"][slot - 1]["tokens"]
        self.send(Step(slot=slot, seq=self.seq, response=[tokens[choice % len(tokens)]]), device)

    @rule(device=st.sampled_from(DEVICES), data=st.data())
    def send_an_old_packet_again(self, device, data):
        if self.sent:
            attempt, step = data.draw(st.sampled_from(self.sent))
            if attempt == self.attempt:
                self.send(step, device)

    @rule(data=st.data(), device=st.sampled_from(DEVICES))
    def reuse_a_number(self, data, device):
        """Another tab says something else under a number that is taken."""
        if self.sent:
            attempt, step = data.draw(st.sampled_from(self.sent))
            if attempt == self.attempt:
                self.send(Step(slot=step["slot"], seq=step["seq"], response=[]), device)

    def send(self, step, device):
        attempt = self.attempt
        self.sent.append((attempt, step))
        name = (attempt.pk, step["slot"], step["seq"])
        attempt.refresh_from_db()
        paused = attempt.paused_at is not None
        closed_by_time = not paused and self.now > attempt.deadline_at + dt.timedelta(seconds=5)
        was_open, holder = attempt.state == AttemptState.OPEN, attempt.device
        try:
            receipt = save_answers(
                attempt_public_id=attempt.public_id,
                employee_id=self.employee.pk,
                steps=[step],
                device=device,
                now=self.now,
            )
        except AttemptClosed:
            assert closed_by_time or not was_open
        except AttemptPaused:
            assert paused
        except AttemptMoved:
            assert holder != device
        except SeqTaken:
            assert self.acknowledged[name] != step["response"]
        else:
            assert was_open
            assert not closed_by_time
            assert not paused
            assert holder == device
            assert receipt.saved == ((step["slot"], step["seq"]),)
            assert self.acknowledged.setdefault(name, step["response"]) == step["response"]

    @rule(device=st.sampled_from(DEVICES))
    def move(self, device):
        if self.attempt is not None:
            try:
                take_over(
                    attempt_public_id=self.attempt.public_id,
                    employee_id=self.employee.pk,
                    device=device,
                    now=self.now,
                )
            except AttemptClosed:
                self.attempt.refresh_from_db()
                assert self.attempt.state == AttemptState.GRADED

    @rule(device=st.sampled_from(DEVICES))
    def hand_in(self, device):
        if self.attempt is not None:
            try:
                submitted = submit_attempt(
                    attempt_public_id=self.attempt.public_id,
                    employee_id=self.employee.pk,
                    device=device,
                    now=self.now,
                )
            except (AttemptMoved, AttemptPaused):
                return
            assert submitted.state == AttemptState.GRADED

    @rule(what=st.sampled_from(["pause", "resume", "extend"]), wait_s=st.sampled_from([0, 30]))
    def invigilate(self, what, wait_s):
        """Somebody stops the clock, lets it go on, or gives time; what is left never grows by a pause."""
        if self.attempt is None:
            return
        self.now += dt.timedelta(seconds=wait_s)
        before = Attempt.objects.get(pk=self.attempt.pk)
        given = {"exam": self.exam, "reason": "停电", "acting_user": None, "now": self.now}
        if what == "pause":
            changed = pause_attempts(**given)
        elif what == "resume":
            changed = resume_attempts(**given)
        else:
            changed = extend_attempts(seconds=20, **given)
        after = Attempt.objects.get(pk=self.attempt.pk)
        assert (after.state, after.device) == (before.state, before.device)
        if not changed:
            assert (after.deadline_at, after.paused_at) == (before.deadline_at, before.paused_at)
        elif what == "resume":
            assert after.deadline_at - self.now == before.deadline_at - before.paused_at
        else:
            more = dt.timedelta(seconds=20 if what == "extend" else 0)
            assert after.deadline_at == before.deadline_at + more

    @rule()
    def sweep(self):
        assert close_expired_attempts(now=self.now).failed == ()
        assert not Attempt.objects.filter(state=AttemptState.OPEN, next_check_at__lt=self.now).exists()

    @rule()
    def mark_again(self):
        if self.attempt is not None:
            try:
                mark_attempt(attempt_id=self.attempt.pk, now=self.now)
            except ExamError:
                self.attempt.refresh_from_db()
                assert self.attempt.state == AttemptState.OPEN

    @invariant()
    def the_rules_hold(self):
        if not hasattr(self, "undo"):
            return
        attempts = list(Attempt.objects.all())
        assert len(attempts) <= ALLOWED
        assert sum(attempt.state == AttemptState.OPEN for attempt in attempts) <= 1
        for attempt in attempts:
            expected = {}
            for (pk, slot, seq), response in self.acknowledged.items():
                if pk == attempt.pk and seq >= expected.get(slot, (0,))[0]:
                    expected[slot] = (seq, response)
            assert latest_steps(attempt.pk) == expected
            marks = list(AttemptMark.objects.filter(attempt=attempt))
            assert len(marks) == (attempt.state == AttemptState.GRADED)
            if marks:
                keys = keys_of(slot["version_id"] for slot in attempt.paper["slots"])
                answers = {slot: response for slot, (_seq, response) in expected.items()}
                replay = mark_paper(attempt.paper, answers, keys)
                assert (marks[0].score_pct, marks[0].passed) == (replay.score_pct, replay.passed)
                assert Decimal(0) <= marks[0].score_pct <= 100
                assert attempt.submitted_at <= attempt.deadline_at + dt.timedelta(seconds=5)
        assert sorted(event.attempt_id for event in self.graded) == sorted(
            attempt.pk for attempt in attempts if attempt.state == AttemptState.GRADED
        )


@pytest.mark.django_db
def test_sittings_keep_the_rules():
    run_state_machine_as_test(
        Sittings, settings=settings(max_examples=30, stateful_step_count=25, deadline=None)
    )
