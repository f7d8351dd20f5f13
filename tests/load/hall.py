"""The examination hall of a load: people signed in, an exam, and the comparison of what was acknowledged with the store."""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction

from common.clock import now
from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.marking import mark_paper
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState, Exam
from exams.queries import keys_of
from jobs.schedules import ensure_schedules
from people.models import Employee, EmploymentType, User
from people.sessions import BACKEND
from tests.factories.exams import BankFactory, TopicFactory, make_exam, single_choice
from tests.load.phones import CSRF, Sheet

CHUNK = 500


def make_hall(*, questions: int = 20, bank_size: int = 60, duration_s: int = 3600, attempts: int = 1) -> Exam:
    """Make an exam whose papers are drawn from a bank, and put the queue's schedule in place."""
    bank, topic = BankFactory(), TopicFactory()
    drafts = [single_choice(topic, f"S-{number}") for number in range(bank_size)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=now())
    rows = [RowDraft(kind="single_choice", count=questions, points=Decimal(5))]
    ensure_schedules()
    return make_exam(bank, rows, duration_s=duration_s, attempts_allowed=attempts, code="load")


@transaction.atomic
def sign_in_many(count: int) -> list[str]:
    """Make so many employees with accounts and running sessions; return the Cookie header of each.

    Nobody's password is checked: hashing 2,000 passwords takes minutes of processor time on any machine, which is
    why the doors of a hall open long before the exam.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    unusable = make_password(None)
    until = now() + dt.timedelta(hours=12)
    cookies = []
    for begin in range(0, count, CHUNK):
        numbers = range(begin, min(begin + CHUNK, count))
        users = User.objects.bulk_create(
            User(username=f"k{number:06d}", name=f"考生{number}", password=unusable) for number in numbers
        )
        Employee.objects.bulk_create(
            Employee(
                user=user,
                employee_no=user.username,
                name=user.name,
                employment_type=EmploymentType.OWN,
                hired_on=dt.date(2026, 3, 2),
            )
            for user in users
        )
        keys = {user.pk: secrets.token_hex(16) for user in users}
        Session.objects.bulk_create(
            Session(
                session_key=keys[user.pk],
                session_data=store.encode(
                    {
                        SESSION_KEY: str(user.pk),
                        BACKEND_SESSION_KEY: BACKEND,
                        HASH_SESSION_KEY: user.get_session_auth_hash(),
                    }
                ),
                expire_date=until,
            )
            for user in users
        )
        cookies += [
            f"{settings.SESSION_COOKIE_NAME}={keys[user.pk]}; {settings.CSRF_COOKIE_NAME}={CSRF}; "
            f"device=device-of-candidate-{user.username}"
            for user in users
        ]
    return cookies


def end_time_now(at: dt.datetime) -> int:
    """Let the time of every open attempt be over at `at`, as if all had begun together; return how many are open."""
    running = Attempt.objects.filter(state=AttemptState.OPEN)
    grace = running.values_list("exam__grace_s", flat=True).first() or 0
    return running.update(deadline_at=at, next_check_at=at + dt.timedelta(seconds=grace))


def open_and_unmarked() -> tuple[int, int]:
    """Count the attempts still open, and those handed in but not marked."""
    states = Counter(Attempt.objects.exclude(state=AttemptState.GRADED).values_list("state", flat=True))
    still_open = states.pop(AttemptState.OPEN, 0)
    return still_open, sum(states.values())


@dataclass(slots=True)
class Comparison:
    """What became of what the server acknowledged. All but the first two and `in_doubt` must be 0."""

    attempts: int = 0
    acknowledged: int = 0
    in_doubt: int = 0  # sent, never acknowledged, stored all the same: allowed
    lost: int = 0  # acknowledged, not stored
    altered: int = 0  # stored with another answer than was acknowledged
    never_sent: int = 0  # stored, but nobody sent it
    still_open: int = 0
    unmarked: int = 0
    marked_twice: int = 0
    marked_wrongly: int = 0  # the mark is not that of the stored answers
    hand_ins_lost: int = 0  # acknowledged, yet open
    unknown_attempts: int = 0  # stored, but no candidate was told of them

    @property
    def problems(self) -> int:
        """Return how many things are wrong."""
        counts = asdict(self)
        return sum(counts[name] for name in counts if name not in {"attempts", "acknowledged", "in_doubt"})


def compare(sheets: Iterable[Sheet]) -> Comparison:
    """Compare every acknowledged answer with what is stored, and every mark with a marking of what is stored."""
    found = Comparison()
    by_id = {sheet.public_id: sheet for sheet in sheets}
    found.attempts = len(by_id)
    seen = 0
    queryset = Attempt.objects.order_by("pk").defer("seed")
    last = 0
    while chunk := list(queryset.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        steps: dict[int, dict[tuple[int, int], tuple[str, ...]]] = {}
        rows = AnswerStep.objects.filter(attempt__in=chunk).values_list(
            "attempt_id", "slot", "seq", "response"
        )
        for pk, slot, seq, response in rows:
            steps.setdefault(pk, {})[slot, seq] = tuple(response)
        marks: dict[int, list[AttemptMark]] = {}
        for mark in AttemptMark.objects.filter(attempt__in=chunk):
            marks.setdefault(mark.attempt_id, []).append(mark)
        keys = keys_of({slot["version_id"] for attempt in chunk for slot in attempt.paper["slots"]})
        for attempt in chunk:
            sheet = by_id.get(str(attempt.public_id))
            stored = steps.get(attempt.pk, {})
            if sheet is None:
                # A start whose reply was lost and that nobody came back to.
                found.unknown_attempts += bool(stored)
            else:
                seen += 1
                _compare_steps(found, sheet, stored)
                found.hand_ins_lost += sheet.handed_in and attempt.state == AttemptState.OPEN
            _compare_marks(found, attempt, stored, marks.get(attempt.pk, []), keys)
    found.lost += sum(len(sheet.acknowledged) for sheet in by_id.values()) - found.acknowledged
    return found


def _compare_steps(found: Comparison, sheet: Sheet, stored: dict[tuple[int, int], tuple[str, ...]]) -> None:
    found.acknowledged += len(sheet.acknowledged)
    for name, response in sheet.acknowledged.items():
        if name not in stored:
            found.lost += 1
        elif stored[name] != response:
            found.altered += 1
    for name, response in stored.items():
        if sheet.sent.get(name) != response:
            found.never_sent += 1
        elif name not in sheet.acknowledged:
            found.in_doubt += 1


def _compare_marks(
    found: Comparison,
    attempt: Attempt,
    stored: dict[tuple[int, int], tuple[str, ...]],
    marks: list[AttemptMark],
    keys: dict[int, list[str]],
) -> None:
    found.still_open += attempt.state == AttemptState.OPEN
    found.unmarked += attempt.state != AttemptState.OPEN and not marks
    found.marked_twice += len(marks) > 1
    answers = {slot: list(response) for (slot, _seq), response in sorted(stored.items())}
    if marks:
        replay = mark_paper(attempt.paper, answers, keys)
        found.marked_wrongly += (marks[0].score_pct, marks[0].passed) != (replay.score_pct, replay.passed)
