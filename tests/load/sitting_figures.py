"""What the bench measures of a sitting of 2,000 seats: drawing before the bell, tickets, starts, the end."""

import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from common.clock import now
from exams.actions.attempts import close_expired_attempts
from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.prepared import prepare_papers
from exams.actions.seat_tickets import issue_tickets, redeem_ticket
from exams.actions.seats import add_people, admit
from exams.actions.sitting_start import start_in_sitting
from exams.actions.sittings import end_sitting, open_doors, open_sitting
from exams.models import Attempt, AttemptState, PreparedPaper
from people.models import Employee, User
from tests.factories.exams import BankFactory, TopicFactory, make_exam, single_choice
from tests.factories.sittings import make_sitting

Report = Callable[..., None]
SEATS = 2_000
STARTS = 200  # of them, one after the other
QUESTIONS = 20


def sitting(report: Report) -> None:
    """Prepare 2,000 papers of 20 questions from a bank of 200, redeem tickets, start, and end with silent clients."""
    bank, topic = BankFactory(), TopicFactory()
    drafts = [single_choice(topic, f"S-{number}") for number in range(200)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=now())
    exam = make_exam(bank, [RowDraft(kind="single_choice", count=QUESTIONS, points=Decimal(5))])
    planned = make_sitting(exam, [], now=now())
    common: dict[str, Any] = {"sitting_id": planned.pk, "acting_user": None}
    add_people(employee_ids=_people(), now=now(), **common)
    begun = time.perf_counter()
    done = prepare_papers(now=now(), **common)
    report("sitting_prepare_2000x20", time.perf_counter() - begun, "s")
    if done.made != SEATS or PreparedPaper.objects.count() != SEATS:
        raise RuntimeError(f"{done.made} of {SEATS} papers were prepared")
    begun = time.perf_counter()
    tickets = issue_tickets(now=now(), **common)
    report("sitting_tickets_2000", time.perf_counter() - begun, "s")
    open_doors(now=now(), **common)
    report("sitting_ticket_redeem", _median(tickets, _redeem), "s")
    admit(seat_ids=[ticket.seat.pk for ticket in tickets], now=now(), **common)
    open_sitting(now=now(), **common)
    report("sitting_start_prepared", _median(tickets, _start), "s")
    begun = time.perf_counter()
    end_sitting(now=now(), **common)
    report("sitting_end_2000", time.perf_counter() - begun, "s")
    begun = time.perf_counter()
    later = Attempt.objects.filter(exam=exam).latest("next_check_at").next_check_at
    close_expired_attempts(now=(later or now()).replace(microsecond=999_999))
    report("sitting_close_and_mark_200", time.perf_counter() - begun, "s")
    graded = Attempt.objects.filter(exam=exam, state=AttemptState.GRADED).count()
    if graded != STARTS:
        raise RuntimeError(f"{graded} of {STARTS} papers were closed and marked")


def _people() -> list[int]:
    users = User.objects.bulk_create(User(username=f"sit{n}", name=f"考生{n}") for n in range(SEATS))
    people = Employee.objects.bulk_create(
        Employee(user=user, employee_no=f"SIT{n}", name=user.name, hired_on=now().date())
        for n, user in enumerate(users)
    )
    return [person.pk for person in people]


def _median(tickets: list[Any], call: Callable[[Any], object]) -> float:
    times = []
    for ticket in tickets[:STARTS]:
        begun = time.perf_counter()
        call(ticket)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _redeem(ticket: Any) -> None:
    redeem_ticket(token=ticket.token, address="10.0.0.1", now=now())


def _start(ticket: Any) -> None:
    start_in_sitting(
        sitting_public_id=ticket.seat.sitting.public_id,
        employee_id=ticket.seat.employee_id,
        device="phone-of-the-bench-0001",
        now=now(),
    )
