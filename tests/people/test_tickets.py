import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from wagtail.models import ModelLogEntry

from people.actions.sign_in import MAX_FAILURES, note_failure
from people.actions.tickets import (
    get_ticket,
    issue_sign_in_ticket,
    issue_sign_in_tickets,
    redeem_sign_in_ticket,
)
from people.errors import TicketInvalid
from people.models import Role, SignInTicket, User
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
NEW = {"new_password1": "guan-tong-88", "new_password2": "guan-tong-88"}


@pytest.fixture
def user():
    return EmployeeFactory(
        assigned__unit=org_path("总厂/一车间"), user__password=None, user__must_change_password=True
    ).user


def issue(user, acting_user=None):
    return issue_sign_in_ticket(user=user, acting_user=acting_user, now=NOW)


def test_only_the_digest_is_kept_and_earlier_slips_end(user):
    first, second = issue(user), issue(user)
    assert first.token != second.token
    assert first.token not in repr(first)
    assert not SignInTicket.objects.filter(token_digest__in=[first.token, second.token]).exists()
    assert get_ticket(second.token, NOW).user == user
    with pytest.raises(TicketInvalid):
        get_ticket(first.token, NOW)
    assert second.expires_at == NOW + dt.timedelta(days=7)
    assert ModelLogEntry.objects.filter(action="people.ticket.issue").count() == 2


def test_redeeming_sets_the_password_once(user):
    token = issue(user).token
    assert redeem_sign_in_ticket(token=token, password="guan-tong-88", now=NOW) == user
    user = User.objects.get(pk=user.pk)
    assert user.check_password("guan-tong-88")
    assert not user.must_change_password
    with pytest.raises(TicketInvalid):
        redeem_sign_in_ticket(token=token, password="another-one-9", now=NOW)
    assert User.objects.get(pk=user.pk).check_password("guan-tong-88")


@pytest.mark.parametrize("why", ["unknown", "expired", "inactive"])
def test_invalid_slips(user, why):
    token, now = issue(user).token, NOW
    if why == "unknown":
        token = "x" * 27
    if why == "expired":
        now = NOW + dt.timedelta(days=7)
    if why == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(TicketInvalid):
        redeem_sign_in_ticket(token=token, password="guan-tong-88", now=now)


def test_who_may_issue(user):
    hr = RoleGrantFactory(unit=org_path("总厂")).user
    assert issue(user, hr)
    assert SignInTicket.objects.latest("pk").issued_by == hr
    assert issue(user, UserFactory(superuser=True))
    for denied in (
        RoleGrantFactory(unit=org_path("总厂/二车间")).user,
        RoleGrantFactory(unit=org_path("总厂"), role=Role.TEAM_LEADER).user,
        UserFactory(),
        user,
    ):
        with pytest.raises(PermissionDenied):
            issue(user, denied)


def test_the_day_of_a_grant_is_the_local_day(user):
    """At six in the morning in Shanghai it is still yesterday in UTC."""
    early = dt.datetime(2026, 11, 21, 22, 0, tzinfo=dt.UTC)
    hr = RoleGrantFactory(unit=org_path("总厂"), starts_on=dt.date(2026, 11, 22)).user
    assert issue_sign_in_ticket(user=user, acting_user=hr, now=early)


def test_a_slip_is_no_way_into_a_stronger_account(user):
    hr = RoleGrantFactory(unit=org_path("总厂")).user
    RoleGrantFactory(user=user, role=Role.ADMINISTRATOR, unit=org_path("总厂"))
    boss = EmployeeFactory(assigned__unit=org_path("总厂"), user__superuser=True).user
    for target in (user, boss, UserFactory()):
        with pytest.raises(PermissionDenied):
            issue(target, hr)


def test_no_slip_for_a_closed_account(user):
    user.is_active = False
    user.save()
    with pytest.raises(PermissionDenied):
        issue(user, UserFactory(superuser=True))


@pytest.mark.parametrize("count", [1, 3])
def test_many_slips_take_the_same_statements(django_assert_max_num_queries, count):
    users = [EmployeeFactory().user for _ in range(count)]
    with django_assert_max_num_queries(8):
        assert len(issue_sign_in_tickets(users=users, acting_user=None, now=NOW)) == count


def test_join_page_signs_in_even_a_locked_account(client, user):
    with time_machine.travel(NOW, tick=False):
        for _ in range(MAX_FAILURES):
            note_failure(user.username, NOW)
        url = f"/join/{issue(user).token}/"
        page = client.get(url)
        assert user.name in page.content.decode()
        assert page.headers["Cache-Control"].startswith("max-age=0")
        assert client.post(url, {"new_password1": "a", "new_password2": "b"}).status_code == 200
        assert client.post(url, NEW).headers["Location"] == "/"
        assert client.session["_auth_user_id"] == str(user.pk)
        client.logout()
        assert client.post(url, NEW).status_code == 410
        client.post("/login/", {"username": user.username, "password": NEW["new_password1"]})
        assert client.session["_auth_user_id"] == str(user.pk)


def test_join_page_of_a_dead_slip(client):
    response = client.get(f"/join/{'x' * 27}/")
    assert response.status_code == 410
    assert "不能用了" in response.content.decode()
