"""Signed lists: what they say, differences, the stand-alone verifier, the command."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from access.actions.passlists import signed_list
from access.errors import ListRefused
from access.models import SignedList
from access.passlists import delta_payload, digest_of, full_payload, heading
from common.signatures import CLEARANCE_LIST, LEDGER, signing_key
from tests.factories.access import NOW, make_badge, make_gate
from tests.factories.people import AssignmentFactory, EmployeeFactory, OrgUnitFactory, PostFactory, org_path
from tests.factories.training import LicenceFactory, LicenceTypeFactory, ObligationFactory
from tools import check_clearance_list
from training.actions.clearance import refresh_clearance

CHECKER = Path(__file__).resolve().parents[2] / "tools" / "check_clearance_list.py"
entry_maps = st.dictionaries(
    st.text("0123456789AB工", min_size=1, max_size=5), st.sampled_from(["", "2026-12-01", "2027-01-31"])
)


@given(before=entry_maps, after=entry_maps)
@settings(max_examples=60)
def test_delta_applied_gives_the_whole(before, after):
    head = heading(
        site="https://a", gate=1, version=2, key_by="employee_no", created_at=NOW, expires_at=NOW,
        count=len(after),
    )  # fmt: skip
    base = {"version": 1, "key_by": "employee_no", "entries": before}
    delta = json.loads(json.dumps(delta_payload(before, after, 1, head)))
    assert check_clearance_list.whole(delta, base) == after
    assert check_clearance_list.whole(full_payload(after, head), None) == after
    assert delta["sha256"] == digest_of(after)
    for name, day in after.items():
        assert check_clearance_list.may_pass(after, name, "2026-12-01")
        assert check_clearance_list.may_pass(after, name, "2026-12-02") is (day != "2026-12-01")


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def works(unit):
    """Three people: cleared for good, cleared until the end of the year, blocked; and somebody elsewhere."""
    post = PostFactory()
    post.demanded_licences.add(LicenceTypeFactory())
    people = {
        "good": EmployeeFactory(employee_no="A1", assigned__unit=unit),
        "year": EmployeeFactory(employee_no="A2", assigned__unit=unit, assigned__post=post),
        "blocked": EmployeeFactory(employee_no="A3", assigned__unit=unit),
        "elsewhere": EmployeeFactory(employee_no="A4", assigned__unit=OrgUnitFactory()),
        "left": EmployeeFactory(employee_no="A5", left=True),
    }
    AssignmentFactory(employee=people["left"], unit=unit, ends_before=dt.date(2026, 9, 30))
    LicenceFactory(employee=people["year"], valid_until=dt.date(2026, 12, 31))
    ObligationFactory(employee=people["blocked"])
    refresh_clearance(employee_ids=[one.pk for one in people.values()], now=NOW)
    return people


def payload(made):
    return json.loads(made["payload"])


@pytest.mark.django_db
def test_list_names_who_is_cleared_and_until_when(unit, works):
    gate, _token = make_gate(unit)
    told = payload(signed_list(gate=gate, now=NOW))
    assert told["entries"] == {"A1": "", "A2": "2026-12-31"}
    assert told["kind"] == "full"
    assert told["count"] == 2
    assert told["expires_at"] == "2026-11-23T01:00:00Z"


@pytest.mark.django_db
def test_version_stays_while_nothing_changes_and_difference_is_told(unit, works):
    gate, _token = make_gate(unit)
    first = payload(signed_list(gate=gate, now=NOW))
    assert payload(signed_list(gate=gate, now=NOW + dt.timedelta(hours=1)))["version"] == first["version"]

    later = NOW + dt.timedelta(hours=2)
    ObligationFactory(employee=works["good"])
    refresh_clearance(employee_ids=[works["good"].pk], now=later)
    delta = payload(signed_list(gate=gate, since=first["version"], now=later))
    assert (delta["kind"], delta["entries"], delta["removed"]) == ("delta", {}, ["A1"])
    assert payload(signed_list(gate=gate, since=99, now=later))["kind"] == "full"

    # Half of its time is over: a new version with a new end, though nobody changed.
    renewed = payload(signed_list(gate=gate, since=delta["version"], now=later + dt.timedelta(hours=13)))
    assert renewed["version"] == delta["version"] + 1
    assert renewed["entries"] == {}


@pytest.mark.django_db
def test_old_versions_are_dropped(unit, works):
    gate, _token = make_gate(unit)
    for step in range(25):
        signed_list(gate=gate, now=NOW + dt.timedelta(hours=13 * step))
    assert SignedList.objects.count() == 20


@pytest.mark.django_db
def test_list_by_badges_names_no_number(unit, works):
    gate, _token = make_gate(unit, key_by="badge")
    make_badge(works["good"])
    made = signed_list(gate=gate, now=NOW)
    assert "A1" not in made["payload"]
    assert len(payload(made)["entries"]) == 1


@pytest.mark.django_db
def test_statements_do_not_grow(unit, works, django_assert_max_num_queries):
    gate, _token = make_gate(unit)
    for _ in range(4):
        EmployeeFactory(assigned__unit=unit)  # never computed
    with django_assert_max_num_queries(22):
        assert payload(signed_list(gate=gate, now=NOW))["count"] == 6


@pytest.mark.django_db
def test_without_a_key_there_is_no_list(unit, settings):
    gate, _token = make_gate(unit)
    settings.LEDGER_KEYS = [f"public:{'a' * 64}"]
    with pytest.raises(ListRefused, match="LEDGER_KEYS"):
        signed_list(gate=gate, now=NOW)


def test_purposes_have_different_keys():
    assert signing_key(CLEARANCE_LIST) != signing_key(LEDGER)


def check(folder, *arguments):
    command = [sys.executable, "-I", str(CHECKER), "--key", signing_key(CLEARANCE_LIST), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, done.stdout


@pytest.mark.django_db
def test_gate_without_the_platform_checks_list_delta_person_and_badge(unit, works, tmp_path):
    gate, _token = make_gate(unit)
    with time_machine.travel(NOW, tick=False):
        call_command("export_clearance_list", gate=str(gate.pk), output=str(tmp_path / "full.json"))
    at = ["--at", "2026-11-22T10:00:00+08:00"]
    assert check(tmp_path, *at, "--person", "A1", "full.json") == (
        0, "valid: version 1, 2 people, until 2026-11-23T01:00:00Z\ncleared until further notice\n",
    )  # fmt: skip
    assert check(tmp_path, *at, "--person", "A3", "full.json")[0] == 1
    assert "expired" in check(tmp_path, "--at", "2026-11-24T10:00:00+08:00", "full.json")[1]

    later = NOW + dt.timedelta(hours=2)
    ObligationFactory(employee=works["good"])
    refresh_clearance(employee_ids=[works["good"].pk], now=later)
    (tmp_path / "delta.json").write_text(json.dumps(signed_list(gate=gate, since=1, now=later)))
    assert "give the list" in check(tmp_path, *at, "delta.json")[1]
    applied = check(tmp_path, *at, "--base", "full.json", "--output", "new.json", "delta.json")
    assert applied == (0, "valid: version 2, 1 people, until 2026-11-23T03:00:00Z\n")
    assert json.loads((tmp_path / "new.json").read_text())["entries"] == {"A2": "2026-12-31"}

    forged = json.loads((tmp_path / "full.json").read_text())
    forged["payload"] = forged["payload"].replace("A1", "A3")
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert check(tmp_path, *at, "forged.json") == (1, "NOT VALID: the signature is not by this key\n")
    (tmp_path / "none.json").write_text("{")
    assert check(tmp_path, "none.json")[0] == 2


@pytest.mark.django_db
def test_command_names_the_gate_it_does_not_find(unit):
    with pytest.raises(CommandError, match="0 running gates"):
        call_command("export_clearance_list", gate="nowhere")


@pytest.mark.django_db
def test_gate_fetches_its_list(client, unit, works):
    _gate, token = make_gate(unit)
    header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    with time_machine.travel(NOW, tick=False):
        made = client.get("/api/clearance/list", **header).json()
        assert payload(made)["count"] == 2
        assert payload(client.get("/api/clearance/list?since=1", **header).json())["kind"] == "delta"
        assert client.get("/api/clearance/list?since=x", **header).status_code == 422
