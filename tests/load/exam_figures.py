"""What the bench measures of exams beside saving answers: starting, handing in, analysis, regrading, near-identical questions."""

import random
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.db import connections

from common.clock import now
from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.regrade import plan_regrade, regrade_exam, start_regrade
from exams.marking import mark_paper
from exams.models import AnswerStep, Attempt, AttemptMark, AttemptState, Exam
from exams.queries import marking_of
from exams.queries.analysis import exam_analysis
from exams.queries.corrections import correctable_versions
from exams.similarity import Text, near_pairs
from tests.factories.exams import (
    BankFactory,
    TopicFactory,
    make_attempt,
    make_exam,
    question,
    single_choice,
)
from tests.factories.people import EmployeeFactory
from tests.load import hall
from tests.load.phones import CSRF
from tests.load.server import Request, rate_of_each_once, running_server

Report = Callable[..., None]
QUESTIONS = 5_000
ATTEMPTS = 2_000
SLOTS = 20
PEOPLE = 420  # who start and hand in, the first twenty uncounted
CLIENTS = 8
SIGNS = "作业前应检查设备电源挂牌上锁通风检测气体浓度监护人员安全带防护眼镜灭火器材动火高处吊装受限空间临时用电盲板抽堵断路挖掘化学品泄漏应急救援"


def exams(folder: Path, report: Report) -> Exam:
    """Measure all of a sitting but the saving of answers, which stands beside the study beats in figures.py.

    Returns an exam of 2,000 attempts for what else is to be measured of one.
    """
    item_analysis(report)
    sat = regrade(report)
    sitting_views(folder, report)
    return sat


def near_questions(report: Report) -> None:
    """Find the near-identical pairs of 5,000 stems, 250 of which were planted; the yardstick: stems compared with one."""
    chance = random.Random(1)
    stems = ["".join(chance.choices(SIGNS, k=chance.randint(20, 60))) for _ in range(QUESTIONS)]
    for place in range(250):
        stems[-1 - place] = stems[place][:-1] + "吗"
    texts = [Text(number, stem) for number, stem in enumerate(stems)]
    begun = time.perf_counter()
    found = near_pairs(texts)
    report("near_questions_5000", time.perf_counter() - begun, "s")
    if len(found) < 250:
        raise RuntimeError(f"only {len(found)} of 250 planted pairs were found")


def regrade(report: Report) -> Exam:
    """Try out and run a regrade of 2,000 attempts of 20 questions, half of which change; return the exam."""
    exam, marking_s = _sat_exam(20)
    stored = question(exam.bank, "S-0")
    save_questions(
        bank=exam.bank,
        drafts=[single_choice(stored.topic, "S-0", correct=["A"])],
        acting_user=None,
        now=now(),
    )
    pairs = {each.version.pk: each.by_version.pk for each in correctable_versions(exam.pk)}
    begun = time.perf_counter()
    plan = plan_regrade(exam=exam, corrections=pairs, acting_user=None)
    report("regrade_dry_run_2000x20", time.perf_counter() - begun, "s")
    start_regrade(exam=exam, corrections=pairs, reason="bench", acting_user=None, now=now())
    begun = time.perf_counter()
    done = regrade_exam(exam_id=exam.pk, reason="bench", now=now())
    report("regrade_2000x20", time.perf_counter() - begun, "s", yardstick=marking_s)
    if not done.changed == len(plan.changes) > 0:
        raise RuntimeError(f"the dry run said {len(plan.changes)}, the regrade changed {done.changed}")
    return exam


def item_analysis(report: Report) -> None:
    """Analyse 2,000 attempts of 20 and of 50 questions; the yardstick reads the same answers and nothing else."""
    for slots in (20, 50):
        exam, _marking_s = _sat_exam(slots)
        begun = time.perf_counter()
        rows = list(
            AnswerStep.objects.filter(attempt__exam=exam).values_list("attempt_id", "slot", "seq", "response")
        )
        reading_s = time.perf_counter() - begun
        begun, begun_cpu = time.perf_counter(), time.process_time()
        found = exam_analysis(exam, first_only=False)
        taken, taken_cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
        if found.figures.n != ATTEMPTS or len(found.items) != slots or len(rows) != ATTEMPTS * slots:
            raise RuntimeError(f"analysed {found.figures.n} attempts of {len(found.items)} questions")
        report(f"item_analysis_2000x{slots}", taken, "s", yardstick=reading_s)
        report(
            f"item_analysis_2000x{slots}_cpu", taken_cpu, "s"
        )  # what other work on the machine does not move


