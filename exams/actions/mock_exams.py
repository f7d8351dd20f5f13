"""Mock exams: a paper by an exam's blueprint, of questions released for practice. No attempt, no pass."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from exams.actions.exams import row_of
from exams.actions.papers import policy_of
from exams.actions.practice import insert_answers
from exams.drawing import InfeasibleBlueprint, PoolItem, draw, make_paper, new_seed
from exams.errors import PracticeRefused
from exams.marking import chosen_options, mark_paper
from exams.models import Exam, MockExam, MockResult, PaperSource, PracticeMode, QuestionVersion
from exams.queries import describe_row, marking_of, options_of
from exams.queries.practice_pool import is_any_locked, pool
from exams.shapes import Paper, Response
from exams.types import type_of
from people.models import Employee


def start_mock(*, exam: Exam, employee: Employee, now: dt.datetime) -> MockExam:
    """Draw a paper by the exam's blueprint from what may be practised now.

    Raises: PracticeRefused naming the row that cannot be met, or that the exam is closed.
    """
    # A fixed paper follows no blueprint: what rows its exam may still have from before are not what is sat.
    if not exam.is_open or not exam.bank.may_be_practised or exam.paper_source == PaperSource.FIXED:
        raise PracticeRefused(_("考试“%(title)s”没有开放模拟。") % {"title": exam.title})
    stored = list(exam.blueprint_rows.select_related("topic"))
    items = [
        PoolItem(item.question_id, item.version_id, item.topic_id, item.kind, item.difficulty, item.must_know)
        for item in pool(now, bank_id=exam.bank_id, employee_id=employee.pk)
    ]
    seed = new_seed()
    try:
        drawn = draw([row_of(row) for row in stored], items, seed)
    except InfeasibleBlueprint as error:
        row = next(row for row in stored if row.position == error.row.position)
        raise PracticeRefused(
            _("现在抽不出“%(title)s”的模拟卷：%(row)s还差 %(n)s 题。正在考试的题会锁住，考试结束以后再试。")
            % {"title": exam.title, "row": describe_row(row), "n": error.missing}
        ) from error
    paper = make_paper(drawn, options_of(entry.item.version_id for entry in drawn), policy_of(exam), seed)
    return MockExam.objects.create(exam=exam, employee=employee, paper=paper, started_at=now)


def hand_in_mock(*, mock: MockExam, responses: Mapping[int, Response], now: dt.datetime) -> MockResult:
    """Mark a mock exam and store what was answered; a second call returns the first result.

    What a person would have to mark is left out of the score. Raises: PracticeRefused while one of its
    questions is part of an exam that has begun meanwhile.
    """
    stored = MockResult.objects.filter(mock=mock).first()
    if stored is not None:
        return stored
    slots = mock.paper["slots"]
    versions = QuestionVersion.objects.in_bulk([slot["version_id"] for slot in slots])
    if is_any_locked({version.question_id for version in versions.values()}, now, mock.employee_id):
        raise PracticeRefused(
            _("卷里有题正在考试中使用，考试结束以后再交这份模拟卷。你的作答没有丢，请留着本页。")
        )
    given: dict[int, Response] = {
        number: list(responses.get(number, []))
        for number, slot in enumerate(slots, start=1)
        if type_of(slot["kind"]).accepts(responses.get(number, []), slot["tokens"])
    }
    keys, bodies = marking_of(versions)
    machine = [
        (number, slot) for number, slot in enumerate(slots, start=1) if not type_of(slot["kind"]).by_hand
    ]
    score: Decimal | None = None
    per_slot: list[dict[str, object]] = []
    if machine:
        part = Paper(format=1, slots=[slot for _number, slot in machine], policy=mock.paper["policy"])
        renumbered = {place: given.get(number, []) for place, (number, _slot) in enumerate(machine, start=1)}
        mark = mark_paper(part, renumbered, keys, bodies=bodies)
        score = mark.score_pct
        per_slot = [
            {**entry, "slot": number} for entry, (number, _slot) in zip(mark.per_slot, machine, strict=True)
        ]
    try:
        with transaction.atomic():
            result = MockResult.objects.create(
                mock=mock,
                responses={str(n): text for n, text in given.items()},
                per_slot=per_slot,
                score_pct=score,
                handed_in_at=now,
            )
            answers = []
            for number, slot in enumerate(slots, start=1):
                version = versions[slot["version_id"]]
                chosen = chosen_options(slot, given.get(number, []))
                if type_of(slot["kind"]).is_answer(chosen):
                    fraction = type_of(slot["kind"]).mark(chosen, bodies[version.pk], keys[version.pk])
                    answers.append((version, chosen, fraction))
            insert_answers(employee_id=mock.employee_id, mode=PracticeMode.MOCK, answers=answers, now=now)
    except IntegrityError:
        return MockResult.objects.get(mock=mock)
    return result
