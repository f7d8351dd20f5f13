import datetime as dt
import hashlib

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exams.actions.attempts import save_answers, take_over
from exams.actions.guards import GuardDraft, save_guard
from exams.actions.integrity import MAX_EVENTS, NotedEvent, note_events
from exams.errors import SebNeeded
from exams.models import AnswerStep, Attempt, EventKind, IntegrityEvent
from exams.seb import NO_SEB, SebHeaders, expected_hash, is_from_seb, read_keys
from exams.shapes import Origin
from tests.factories.exams import NOW, make_attempt, make_exam, right_response, submit
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db
PHONE = "phone-0123456789abcdefgh"
TABLET = "tablet-0123456789abcdefg"
KEY = hashlib.sha256(b"config").hexdigest()


@pytest.fixture(autouse=True)
def _at_nine(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def attempt():
    return make_attempt(employee=EmployeeFactory(), device=PHONE)


def client_of(employee, device=PHONE, **headers):
    client = Client(headers=headers)
    client.force_login(employee.user)
    client.cookies["device"] = device
    return client


@pytest.fixture
def client(attempt):
    return client_of(attempt.employee, **{"User-Agent": "Phone/1"})


def url(name, attempt):
    return reverse(f"exams:{name}", args=[attempt.public_id])


def event(n, kind="hidden", **more):
    return {"n": n, "kind": kind, "ago_ms": 0, **more}


def report(client, attempt, *events, page="page-0001"):
    return client.post(
        url("events", attempt), {"page": page, "events": list(events)}, content_type="application/json"
    )


def kinds(attempt):
    return list(IntegrityEvent.objects.filter(attempt=attempt).order_by("pk").values_list("kind", flat=True))


# Events


def test_what_the_page_noted_is_kept_once_with_the_servers_time(client, attempt):
    batch = [event(1, "opened"), event(2, "hidden", slot=2, ago_ms=1500), event(3, "paste", chars=12)]
    assert report(client, attempt, *batch).json() == {"kept": 3}
    assert report(client, attempt, *batch).status_code == 200
    assert kinds(attempt) == ["opened", "hidden", "paste"]
    opened, hidden, paste = IntegrityEvent.objects.order_by("pk")
    assert (opened.address, opened.agent, opened.device) == ("127.0.0.1", "Phone/1", PHONE)
    assert (hidden.noted_at, hidden.ago_ms, hidden.detail, hidden.agent) == (NOW, 0, {"slot": 2}, "")
    assert paste.detail == {"chars": 12}


def test_events_are_never_changed(client, attempt):
    report(client, attempt, event(1))
    with pytest.raises(DatabaseError):
        IntegrityEvent.objects.update(kind="shown")


def test_the_pages_clock_is_not_believed_beyond_the_start(client, attempt, time_machine):
    time_machine.move_to(NOW + dt.timedelta(seconds=10), tick=False)
    report(client, attempt, event(1, ago_ms=3_600_000))
    assert IntegrityEvent.objects.get().ago_ms == 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"[", b"[]", b"{}", b'{"page":"x","events":[]}', b'{"page":"page-0001","events":{}}',
        b'{"page":"page-0001","events":[1]}', b'{"page":"page-0001","events":[{"n":true,"kind":"hidden"}]}',
        b'{"page":"page-0001","events":[{"n":1,"kind":"take_over"}]}',
        b'{"page":"page-0001","events":[{"n":1,"kind":"hidden","chars":"x"}]}',
        b'{"page":"page-0001","events":[{"n":1,"kind":"hidden","ago_ms":-1}]}',
        b'{"page":"page-0001","events":[' + b'{"n":1,"kind":"hidden"},' * 40 + b'{"n":1,"kind":"hidden"}]}',
        b" " * 30_000,
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(client, attempt, body):
    reply = client.post(url("events", attempt), body, content_type="application/json")
    assert reply.status_code == 400
    assert kinds(attempt) == []


def test_only_the_own_open_attempt_on_the_holding_device(client, attempt):
    assert report(Client(), attempt, event(1)).status_code == 401
    assert report(client_of(EmployeeFactory()), attempt, event(1)).status_code == 404
    assert report(client_of(attempt.employee, TABLET), attempt, event(1)).json()["error"] == "moved"
    submit(attempt)
    assert report(client, attempt, event(1)).json()["error"] == "closed"
    assert kinds(attempt) == []


def test_reports_are_few_and_events_bounded(client, attempt):
    replies = [report(client, attempt, event(n)).status_code for n in range(21)]
    assert (set(replies[:20]), replies[20]) == ({200}, 429)
    for start in range(0, MAX_EVENTS + 40, 40):
        note_events(
            attempt_public_id=attempt.public_id,
            employee_id=attempt.employee_id,
            source="page-0002",
            events=[NotedEvent(n, EventKind.BLUR) for n in range(start, start + 40)],
            device=PHONE,
            origin=Origin(),
            now=NOW,
        )
    assert len(kinds(attempt)) == MAX_EVENTS
    assert kinds(attempt).count("limit") == 1


def test_a_report_costs_the_same_for_any_number_of_events(client, attempt):
    counts = []
    for number in (1, 30):
        with CaptureQueriesContext(connection) as queries:
            report(client, attempt, *(event(n) for n in range(number)), page=f"page-{number:04}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_another_device_and_another_address_are_noted(client, attempt):
    report(client, attempt, event(1, "opened"))
    reply = client.post(
        url("events", attempt),
        {"page": "page-0001", "events": [event(2, "shown")]},
        content_type="application/json",
        REMOTE_ADDR="10.0.0.9",
    )
    assert reply.status_code == 200
    moved = IntegrityEvent.objects.get(kind="address")
    assert (moved.address, moved.detail) == ("10.0.0.9", {"before": "127.0.0.1"})
    client_of(attempt.employee, TABLET).post(url("take-over", attempt))
    taken = IntegrityEvent.objects.get(kind="take_over")
    assert (taken.device, taken.detail) == (TABLET, {"before": PHONE})
    take_over(
        attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device=TABLET, now=NOW
    )  # fmt: skip
    assert kinds(attempt).count("take_over") == 1, "the device that holds it takes nothing over"


def test_an_answer_keeps_where_it_came_from_and_costs_no_statement_more(client, attempt):
    body = {"steps": [{"slot": 1, "seq": 1, "response": right_response(attempt, 1)}]}
    with CaptureQueriesContext(connection) as queries:
        assert client.post(url("save", attempt), body, content_type="application/json").status_code == 200
    assert (
        len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]) <= 4
    )
    assert AnswerStep.objects.get().address == "127.0.0.1"


