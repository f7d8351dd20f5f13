import datetime as dt
import json
import uuid

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from training.models import TrainingRecord
from xapi import api
from xapi.actions.storing import revoke_client
from xapi.models import Statement, StatementClient

pytestmark = pytest.mark.django_db
UNKNOWN = "00000000-0000-4000-8000-0000000000ff"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def void(statement_id, **more):
    return {
        "actor": {"mbox": "mailto:admin@a.example"},
        "verb": {"id": VOIDED},
        "object": {"objectType": "StatementRef", "id": str(statement_id)},
        **more,
    }


def ids(response):
    assert response.status_code == 200, response.content
    return [one["id"] for one in response.json()["statements"]]


class TestDoor:
    def test_about_is_open(self, client):
        response = client.get("/xapi/about")
        assert response.json() == {"version": ["1.0.3"]}
        assert response["X-Experience-API-Version"] == "1.0.3"

    @pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic YTpi", "Bearer abc", "Basic /w=="])
    def test_refuses_strangers(self, client, header):
        response = client.get("/xapi/statements", headers={"Authorization": header})
        assert (response.status_code, "WWW-Authenticate" in response) == (401, True)

    def test_a_session_of_the_site_opens_nothing(self, admin_client):
        assert admin_client.get("/xapi/statements").status_code == 401

    def test_refuses_a_revoked_client(self, lrs):
        system = lrs()
        revoke_client(key=system.row.key, now=dt.datetime.now(dt.UTC))
        assert system.get().status_code == 401

    def test_refuses_a_client_without_the_scope(self, lrs, a_statement):
        assert lrs("statements/read").post(a_statement()).status_code == 403
        assert lrs("statements/write").get().status_code == 403

    def test_asks_for_the_version(self, lrs, a_statement):
        system = lrs()
        del system.headers["X-Experience-API-Version"]
        assert system.post(a_statement()).status_code == 400
        assert system.post(a_statement(), **{"X-Experience-API-Version": "0.9"}).status_code == 400

    def test_too_many_requests(self, lrs, settings):
        settings.API_CALLS_PER_MINUTE = 2
        system = lrs()
        with time_machine.travel("2026-11-02T08:00:10Z", tick=False):
            assert [system.get().status_code for _n in range(3)] == [200, 200, 429]

    def test_too_many_refusals(self, client, monkeypatch):
        monkeypatch.setattr(api, "REFUSALS_PER_MINUTE", 1)
        with time_machine.travel("2026-11-02T08:00:10Z", tick=False):
            assert [client.get("/xapi/statements").status_code for _n in range(2)] == [401, 429]


class TestStore:
    def test_one_and_many(self, lrs, a_statement):
        system = lrs()
        one = system.post(a_statement())
        many = system.post([a_statement(), a_statement()])
        assert (one.status_code, len(one.json()), len(many.json())) == (200, 1, 2)
        body = Statement.objects.first().body
        assert body["authority"]["name"] == "演练场"
        assert {"id", "stored", "timestamp", "version"} <= set(body)

    def test_the_same_again_is_taken_once_and_another_is_a_conflict(self, lrs, a_statement):
        system = lrs()
        known = a_statement(id=str(uuid.uuid4()))
        assert [system.post(known).status_code for _n in range(2)] == [200, 200]
        assert Statement.objects.count() == 1
        other = a_statement(id=known["id"], object={"id": "https://sim.example/other"})
        assert system.post([a_statement(), other]).status_code == 409
        assert Statement.objects.count() == 1

    def test_put(self, lrs, a_statement):
        system = lrs()
        wanted = uuid.uuid4()
        assert [system.put(wanted, a_statement()).status_code for _n in range(2)] == [204, 204]
        assert system.put(wanted, a_statement(id=str(uuid.uuid4()))).status_code == 400
        assert system.put("x", a_statement()).status_code == 400
        assert system.put(wanted, [a_statement()]).status_code == 400
        assert system.get(statementId=str(wanted)).json()["id"] == str(wanted)

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("{", 400),
            ("[" * 100_000, 400),
            ("[]", 400),
            ('{"actor": NaN}', 400),
            ([1], 400),
            ([{}] * 201, 413),
            ("[" + " " * 1_100_000 + "]", 413),
        ],
        ids=["half", "deep", "none", "nan", "number", "many", "large"],
    )
    def test_refuses(self, lrs, body, status):
        assert lrs().post(body).status_code == status

    def test_refuses_other_kinds_of_body_and_method(self, lrs):
        system = lrs()
        mixed = system.http.post(
            "/xapi/statements", b"x", content_type="multipart/mixed; boundary=x", headers=system.headers
        )
        assert mixed.status_code == 415
        assert system.http.delete("/xapi/statements", headers=system.headers).status_code == 405

    def test_twice_in_one_batch(self, lrs, a_statement):
        known = a_statement(id=str(uuid.uuid4()))
        assert lrs().post([known, known]).status_code == 400

    def test_rows_are_never_changed(self, lrs, a_statement):
        lrs().post(a_statement())
        with pytest.raises(DatabaseError, match="append-only"):
            Statement.objects.update(verb="x")

    def test_completes_nothing(self, lrs, a_statement):
        lrs().post(a_statement())
        assert not TrainingRecord.objects.exists()

    def test_costs_the_same_for_one_and_three(self, lrs, a_statement):
        system = lrs()
        counts = []
        for number in (1, 3):
            with CaptureQueriesContext(connection) as queries:
                system.post([a_statement() for _n in range(number)])
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestVoiding:
    def test_a_voided_statement_is_found_as_such_only(self, lrs, a_statement):
        system = lrs()
        (known,) = system.post(a_statement()).json()
        (voiding,) = system.post(void(known)).json()
        assert system.get(statementId=known).status_code == 404
        assert system.get(voidedStatementId=known).json()["id"] == known
        assert ids(system.get()) == [voiding]

    def test_a_voiding_one_cannot_be_voided(self, lrs, a_statement):
        system = lrs()
        (known,) = system.post(a_statement()).json()
        (voiding,) = system.post(void(known)).json()
        assert system.post(void(voiding)).status_code == 400

    def test_nobody_voids_what_another_brought(self, lrs, a_statement):
        first, second = lrs(), lrs()
        (known,) = first.post(a_statement()).json()
        assert second.post(void(known)).status_code == 403
        # Nor by saying so before it comes.
        coming = str(uuid.uuid4())
        assert second.post(void(coming)).status_code == 200
        first.post(a_statement(id=coming))
        assert first.get(statementId=coming).status_code == 200


