import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from werkzeug import Response

from courses.actions.study import beat_mac, confirm_read, open_session, take_beat
from courses.watching import Beat
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory
from xapi.actions.sending import send_facts
from xapi.models import SentFact
from xapi.validation import check_statement

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


def after(seconds):
    return T0 + dt.timedelta(seconds=seconds)


def study(employee=None):
    """Watch a film of ten seconds, read nothing, confirm, and open the lesson again so that the session ends."""
    employee = employee or EmployeeFactory()
    lesson = PolicySpeechFactory(film=FilmFactory(duration=10.0), body=())
    session = open_session(employee=employee, lesson=lesson, device="phone", now=T0)
    beat = Beat(1, "film", 0, 10_000)
    signature = beat_mac(session.nonce, session.public_id, beat)
    take_beat(
        session_public_id=session.public_id,
        employee_id=employee.pk,
        beat=beat,
        signature=signature,
        now=after(10),
    )
    if session.progress.open_check_id:
        raise AssertionError("ten seconds are too short for a check")
    confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(11))
    open_session(employee=employee, lesson=lesson, device="pad", now=after(12))
    return employee


@pytest.fixture
def store(httpserver, settings):
    """A learning record store that keeps what it gets; `answer` may be changed."""
    store = type("Store", (), {"got": [], "status": 200, "requests": []})()

    def take(request):
        store.requests.append(request)
        if store.status == 200:
            store.got += json.loads(request.data)
        return Response("[]", status=store.status, content_type="application/json")

    httpserver.expect_request("/lrs/statements", method="POST").respond_with_handler(take)
    settings.XAPI_LRS_URL = httpserver.url_for("/lrs")
    settings.XAPI_LRS_KEY, settings.XAPI_LRS_SECRET = "key", "secret"
    settings.PUBLIC_BASE_URL = "https://anxue.example.org"
    return store


def verbs(store):
    return sorted(one["verb"]["id"].rpartition("/")[2] for one in store.got)


def test_off_by_default(settings):
    study()
    assert settings.XAPI_LRS_URL == ""
    assert send_facts(now=after(60)).noted == 0
    assert not SentFact.objects.exists()


def test_each_fact_is_told_once(store):
    person = study()
    done = send_facts(now=after(60))
    assert (done.noted, done.sent, done.failed) == (2, 2, 0)
    assert verbs(store) == ["completed", "completed", "initialized", "paused", "played"]
    for one in store.got:
        check_statement(one)
        assert one["actor"]["account"] == {
            "homePage": "https://anxue.example.org",
            "name": person.employee_no,
        }
    assert store.requests[0].headers["X-Experience-API-Version"] == "1.0.3"
    assert store.requests[0].authorization.username == "key"
    assert send_facts(now=after(120)).sent == 0
    assert len(store.requests) == 2


def test_what_a_client_only_claimed_is_not_told(store):
    employee, lesson = EmployeeFactory(), PolicySpeechFactory(film=FilmFactory(duration=600.0))
    session = open_session(employee=employee, lesson=lesson, device="phone", now=T0)
    claims = [(0, 600_000), (590_000, 600_000), (10_000, 20_000)]
    for seq, (start, end) in enumerate(claims, start=1):
        beat = Beat(seq, "film", start, end)
        take_beat(
            session_public_id=session.public_id,
            employee_id=employee.pk,
            beat=beat,
            signature=beat_mac(session.nonce, session.public_id, beat),
            now=after(10 * seq),
        )
    open_session(employee=employee, lesson=lesson, device="pad", now=after(40))
    send_facts(now=after(60))
    (paused,) = [one for one in store.got if one["verb"]["id"].endswith("paused")]
    told = {name.rpartition("/")[2]: value for name, value in paused["result"]["extensions"].items()}
    assert (told["time"], told["progress"]) == (20.0, 0.033)


def test_by_pseudonym(store, settings):
    settings.XAPI_ACTOR = "pseudonym"
    person = study()
    send_facts(now=after(60))
    names = {one["actor"]["account"]["name"] for one in store.got}
    assert len(names) == 1
    assert person.employee_no not in names


def test_older_facts_are_not_told(store, settings):
    settings.XAPI_SINCE = after(3600)
    study()
    assert send_facts(now=after(7200)).noted == 0


@pytest.mark.parametrize("status", [500, 503, 401, 302])
def test_tries_again_later_with_the_same_statements(store, status):
    study()
    store.status = status
    assert send_facts(now=after(60)).failed == 2
    store.status = 200
    assert send_facts(now=after(61)).sent == 0
    assert send_facts(now=after(60 + 5 * 60)).sent == 2
    first = json.loads(store.requests[0].data)
    assert first[0]["id"] in {one["id"] for one in store.got}
    assert SentFact.objects.filter(sent_at__isnull=True).count() == 0


def test_nobody_listens(settings):
    settings.XAPI_LRS_URL = "http://127.0.0.1:9"
    study()
    assert send_facts(now=after(60)).failed == 2
    assert set(SentFact.objects.values_list("problem", flat=True)) == {"ConnectionError"}


def test_what_the_store_has_already_counts_as_told(store):
    study()
    store.status = 409
    assert send_facts(now=after(60)).sent == 2


def test_one_bad_fact_does_not_hold_the_others(httpserver, settings):
    settings.XAPI_LRS_URL = httpserver.url_for("/lrs")
    first, second = study(), study()
    bad = first.employee_no

    def take(request):
        named = {one["actor"]["account"]["name"] for one in json.loads(request.data)}
        return Response("[]", status=400 if bad in named else 200)

    httpserver.expect_request("/lrs/statements").respond_with_handler(take)
    done = send_facts(now=after(60))
    assert (done.sent, done.failed) == (2, 2)
    assert SentFact.objects.filter(sent_at__isnull=False).count() == 2
    assert second.employee_no != bad


def test_costs_the_same_for_one_and_three_people(store):
    counts = []
    for number in (1, 3):
        for _n in range(number):
            study()
        with CaptureQueriesContext(connection) as queries:
            send_facts(now=after(60))
        counts.append(len(queries))
    assert counts[0] == counts[1]
