"""What the bench measures. Each function sets up its own facts and reports its figures."""

import contextlib
import json
import os
import shutil
import sqlite3
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
from courses.watching import POLICY, Beat
from exams.models import AnswerStep
from people.models import Employee, User
from tests.factories.certificates import CertifiedProgrammeFactory
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.exams import make_attempt, make_exam
from tests.factories.people import EmployeeFactory, UserFactory
from tests.factories.training import ProgrammeFactory, TrainingRuleFactory, make_record
from tests.load.classroom import watch_together
from tests.load.peak import measured
from tests.load.server import Client, Request, requests_per_second, running_server
from tests.load.stack import below, cpu_s
from tests.people.planted import id_number
from training.models import Obligation, ObligationState, RecordKind

Report = Callable[..., None]
IMPORTED = 100_000
PEOPLE = 20_000  # of the coverage page
CLIENTS = 8
ROUNDS = 3
ROUND_S = 3.0
WATCHING = 10_000
CLASS = 200
MOODLE_SAVES_PER_S = 20.0  # the most that was seen, see docs/exam-load.md
TOKEN = "b" * 32  # a CSRF secret the clients send as cookie and as header
DEVICE = "bench-device-of-a-client"


# People in


def people_import(folder: Path, report: Report) -> None:
    """Import 100,000 hires with a rule in force, so that each also gets an obligation, a notice and a clearance.

    Then the same list once more, which changes nothing: every row is compared with the person it names. Both in
    a database of their own; the people of the coverage page are fewer.
    """
    TrainingRuleFactory(programme=ProgrammeFactory(on_site=[8]))
    connection.close()
    own = folder / "import.sqlite3"
    shutil.copy(folder / "db.sqlite3", own)
    path = folder / "roster.xlsx"
    write_roster(path, IMPORTED)
    read = measured([sys.executable, "-m", "tests.load.read_alone", str(path)])
    command = [sys.executable, "manage.py", "import_people", str(path), "--create-missing", "--json"]
    yardstick = IMPORTED / float(read.output)
    for figure, outcome in (("people_import", "created"), ("people_import_again", "unchanged")):
        run = measured(command, timeout_s=900, environment={"DATABASE_URL": f"sqlite:///{own}"})
        counts = json.loads(run.output)
        if counts[outcome] != IMPORTED or counts["errors"]:
            raise RuntimeError(f"the import did not do its work: {str(counts)[:500]}")
        report(figure, IMPORTED / run.seconds, "rows/s", yardstick=yardstick)
        report(f"{figure}_peak", run.peak_mb, "MB", yardstick=read.peak_mb)
    with contextlib.closing(sqlite3.connect(own)) as database:
        (owed,) = database.execute("SELECT COUNT(*) FROM training_obligation").fetchone()
    if owed != IMPORTED:
        raise RuntimeError(f"{IMPORTED} people imported, {owed} obligations")
    own.unlink()


def write_roster(path: Path, people: int) -> None:
    """Write a workbook as HR keeps it: 8 columns, teams of 25, telephone and identity numbers."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("花名册")
    sheet.append(["工号", "姓名", "部门", "岗位", "用工形式", "入职日期", "手机号", "身份证号"])
    hired = today().isoformat()
    for number in range(people):
        team = number // 25
        unit = f"总厂/第{team // 80 + 1}分厂/第{team // 8 + 1}车间/第{team + 1}班"
        post = f"名单岗位{number % 40}"
        phone = f"138{number:08d}"
        sheet.append(
            [f"B{number:06d}", f"王{number:05d}", unit, post, "正式员工", hired, phone, id_number(number)]
        )
    book.save(path)


# Coverage


def coverage_page(folder: Path, report: Report) -> None:
    """Open the coverage page over 20,000 people, half of whom are done."""
    path = folder / "people.xlsx"
    write_roster(path, PEOPLE)
    connection.close()
    measured(
        [sys.executable, "manage.py", "import_people", str(path), "--create-missing", "--json"], timeout_s=600
    )
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
            rate = statistics.mean(measured_rate)
            report(figure, rate, "requests/s", yardstick=statistics.mean(bare_rate))
            if figure == "study_beat":
                # The ratio is how many such workers 10,000 people watching at once keep busy.
                report("beats_of_10000_watching", WATCHING / POLICY.beat_s, "requests/s", yardstick=rate)
    save_beside_moodle(folder, saving, report)
    if not AnswerStep.objects.filter(attempt__employee=people[0], seq__lt=1_000_000).exists():
        raise RuntimeError("no answer was stored")


def save_beside_moodle(folder: Path, saving: list[Client], report: Report) -> None:
    """Save answers on a site as run_site starts it; the yardstick is Moodle on the same class of machine.

    Moodle 4.5.6 saves 16 to 20 answers a second on two cores, eight users at once, clients on the same cores: so
    at least 100 ms of processor time for each, of which we count the server's alone.
    """
    with running_server(folder, workers=2, threads=8) as port:
        requests_per_second(port, saving, seconds=3.0)
        used = cpu_s(below(os.getpid())) - cpu_s([os.getpid()])
        rate = requests_per_second(port, saving, seconds=3 * ROUND_S)
        used = cpu_s(below(os.getpid())) - cpu_s([os.getpid()]) - used
    report("exam_answer_save_of_a_site", rate, "requests/s", yardstick=MOODLE_SAVES_PER_S)
    each_ms = used * 1000 / (rate * 3 * ROUND_S)
    report("exam_answer_save_cpu", each_ms, "ms", yardstick=2 * 1000 / MOODLE_SAVES_PER_S)


def credit_error(report: Report) -> None:
    """Let a class watch a film over a bad network; report what is credited beyond what each really saw, in seconds.

    Below 0 is loss: shown, never credited, not watched again. `played_twice` is what an honest person had to
    watch again because the network lost it, or wanted to.
    """
    lesson = PolicySpeechFactory(film=FilmFactory(duration=180.0))
    seats = watch_together([EmployeeFactory() for _ in range(CLASS)], lesson)
    wrong = [seat.error_s for seat in seats]
    ahead = max(seat.most_ahead_s for seat in seats)
    if max(*wrong, ahead) > POLICY.jump_s:
        raise RuntimeError(f"somebody was credited {max(*wrong, ahead):.1f} s more than was shown")
    report("credit_error_mean", statistics.mean(wrong), "s")
    report("credit_error_most", max(wrong), "s")
    report("credit_error_least", min(wrong), "s")
    report("credit_ahead_most", ahead, "s")
    report("played_twice_mean", statistics.mean(seat.played_s - seat.seen_s for seat in seats), "s")


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
