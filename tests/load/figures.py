"""What the bench measures. Each function sets up its own facts and reports its figures."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.test import Client as Browser
from django.urls import reverse
from openpyxl import Workbook

from certificates.actions.files import make_file
from certificates.actions.issue import issue_for_record
from common.clock import now, today
from courses.actions.study import beat_mac, open_session
from courses.watching import Beat
from exams.models import AnswerStep
from people.models import Employee, User
from tests.factories.certificates import CertifiedProgrammeFactory
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.exams import make_attempt, make_exam
from tests.factories.people import EmployeeFactory, UserFactory
from tests.factories.training import ProgrammeFactory, TrainingRuleFactory, make_record
from tests.load.peak import measured
from tests.load.server import Client, Request, requests_per_second, running_server
from training.models import Obligation, ObligationState, RecordKind

Report = Callable[..., None]
PEOPLE = 20_000
CLIENTS = 8
ROUNDS = 3
ROUND_S = 3.0
TOKEN = "b" * 32  # a CSRF secret the clients send as cookie and as header
DEVICE = "bench-device-of-a-client"


# People in


def people_import(folder: Path, report: Report) -> None:
    """Import 20,000 hires with a rule in force, so that each also gets an obligation and a clearance."""
    TrainingRuleFactory(programme=ProgrammeFactory(on_site=[8]))
    connection.close()
    path = folder / "roster.xlsx"
    write_roster(path, PEOPLE)
    read = measured([sys.executable, "-m", "tests.load.read_alone", str(path)])
    run = measured([sys.executable, "manage.py", "import_people", str(path), "--create-missing", "--json"])
    counts = json.loads(run.output)
    if counts["created"] != PEOPLE or Obligation.objects.count() != PEOPLE:
        raise RuntimeError(
            f"the import did not do its work: {counts}, {Obligation.objects.count()} obligations"
        )
    alone_s = float(read.output)
    report("people_import", PEOPLE / run.seconds, "rows/s", yardstick=PEOPLE / alone_s)
    report("people_import_peak", run.peak_mb, "MB", yardstick=read.peak_mb)


def write_roster(path: Path, people: int) -> None:
    """Write a workbook as HR keeps it: 8 columns, teams of 25."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("花名册")
    sheet.append(["工号", "姓名", "部门", "岗位", "用工形式", "入职日期", "手机号", "身份证号"])
    hired = today().isoformat()
    for number in range(people):
        team = number // 25
        unit = f"总厂/第{team // 80 + 1}分厂/第{team // 8 + 1}车间/第{team + 1}班"
        post = f"名单岗位{number % 40}"
        sheet.append([f"B{number:06d}", f"王{number:05d}", unit, post, "正式员工", hired, "", ""])
    book.save(path)


# Coverage


def coverage_page(report: Report) -> None:
    """Open the coverage page over all imported people, half of whom are done."""
    half = Obligation.objects.annotate(odd=F("pk") % 2).filter(odd=1).values("pk")
    Obligation.objects.filter(pk__in=half).update(state=ObligationState.DONE, closed_at=now())
    browser = Browser()
    browser.force_login(UserFactory(superuser=True))
    address = reverse("training_office:coverage")
    taken = []
    for _ in range(4):
        begun = time.perf_counter()
        response = browser.get(address)
        taken.append(time.perf_counter() - begun)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
    report("coverage_page", statistics.median(taken[1:]), "s", yardstick=grouped_count_s())


def grouped_count_s() -> float:
    """Return the seconds of one GROUP BY over the same tables."""
    statement = (
        "SELECT a.unit_id, COUNT(*), SUM(CASE WHEN o.state = 'done' THEN 1 ELSE 0 END) "
        "FROM people_assignment a JOIN training_obligation o ON o.employee_id = a.employee_id GROUP BY a.unit_id"
    )
    taken = []
    for _ in range(4):
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


# Certificates


