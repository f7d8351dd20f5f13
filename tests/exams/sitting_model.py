"""What the machine of test_endpoint_machine.py knows: the people of a sitting, their devices, and what must be stored."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.models import Attempt, Exam
from people.models import Employee
from tests.factories.certificates import CertificateTemplateFactory
from tests.factories.exams import (
    NOW,
    BankFactory,
    TopicFactory,
    make_exam,
    right_response,
    single_choice,
    true_false,
    wrong_response,
)
from tests.factories.people import EmployeeFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory
from training.actions.completion import purpose_of
from training.models import Obligation, Programme

ALLOWED = 2
SLOTS = 2
DURATION_S = 60
GRACE_S = 5
OPEN = "open"
TASK = "task"
Response = list[str]
Name = tuple[int, int]  # slot, seq


class Killed(BaseException):
    """The process died here. Not an Exception: nothing in the product gets to see it."""


@contextmanager
def killed_before(statement: int) -> Iterator[None]:
    """Let the process die just before its n-th statement; what it had not committed by then is rolled back."""
    left = statement

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal left
        if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            left -= 1
            if left == 0:
                raise Killed
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


@dataclass(frozen=True)
class World:
    """What stands before the first move: two people who owe the same exam and may also take it unasked."""

    exam: Exam
    programme: Programme
    people: list[Employee]
    obligations: list[Obligation]

    @classmethod
    def make(cls) -> "World":
        """Write it."""
        bank, topic = BankFactory(), TopicFactory()
        drafts = [single_choice(topic), true_false(topic)]
        save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
        rows = [RowDraft(kind=kind, count=1, points=Decimal(5)) for kind in ("single_choice", "true_false")]
        exam = make_exam(
            bank, rows, attempts_allowed=ALLOWED, duration_s=DURATION_S, grace_s=GRACE_S, pass_pct=50
        )
        programme = ProgrammeFactory(exam=exam)
        CertificateTemplateFactory(programmes=[programme])
        rule = TrainingRuleFactory(programme=programme)
        people = [EmployeeFactory(assigned=True) for _ in range(2)]
        return cls(
            exam, programme, people, [ObligationFactory(rule=rule, employee=person) for person in people]
        )

    def purpose(self, person: int, way: str) -> str:
        """Return the words under which a person takes the exam."""
        return purpose_of(self.obligations[person]) if way == TASK else OPEN

    def start_address(self, person: int, way: str) -> str:
        """Return where a person starts it."""
        if way == OPEN:
            return reverse("exams:start", args=[self.exam.code])
        component = self.programme.components.get()
        return reverse("portal:start-task-exam", args=[self.obligations[person].public_id, component.pk])


@dataclass
class Paper:
    """What the model knows of one attempt."""

    pk: int
    public_id: uuid.UUID
    person: int
    purpose: str
    device: str
    due_at: dt.datetime  # deadline and grace
    choices: dict[int, tuple[Response, Response]]  # slot -> the right answer and a wrong one
    steps: dict[Name, Response] = field(default_factory=dict)
    is_closed: bool = False
    handed_in_at: dt.datetime | None = None  # as first seen; it may never change
    score: tuple[Decimal, bool] | None = None  # likewise

    @classmethod
    def of(cls, attempt: Attempt, person: int) -> "Paper":
        """Begin to follow an attempt."""
        return cls(
            pk=attempt.pk,
            public_id=attempt.public_id,
            person=person,
            purpose=attempt.purpose,
            device=attempt.device,
            due_at=attempt.deadline_at + dt.timedelta(seconds=GRACE_S),
            choices={
                slot: (right_response(attempt, slot), wrong_response(attempt, slot))
                for slot in range(1, SLOTS + 1)
            },
        )

    @property
    def answers(self) -> dict[int, Response]:
        """Return what counts: of each slot the step with the highest number."""
        return {slot: response for (slot, _seq), response in sorted(self.steps.items())}

    @property
    def tokens(self) -> list[str]:
        """Return names of options that stand on no other paper."""
        return [token for pair in self.choices.values() for one in pair for token in one if len(token) > 5]

    def clashes(self, steps: dict[Name, Response]) -> bool:
        """Tell whether one of these numbers stands for something else already."""
        return any(name in self.steps and self.steps[name] != response for name, response in steps.items())


@dataclass(frozen=True)
class Packet:
    """Answers on their way, as one device wrote them; the network may bring them late, twice, or never."""

    paper: Paper
    phone: "Phone"
    steps: tuple[tuple[Name, Response], ...]

    @property
    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        return {"steps": [{"slot": slot, "seq": seq, "response": to} for (slot, seq), to in self.steps]}


class Phone:
    """One browser of one person, signed in, with a device name and a counter of its own."""

    def __init__(self, world: World, person: int, name: str) -> None:
        self.world, self.person, self.device = world, person, name
        self.seq: dict[int, int] = {}
        self.client = Client(raise_request_exception=False)
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in (again): a night may have passed."""
        user = self.world.people[self.person].user
        assert user is not None
        self.client.cookies.clear()
        self.client.force_login(user)
        self.client.cookies["device"] = self.device
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"

    def next_seq(self, paper: Paper) -> int:
        """Count on. Two devices may well use the same number: neither knows of the other."""
        self.seq[paper.pk] = self.seq.get(paper.pk, 0) + 1
        return self.seq[paper.pk]

    def start(self, way: str) -> HttpResponse:
        """Press the button that starts the exam."""
        return self._answered(self.client.post(self.world.start_address(self.person, way)))

    def get(self, name: str, paper: Paper) -> HttpResponse:
        """Open a page of an attempt."""
        return self._answered(self.client.get(reverse(f"exams:{name}", args=[paper.public_id])))

    def post(self, name: str, paper: Paper, body: Any) -> HttpResponse:
        """Send something to an attempt."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        address = reverse(f"exams:{name}", args=[paper.public_id])
        return self._answered(self.client.post(address, text, content_type="application/json"))

    @staticmethod
    def _answered(response: Any) -> HttpResponse:
        assert response.status_code < 500, f"{response.status_code}: {getattr(response, 'exc_info', None)}"
        return response
