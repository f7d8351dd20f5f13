"""Badges: made, scanned, lost; who sees what; sheets on paper. And the office's pages."""

import datetime as dt
import io

import pypdfium2
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from access.actions.badges import end_badge, issue_badges
from access.errors import BadgeRefused
from access.models import AccessPlace, Badge, BadgeLook, Gate, GateAsks, Hook
from access.tasks import drop_old
from access.views.badge import SCANS_PER_MINUTE
from common.throttle import within_limit
from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.access import NOW, make_badge, make_gate, make_hook, make_place
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory, org_path
from tests.factories.training import LicenceTypeFactory, ObligationFactory, ProgrammeFactory
from training.actions.clearance import refresh_clearance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def worker(unit):
    person = EmployeeFactory(employee_no="000777", name="欧阳建国", assigned__unit=unit)
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    return person


@pytest.fixture
def officer(unit):
    return RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user


@pytest.fixture
def foreman(unit):
    return RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user


def scan(client, code, **query):
    return client.get(reverse("access:badge", args=[code]), query)


def test_foreman_sees_who_and_why(client, worker, foreman):
    ObligationFactory(employee=worker)
    refresh_clearance(employee_ids=[worker.pk], now=NOW)
    _badge, code = make_badge(worker)
    client.force_login(foreman)
    page = scan(client, code).content.decode()
    for text in ("不可上岗", "欧阳建国", "000777", "培训未完成", "总局令第3号", "怎么办"):
        assert text in page
    look = BadgeLook.objects.get()
    assert (look.viewer, look.shown, look.was_cleared) == (foreman, "full", False)


@pytest.mark.parametrize("who", ["guest", "colleague", "stranger"])
def test_others_see_the_answer_and_a_masked_name(client, worker, unit, settings, who):
    settings.BADGE_PUBLIC_SCAN = True
    if who == "colleague":
        client.force_login(EmployeeFactory(assigned__unit=unit).user)
    elif who == "stranger":
        client.force_login(RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=OrgUnitFactory()).user)
    ObligationFactory(employee=worker)
    refresh_clearance(employee_ids=[worker.pk], now=NOW)
    _badge, code = make_badge(worker)
    page = scan(client, code).content.decode()
    assert "不可上岗" in page
    assert "欧***" in page
    for text in ("欧阳建国", "000777", "培训未完成"):
        assert text not in page
    assert BadgeLook.objects.get().shown == "public"


def test_guest_signs_in_unless_the_site_lets_anybody_see(client, worker):
    _badge, code = make_badge(worker)
    response = scan(client, code)
    assert response.status_code == 302
    assert "/login/" in response["Location"]
    assert BadgeLook.objects.count() == 0


def test_holder_sees_the_own(client, worker):
    _badge, code = make_badge(worker)
    client.force_login(worker.user)
    page = scan(client, code)
    assert "可以上岗" in page.content.decode()
    assert "欧阳建国" in page.content.decode()
    assert BadgeLook.objects.get().shown == "own"


def test_foreman_asks_about_a_place(client, worker, foreman, unit):
    place = make_place(unit)
    place.demanded_licences.add(LicenceTypeFactory())
    _badge, code = make_badge(worker)
    client.force_login(foreman)
    assert "可以上岗" in scan(client, code).content.decode()
    page = scan(client, code, place="TANK-1").content.decode()
    assert "不可上岗" in page
    assert "储罐区" in page


def test_lost_badge_opens_nothing_and_a_new_one_does(client, worker, officer):
    _badge, code = make_badge(worker)
    new = end_badge(employee=worker, reason="lost", replace=True, acting_user=officer, now=NOW)
    client.force_login(officer)
    assert scan(client, code).status_code == 404
    assert scan(client, "no-such-code").content == scan(client, code).content
    assert Badge.objects.filter(ended_at__isnull=True).get() == new
    assert issue_badges(people=[worker], acting_user=officer, now=NOW) == [new]
    with pytest.raises(BadgeRefused):
        end_badge(employee=worker, reason="", replace=True, acting_user=officer, now=NOW)
    with pytest.raises(BadgeRefused, match="没有胸牌"):
        end_badge(
            employee=EmployeeFactory(assigned__unit=org_path("总厂/一车间")),
            reason="lost",
            replace=False,
            acting_user=officer,
            now=NOW,
        )


def test_badges_are_handed_out_in_scope(worker, foreman):
    for user in (foreman, RoleGrantFactory(role=Role.HR_OFFICER, unit=OrgUnitFactory()).user):
        with pytest.raises(PermissionDenied):
            issue_badges(people=[worker], acting_user=user, now=NOW)


def test_scans_in_a_hurry_are_slowed_down(client, worker, foreman):
    _badge, code = make_badge(worker)
    client.force_login(foreman)
    for _ in range(SCANS_PER_MINUTE - 1):
        within_limit("badge", str(foreman.pk), limit=SCANS_PER_MINUTE, window_s=60, now=NOW)
    assert [scan(client, code).status_code for _ in range(2)] == [200, 429]