class TestFind:
    @pytest.fixture
    def system(self, lrs, a_statement):
        system = lrs()
        for day in (1, 2, 3):
            with time_machine.travel(dt.datetime(2026, 11, day, tzinfo=dt.UTC), tick=False):
                system.post(
                    a_statement(
                        id=f"00000000-0000-4000-8000-00000000000{day}",
                        actor={"mbox": f"mailto:p{day}@a.example"},
                        verb={"id": f"https://a.example/v{day % 2}"},
                        object={"id": f"https://a.example/o{day}"},
                        context={"registration": f"00000000-0000-4000-8000-0000000000a{day}"},
                    )
                )
        return system

    @pytest.mark.parametrize(
        ("params", "days"),
        [
            ({}, "321"),
            ({"ascending": "true"}, "123"),
            ({"agent": json.dumps({"mbox": "mailto:p2@a.example"})}, "2"),
            ({"verb": "https://a.example/v1"}, "31"),
            ({"activity": "https://a.example/o1"}, "1"),
            ({"registration": "00000000-0000-4000-8000-0000000000a3"}, "3"),
            ({"since": "2026-11-01T00:00:00Z"}, "32"),
            ({"until": "2026-11-02T00:00:00Z"}, "21"),
            ({"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T08:00:00+08:00"}, "2"),
        ],
    )
    def test_by(self, system, params, days):
        assert [one[-1] for one in ids(system.get(**params))] == list(days)

    def test_page_by_page(self, system):
        first = system.get(limit=2)
        assert [one[-1] for one in ids(first)] == ["3", "2"]
        rest = system.http.get(first.json()["more"], headers=system.headers)
        assert ([one[-1] for one in ids(rest)], rest.json()["more"]) == (["1"], "")

    @pytest.mark.parametrize(
        "params",
        [
            {"agent": "{"},
            {"agent": "{}"},
            {"since": "x"},
            {"limit": "-1"},
            {"registration": "x"},
            {"cursor": "x"},
            {"unknown": "1"},
            {"format": "ids"},
            {"related_agents": "true"},
            {"verb": "\0"},
            {"statementId": "x"},
            {"statementId": UNKNOWN, "verb": "x"},
            {"statementId": UNKNOWN, "voidedStatementId": UNKNOWN},
        ],
        ids=str,
    )
    def test_refuses(self, system, params):
        assert system.get(**params).status_code == 400

    def test_own_statements_only(self, system, lrs, a_statement):
        other = lrs("statements/write", "statements/read/mine")
        assert ids(other.get()) == []
        other.post(a_statement())
        assert len(ids(other.get())) == 1
        assert other.get(statementId="00000000-0000-4000-8000-000000000001").status_code == 404


class TestCommand:
    def test_makes_and_ends_a_client(self, capsys):
        call_command("xapi_client", "add", "演练场", "--scope", "statements/write")
        row = StatementClient.objects.get()
        assert row.key in capsys.readouterr().out
        call_command("xapi_client", "revoke", row.key)
        with pytest.raises(CommandError, match="no such client"):
            call_command("xapi_client", "revoke", row.key)

    def test_a_client_needs_a_scope(self):
        with pytest.raises(CommandError, match="--scope"):
            call_command("xapi_client", "add", "演练场")