def test_the_page_says_what_is_recorded_before_the_start(attempt):
    exam = make_exam(code="told")
    page = client_of(EmployeeFactory()).get(reverse("exams:start", args=[exam.code])).content.decode()
    assert "答题时会记录什么" in page
    assert "不记内容" in page


# Safe Exam Browser


def test_hashes_are_those_of_the_documentation():
    """SHA-256 of the URL without its fragment, then the key in hex."""
    at = "https://example.org/exam/1/?x=2"
    sent = hashlib.sha256((at + KEY).encode()).hexdigest()
    assert expected_hash(at + "#top", KEY) == sent
    assert is_from_seb(SebHeaders(at, config_key_hash=sent), [KEY])
    assert is_from_seb(SebHeaders(at, request_hash=sent.upper()), ["0" * 64, KEY])
    assert not is_from_seb(SebHeaders(at + "&y", config_key_hash=sent), [KEY])
    assert not is_from_seb(SebHeaders(at, config_key_hash=KEY), [KEY])
    assert not is_from_seb(SebHeaders(at, config_key_hash="密钥"), [KEY])
    assert not is_from_seb(NO_SEB, [KEY])
    assert not is_from_seb(SebHeaders(at, config_key_hash=sent), [])
    assert read_keys(f" {KEY.upper()}\n\n{KEY}\nxyz") == ([KEY], ["xyz"])


def seb(path, key=KEY, header="X-SafeExamBrowser-ConfigKeyHash"):
    return {header: expected_hash(f"http://testserver{path}", key)}


def test_an_exam_that_asks_for_it_is_sat_in_a_safe_exam_browser_alone():
    exam = make_exam(code="seb")
    save_guard(exam=exam, draft=GuardDraft(seb_required=True, seb_keys=("0" * 64, KEY)), acting_user=None)
    employee = EmployeeFactory()
    client = client_of(employee)
    start = reverse("exams:start", args=[exam.code])
    refused = client.post(start)
    assert refused.status_code == 403
    assert "请用安全考试浏览器打开" in refused.content.decode()
    assert not Attempt.objects.exists()
    assert client.post(start, headers=seb(start)).status_code == 302
    attempt = Attempt.objects.get()
    page, save, hand_in, move = (url(name, attempt) for name in ("attempt", "save", "submit", "take-over"))
    assert client.get(page).status_code == 403
    assert client.get(page, headers=seb(page, header="X-SafeExamBrowser-RequestHash")).status_code == 200
    body = {"steps": [{"slot": 1, "seq": 1, "response": right_response(attempt, 1)}]}
    reply = client.post(save, body, content_type="application/json")
    assert (reply.status_code, reply.json()["error"]) == (403, "seb_needed")
    assert not AnswerStep.objects.exists()
    with CaptureQueriesContext(connection) as queries:
        stored = client.post(save, body, content_type="application/json", headers=seb(save))
    assert stored.status_code == 200
    assert (
        len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]) <= 4
    )
    client_of(employee, TABLET).post(move)
    attempt.refresh_from_db()
    assert attempt.device == PHONE
    assert client.post(hand_in, body, content_type="application/json").status_code == 403
    save_guard(exam=exam, draft=GuardDraft(seb_required=True, seb_keys=("1" * 64,)), acting_user=None)
    assert client.get(page, headers=seb(page)).status_code == 403, "a key that was taken away opens nothing"
    assert client.get(page, headers=seb(page, "1" * 64)).status_code == 200


def test_an_attempt_begun_without_it_goes_on_without_it(attempt):
    save_guard(exam=attempt.exam, draft=GuardDraft(seb_required=True, seb_keys=(KEY,)), acting_user=None)
    save_answers(
        attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, steps=[], device=PHONE, now=NOW
    )
    with pytest.raises(SebNeeded):
        make_attempt(attempt.exam, employee=EmployeeFactory())
