"""What a person is told before an exam: its rules, the time they get, and what is in the way."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime

from exams.admission import (
    NOWHERE,
    Facts,
    Obstacle,
    Presence,
    Refusal,
    TimeGiven,
    obstacle_to,
    time_given,
)
from exams.errors import start_refused
from exams.models import AttemptState, Exam, Navigation, TakeOver
from exams.queries.admission import counted_attempts, door_of, in_network, past_of, rules_of
from exams.queries.paper_sources import question_count
from exams.queries.restudy import restudy_for


@dataclass(frozen=True, slots=True)
class ExamIntro:
    """What a person should know before starting.

    `time` is what they would get by starting now, with their extra time; `refusal` what keeps them from it.
    `restudy` are the titles to study again before a resit.
    """

    exam: Exam
    question_count: int
    attempts_left: int
    open_attempt: uuid.UUID | None
    time: TimeGiven
    extra_s: int
    refusal: Refusal | None
    is_resit: bool
    restudy: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the exam's name."""
        return self.exam.title

    @property
    def duration_min(self) -> int:
        """Return the usual time in minutes."""
        return self.exam.duration_s // 60

    @property
    def full_min(self) -> int:
        """Return this person's time in minutes, extra time included."""
        return self.time.full_s // 60

    @property
    def extra_min(self) -> int:
        """Return the extra time in minutes."""
        return self.extra_s // 60

    @property
    def pass_pct(self) -> int:
        """Return the pass line in per cent."""
        return self.exam.pass_pct

    @property
    def attempts_allowed(self) -> int:
        """Return how often the exam may be sat."""
        return self.exam.attempts_allowed

    @property
    def must_know_fails(self) -> bool:
        """Tell whether one wrong must-know question fails the exam."""
        return self.exam.must_know_fails

    @property
    def window_ends(self) -> str:
        """Return when the window ends, without the day where it is the day on which it opens."""
        opens_at, closes_at = self.exam.opens_at, self.exam.closes_at
        if closes_at is None:
            return ""
        same_day = opens_at is not None and localtime(opens_at).date() == localtime(closes_at).date()
        return date_format(localtime(closes_at), "H:i" if same_day else "Y-m-d H:i")

    @property
    def last_start(self) -> dt.datetime | None:
        """Return the last moment for latecomers to start, or None."""
        return rules_of(self.exam).window.last_start

    @property
    def asks_password(self) -> bool:
        """Tell whether a password is to be typed in."""
        return bool(self.exam.password_hash) and self.open_attempt is None

    @property
    def one_way(self) -> bool:
        """Tell whether a question that was left stays left."""
        return self.exam.navigation == Navigation.ONE_WAY

    @property
    def device_is_kept(self) -> bool:
        """Tell whether only the invigilator lets another device go on."""
        return self.exam.take_over == TakeOver.RELEASED

    @property
    def can_start(self) -> bool:
        """Tell whether a new attempt may be started now, or an open one continued."""
        return self.open_attempt is not None or self.refusal is None

    @property
    def waits(self) -> bool:
        """Tell whether time alone opens it: the page may say so calmly."""
        return self.refusal is not None and self.refusal.until is not None

    @property
    def refused(self) -> str:
        """Say what is in the way, and what to do."""
        if self.refusal is None:
            return ""
        return str(start_refused(self.exam.title, self.exam.attempts_allowed, self.refusal))


def exam_intro(
    exam: Exam, employee_id: int, purpose: str, now: dt.datetime, presence: Presence = NOWHERE
) -> ExamIntro:
    """Return the rules of an exam and where this person stands in it.

    Two statements, and what the room above needs to tell whether study is due before a resit.
    """
    door = door_of(exam.pk, employee_id)
    attempts = counted_attempts(door.for_purpose(purpose))
    running = next((each for each in attempts if each.state == AttemptState.OPEN), None)
    restudy = restudy_for(exam, employee_id, purpose, attempts) if exam.resit_after_study else None
    rules = rules_of(exam)
    facts = Facts(
        now=now,
        past=past_of(attempts),
        restudied=restudy is None or not restudy.missing,
        in_network=in_network(exam, presence.address),
        on_kiosk=presence.on_kiosk or not exam.kiosk_only,
    )
    refusal = obstacle_to(rules, facts)
    # Before the bell: what will be, not what is.
    start = refusal.until if refusal and refusal.obstacle == Obstacle.NOT_YET and refusal.until else now
    return ExamIntro(
        exam=exam,
        question_count=question_count(exam),
        attempts_left=max(exam.attempts_allowed - len(attempts), 0),
        open_attempt=running.public_id if running and not running.is_due(now) else None,
        time=time_given(rules, door.extra, start),
        extra_s=door.extra.of(exam.duration_s),
        refusal=refusal,
        is_resit=bool(attempts),
        restudy=restudy.missing if restudy else (),
    )
