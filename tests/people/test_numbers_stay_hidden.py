"""No page, export, log line or audit entry shows a whole identity number; telephones only to those who manage.

Every address that can be opened without guessing is visited in every role, by GET: all addresses without
arguments, and those that take a person, a licence, a certificate, an obligation or a unit of the test.
"""

import datetime as dt
import io
import logging
import zipfile

import pytest
import time_machine
from django.urls import URLPattern, URLResolver, get_resolver
from wagtail.models import ModelLogEntry

from common.signing import encrypt_text
from people.actions.employment import id_number_digest
from people.actions.roles import grant_role
from people.models import ImportBatch, Role
from tests.factories.people import EmployeeFactory, UserFactory, org_path
from tests.factories.training import LicenceTypeFactory, ObligationFactory, make_record
from training.actions.licences import save_licence
from training.models import Licence

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
ID = "11010519491231002X"
PHONE = "13800000001"
SEES_PHONES = {Role.HR_OFFICER}
# What would sign out, Wagtail's page that shows how an error looks, and the root of the API, which is no page.
SKIPPED = {"logout/", "admin/logout/", "admin/failwhale/", "api/"}
# Wagtail's own pages about content; it knows no person there but who wrote something.
CONTENT = tuple(
    f"admin/{part}"
    for part in ("pages", "images", "documents", "media", "choose", "workflows", "collections", "redirects",
                 "editing", "bulk", "sites", "locales", "dismissibles", "snippets", "tag", "styleguide")
)  # fmt: skip


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path("总厂"), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def employee():
    person = EmployeeFactory(
        employee_no="001001",
        name="张三",
        phone=PHONE,
        id_number_encrypted=encrypt_text(ID),
        id_number_digest=id_number_digest(ID),
        assigned__unit=org_path("总厂/一车间"),
    )
    ObligationFactory(employee=person)
    make_record(person)
    save_licence(
        employee=person,
        licence_type=LicenceTypeFactory(),
        number=f"T{ID}",
        valid_from=TODAY,
        valid_until=dt.date(2030, 1, 1),
        acting_user=UserFactory(superuser=True),
        now=NOW,
    )
    return person


def addresses(employee):
    """Yield every address that can be made up from the test's own objects."""
    known = {
        "public_id": [employee.public_id, *employee.obligations.values_list("public_id", flat=True)],
        "pk": list(Licence.objects.values_list("pk", flat=True)),
        "unit_id": [org_path("总厂/一车间").pk],
        "batch_id": list(ImportBatch.objects.values_list("pk", flat=True)),
        "rule_id": [1],
    }

    def walk(patterns, prefix):
        for entry in patterns:
            route = str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, prefix + route)
            elif isinstance(entry, URLPattern) and "^" not in route:
                yield from filled(prefix + route, entry.pattern.converters)

    def filled(route, converters):
        if not converters and "<" not in route:
            yield route
        elif len(converters) == 1 and route.count("<") == 1:
            (name,) = converters
            for value in known.get(name, ()):
                yield route[: route.index("<")] + str(value) + route[route.index(">") + 1 :]

    found = set(walk(get_resolver().url_patterns, "")) - SKIPPED
    yield from sorted(address for address in found if not address.startswith(CONTENT))
    yield from (
        "admin/people/export/?masked=1",
        "admin/people/accesses/?export=1",
        "admin/training/coverage/export/",
        "admin/training/ledger/export/",
        f"admin/people/?q={employee.employee_no}",
        f"admin/people/{employee.public_id}/?all=1",
    )


def text_of(response):
    """Return what a response says, with the parts of a workbook or zip laid open."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return headers + body.decode(errors="replace")


# A trainer sees less than a safety officer and an editor no people at all: walking for them finds nothing more.
WALKING = [role for role in Role if role not in {Role.TRAINER, Role.EDITOR}]


@pytest.mark.parametrize("role", [*WALKING, "learner", "colleague"])
def test_no_role_reads_a_whole_number_anywhere(client, employee, role, caplog):
    caplog.set_level(logging.DEBUG)
    visited = 0
    user = {"learner": lambda: employee.user, "colleague": lambda: EmployeeFactory().user}.get(
        role, lambda: with_role(role)
    )()
    client.force_login(user)
    client.raise_request_exception = False
    for address in addresses(employee):
        response = client.get(f"/{address}")
        text = text_of(response)
        assert response.status_code < 500 or address == "health/", address
        assert ID not in text, address
        assert role in SEES_PHONES or PHONE not in text, address
        visited += response.status_code == 200
    assert visited > (20 if role in Role else 5)
    assert ID not in caplog.text
    assert PHONE not in caplog.text


def test_no_audit_entry_keeps_a_number(employee):
    entries = list(ModelLogEntry.objects.all())
    assert [entry for entry in entries if entry.action == "training.licence.add"]
    for entry in entries:
        assert ID not in f"{entry.label}{entry.data}", entry.action
        assert PHONE not in f"{entry.label}{entry.data}", entry.action


def test_a_licence_keeps_its_number_when_saved_masked(client, employee):
    """The form shows the number masked; sending it back unchanged is no change."""
    licence = Licence.objects.get()
    client.force_login(with_role(Role.SAFETY_OFFICER))
    url = f"/admin/training/licences/{licence.pk}/edit/"
    assert "T110105********002X" in client.get(url).content.decode()
    data = {
        "employee_no": "001001",
        "licence_type": licence.licence_type_id,
        "number": "T110105********002X",
        "valid_from": "2026-11-20",
        "valid_until": "2031-01-01",
    }
    assert client.post(url, data).status_code == 302
    licence.refresh_from_db()
    assert (licence.number, licence.valid_until) == (f"T{ID}", dt.date(2031, 1, 1))
    assert client.post(url, data | {"number": "T2"}).status_code == 302
    licence.refresh_from_db()
    assert licence.number == "T2"
