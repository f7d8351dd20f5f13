"""Banks, questions, exams, attempts: made through the actions, so nothing here can be in a state they refuse."""

import datetime as dt
from decimal import Decimal
from typing import Any

import factory

from exams.actions.attempts import Step, save_answers, start_attempt, submit_attempt
from exams.actions.bank import QuestionDraft, save_questions
from exams.actions.exams import ExamDraft, RowDraft, save_exam
from exams.models import AnswerKey, Attempt, Bank, Exam, Question, Topic
from exams.shapes import Option
from tests.factories.people import EmployeeFactory

NOW = dt.datetime(2026, 5, 11, 1, 0, tzinfo=dt.UTC)
DEVICE = "phone-of-the-candidate-0001"


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    code = factory.Sequence(lambda n: f"topic-{n}")
    name = factory.Sequence(lambda n: f"知识点{n}")


class BankFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Bank

    code = factory.Sequence(lambda n: f"bank-{n}")
    name = factory.Sequence(lambda n: f"题库{n}")


def single_choice(topic: Topic, code: str = "S-1", **changes: Any) -> QuestionDraft:
    """A single choice question whose right answer is C."""
    fields: dict[str, Any] = {
        "code": code,
        "topic": topic,
        "kind": "single_choice",
        "stem": f"进入受限空间的作业顺序是什么？（{code}）",
        "options": [
            Option(id="A", text="先检测、再作业、后通风"),
            Option(id="B", text="先作业、再通风、后检测"),
            Option(id="C", text="先通风、再检测、后作业"),
            Option(id="D", text="先作业、再检测、后通风"),
        ],
        "correct": ["C"],
        "explanation": f"先通风，再检测，后作业。（{code}）",
        "source": "GB 30871",
    }
    return QuestionDraft(**{**fields, **changes})


def multiple_choice(topic: Topic, code: str = "M-1", **changes: Any) -> QuestionDraft:
    """A multiple choice question whose right answers are A and C."""
    fields: dict[str, Any] = {
        "kind": "multiple_choice",
        "stem": f"动火前要做哪些事？（{code}）",
        "options": [
            Option(id="A", text="办理动火作业票"),
            Option(id="B", text="把灭火器搬远一点"),
            Option(id="C", text="清除周围可燃物"),
        ],
        "correct": ["A", "C"],
        "explanation": f"票证、清理、监护缺一不可。（{code}）",
    }
    return single_choice(topic, code, **{**fields, **changes})


def true_false(topic: Topic, code: str = "T-1", **changes: Any) -> QuestionDraft:
    """A statement that is wrong."""
    fields: dict[str, Any] = {
        "kind": "true_false",
        "stem": f"发现有人在罐内倒下，应当立即下去把人拉上来。（{code}）",
        "options": (),
        "correct": ["false"],
        "explanation": f"盲目施救会扩大伤亡。（{code}）",
    }
    return single_choice(topic, code, **{**fields, **changes})


def make_bank(
    *, singles: int = 4, multiples: int = 2, judgements: int = 2, topic: Topic | None = None
) -> Bank:
    """A bank with questions of each kind, all of one topic."""
    bank = BankFactory()
    topic = topic or TopicFactory()
    drafts = [single_choice(topic, f"S-{n}") for n in range(singles)]
    drafts += [multiple_choice(topic, f"M-{n}") for n in range(multiples)]
    drafts += [true_false(topic, f"T-{n}") for n in range(judgements)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    return bank


def make_exam(bank: Bank | None = None, rows: list[RowDraft] | None = None, **settings: Any) -> Exam:
    """An exam of two single choice (10 points each), one multiple choice and one judgement (5 each)."""
    bank = bank or make_bank()
    rows = rows or [
        RowDraft(kind="single_choice", count=2, points=Decimal(10)),
        RowDraft(kind="multiple_choice", count=1, points=Decimal(5)),
        RowDraft(kind="true_false", count=1, points=Decimal(5)),
    ]
    settings.setdefault("code", f"exam-{bank.code}")
    settings.setdefault("title", "岗前安全考试")
    return save_exam(draft=ExamDraft(bank=bank, rows=rows, **settings), acting_user=None)


def make_attempt(
    exam: Exam | None = None,
    *,
    device: str = DEVICE,
    purpose: str = "obligation:1",
    now: dt.datetime = NOW,
    **kwargs: Any,
) -> Attempt:
    """An open attempt; `employee` chooses whose."""
    employee = kwargs.pop("employee", None) or EmployeeFactory()
    return start_attempt(exam=exam or make_exam(), employee=employee, purpose=purpose, device=device, now=now)


def right_response(attempt: Attempt, slot: int) -> list[str]:
    """The tokens that answer a slot rightly."""
    entry = attempt.paper["slots"][slot - 1]
    correct = AnswerKey.objects.get(version_id=entry["version_id"]).correct
    pairs = zip(entry["option_ids"], entry["tokens"], strict=True)
    return [token for option_id, token in pairs if option_id in correct]


def wrong_response(attempt: Attempt, slot: int) -> list[str]:
    """Tokens that answer a slot wrongly."""
    right = right_response(attempt, slot)
    return [token for token in attempt.paper["slots"][slot - 1]["tokens"] if token not in right][:1]


def answer(
    attempt: Attempt, responses: dict[int, list[str]], *, seq: int = 1, now: dt.datetime = NOW
) -> None:
    """Save responses, slot → tokens, all with one seq."""
    save_answers(
        attempt_public_id=attempt.public_id,
        employee_id=attempt.employee_id,
        steps=[Step(slot=slot, seq=seq, response=response) for slot, response in responses.items()],
        device=attempt.device,
        now=now,
    )


def submit(attempt: Attempt, *, now: dt.datetime = NOW) -> Attempt:
    return submit_attempt(
        attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device=attempt.device, now=now
    )


def sit(
    exam: Exam, employee: Any, *, right: bool, purpose: str = "obligation:1", now: dt.datetime = NOW
) -> Attempt:
    """A whole sitting: all answers right, or all wrong."""
    attempt = make_attempt(exam, employee=employee, purpose=purpose, now=now)
    choose = right_response if right else wrong_response
    slots = range(1, len(attempt.paper["slots"]) + 1)
    answer(attempt, {slot: choose(attempt, slot) for slot in slots}, now=now)
    return submit(attempt, now=now)


def question(bank: Bank, code: str) -> Question:
    return Question.objects.get(bank=bank, code=code)
