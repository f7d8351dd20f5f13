"""No key of any type reaches whoever may not write questions: by no page, side door, export, job, log or queue.

What a key holds is planted as a canary in all nine types. Then every address is asked for, with every id of
the bank, the exam and the attempt put into every place that takes one, also those of Wagtail's back office.
"""

import datetime as dt
import logging
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django_q.models import Failure, OrmQ, Success
from wagtail.models import ModelLogEntry

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.integrity_findings import start_search
from exams.actions.regrade import start_regrade
from exams.models import Attempt, Finding, IntegrityEvent
from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.exams import (
    DRAFTS,
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    right_response,
    wrong_response,
)
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.permissions.addresses import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile.*")]
CANARY = "CANARY-7f3e"
HIDDEN = {
    "fill_in": [{"accept": [f"{CANARY}-a"]}, {"number": "31.4159", "tolerance": "0.1"}],
    "hazard_spotting": [{"name": f"{CANARY}-h", "shape": "rect", "at": [3141, 2718, 5999, 5998]}],
    "short_answer": {
        "model": f"{CANARY}-m",
        "rubric": [{"point": f"{CANARY}-p", "share": 99}, {"point": "x", "share": 1}],
    },
}
HIDDEN["case_analysis"] = HIDDEN["short_answer"]
# What would sign out, or shows how an error looks.
SKIPPED = ("logout", "failwhale", "people:kiosk-end")


@pytest.fixture(autouse=True)
def _at_nine(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def attempt(unit):
    bank, topic = BankFactory(owner=unit), TopicFactory()
    drafts = [
        make(topic, explanation=f"{CANARY}-why", **({"correct": HIDDEN[kind]} if kind in HIDDEN else {}))
        for kind, make in DRAFTS.items()
    ]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [RowDraft(kind=kind, count=1, points=Decimal(5)) for kind in DRAFTS]
    exam = make_exam(bank, rows, attempts_allowed=2, code="kept")
    attempt = make_attempt(exam, employee=EmployeeFactory(assigned__unit=unit), device="")
    for slot in range(1, len(DRAFTS) + 1):
        # A right answer in words would be the canary itself, sent by the candidate.
        tokens = attempt.paper["slots"][slot - 1]["tokens"]
        choose = right_response if tokens and slot % 2 else wrong_response
        answer(attempt, {slot: choose(attempt, slot)}, seq=slot)
    finding = Finding.objects.create(
        exam=exam,
        kind="too_fast",
        fingerprint="x",
        strength=1,
        evidence={"type": "too_fast", "answers": 9, "quick": 9, "took_s": 1, "reading_s": 9, "slots": [1]},
        found_at=NOW,
    )
    finding.attempts.add(attempt)
    return attempt


def values_for(attempt, job):
    """Return what may stand in an address, by the name of the place; any number may be meant by `pk`."""
    exam = attempt.exam
    questions = list(exam.bank.questions.values_list("pk", flat=True))
    media = exam.bank.questions.get(code="H-1").current_version.media_id
    numbers = [questions[0], questions[-1], exam.pk, exam.bank_id]
    return {
        "public_id": [attempt.public_id],
        "code": [exam.code],
        "question_id": [questions[0], questions[-1]],
        "bank_id": [exam.bank_id],
        "exam_id": [exam.pk],
        "media_id": [media],
        "finding_id": list(Finding.objects.values_list("pk", flat=True)),
        "job_id": [job.pk],
        "slot": [7],
        "format_name": ["gift"],
        "token": ["nothing"],
        "app_label": ["exams"],
        "model_name": ["question"],
        "model": ["question"],
        "pk": numbers,
        "object_id": numbers[:1],
    }


def urls(known, spaces=()):
    for address in addresses().values():
        if spaces and not address.name.startswith(spaces):
            continue
        if any(word in address.name for word in SKIPPED) or "/" in address.wanted:
            continue
        choices = [known.get(name, [numbers_or_word(name)]) for name in address.wanted]
        for place in range(max((len(each) for each in choices), default=1)):
            values = {
                name: each[min(place, len(each) - 1)] for name, each in zip(address.wanted, choices, strict=True)
            }  # fmt: skip
            try:
                yield address.url(values)
            except NoReverseMatch:
                continue


def numbers_or_word(name):
    return 1 if name.endswith("_id") or name in {"id", "pk"} else "x"


def text_of(reply):
    body = b"".join(reply.streaming_content) if reply.streaming else reply.content
    return str(dict(reply.headers)) + body.decode(errors="replace")


def visitor(role, unit, attempt):
    client = Client(raise_request_exception=False)
    if role == "candidate":
        client.force_login(attempt.employee.user)
    elif role is not None:
        grant = RoleGrantFactory(user=UserFactory(), role=role, unit=unit, starts_on=dt.date(2026, 1, 1))
        client.force_login(grant.user)
    return client


@pytest.mark.parametrize("role", ["candidate", Role.EDITOR, Role.TRAINER])
def test_no_address_gives_a_key_away(attempt, unit, role, caplog):
    caplog.set_level(logging.DEBUG)
    job = start_search(exam=attempt.exam, acting_user=None)
    run_pending_jobs()
    client = visitor(role, unit, attempt)
    asked = served = 0
    # A trainer is an editor's opposite: sees results, and nothing of content.
    spaces = ("exams", "people_office", "training_office", "jobs") if role == Role.TRAINER else ()
    for url in urls(values_for(attempt, job), spaces):
        reply = client.get(url)
        text = text_of(reply)
        assert CANARY not in text, url
        for word in ("31.4159", "[3141", "option_ids", attempt.seed):
            assert word not in text, url
        asked += 1
        served += reply.status_code == 200
    assert asked > (30 if spaces else 300)
    assert served > 10
    assert CANARY not in caplog.text


def test_the_walk_would_have_seen_it(attempt, unit):
    client = visitor(Role.EXAMINER, unit, attempt)
    pages = [
        text_of(client.get(reverse("exams_office:question-edit", args=[pk])))
        for pk in attempt.exam.bank.questions.values_list("pk", flat=True)
    ]
    assert all(CANARY in page for page in pages)


def test_jobs_queue_logs_and_audit_hold_no_key(attempt, caplog):
    caplog.set_level(logging.DEBUG)
    start_search(exam=attempt.exam, acting_user=None)
    start_regrade(exam=attempt.exam, corrections={}, reason="核对", acting_user=None, now=NOW)
    waiting = "".join(repr(row.task) + repr(row.payload) for row in OrmQ.objects.all())
    run_pending_jobs()
    kept = [waiting, caplog.text]
    kept += [f"{job.params}{job.result}{job.message}{job.title}" for job in Job.objects.all()]
    kept += [
        f"{task.args}{task.kwargs}{task.result}" for task in (*Success.objects.all(), *Failure.objects.all())
    ]
    kept += [f"{entry.label}{entry.data}" for entry in ModelLogEntry.objects.all()]
    kept += [f"{event.detail}" for event in IntegrityEvent.objects.all()]
    kept += [f"{finding.evidence}" for finding in Finding.objects.all()]
    kept += [f"{each.paper}" for each in Attempt.objects.all()]
    assert Job.objects.count() == 2
    assert not [text for text in kept if CANARY in text or "31.4159" in text]


def test_scripts_come_without_maps():
    scripts = list((Path(settings.BASE_DIR) / "static" / "js").rglob("*.js"))
    assert scripts
    assert not [path for path in scripts if "sourceMappingURL" in path.read_text(encoding="utf-8")]