def certificate_pdf(report: Report) -> None:
    """Render and store ten certificates; the first of the process, which loads the fonts, is not counted."""
    programme = CertifiedProgrammeFactory()
    issued = []
    for _ in range(11):
        record = make_record(
            EmployeeFactory(assigned=True),
            kind=RecordKind.PROGRAMME,
            programme=programme,
            title=programme.title,
        )
        certificate = issue_for_record(record_id=record.pk, now=now())
        if certificate is None:
            raise RuntimeError("no certificate was issued")
        issued.append(certificate.pk)
    make_file(certificate_id=issued[0], now=now())
    begun = time.perf_counter()
    for certificate_id in issued[1:]:
        make_file(certificate_id=certificate_id, now=now())
    report("certificate_pdf", (time.perf_counter() - begun) * 1000 / len(issued[1:]), "ms")


# Saving


def saving_views(folder: Path, report: Report) -> None:
    """Save exam answers and study beats through a real server, in turns with a view that only inserts."""
    exam = make_exam()
    lesson = PolicySpeechFactory(film=FilmFactory(duration=36_000.0))
    people = [EmployeeFactory() for _ in range(CLIENTS)]
    bare, saving, beating = [], [], []
    for person in people:
        attempt = make_attempt(exam, employee=person, device=DEVICE, now=now())
        session = open_session(employee=person, lesson=lesson, device=DEVICE, now=now())
        bare.append(inserting(attempt.pk, signed_in(person)))
        saving.append(answering(attempt, signed_in(person)))
        beating.append(studying(session, signed_in(person)))
    connection.close()
    with running_server(folder) as port:
        for clients in (bare, saving, beating):
            requests_per_second(
                port, clients, seconds=1.0
            )  # the first requests load code and open connections
        for figure, clients in (("exam_answer_save", saving), ("study_beat", beating)):
            measured_rate, bare_rate = [], []
            for _ in range(ROUNDS):
                bare_rate.append(requests_per_second(port, bare, seconds=ROUND_S))
                measured_rate.append(requests_per_second(port, clients, seconds=ROUND_S))
            report(figure, statistics.mean(measured_rate), "requests/s", yardstick=statistics.mean(bare_rate))
    if not AnswerStep.objects.filter(attempt__employee=people[0], seq__lt=1_000_000).exists():
        raise RuntimeError("no answer was stored")


def signed_in(person: Employee) -> dict[str, str]:
    """Return the headers of a person's phone."""
    user: User | None = person.user
    if user is None:
        raise RuntimeError("a person of the bench has no account")
    browser = Browser()
    browser.force_login(user)
    cookies = {
        settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: TOKEN,
        "device": DEVICE,
    }
    return {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": TOKEN,
        "Accept-Language": "zh-CN",
    }


def inserting(attempt_id: int, headers: dict[str, str]) -> Client:
    """Return a client of the bare view; it sends as many bytes as the others."""
    sent = Request("POST", f"/bench/insert/{attempt_id}/", b"{}" + b" " * 100, headers)
    return lambda number: sent


def answering(attempt: Any, headers: dict[str, str]) -> Client:
    """Return a client that answers the first question again and again."""
    address = reverse("exams:save", args=[attempt.public_id])
    tokens = attempt.paper["slots"][0]["tokens"]
    seqs = iter(range(1, 1_000_000))

    def request(number: int) -> Request:
        step = {"slot": 1, "seq": next(seqs), "response": [tokens[number % len(tokens)]]}
        return Request(
            "POST",
            address,
            json.dumps({"steps": [step]}).encode(),
            headers | {"Content-Type": "application/json"},
        )

    return request


def studying(session: Any, headers: dict[str, str]) -> Client:
    """Return a client that watches a film in steps of 20 ms, so that each beat earns its credit."""
    address = reverse("courses:beat", args=[session.public_id])
    seqs = iter(range(1, 1_000_000))

    def request(number: int) -> Request:
        seq = next(seqs)
        beat = Beat(seq=seq, part="film", from_ms=(seq - 1) * 20, to_ms=seq * 20)
        fields = {
            "seq": beat.seq,
            "part": beat.part,
            "from_ms": beat.from_ms,
            "to_ms": beat.to_ms,
            "rate_pct": beat.rate_pct,
            "visible": int(beat.visible),
            "mac": beat_mac(session.nonce, session.public_id, beat),
        }
        return Request(
            "POST",
            address,
            urlencode(fields).encode(),
            headers | {"Content-Type": "application/x-www-form-urlencoded"},
        )

    return request
