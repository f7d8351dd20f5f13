import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from certificates.actions.issue import issue_for_record
from certificates.models import Certificate, CertificateStatus, CertificateTemplate, NumberSeries
from certificates.queries import standing_of
from certificates.standing import State
from common.clock import now
from people.models import Role, User
from tests.factories.certificates import CertificateTemplateFactory, ProgrammeRecordFactory
from tests.factories.people import AssignmentFactory, EmployeeFactory, RoleGrantFactory, UserFactory, org_path

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
LIST = "/admin/certificates/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate():
    record = ProgrammeRecordFactory(employee=EmployeeFactory(name="张𠮷安"))
    return issue_for_record(record_id=record.pk, now=NOW)


@pytest.fixture
def office(client):
    client.force_login(UserFactory(superuser=True))
    return client


def change(client, certificate, kind, reason="查实代考"):
    address = reverse("certificates_office:change", args=[certificate.public_id, kind])
    return client.post(address, {"reason": reason}, follow=True)


def test_list_shows_number_state_and_holder(office, certificate):
    text = office.get(LIST).text
    assert certificate.number in text
    assert "有效" in text
    assert "张𠮷安" in text


@pytest.mark.parametrize("asked", ["ax 2026 000001 67", "𠮷安", "000001"])
def test_list_is_searched_by_number_name_or_part(asked, office, certificate):
    assert certificate.number in office.get(LIST, {"q": asked}).text


def test_search_without_a_hit_says_so(office, certificate):
    text = office.get(LIST, {"q": "李"}).text
    assert certificate.number not in text
    assert "没有编号、姓名或工号含“李”的证书" in text


def test_empty_list_says_how_certificates_come_about(office):
    assert "还没有签发过证书" in office.get(LIST).text


def test_list_queries_do_not_grow(office, certificate, django_assert_num_queries):
    office.get(LIST)
    with CaptureQueriesContext(connection) as one:
        office.get(LIST)
    for _ in range(2):
        issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)
    with django_assert_num_queries(len(one)):
        office.get(LIST)


def test_inspect_shows_the_history(office, certificate):
    change(office, certificate, "suspend", "核查中")
    text = office.get(reverse("certificates_office:inspect", args=[certificate.public_id])).text
    assert certificate.printed["record_hash"] in text
    assert "核查中" in text
    assert "已暂停" in text


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["revoke"], State.REVOKED),
        (["suspend"], State.SUSPENDED),
        (["suspend", "resume"], State.VALID),
    ],
)
def test_button_changes_the_standing(kinds, expected, office, certificate, time_machine):
    for hour, kind in enumerate(kinds):
        time_machine.move_to(NOW + dt.timedelta(hours=1 + hour), tick=False)
        response = change(office, certificate, kind)
        assert response.status_code == 200
        assert "的状态已变更" in response.text
    certificate = Certificate.objects.get()
    assert standing_of(certificate, now()).state == expected


def test_change_without_a_reason_stays_on_the_page(office, certificate):
    response = change(office, certificate, "revoke", " ")
    assert response.status_code == 422
    assert "请写明原因" in response.text
    assert not CertificateStatus.objects.exists()


def test_impossible_change_is_explained(office, certificate):
    assert "没有被暂停" in change(office, certificate, "resume").text


def test_unknown_change_is_not_found(office, certificate):
    assert change(office, certificate, "burn").status_code == 404


def test_change_is_only_posted(office, certificate):
    address = reverse("certificates_office:change", args=[certificate.public_id, "revoke"])
    assert office.get(address).status_code == 405


@pytest.fixture
def admin_without_rights(client):
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    return client


def test_staff_without_rights_reach_nothing(admin_without_rights, certificate):
    client = admin_without_rights
    inspect = reverse("certificates_office:inspect", args=[certificate.public_id])
    preview = reverse("certificates_office:template-preview", args=[certificate.template_id])
    assert client.get(LIST).status_code == 302  # Wagtail sends a refused person back with a message
    assert client.get(inspect).status_code == 404
    assert change(client, certificate, "revoke").status_code == 404
    assert client.get(preview).status_code == 302
    assert not CertificateStatus.objects.exists()
    assert "证书" not in client.get("/admin/").text


def test_hr_reads_what_is_in_its_scope_and_changes_nothing(admin_without_rights, certificate):
    client = admin_without_rights
    user = User.objects.get(pk=client.session["_auth_user_id"])
    AssignmentFactory(employee=certificate.employee, unit=org_path("总厂/一车间"))
    other = issue_for_record(record_id=ProgrammeRecordFactory(employee__assigned=True).pk, now=NOW)
    RoleGrantFactory(user=user, role=Role.HR_OFFICER, unit=org_path("总厂"))

    listed = client.get(LIST).text
    assert certificate.number in listed
    assert other.number not in listed
    inspected = client.get(reverse("certificates_office:inspect", args=[certificate.public_id]))
    assert "只有安全管理人员可以变更证书状态" in inspected.text
    assert "<textarea" not in inspected.text
    assert change(client, certificate, "revoke").status_code == 404
    assert client.get(reverse("certificates_office:inspect", args=[other.public_id])).status_code == 404


def test_preview_is_a_sample_and_stores_nothing(office, tmp_path):
    template = CertificateTemplateFactory()
    response = office.get(reverse("certificates_office:template-preview", args=[template.pk]))
    assert response["Content-Type"] == "application/pdf"
    path = tmp_path / "preview.pdf"
    path.write_bytes(response.content)
    assert "样张" in PdfReader(path).pages[0].extract_text()
    assert not Certificate.objects.exists()
    assert not NumberSeries.objects.exists()


def test_preview_of_an_unknown_template_is_not_found(office):
    assert office.get(reverse("certificates_office:template-preview", args=[404])).status_code == 404


def test_template_form_names_the_unknown_placeholder(office):
    address = reverse("certificate_templates:add")
    data = {"code": "t", "title": "证书", "body": "{nmae}合格", "number_prefix": "AX"}
    response = office.post(address, data)
    assert "不认识的占位“{nmae}”" in response.text
    assert not CertificateTemplate.objects.exists()
    assert office.post(address, data | {"body": "{name}合格"}).status_code == 302
    assert CertificateTemplate.objects.get().body == "{name}合格"


def test_template_form_leads_to_the_preview(office):
    template = CertificateTemplateFactory()
    text = office.get(reverse("certificate_templates:edit", args=[template.pk])).text
    assert reverse("certificates_office:template-preview", args=[template.pk]) in text
