"""Starting an attempt: who may start now, with which paper, and until when.

`start_attempt` is the one door. What it asks is decided by exams.admission; a sitting opens it with a window of
its own, a paper drawn before the bell, and an invigilator's word for who sits there.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from exams.actions.attempts import settle_attempt
from exams.actions.deadlines import check_at
from exams.actions.guards import require_seb_to_start
from exams.actions.papers import draw_paper
from exams.admission import (
    NOWHERE,
    ExtraTime,
    Facts,
    Obstacle,
    PasswordState,
    Presence,
    TimeGiven,
    Window,
    obstacle_to,
    time_given,
)
from exams.drawing import new_seed
from exams.errors import OnlyInSittings, OtherAttemptOpen, start_refused
from exams.models import Attempt, Exam, PasswordMiss
from exams.passwords import password_fits
from exams.queries.admission import (
    Earlier,
    counted_attempts,
    door_of,
    in_network,
    password_locked,
    past_of,
    rules_of,
)
from exams.queries.restudy import restudied
from exams.queries.sittings import next_sitting_of
from exams.shapes import NO_ORIGIN, Origin, Paper
from people.models import Employee


@dataclass(frozen=True, slots=True)
class DrawnPaper:
    """A paper drawn before the bell, with the seed it was drawn by."""

    paper: Paper
    seed: str


def start_attempt(
    *,
    exam: Exam,
    employee: Employee,
    purpose: str,
    device: str,
    now: dt.datetime,
    presence: Presence = NOWHERE,
    window: Window | None = None,
    prepared: DrawnPaper | None = None,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Draw a paper and start an attempt, or return the one this person has open for the same purpose.

    Five statements, whatever the number of questions; two with a `prepared` paper; one more where a password is
    asked, and for an exam read without its guard. `device` may be empty: the first device that saves then holds the attempt. `window` stands for the
    exam's own one. An attempt that runs goes on whatever the rules for starting say.
    Raises: SebNeeded; ExamNotOpen; OnlyInSittings; OtherAttemptOpen; NoAttemptsLeft; CoolingDown; StartRefused;
    BlueprintNotFeasible; PaperMissing.
    """
    require_seb_to_start(exam, origin)
    start = _Start(exam, employee, purpose, device, now, presence, window, prepared)
    try:
        return start.go()
    except IntegrityError:
        # Two starts at once: a unique constraint let one through. That one is the answer for both.
        return start.go()


@dataclass(frozen=True, slots=True)
class _Start:
    exam: Exam
    employee: Employee
    purpose: str
    device: str
    now: dt.datetime
    presence: Presence
    window: Window | None
    prepared: DrawnPaper | None

    def go(self) -> Attempt:
        door = door_of(self.exam.pk, self.employee.pk)
        running = door.running()
        if running is not None and running.is_due(self.now):
            settle_attempt(attempt=Attempt.objects.get(pk=running.pk), now=self.now)
            door = door_of(self.exam.pk, self.employee.pk)
            running = None
        if running is not None:
            if running.purpose != self.purpose:
                raise OtherAttemptOpen(self.exam.title)
            return Attempt.objects.defer("paper").get(pk=running.pk)
        same = door.for_purpose(self.purpose)
        return self._create(same, self._admit(same, door.extra))

    def _admit(self, same: Sequence[Earlier], extra: ExtraTime) -> TimeGiven:
        """Return the time the person gets, or raise what is in the way."""
        exam, now = self.exam, self.now
        if exam.only_in_sittings and self.window is None:
            raise OnlyInSittings(exam.title, next_sitting_of(self.employee.pk, exam.pk))
        rules = rules_of(exam, self.window)
        counted = counted_attempts(same)
        facts = Facts(
            now=now,
            past=past_of(counted),
            restudied=not exam.resit_after_study or restudied(exam, self.employee.pk, self.purpose, counted),
            in_network=self.presence.vouched or in_network(exam, self.presence.address),
            on_kiosk=self.presence.vouched or self.presence.on_kiosk or not exam.kiosk_only,
            password=self._password(),
        )
        refusal = obstacle_to(rules, facts)
        if refusal is not None:
            if refusal.obstacle == Obstacle.PASSWORD_WRONG:
                PasswordMiss.objects.create(exam=exam, employee=self.employee, tried_at=now)
            raise start_refused(exam.title, exam.attempts_allowed, refusal)
        return time_given(rules, extra, now)

    def _password(self) -> PasswordState:
        if not self.exam.password_hash or self.presence.vouched:
            return "not asked"
        # Asked before the password is looked at: who guesses must not learn that the last guess was right.
        if password_locked(self.exam.pk, self.employee.pk, self.now):
            return "locked"
        if not self.presence.password:
            return "missing"
        return "right" if password_fits(self.presence.password, self.exam.password_hash) else "wrong"

    def _create(self, same: Sequence[Earlier], given: TimeGiven) -> Attempt:
        if self.prepared is None:
            seed = new_seed()
            paper = draw_paper(self.exam, seed)
        else:
            seed, paper = self.prepared.seed, self.prepared.paper
        if counted_attempts(same):
            paper["policy"]["cap_pct"] = self.exam.resit_cap_pct
        with transaction.atomic():
            return Attempt.objects.create(
                exam=self.exam,
                employee=self.employee,
                purpose=self.purpose,
                number=max((attempt.number for attempt in same), default=0) + 1,
                paper=paper,
                seed=seed,
                device=self.device,
                started_at=self.now,
                deadline_at=given.ends_at,
                next_check_at=check_at(given.ends_at, paper),
            )
