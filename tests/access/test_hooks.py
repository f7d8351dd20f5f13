"""Loss and regain are told: with the change, signed, again until it arrives, and never into this network."""

import datetime as dt
import ipaddress
import json
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from access.actions.hooks import create_hook, end_hook, resend, send_due
from access.errors import HookRefused
from access.models import Delivery
from access.outbound import NotAllowed, check_url, is_public, signature
from jobs.queue import run_pending_jobs
from tests.factories.access import NOW, make_hook
from tests.factories.people import EmployeeFactory, OrgUnitFactory, org_path
from tests.factories.training import ObligationFactory
from training.actions.clearance import refresh_clearance
from training.models import Obligation

SECRET = "s" * 32


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(text)
    return folder


@pytest.fixture(scope="module")
def server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "ca.pem", authority / "key.pem")
    with HTTPServer(host="127.0.0.1", ssl_context=context) as running:
        yield running


@pytest.fixture
def told(server, authority, settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_CA_FILE = str(authority / "ca.pem")
    server.clear()
    return server


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def worker(unit):
    person = EmployeeFactory(employee_no="000001", assigned__unit=unit)
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    return person


def lose(person):
    ObligationFactory(employee=person)
    refresh_clearance(employee_ids=[person.pk], now=NOW)


def regain(person):
    Obligation.objects.filter(employee=person).update(state="cancelled", closed_at=NOW)
    refresh_clearance(employee_ids=[person.pk], now=NOW)


@pytest.mark.django_db
def test_loss_and_regain_arrive_signed_and_say_no_more_than_the_number(told, unit, worker):
    make_hook(told.url_for("/told?site=1"), unit.get_parent(), secret=SECRET)
    told.expect_request("/told", method="POST", query_string="site=1").respond_with_data("", status=204)
    lose(worker)
    regain(worker)
    refresh_clearance(employee_ids=[worker.pk], now=NOW)
    assert run_pending_jobs() == 1

    requests = [request for request, _response in told.log]
    assert [json.loads(request.data)["type"] for request in requests] == [
        "clearance.lost",
        "clearance.regained",
    ]
    body = json.loads(requests[0].data)
    assert body.keys() == {"id", "event", "type", "employee_no", "cleared", "at"}
    assert (body["employee_no"], body["cleared"]) == ("000001", False)
    stamp = requests[0].headers["X-AnXue-Timestamp"]
    assert requests[0].headers["X-AnXue-Signature"] == f"v1={signature(SECRET, int(stamp), requests[0].data)}"
    assert requests[0].headers["X-AnXue-Event"] == body["event"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert send_due(now=NOW) == 0


@pytest.mark.django_db
def test_message_is_written_with_the_change_or_not_at_all(told, unit, worker):
    make_hook(told.url_for("/told"), unit)
    with pytest.raises(RuntimeError), transaction.atomic():
        lose(worker)
        assert Delivery.objects.count() == 1
        raise RuntimeError
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "where", "count"),
    [
        ({}, "here", 2),
        ({"on_gain": False}, "here", 1),
        ({"on_loss": False}, "here", 1),
        ({}, "elsewhere", 0),
        ({"ended_at": NOW}, "here", 0),
    ],
)
def test_only_what_an_address_asked_for_is_noted(unit, worker, fields, where, count):
    make_hook("https://gate.example/", unit if where == "here" else OrgUnitFactory(), **fields)
    lose(worker)
    regain(worker)
    assert Delivery.objects.count() == count


@pytest.mark.django_db
def test_somebody_new_who_is_blocked_has_lost_nothing(unit):
    make_hook("https://gate.example/", unit)
    person = EmployeeFactory(assigned__unit=unit)
    lose(person)
    assert Delivery.objects.count() == 0


@pytest.mark.django_db
def test_failure_is_tried_again_ever_later_then_left_to_the_office(told, unit, worker):
    hook = make_hook(told.url_for("/told"), unit)
    told.expect_request("/told").respond_with_data("no", status=500)
    lose(worker)
    moment, waits = NOW, []
    for _ in range(12):
        assert send_due(now=moment) == 0
        assert send_due(now=moment) == 0  # not due
        delivery = Delivery.objects.get()
        waits.append((delivery.next_try_at - moment).total_seconds() / 60)
        moment = delivery.next_try_at
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == 360
    assert (delivery.state, delivery.tries, delivery.problem) == ("dead", 12, "HTTP 500")

    assert resend(delivery=delivery, acting_user=None, now=moment)
    assert not resend(delivery=delivery, acting_user=None, now=moment)
    told.clear()
    told.expect_request("/told").respond_with_data("")
    assert send_due(now=moment) == 1
    end_hook(hook=hook, acting_user=None, now=moment)
    regain(worker)
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_redirect_is_not_followed(told, unit, worker):
    make_hook(told.url_for("/told"), unit)
    told.expect_request("/told").respond_with_data("", status=302, headers={"Location": "/elsewhere"})
    lose(worker)
    send_due(now=NOW)
    assert Delivery.objects.get().problem == "HTTP 302"
    assert len(told.log) == 1


@pytest.mark.django_db
def test_own_network_is_refused_unless_it_is_allowed(told, unit, worker, settings):
    settings.WEBHOOK_NETWORKS = []
    fields = {"name": "x", "units": [unit], "on_loss": True, "on_gain": True, "acting_user": None, "now": NOW}
    with pytest.raises(HookRefused, match="WEBHOOK_NETWORKS"):
        create_hook(url=told.url_for("/told"), **fields)
    make_hook(told.url_for("/told"), unit)  # allowed once, and no longer
    lose(worker)
    assert send_due(now=NOW) == 0
    assert Delivery.objects.get().problem == "private_address"
    assert told.log == []
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    _hook, secret = create_hook(url=told.url_for("/told"), **fields)
    assert len(secret) > 20
    with pytest.raises(HookRefused):
        create_hook(url=told.url_for("/told"), **{**fields, "on_loss": False, "on_gain": False})


@pytest.mark.django_db
def test_certificate_of_somebody_else_is_refused(told, unit, worker, settings):
    settings.WEBHOOK_CA_FILE = ""
    make_hook(told.url_for("/told"), unit)
    lose(worker)
    assert send_due(now=NOW) == 0
    assert Delivery.objects.get().problem == "SSLCertVerificationError"


@pytest.mark.parametrize(
    "url",
    [
        "http://gate.example/",
        "ftp://gate.example/",
        "https://user:pass@gate.example/",
        "https://gate.example/#x",
        "https://",
        "https://gate.example:99999/",
        "https://gate.example/\nHost: x",
        "gate.example",
    ],
)
def test_address_that_is_not_plain_https_is_refused(url):
    with pytest.raises(NotAllowed):
        check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::",
    ],
)  # fmt: skip
def test_private_addresses_are_known(address):
    assert not is_public(address, [])


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fd00::/8"))
def test_private_networks_are_closed_until_allowed(address):
    assert not is_public(str(address), [])
    assert is_public(str(address), ["10.0.0.0/8", "fd00::/8"])


def test_public_address_is_open():
    assert is_public("8.8.8.8", [])
