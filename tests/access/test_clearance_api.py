"""Gates ask: one person, by badge, many, at a place; two statements, the same 404 for unknown and foreign."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache

from access.actions.gates import add_asks, renew_token, revoke_gate
from access.models import GateAsks
from access.tally import LIMITER, TALLY, Tally
from people.models import EmploymentStatus, OrgUnit, UnitKind
from tests.factories.access import NOW, make_badge, make_gate, make_place
from tests.factories.people import AssignmentFactory, EmployeeFactory, OrgUnitFactory, PostFactory, org_path
from tests.factories.training import (
    LicenceFactory,
    LicenceTypeFactory,
    ObligationFactory,
    ProgrammeFactory,
    make_record,
)
from training.actions.clearance import refresh_clearance
from training.actions.ledger import correct_record
from training.models import ClearanceState, RecordKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _moment():
    TALLY.waiting, TALLY.flushed_at, LIMITER.calls = {}, None, {}
    with time_machine.travel(NOW, tick=False):
        yield
    TALLY.waiting, LIMITER.calls = {}, {}
    cache.clear()


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def worker(unit):
    person = EmployeeFactory(employee_no="000001", assigned__unit=unit)
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    return person


@pytest.fixture
def ask(client, unit):
    _gate, token = make_gate(unit.get_parent())

    def asked(path="000001", method="get", **kwargs):
        kwargs.setdefault("HTTP_AUTHORIZATION", f"Bearer {token}")
        return getattr(client, method)(f"/api/clearance/{path}", **kwargs)

    return asked


def test_answer_of_somebody_cleared(ask, worker):
    answer = ask().json()
    assert answer.pop("etag")
    assert answer == {
        "employee_no": "000001",
        "cleared": True,
        "reasons": [],
        "until": None,
        "checked_at": "2026-11-22T01:00:00+00:00",
    }


def test_blocked_with_reason_basis_and_language(ask, worker):
    obligation = ObligationFactory(employee=worker)
    refresh_clearance(employee_ids=[worker.pk], now=NOW)
    (reason,) = ask().json()["reasons"]
    assert reason["code"] == "training_owed"
    assert obligation.programme.title in reason["text"]
    assert "总局令第3号" in reason["basis"]


def test_two_statements_and_none_for_wagtail(ask, worker, django_assert_num_queries):
    ask()  # writes the counts of the first call afterwards
    with django_assert_num_queries(2):
        assert ask().status_code == 200


def test_same_answer_is_not_sent_again(ask, worker):
    first = ask()
    assert ask(HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    with time_machine.travel(NOW + dt.timedelta(minutes=5), tick=False):
        assert ask(HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    ObligationFactory(employee=worker)
    refresh_clearance(employee_ids=[worker.pk], now=NOW)
    assert ask(HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_lapse_counts_from_the_first_minute_of_the_day(ask, unit):
    post = PostFactory()
    post.demanded_licences.add(LicenceTypeFactory())
    person = EmployeeFactory(employee_no="000001", assigned__unit=unit, assigned__post=post)
    LicenceFactory(employee=person, valid_until=dt.date(2026, 11, 22))
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    assert ask().json()["cleared"] is True
    assert ask().json()["until"] == "2026-11-22"
    with time_machine.travel(
        dt.datetime(2026, 11, 22, 16, 1, tzinfo=dt.UTC), tick=False
    ):  # 00:01, before the night's work
        assert ask().json()["reasons"][0]["code"] == "licence_expired"


def test_unknown_and_foreign_are_answered_alike(ask, worker):
    EmployeeFactory(employee_no="000002", assigned__unit=OrgUnitFactory())
    EmployeeFactory(employee_no="000003")
    answers = [ask(number) for number in ("000002", "000003", "no-such", "a\x00b")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("how", ["seconded", "firm", "left"])
def test_who_works_here_counts_however_they_came(ask, unit, how):
    elsewhere = OrgUnitFactory()
    if how == "firm":
        firm = OrgUnitFactory(parent=OrgUnit.objects.get(pk=unit.get_parent().pk), kind=UnitKind.CONTRACTOR)
        EmployeeFactory(employee_no="000001", employer=firm, assigned__unit=elsewhere)
    elif how == "seconded":
        person = EmployeeFactory(employee_no="000001", assigned__unit=elsewhere)
        AssignmentFactory(employee=person, unit=unit, kind="secondment")
    else:
        person = EmployeeFactory(
            employee_no="000001", status=EmploymentStatus.LEFT, left_on=dt.date(2026, 6, 1)
        )
        AssignmentFactory(employee=person, unit=unit, ends_before=dt.date(2026, 6, 1))
    answer = ask()
    assert answer.status_code == 200
    assert answer.json()["cleared"] is (how != "left")


def test_moved_away_is_not_seen_any_more(ask, worker):
    worker.assignments.update(ends_before=dt.date(2026, 11, 1))
    AssignmentFactory(employee=worker, unit=OrgUnitFactory(), starts_on=dt.date(2026, 11, 1))
    assert ask().status_code == 404


def test_badge_opens_until_it_ends(ask, worker):
    badge, code = make_badge(worker)
    assert ask(f"badge/{code}").json()["employee_no"] == "000001"
    badge.ended_at, badge.end_reason = NOW, "lost"
    badge.save()
    assert ask(f"badge/{code}").status_code == 404


def test_many_at_once(ask, worker, unit, django_assert_num_queries):
    others = [EmployeeFactory(employee_no=f"00001{n}", assigned__unit=unit) for n in range(3)]
    refresh_clearance(employee_ids=[one.pk for one in others], now=NOW)
    sent = {"employee_nos": ["000010", "000001", "nobody", "000010", "000012"]}
    ask()
    with django_assert_num_queries(2):
        answer = ask("batch", "post", data=sent, content_type="application/json").json()
    assert [item["employee_no"] for item in answer["items"]] == ["000010", "000001", "000012"]
    assert answer["unknown"] == ["nobody"]
    refused = ask("batch", "post", data={"employee_nos": []}, content_type="application/json")
    assert refused.status_code == 422


def test_place_asks_for_more(ask, worker, unit):
    programme = ProgrammeFactory(valid_months=12)
    place = make_place(unit, basis="公司动火管理规定")
    place.demanded_programmes.add(programme)
    place.demanded_licences.add(LicenceTypeFactory())

    assert ask().json()["cleared"] is True
    answer = ask("000001?place=TANK-1").json()
    assert [reason["code"] for reason in answer["reasons"]] == ["licence_missing", "programme_missing"]
    assert answer["place"] == "TANK-1"

    LicenceFactory(employee=worker, valid_until=dt.date(2027, 1, 31))
    row = make_record(worker, kind=RecordKind.PROGRAMME, programme=programme, title=programme.title)
    answer = ask("000001?place=TANK-1").json()
    assert answer["cleared"] is True
    assert answer["until"] == "2027-01-31"

    # A corrected row counts by its correction: another trainer takes nothing away, a failure does.
    by = {"acting_user": None, "now": NOW}
    row = correct_record(record=row, trainer_name="周师傅", reason="教员写错", **by)
    assert ask("000001?place=TANK-1").json()["cleared"] is True
    correct_record(record=row, passed=False, reason="代考", **by)
    assert ask("000001?place=TANK-1").json()["reasons"][0]["code"] == "programme_missing"
    assert ask("000001?place=NONE").status_code == 404


def test_place_for_own_people_only(ask, worker, unit):
    other = org_path("总厂/二车间")
    make_place(other, own_people_only=True)
    assert ask("000001?place=TANK-1").json()["reasons"][0]["code"] == "not_of_this_place"
    AssignmentFactory(employee=worker, unit=other, kind="secondment")
    assert ask("000001?place=TANK-1").json()["cleared"] is True


def test_token_is_needed_and_ends(client, unit, worker, ask):
    gate, token = make_gate(unit, name="西门")
    url, header = "/api/clearance/000001", {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.get(url).status_code == 401
    assert client.get(url, **header).status_code == 200

    new = renew_token(gate=gate, expires_on=dt.date(2026, 11, 30), acting_user=None, now=NOW)
    assert client.get(url, **header).status_code == 401
    header["HTTP_AUTHORIZATION"] = f"Bearer {new}"
    assert client.get(url, **header).status_code == 200
    with time_machine.travel(dt.datetime(2026, 12, 1, 1, tzinfo=dt.UTC), tick=False):
        assert client.get(url, **header).json()["code"] == "token_expired"
    gate.refresh_from_db()
    gate.ip_ranges = ["10.0.0.0/8"]
    gate.save()
    assert client.get(url, **header).json()["code"] == "address_not_allowed"
    revoke_gate(gate=gate, acting_user=None, now=NOW)
    assert client.get(url, **header).json()["code"] == "token_invalid"


def test_gate_in_a_hurry_is_slowed_down(client, unit, worker):
    _gate, token = make_gate(unit, calls_per_minute=3)
    header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    codes = [client.get("/api/clearance/000001", **header).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
        assert client.get("/api/clearance/000001", **header).status_code == 200


def test_asks_are_counted_by_the_hour_after_the_answer(ask, worker, django_assert_num_queries):
    for path in ("000001", "nobody", "000001"):
        ask(path)
    with time_machine.travel(NOW + dt.timedelta(seconds=30), tick=False):
        ask()
    counted = GateAsks.objects.get()
    assert (counted.cleared, counted.unknown) == (3, 1)
    taken = Tally()
    taken.note(counted.gate_id, cleared=0, blocked=2, unknown=0, now=NOW)
    add_asks(counts=taken.take_due(NOW))
    assert GateAsks.objects.get().blocked == 2


def test_document_describes_the_calls(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    wanted = {"/api/clearance/{employee_no}", "/api/clearance/badge/{code}", "/api/clearance/batch"}
    assert wanted | {"/api/clearance/list"} <= paths.keys()


def test_without_a_stored_answer_one_is_computed(ask, worker):
    ClearanceState.objects.all().delete()
    assert ask().json()["cleared"] is True
