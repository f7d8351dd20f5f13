"""What the tests of practice share: a bank released for practice, answers through the ticket a page shows."""

import datetime as dt
from typing import Any

from exams.actions.bank import save_questions
from exams.actions.practice import record_answer
from exams.models import AnswerKey, Bank, PracticeAnswer, Question, Topic
from exams.queries.papers import content_of
from exams.queries.practice_serving import Serving, read_ticket, serve, tokens_of
from exams.types import type_of
from people.models import Employee
from tests.factories.exams import NOW, BankFactory, TopicFactory, single_choice

DAY = dt.timedelta(days=1)


def practice_bank(count: int = 4, *, topic: Topic | None = None, **changes: Any) -> Bank:
    """A bank released for practice with single choice questions whose right answer is C."""
    bank = BankFactory(may_be_practised=True)
    topic = topic or TopicFactory()
    drafts = [single_choice(topic, f"S-{n}", **changes) for n in range(count)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    return bank


def shown_to(
    employee: Employee, question: Question, *, mode: str = "topic", now: dt.datetime, **more: Any
) -> Serving:
    """A question as it is shown to a person."""
    assert question.current_version_id
    (one,) = serve([question.current_version_id], employee_id=employee.pk, mode=mode, now=now, **more)
    return read_ticket(one.ticket, employee_id=employee.pk, now=now)


def response_to(serving: Serving, *, right: bool) -> list[str]:
    """The tokens that answer a serving rightly, or wrongly."""
    key = AnswerKey.objects.select_related("version__media").get(version_id=serving.version_id)
    kind, version = type_of(key.version.kind), key.version
    given = kind.right_response(content_of(version), key.correct)
    if not kind.uses_tokens:
        if right:
            return given
        return ["10,10"] if version.kind == "hazard_spotting" else ["不知道"]
    tokens = dict(tokens_of(version, serving.id.hex))
    if right:
        return [tokens[option_id] for option_id in given]
    if version.kind in {"ordering", "matching"}:
        return [tokens[option_id] for option_id in given[1:] + given[:1]]
    return [token for option_id, token in tokens.items() if option_id not in given][:1]


def practise(
    employee: Employee,
    question: Question,
    *,
    right: bool,
    now: dt.datetime,
    after_s: int = 60,
    **more: Any,
) -> PracticeAnswer:
    """Show a question and answer it `after_s` seconds later."""
    serving = shown_to(employee, question, now=now - dt.timedelta(seconds=after_s), **more)
    return record_answer(serving=serving, response=response_to(serving, right=right), now=now)
