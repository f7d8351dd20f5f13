import datetime as dt
import re

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from certificates.actions.files import make_file
from certificates.actions.issue import issue_for_record
from certificates.actions.standing import revoke_certificate
from certificates.views.public import REQUESTS_PER_MINUTE
from people.models import Role
from tests.factories.certificates import CertifiedProgrammeFactory, ProgrammeRecordFactory
from tests.factories.people import AssignmentFactory, EmployeeFactory, RoleGrantFactory, UserFactory, org_path

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def certificate():
    record = ProgrammeRecordFactory(employee=EmployeeFactory(name="张𠮷安"))
    return issue_for_record(record_id=record.pk, now=NOW)


def verify(client, code):
    return client.get(reverse("certificates:verify", args=[code]))


def page(response):
    return BeautifulSoup(response.content, "html.parser")


def verdict(response):
    box = page(response).select_one(".verdict")
    return box.select_one(".sign")["class"][1], box.strong.get_text(strip=True)


def test_verify_shows_every_printed_field_to_anyone(client, certificate):
    response = verify(client, certificate.verify_code)
    assert response.status_code == 200
    shown = [dd.get_text(strip=True) for dd in page(response).select(".paper dd")]
    blank = "纸面上没有这一项"
    assert sorted(shown) == sorted(value or blank for value in certificate.printed.values())
    assert "请核对：纸面与本页任何一项不同即为伪造。" in response.text
    assert verdict(response) == ("safe", "有效")


def test_verify_is_kept_out_of_search_engines_and_caches(client, certificate):
    response = verify(client, certificate.verify_code)
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Cache-Control"] == "no-store"
    assert page(response).select_one("meta[name=robots]")["content"] == "noindex, nofollow"


def test_verify_shows_what_was_printed_and_not_what_is_so_now(client, certificate):
    certificate.employee.name = "改名后"
    certificate.employee.save(update_fields=["name"])
    certificate.template.title = "新名称"
    certificate.template.save(update_fields=["title"])
    text = verify(client, certificate.verify_code).text
    assert "张𠮷安" in text
    assert "改名后" not in text
    assert "新名称" not in text


def test_revocation_shows_at_once_without_its_reason(client, certificate):
    revoke_certificate(certificate_id=certificate.pk, reason="查实代考", acting_user=None, now=NOW)
    response = verify(client, certificate.verify_code)
    assert verdict(response) == ("stop", "已撤销")
    assert "2026-03-09 09:00" in response.text
    assert "代考" not in response.text


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2027-03-08T12:00:00+08:00", ("care", "有效，即将到期")),
        ("2027-03-09T00:00:00+08:00", ("stop", "已过期")),
    ],
)
def test_dates_tell_on_the_page(day, expected, client, time_machine):
    programme = CertifiedProgrammeFactory(template__valid_months=12)
    certificate = issue_for_record(record_id=ProgrammeRecordFactory(programme=programme).pk, now=NOW)
    time_machine.move_to(dt.datetime.fromisoformat(day), tick=False)
    assert verdict(verify(client, certificate.verify_code)) == expected


@pytest.mark.parametrize("code", ["no-such-code", "AX-2026-000001-67", "码", "x" * 500])
def test_unknown_code_is_told_kindly(code, client, certificate):
    response = verify(client, code)
    assert response.status_code == 404
    assert "没有这张证书" in response.text
    assert certificate.printed["name"] not in response.text
    assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_verify_takes_four_queries_at_most(client, certificate, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        verify(client, certificate.verify_code)


def test_busy_client_is_asked_to_wait_and_others_are_not(client, certificate, time_machine):
    for _ in range(REQUESTS_PER_MINUTE):
        assert verify(client, certificate.verify_code).status_code == 200
    refused = verify(client, certificate.verify_code)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert certificate.number not in refused.text
    assert verify(Client(REMOTE_ADDR="10.0.0.9"), certificate.verify_code).status_code == 200
    time_machine.shift(60)
    assert verify(client, certificate.verify_code).status_code == 200


def find(client, **params):
    return client.get(reverse("certificates:verify-find"), params)


def test_typed_code_leads_to_its_page_spaces_or_not(client, certificate):
    code = certificate.verify_code
    response = find(client, code=f" {code[:5]} {code[5:]} ")
    assert response.status_code == 302
    assert response["Location"] == reverse("certificates:verify", args=[code])


def test_empty_page_asks_without_an_error(client):
    response = find(client)
    assert response.status_code == 200
    assert page(response).select_one(".errorlist") is None


@pytest.mark.parametrize("spoil", [lambda number: number, lambda number: number[:-1] + "0"])
def test_number_alone_reveals_nothing(spoil, client, certificate):
    response = find(client, code=spoil(certificate.number))
    assert response.status_code == 422
    assert "只凭编号不能查到证书" in response.text
    assert certificate.printed["name"] not in response.text


@pytest.mark.parametrize("code", ["", "核验码", "a/b", "x" * 81, "a\x00b"])
def test_impossible_code_is_refused_with_a_reason(code, client):
    response = find(client, code=code)
    assert response.status_code == 422
    assert page(response).select_one(".errorlist").get_text(strip=True)


def download(client, certificate):
    return client.get(reverse("certificates:download", args=[certificate.public_id]))


def test_holder_waits_for_the_pdf_and_then_gets_it(client, certificate):
    client.force_login(certificate.employee.user)
    waiting = download(client, certificate)
    assert (waiting.status_code, waiting["Refresh"]) == (202, "4")
    assert certificate.number in waiting.text

    make_file(certificate_id=certificate.pk, now=NOW)
    response = download(client, certificate)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "private, no-store"
    assert re.search(rf'filename="{certificate.number}\.pdf"', response["Content-Disposition"])
    assert b"".join(response.streaming_content).startswith(b"%PDF-")


def test_colleague_gets_the_same_404_as_for_none(client, certificate):
    client.force_login(UserFactory())
    denied = download(client, certificate)
    missing = client.get("/certificates/00000000-0000-0000-0000-000000000000.pdf")
    assert (denied.status_code, missing.status_code) == (404, 404)
    assert denied.content == missing.content


def test_roles_that_see_results_may_read_within_their_scope(client, certificate):
    AssignmentFactory(employee=certificate.employee, unit=org_path("总厂/一车间/甲班"))
    for role, path, status in (
        (Role.HR_OFFICER, "总厂", 202),
        (Role.HR_OFFICER, "总厂/二车间", 404),
        (Role.TEAM_LEADER, "总厂/一车间", 404),
    ):
        client.force_login(RoleGrantFactory(role=role, unit=org_path(path)).user)
        assert download(client, certificate).status_code == status, (role, path)


def test_anyone_else_is_asked_to_sign_in(client, certificate):
    response = download(client, certificate)
    assert response.status_code == 302
    assert f"next=/certificates/{certificate.public_id}.pdf" in response["Location"]


def test_superuser_may_read(client, certificate):
    client.force_login(UserFactory(superuser=True))
    assert download(client, certificate).status_code == 202


@pytest.mark.parametrize("address", ["/verify/", "/verify/x/"])
def test_public_pages_only_answer_reading(address, client):
    assert client.post(address).status_code == 405
