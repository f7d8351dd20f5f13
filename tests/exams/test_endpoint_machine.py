"""Whole sittings through the real addresses, against a model that knows what must come of them.

Two people with two devices each; packets that arrive late, twice, out of order or not at all; replies that are
lost; a clock that jumps in both directions; processes that die between two statements; sweeps and sealing that
run at any moment and twice. After every move the invariants of exams, the ledger and certificates hold:

1 an acknowledged answer is never lost · 2 the newest number wins · 3 one hand-in · 4 nothing is taken after
deadline and grace · 5 one open attempt · 6 no attempt too many · 7 a score is a function of answers and pinned
questions · 8 pass record ⇔ passing attempt · 9 certificate ⇔ pass record, numbers without gaps or twins
· 10 the ledger verifies and only grows · 11 nobody reads or writes what is another's.

ENDPOINT_EXAMPLES=10000 makes the deep profile as deep as that; ENDPOINT_SHRINK=1 shortens what fails.
"""

import datetime as dt
import os
import re
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from certificates.models import Certificate, NumberSeries
from certificates.numbering import parse_number
from exams.marking import mark_paper
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState
from exams.queries import keys_of
from exams.signals import attempt_graded
from exams.tasks import close_expired_attempts
from tests.exams.sitting_model import (
    ALLOWED,
    OPEN,
    SLOTS,
    TASK,
    Killed,
    Name,
    Packet,
    Paper,
    Phone,
    Response,
    World,
    killed_before,
)
from tests.factories.exams import NOW
from training.models import RecordKind, TrainingRecord
from training.queries.verification import verify_ledger
from training.tasks import seal_ledger

ANSWERED, LOST = (
    "answered",
    "lost",
)  # what becomes of a request; a number: its process dies before that statement
fates = st.one_of(st.just(ANSWERED), st.just(ANSWERED), st.just(LOST), st.integers(1, 14))
phones = st.integers(0, 3)
NONSENSE = (
    b"{",
    {"steps": [{"slot": SLOTS + 1, "seq": 1, "response": []}]},
    {"steps": [{"slot": 1, "seq": 0, "response": []}]},
    {"steps": [{"slot": 1, "seq": 999, "response": ["\ud800"]}]},
    {"steps": [{"slot": 1, "seq": 999, "response": ["\x00"]}]},
    {"steps": [{"slot": 1, "seq": 999, "response": ["token-of-another"]}]},
)


