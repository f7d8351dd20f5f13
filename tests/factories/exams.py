"""Banks, questions, exams, attempts: made through the actions, so nothing here can be in a state they refuse."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import factory
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from exams.actions.attempts import save_answers, submit_attempt
from exams.actions.bank import QuestionDraft, save_questions
from exams.actions.exams import ExamDraft, RowDraft, save_exam
from exams.actions.media import save_media
from exams.actions.starting import start_attempt
from exams.models import AnswerKey, Attempt, Bank, Exam, Question, QuestionMedia, Topic
from exams.queries.papers import content_of
from exams.shapes import Option, Step
from exams.types import type_of
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
    """The response that answers a slot rightly."""
    entry = attempt.paper["slots"][slot - 1]
    key = AnswerKey.objects.select_related("version__media").get(version_id=entry["version_id"])
    kind = type_of(entry["kind"])
    right = kind.right_response(content_of(key.version), key.correct)
    tokens = dict(zip(entry["option_ids"], entry["tokens"], strict=True))
    return [tokens[text] for text in right] if kind.uses_tokens else right


def wrong_response(attempt: Attempt, slot: int) -> list[str]:
    """Something that answers a slot wrongly."""
    entry = attempt.paper["slots"][slot - 1]
    right = right_response(attempt, slot)
    if entry["kind"] in {"ordering", "matching"}:
        return right[1:] + right[:1]
    if entry["kind"] == "hazard_spotting":
        return ["10,10"]
    if not entry["tokens"]:
        return ["不知道"]
    return [token for token in entry["tokens"] if token not in right][:1]


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


# Questions of every type


def picture(width: int = 800, height: int = 600, **changes: Any) -> QuestionMedia:
    """A picture a question can have."""
    data = io.BytesIO()
    image = Image.new("RGB", (width, height), "#d8d4c8")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((width * 0.1, height * 0.1, width * 0.3, height * 0.4), fill="#b3261e")
    drawing.ellipse((width * 0.6, height * 0.5, width * 0.8, height * 0.8), fill="#005a9c")
    image.save(data, "PNG")
    given = {"alt": "车间一角，地上有杂物。", "acting_user": None, "now": NOW, **changes}
    return save_media(file=ContentFile(data.getvalue(), name="answer_B.png"), **given)


def fill_in(topic: Topic, code: str = "F-1", **changes: Any) -> QuestionDraft:
    """Two blanks: a text with synonyms and a number with a unit."""
    fields: dict[str, Any] = {
        "kind": "fill_in",
        "stem": f"高处作业要系好___，坠落高度基准面___及以上就算高处作业。（{code}）",
        "options": (),
        "body": {"blanks": [{"unit": ""}, {"unit": "m"}]},
        "correct": [{"accept": ["安全带", "安全绳"]}, {"number": "2", "tolerance": "0.1"}],
    }
    return single_choice(topic, code, **{**fields, **changes})


def ordering(topic: Topic, code: str = "O-1", **changes: Any) -> QuestionDraft:
    """Four steps; the options stand in another order than the right one."""
    fields: dict[str, Any] = {
        "kind": "ordering",
        "stem": f"停电检修的步骤是什么顺序？（{code}）",
        "options": [
            Option(id="1", text="挂牌上锁"),
            Option(id="2", text="停电"),
            Option(id="3", text="验电"),
            Option(id="4", text="装设接地线"),
        ],
        "correct": ["2", "3", "4", "1"],
    }
    return single_choice(topic, code, **{**fields, **changes})


def matching(topic: Topic, code: str = "P-1", **changes: Any) -> QuestionDraft:
    """Three colours of signs, four meanings."""
    fields: dict[str, Any] = {
        "kind": "matching",
        "stem": f"安全色各表示什么？（{code}）",
        "options": [
            Option(id="1", text="指令"),
            Option(id="2", text="禁止、停止"),
            Option(id="3", text="提示、安全状态"),
            Option(id="4", text="注意、警告"),
        ],
        "body": {"left": ["红色", "黄色", "蓝色"]},
        "correct": ["2", "4", "1"],
    }
    return single_choice(topic, code, **{**fields, **changes})


def hazard_spotting(topic: Topic, code: str = "H-1", **changes: Any) -> QuestionDraft:
    """Two hazards on a picture: a rectangle top left, a circle bottom right."""
    fields: dict[str, Any] = {
        "kind": "hazard_spotting",
        "stem": f"图里有哪些隐患？（{code}）",
        "options": (),
        "body": {"taps": 4},
        "correct": [
            {"name": "消防通道堆放杂物", "shape": "rect", "at": [1000, 1000, 3000, 4000]},
            {"name": "电缆破损", "shape": "circle", "at": [7000, 6500, 1000]},
        ],
    }
    fields["media"] = changes.pop("media", None) or picture()
    return single_choice(topic, code, **{**fields, **changes})


def short_answer(topic: Topic, code: str = "A-1", **changes: Any) -> QuestionDraft:
    """A question a person marks, by a rubric of two points."""
    fields: dict[str, Any] = {
        "kind": "short_answer",
        "stem": f"动火作业前要检查什么？（{code}）",
        "options": (),
        "correct": {
            "model": "检查可燃物、灭火器材和监护人。",
            "rubric": [{"point": "清理可燃物", "share": 60}, {"point": "监护人到场", "share": 40}],
        },
    }
    return single_choice(topic, code, **{**fields, **changes})


def case_analysis(topic: Topic, code: str = "C-1", **changes: Any) -> QuestionDraft:
    """A longer question a person marks."""
    return short_answer(
        topic, code, **{"kind": "case_analysis", "stem": f"分析这起事故的原因。（{code}）", **changes}
    )


DRAFTS = {
    "single_choice": single_choice,
    "multiple_choice": multiple_choice,
    "true_false": true_false,
    "fill_in": fill_in,
    "ordering": ordering,
    "matching": matching,
    "hazard_spotting": hazard_spotting,
    "short_answer": short_answer,
    "case_analysis": case_analysis,
}


def make_exam_of_all_types(**settings: Any) -> Exam:
    """An exam with one question of each type, 10 points each, in the order of DRAFTS."""
    bank, topic = BankFactory(), TopicFactory()
    drafts = [make(topic) for make in DRAFTS.values()]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [RowDraft(kind=kind, count=1, points=Decimal(10)) for kind in DRAFTS]
    return make_exam(bank, rows, **settings)