def test_old_looks_and_counts_are_dropped(worker):
    badge, _code = make_badge(worker)
    gate, _token = make_gate(org_path("总厂"))
    for days in (10, 200):
        at = NOW - dt.timedelta(days=days)
        BadgeLook.objects.create(badge=badge, shown="public", was_cleared=True, looked_at=at)
        GateAsks.objects.create(gate=gate, hour=at, last_at=at)
    assert drop_old() == 2
    assert (BadgeLook.objects.count(), GateAsks.objects.count()) == (1, 1)


def url(name, *args):
    return reverse(f"access_office:{name}", args=args)


def test_sheet_is_printed_by_a_job_and_gives_badges(client, worker, unit, officer):
    EmployeeFactory(assigned__unit=OrgUnitFactory())
    client.force_login(officer)
    assert "欧阳建国" in client.get(url("badges") + "?state=without").content.decode()
    assert client.post(url("badge-sheets"), {}).status_code == 302
    assert Job.objects.count() == 0
    assert client.post(url("badge-sheets"), {"all": "1", "photo": "1"}).status_code == 302
    assert run_pending_jobs() == 1
    job = Job.objects.get()
    assert job.result == {"badges": 1}
    with job.result_file.open("rb") as handle, pypdfium2.PdfDocument(io.BytesIO(handle.read())) as document:
        assert "欧阳建国" in document[0].get_textpage().get_text_range()
    badge = Badge.objects.get()
    assert "欧阳建国" in client.get(url("badges") + "?state=with&q=000777").content.decode()

    page = client.get(url("badge", worker.public_id))
    assert page.context["current"] == badge
    assert client.post(url("badge", worker.public_id), {"reason": "lost", "replace": "on"}).status_code == 302
    badge.refresh_from_db()
    assert badge.end_reason == "lost"


def test_gate_is_registered_with_a_token_shown_once(client, officer, unit):
    client.force_login(officer)
    data = {
        "name": "东门", "units": [unit.pk], "expires_on": "2027-05-01", "ip_ranges": "10.1.2.0/24",
        "calls_per_minute": 600, "list_hours": 24, "key_by": "employee_no",
    }  # fmt: skip
    token = client.post(url("gates"), data).context["made"]["token"]
    assert token not in client.get(url("gates")).content.decode()
    gate = Gate.objects.get()
    assert gate.ip_ranges == ["10.1.2.0/24"]
    assert client.post(url("gates"), {**data, "expires_on": "2030-01-01"}).status_code == 422
    assert client.post(url("gates"), {**data, "units": [OrgUnitFactory().pk]}).status_code == 422
    assert client.post(url("gate-renew", gate.pk)).context["made"]["token"] != token
    client.post(url("gate-revoke", gate.pk))
    gate.refresh_from_db()
    assert gate.revoked_at

    beyond, _token = make_gate(unit, org_path("总厂"), name="大门")
    assert client.post(url("gate-revoke", beyond.pk)).status_code == 404


def test_address_and_its_messages(client, officer, unit, worker, settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    client.force_login(officer)
    data = {"name": "服务器", "url": "https://127.0.0.1:9/x", "units": [unit.pk], "on_loss": "on"}
    made = client.post(url("hooks"), data)
    assert made.context["made"]["secret"]
    assert client.post(url("hooks"), {**data, "url": "http://x/"}).status_code == 422
    hook = Hook.objects.get()
    delivery = hook.deliveries.create(
        employee=worker, is_cleared=False, happened_at=NOW, next_try_at=NOW, state="dead", tries=12
    )
    assert "000777" in client.get(url("hook", hook.pk)).content.decode()
    assert client.post(url("delivery-resend", hook.pk, delivery.pk)).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    client.post(url("hook-end", hook.pk))
    hook.refresh_from_db()
    assert hook.ended_at
    foreign = make_hook("https://gate.example/", OrgUnitFactory())
    assert client.get(url("hook", foreign.pk)).status_code == 404


def test_place_is_added_and_changed(client, officer, unit):
    client.force_login(officer)
    data = {
        "code": "TANK-1", "name": "储罐区", "unit": unit.pk, "is_high_risk": "on",
        "licences": [LicenceTypeFactory().pk], "programmes": [ProgrammeFactory().pk],
    }  # fmt: skip
    assert client.post(url("place-add"), data).status_code == 302
    place = AccessPlace.objects.get()
    assert client.post(url("place-add"), data).status_code == 422
    assert "储罐区" in client.get(url("places")).content.decode()
    client.post(url("place-edit", place.pk), {**data, "name": "罐区", "licences": []})
    place.refresh_from_db()
    assert (place.name, place.demanded_licences.count()) == ("罐区", 0)
    foreign = make_place(OrgUnitFactory(), code="X-1")
    assert client.get(url("place-edit", foreign.pk)).status_code == 404


@pytest.mark.parametrize("page", ["badges", "gates", "hooks", "places"])
def test_pages_are_for_those_who_look_after_them(client, page, unit):
    client.force_login(RoleGrantFactory(role=Role.TRAINER, unit=unit).user)
    assert client.get(url(page)).status_code in {302, 403}
    client.force_login(UserFactory(superuser=True))
    assert client.get(url(page)).status_code == 200