def sitting_views(folder: Path, report: Report) -> None:
    """Start and hand in exams through a real server, each person once; the yardstick is the bare insert beside them."""
    exam = hall.make_hall(questions=SLOTS)
    cookies = hall.sign_in_many(PEOPLE)
    one = make_attempt(make_exam(), now=now())
    connections.close_all()
    headers = [
        {"Cookie": cookie, "X-CSRFToken": CSRF, "Content-Type": "application/json"} for cookie in cookies
    ]
    bare = [Request("POST", f"/bench/insert/{one.pk}/", b"{}" + b" " * 100, each) for each in headers]
    start = [Request("POST", f"/exam/start/{exam.code}/", b"", each) for each in headers]
    with running_server(folder) as port:
        rate_of_each_once(port, bare[:50], clients=CLIENTS)  # the first requests load code
        rate_of_each_once(port, start[:20], clients=CLIENTS, expected=302)
        bare_rate = rate_of_each_once(port, bare, clients=CLIENTS)
        started = rate_of_each_once(port, start[20:], clients=CLIENTS, expected=302)
        report("exam_start", started, "requests/s", yardstick=bare_rate)
        numbers = {f"k{number:06d}": each for number, each in enumerate(headers)}
        papers = Attempt.objects.filter(exam=exam).values_list("employee__employee_no", "public_id")
        hand_in = [
            Request("POST", f"/exam/{public_id}/submit", b'{"steps": []}', numbers[number])
            for number, public_id in papers
        ]
        connections.close_all()
        rate_of_each_once(port, hand_in[:20], clients=CLIENTS)
        handed_in = rate_of_each_once(port, hand_in[20:], clients=CLIENTS)
        report("exam_hand_in", handed_in, "requests/s", yardstick=bare_rate)
    if Attempt.objects.filter(exam=exam, state=AttemptState.GRADED).count() != PEOPLE:
        raise RuntimeError("not every attempt was marked when it was handed in")


def _sat_exam(slots_each: int) -> tuple[Exam, float]:
    """Make an exam with 2,000 marked attempts: one drawn by the actions, the others copies of it in bulk.

    Returns it with the seconds of marking them all, without a database.
    """
    bank, topic = BankFactory(), TopicFactory()
    drafts = [single_choice(topic, f"S-{number}") for number in range(slots_each)]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=now())
    exam = make_exam(bank, [RowDraft(kind="single_choice", count=slots_each, points=Decimal(5))])
    first = make_attempt(exam, now=now())
    person, at = EmployeeFactory(), now()
    attempts = Attempt.objects.bulk_create(
        Attempt(
            exam=exam,
            employee=person,
            purpose="open",
            number=number + 1,
            paper=first.paper,
            seed="",
            state=AttemptState.GRADED,
            started_at=first.started_at,
            deadline_at=first.deadline_at,
            submitted_at=at,
        )
        for number in range(ATTEMPTS)
    )
    slots = list(enumerate(first.paper["slots"], start=1))
    answers = [
        {
            place: [slot["tokens"][slot["option_ids"].index("C" if number % 2 else "A")]]
            for place, slot in slots
        }
        for number in range(2)
    ]
    AnswerStep.objects.bulk_create(
        (
            AnswerStep(attempt=attempt, slot=place, seq=place, response=response, saved_at=at)
            for number, attempt in enumerate(attempts)
            for place, response in answers[number % 2].items()
        ),
        batch_size=2_000,
    )
    keys, bodies = marking_of(slot["version_id"] for _place, slot in slots)
    begun = time.perf_counter()
    for number in range(ATTEMPTS):
        mark_paper(first.paper, answers[number % 2], keys, bodies=bodies)
    marking_s = time.perf_counter() - begun
    results = [mark_paper(first.paper, each, keys, bodies=bodies) for each in answers]
    AttemptMark.objects.bulk_create(
        AttemptMark(
            attempt=attempt,
            number=1,
            points=result.points,
            max_points=result.max_points,
            score_pct=result.score_pct,
            passed=result.passed,
            missed_must_know=result.missed_must_know,
            per_slot=list(result.per_slot),
            marked_at=at,
        )
        for number, attempt in enumerate(attempts)
        for result in [results[number % 2]]
    )
    return exam, marking_s