class Sittings(RuleBasedStateMachine):
    """The people of a world and what reaches the server from them."""

    world: World
    packets = Bundle("packets")

    @initialize()
    def begin(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.travel = time_machine.travel(NOW, tick=False)
        self.time = self.travel.start()
        self.now = NOW
        self.phones = [Phone(self.world, n // 2, f"device-of-the-candidate-{n}") for n in range(4)]
        self.papers: list[Paper] = []
        self.graded: list[int] = []
        self.rows: list[tuple[int, str]] = []
        attempt_graded.connect(self.hear)
        self.start(phone=0, way=TASK, fate=ANSWERED)

    def hear(self, event: Any, **_: Any) -> None:
        self.graded.append(event.attempt_id)

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            try:
                self.the_night_comes()
            finally:
                attempt_graded.disconnect(self.hear)
                self.travel.stop()
                transaction.set_rollback(True)
                self.undo.__exit__(None, None, None)

    def the_night_comes(self) -> None:
        """Let the time of all be over: the sweep leaves nothing open and nothing unmarked."""
        last = max((paper.due_at for paper in self.papers), default=self.now)
        self.clock_jumps(max(int((last - self.now).total_seconds()) + 1, 1))
        self.sweep(ANSWERED)
        self.rules_hold()
        assert not Attempt.objects.exclude(state=AttemptState.GRADED).exists()

    # Moves

    @rule(seconds=st.sampled_from([1, 20, 64, 66, -1, -30, -3600, 1200]))
    def clock_jumps(self, seconds: int) -> None:
        """Time passes, or somebody sets the clock."""
        self.now += dt.timedelta(seconds=seconds)
        self.time.move_to(self.now)

    @rule(phone=phones, way=st.sampled_from([OPEN, TASK, TASK]), fate=fates)
    def start(self, phone: int, way: str, fate: Any) -> None:
        """Start, or go on; pressed twice it is the same attempt."""
        on = self.phones[phone]
        purpose = self.world.purpose(on.person, way)
        known = {paper.pk for paper in self.papers}
        running = [paper for paper in self.papers if paper.person == on.person and self.is_open(paper)]
        spent = sum(paper.person == on.person and paper.purpose == purpose for paper in self.papers)
        passed = way == TASK and self.has_passed(on.person)
        overdue = any(paper.person == on.person and not paper.is_closed for paper in self.papers)
        reply = self.sent(fate, lambda: on.start(way))
        new = Attempt.objects.exclude(pk__in=known)
        may = not running and spent < ALLOWED and not passed
        if reply is None:
            assert new.count() <= may
        elif may and (overdue and not new.exists()):
            assert self.has_passed(on.person), "what the deadline handed in was enough"
        elif may:
            assert reply.url.endswith(f"/exam/{new.get().public_id}/")
        elif running and running[0].purpose == purpose and not passed:
            assert reply.url.endswith(f"/exam/{running[0].public_id}/")
            assert not new.exists()
        else:
            assert not re.match("/exam/[0-9a-f-]{36}/", reply.headers.get("Location", ""))
            assert not new.exists()
        for attempt in new:
            assert attempt.employee_id == self.world.people[on.person].pk
            self.papers.append(Paper.of(attempt, on.person))
        self.look_again()

    @precondition(lambda self: self.papers)
    @rule(
        target=packets,
        phone=phones,
        paper=st.integers(0, 7),
        slots=st.lists(st.integers(1, SLOTS), min_size=1, max_size=3),
        right=st.booleans(),
    )
    def write(self, phone: int, paper: int, slots: list[int], right: bool) -> Packet:
        """Answer on a device: the packet waits there. The device may be another person's, who saw the address."""
        on, of = self.phones[phone], self.papers[-1 - paper % len(self.papers)]
        steps = tuple(((slot, on.next_seq(of)), of.choices[slot][not right]) for slot in slots)
        return Packet(of, on, steps)

    @rule(packet=packets, fate=fates)
    def save(self, packet: Packet, fate: Any) -> None:
        """The network brings a packet: a new one, an old one, one that was here before."""
        paper, steps = packet.paper, dict(packet.steps)
        expected = self.expected(packet.phone, paper, steps)
        reply = self.sent(fate, lambda: packet.phone.post("save", paper, packet.body))
        self.settle_steps(paper, steps, expected, reply)
        if reply is not None and reply.status_code == 200:
            body = reply.json()
            assert {(one["slot"], one["seq"]) for one in body["saved"]} == set(steps)
            assert dt.datetime.fromisoformat(body["server_time"]) == self.now
            assert dt.datetime.fromisoformat(body["deadline"]) < paper.due_at
        self.look_again()

    @rule(packet=packets, fate=fates, with_steps=st.booleans())
    def hand_in(self, packet: Packet, fate: Any, with_steps: bool) -> None:
        """Hand in, with the last answers or without."""
        paper, steps = packet.paper, dict(packet.steps) if with_steps else {}
        expected = self.expected(packet.phone, paper, steps)
        reply = self.sent(
            fate, lambda: packet.phone.post("submit", paper, packet.body if steps else {"steps": []})
        )
        if expected == 409 and not self.is_open(paper):
            assert reply is None or reply.status_code in {200, 409}, "closed is closed, whatever it is called"
            self.settle_steps(paper, {}, 200, None)
        else:
            self.settle_steps(paper, steps, expected, reply)
        if reply is not None and reply.status_code == 200:
            assert Attempt.objects.get(pk=paper.pk).state == AttemptState.GRADED
        self.look_again()

    @precondition(lambda self: self.papers)
    @rule(
        phone=phones,
        paper=st.integers(0, 7),
        nonsense=st.sampled_from(NONSENSE),
        name=st.sampled_from(["save", "submit"]),
    )
    def send_nonsense(self, phone: int, paper: int, nonsense: Any, name: str) -> None:
        """Send what no page sends: refused, and nothing changes."""
        on, of = self.phones[phone], self.papers[-1 - paper % len(self.papers)]
        reply = on.post(name, of, nonsense)
        is_repeat = name == "submit" and on.person == of.person and not self.is_open(of)
        assert reply.status_code in ({200, 400, 409} if is_repeat else {400, 404, 409})
        if on.person != of.person:
            assert reply.status_code in {400, 404}
        self.look_again()

    @precondition(lambda self: self.papers)
    @rule(phone=phones, paper=st.integers(0, 7), fate=fates)
    def take_over(self, phone: int, paper: int, fate: Any) -> None:
        """Go on with the attempt on this device."""
        on, of = self.phones[phone], self.papers[-1 - paper % len(self.papers)]
        before, may = of.device, self.is_open(of)
        reply = self.sent(fate, lambda: on.post("take-over", of, {}))
        of.device = Attempt.objects.get(pk=of.pk).device
        if on.person != of.person:
            assert reply is None or reply.status_code == 404
            assert of.device == before
        elif reply is None:
            assert of.device in {before, on.device}
        else:
            assert of.device == (on.device if may else before)
            assert reply.url.endswith("/result") != may
        self.look_again()

    @precondition(lambda self: self.papers)
    @rule(phone=phones, paper=st.integers(0, 7), name=st.sampled_from(["attempt", "result"]), fate=fates)
    def read(self, phone: int, paper: int, name: str, fate: Any) -> None:
        """Open the paper or the result: one's own, or somebody else's by its address."""
        on, of = self.phones[phone], self.papers[-1 - paper % len(self.papers)]
        may = self.is_open(of)
        reply = self.sent(fate, lambda: on.get(name, of))
        if reply is not None and on.person != of.person:
            assert reply.status_code == 404
            assert not any(token in reply.content.decode() for token in of.tokens)
        elif reply is not None:
            assert reply.status_code == (200 if may == (name == "attempt") else 302)
            text = reply.content.decode()
            if name == "attempt" and may:
                assert all(token in text for token in of.tokens) == (of.device == on.device)
                assert "先通风，再检测，后作业。（" not in text, "the explanation is out before its time"
        self.look_again()

    @rule(fate=fates, job=st.sampled_from(["sweep", "sweep", "seal"]))
    def work(self, job: str, fate: Any) -> None:
        """The worker has its turn. If it dies it is started again, and does no thing twice."""
        if job == "seal":
            self.sent(fate, seal_ledger)
        else:
            self.sweep(fate)

    def sweep(self, fate: Any) -> None:
        """Close what is due."""
        if self.sent(fate, close_expired_attempts) is not None:
            assert close_expired_attempts() == {
                "closed": 0,
                "marked": 0,
                "failed": [],
                "sittings_ended": 0,
            }
            assert not Attempt.objects.filter(state=AttemptState.OPEN, next_check_at__lt=self.now).exists()
        self.look_again()

    # The model

    def sent(self, fate: Any, send: Any) -> Any:
        """Send a request and return the reply, or None if none arrives."""
        heard = len(self.graded)
        if isinstance(fate, int):
            try:
                with killed_before(fate):
                    return send()
            except Killed:
                assert not connection.needs_rollback, (
                    "a row was written outside of the transaction of an action"
                )
                # What was announced in a transaction that died with the process was never announced.
                marked = set(AttemptMark.objects.values_list("attempt_id", flat=True))
                self.graded[heard:] = [pk for pk in self.graded[heard:] if pk in marked]
                return None
        reply = send()
        return reply if fate == ANSWERED else None

    def is_open(self, paper: Paper) -> bool:
        """Tell whether the server has to take answers for it now."""
        return not paper.is_closed and self.now <= paper.due_at

    def expected(self, phone: Phone, paper: Paper, steps: dict[Name, Response]) -> int:
        """Return the status a save must get."""
        if phone.person != paper.person:
            return 404
        refused = not self.is_open(paper) or phone.device != paper.device or paper.clashes(steps)
        return 409 if refused else 200

    def settle_steps(self, paper: Paper, steps: dict[Name, Response], expected: int, reply: Any) -> None:
        """Take over what must be stored now; of a request without a reply all may be, or nothing."""
        if reply is not None:
            assert reply.status_code == expected, reply.content
            if expected == 200:
                paper.steps.update(steps)
            return
        new = {name: response for name, response in steps.items() if name not in paper.steps}
        stored = self.stored(paper)
        arrived = [name for name in new if name in stored]
        assert len(arrived) in ({0, len(new)} if expected == 200 else {0}), "half a request was stored"
        if arrived:
            paper.steps.update(new)

    def has_passed(self, person: int) -> bool:
        """Tell whether an attempt for a person's task is marked and passed."""
        return AttemptMark.objects.filter(
            attempt__employee=self.world.people[person],
            attempt__purpose=self.world.purpose(person, TASK),
            passed=True,
        ).exists()

    @staticmethod
    def stored(paper: Paper) -> dict[Name, Response]:
        """Return what the server keeps of an attempt."""
        rows = AnswerStep.objects.filter(attempt_id=paper.pk).values_list("slot", "seq", "response")
        return {(slot, seq): response for slot, seq, response in rows}

    def look_again(self) -> None:
        """Learn which attempts this move has closed, and that it might."""
        for paper in self.papers:
            attempt = Attempt.objects.get(pk=paper.pk)
            if attempt.state == AttemptState.OPEN:
                assert not paper.is_closed
                continue
            if not paper.is_closed:
                assert attempt.submitted_by_deadline == (self.now > paper.due_at)
                at = (
                    attempt.deadline_at
                    if attempt.submitted_by_deadline
                    else max(self.now, attempt.started_at)
                )
                paper.is_closed, paper.handed_in_at = True, at
            assert attempt.submitted_at == paper.handed_in_at

    # What holds always

    @invariant()
    def rules_hold(self) -> None:
        """Compare what is stored with the model."""
        if not hasattr(self, "undo"):
            return
        attempts = list(Attempt.objects.all())
        assert {attempt.pk for attempt in attempts} == {paper.pk for paper in self.papers}
        for person in self.world.people:
            own = [attempt for attempt in attempts if attempt.employee_id == person.pk]
            assert sum(attempt.state == AttemptState.OPEN for attempt in own) <= 1
            for purpose in {attempt.purpose for attempt in own}:
                assert sum(attempt.purpose == purpose for attempt in own) <= ALLOWED
        marks = {mark.attempt_id: mark for mark in AttemptMark.objects.all()}
        assert len(marks) == AttemptMark.objects.count()
        by_pk = {attempt.pk: attempt for attempt in attempts}
        for paper in self.papers:
            attempt, mark = by_pk[paper.pk], marks.get(paper.pk)
            assert attempt.device == paper.device
            assert self.stored(paper) == paper.steps
            assert (mark is not None) == (attempt.state == AttemptState.GRADED)
            if mark is not None:
                keys = keys_of(slot["version_id"] for slot in attempt.paper["slots"])
                replay = mark_paper(attempt.paper, paper.answers, keys)
                score = (replay.score_pct, replay.passed)
                assert (mark.score_pct, mark.passed) == score == (paper.score or score)
                paper.score = score
        assert sorted(self.graded) == sorted(marks)
        self.records_hold(attempts, marks)

    def records_hold(self, attempts: list[Attempt], marks: dict[int, AttemptMark]) -> None:
        """Compare ledger and certificates with the passed attempts."""
        rows = list(TrainingRecord.objects.order_by("seq"))
        owed = {
            attempt.employee_id
            for attempt in attempts
            if attempt.pk in marks and marks[attempt.pk].passed and attempt.purpose != OPEN
        }
        assert sorted(row.employee_id for row in rows) == sorted(owed)
        assert all(row.kind == RecordKind.PROGRAMME and row.passed for row in rows)
        certificates = list(Certificate.objects.all())
        assert sorted(each.record_id or 0 for each in certificates) == sorted(row.pk for row in rows)
        numbers = sorted(parse_number(each.number).sequence for each in certificates)
        assert numbers == list(range(1, len(numbers) + 1))
        assert sum(NumberSeries.objects.values_list("last", flat=True)) == len(numbers)
        kept = [(row.seq, row.leaf_hash) for row in rows]
        assert kept[: len(self.rows)] == self.rows
        if kept != self.rows:
            self.rows = kept
            assert verify_ledger().problems == []


def run(world: World, *, examples: int, moves: int) -> None:
    """Play so many sittings of so many moves, each undone before the next."""

    class OfThisWorld(Sittings):
        pass

    OfThisWorld.world = world
    run_state_machine_as_test(
        OfThisWorld,
        settings=settings(
            max_examples=examples,
            stateful_step_count=moves,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Looking for the shortest sitting that fails takes minutes: only when somebody asks for it.
            phases=[Phase.generate, Phase.shrink] if os.environ.get("ENDPOINT_SHRINK") else [Phase.generate],
        ),
    )


@pytest.mark.django_db
def test_sittings_through_the_addresses_keep_the_rules():
    run(World.make(), examples=12, moves=25)


@pytest.mark.slow
@pytest.mark.django_db
def test_many_long_sittings_keep_the_rules():
    run(World.make(), examples=int(os.environ.get("ENDPOINT_EXAMPLES", "25")), moves=50)
