"""The pages of directories: who may see them, the forms, testing the connection, dry run and run."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.actions.directories import secrets_of
from people.actions.roles import grant_role
from people.models import DirectoryLink, DirectorySource, Employee
from people.permissions import Capability, roles_with
from tests.factories.directories import DirectoryLinkFactory, DirectorySourceFactory
from tests.factories.people import PostFactory, UserFactory, org_path
from tests.people.directories.ldap_server import PASSWORD, LdapServer
from tests.people.directories.vendors import DingTalk, Feishu, WeCom
from tests.people.directories.world import PEOPLE, crowd

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
LIST = "/admin/people/directories/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def with_role(role, unit):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=NOW.date(), acting_user=None, now=NOW)
    return user


@pytest.fixture
def admin(client):
    user = with_role("administrator", "总厂")
    client.force_login(user)
    return user


@pytest.fixture
def works(httpserver, settings):
    vendor = WeCom(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    return vendor.script


@pytest.fixture
def source():
    return DirectorySourceFactory(
        name="集团企业微信", root_unit=org_path("总厂"), default_post=PostFactory(name="待定岗位")
    )


def page(client, path, **data):
    response = client.post(path, data) if data else client.get(path)
    return response, response.content.decode()


def common(**changed):
    return {
        "name": "新目录",
        "root_unit": org_path("总厂").pk,
        "root_department": "",
        "number_field": "工号",
        "takes_posts": "on",
        "default_post": "",
        "employment_type": "own",
        "creates_missing": "on",
        "allow_ending": "0",
    } | changed


WECOM = {"corp_id": "ww1", "secret": "app-secret", "contacts_secret": ""}


def test_only_administrators_manage_directories():
    assert roles_with(Capability.MANAGE_DIRECTORIES) == {"administrator"}


@pytest.mark.parametrize("role", ["hr_officer", "auditor", "editor", "safety_officer"])
def test_others_are_refused_everywhere(role, client, source):
    client.force_login(with_role(role, "总厂"))
    for path in ("", "add/wecom/", f"{source.pk}/", f"{source.pk}/edit/", f"{source.pk}/delete/"):
        assert client.get(LIST + path).status_code in {302, 403}
    for path in ("run/", "check/", "delete/"):
        assert client.post(f"{LIST}{source.pk}/{path}").status_code in {302, 403}
    assert LIST not in client.get("/admin/").content.decode()
    assert DirectorySource.objects.exists()
    assert not Job.objects.exists()


def test_an_administrator_of_another_part_finds_nothing(client, source):
    client.force_login(with_role("administrator", "外厂"))
    assert source.name not in page(client, LIST)[1]
    for path in ("", "edit/", "delete/"):
        assert client.get(f"{LIST}{source.pk}/{path}").status_code == 404
    for path in ("run/", "check/", "delete/"):
        assert client.post(f"{LIST}{source.pk}/{path}").status_code == 404


def test_the_list_asks_equally_often_for_one_and_for_three(client, admin, source):
    counts = []
    for number in (0, 2):
        for _ in range(number):
            DirectorySourceFactory(root_unit=source.root_unit)
        client.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_directory_is_set_up_and_its_secret_is_never_shown(client, admin):
    response, _ = page(client, f"{LIST}add/wecom/", **common(), **WECOM)
    source = DirectorySource.objects.get()
    assert response.url == f"{LIST}{source.pk}/"
    assert (source.kind, source.tenant, source.settings) == ("wecom", "ww1", {"corp_id": "ww1"})
    assert secrets_of(source) == {"secret": "app-secret"}
    assert "app-secret" not in source.secrets_encrypted
    for path in ("", "edit/", "delete/"):
        assert "app-secret" not in page(client, f"{LIST}{source.pk}/{path}")[1]
    history = client.get("/admin/reports/site-history/").content.decode()
    assert "app-secret" not in history


def test_secrets_left_empty_stay_and_a_new_one_replaces_one(client, admin, source):
    path = f"{LIST}{source.pk}/edit/"
    page(client, path, **common(name="改名"), **(WECOM | {"secret": ""}))
    source.refresh_from_db()
    assert source.name == "改名"
    assert secrets_of(source) == {"secret": "app-secret", "contacts_secret": "contacts-secret"}
    page(client, path, **common(name="改名"), **(WECOM | {"secret": "another"}))
    source.refresh_from_db()
    assert secrets_of(source) == {"secret": "another", "contacts_secret": "contacts-secret"}


def test_another_enterprise_forgets_who_is_who(client, admin, source):
    DirectoryLinkFactory(source=source)
    page(client, f"{LIST}{source.pk}/edit/", **common(), **(WECOM | {"corp_id": "ww2"}))
    assert not DirectoryLink.objects.exists()
    assert Employee.objects.count() == 1


def test_a_unit_out_of_scope_cannot_be_chosen(client, admin):
    foreign = org_path("外厂")
    _, text = page(client, f"{LIST}add/wecom/", **common(root_unit=foreign.pk), **WECOM)
    assert not DirectorySource.objects.exists()
    assert "外厂" not in text


def test_a_missing_secret_and_an_unknown_product(client, admin):
    response, _ = page(client, f"{LIST}add/wecom/", **common(), **(WECOM | {"secret": ""}))
    assert set(response.context["form"].errors) == {"secret"}
    assert not DirectorySource.objects.exists()
    assert client.get(f"{LIST}add/yammer/").status_code == 404


def ldap_data(server, **changed):
    data = {name: value for name, value in server.settings.items() if value not in (False, "")}
    return common(number_field="employeeID") | data | {"password": PASSWORD} | changed


def test_the_test_button_tries_what_stands_in_the_form_and_saves_nothing(client, admin, works):
    _, text = page(client, f"{LIST}add/wecom/", test="1", **common(), **WECOM)
    assert "能看到 6 个部门" in text
    assert "试读的人都有工号" in text
    assert not DirectorySource.objects.exists()
    works.refuse = {"department": (60020, "not allow to access from your ip, from ip: 203.0.113.9")}
    _, text = page(client, f"{LIST}add/wecom/", test="1", **common(), **WECOM)
    assert "203.0.113.9" in text
    assert "企业可信IP" in text


@pytest.mark.parametrize(
    ("vendor", "data"),
    [
        (DingTalk, {"corp_id": "ding1", "app_key": "key", "app_secret": "app-secret"}),
        (Feishu, {"app_id": "cli_1", "app_secret": "app-secret"}),
    ],
)
def test_the_other_products_are_set_up_and_synced(vendor, data, client, admin, httpserver, settings):
    local = vendor(httpserver)
    settings.DIRECTORY_HOSTS = local.hosts
    post = PostFactory(name="待定岗位")
    form = common(number_field=local.number_field, default_post=post.pk) | data
    page(client, f"{LIST}add/{local.kind}/", **form)
    source = DirectorySource.objects.get()
    page(client, f"{LIST}{source.pk}/run/", mode="apply")
    run_pending_jobs()
    source.refresh_from_db()
    assert source.last_state == "done", source.last_report
    assert Employee.objects.filter(employee_no="1001", name="张三").exists()


def test_ldap_is_set_up_tested_and_synced(client, admin):
    with LdapServer() as server:
        post = PostFactory(name="待定岗位")
        _, text = page(client, f"{LIST}add/ldap/", test="1", **ldap_data(server))
        assert "能看到 6 个部门" in text
        page(client, f"{LIST}add/ldap/", **ldap_data(server, default_post=post.pk))
        source = DirectorySource.objects.get()
        page(client, f"{LIST}{source.pk}/run/", mode="apply")
        run_pending_jobs()
        source.refresh_from_db()
        assert source.last_state == "done", source.last_report
        assert {one.name for one in PEOPLE} - {"王五"} == set(Employee.objects.values_list("name", flat=True))


@pytest.mark.parametrize("changed", [{"host": "evil.example.com"}, {"port": 1389}, {"security": "starttls"}])
def test_a_stored_password_is_not_sent_to_another_server(changed, client, admin):
    with LdapServer() as server:
        page(client, f"{LIST}add/ldap/", **ldap_data(server))
        source = DirectorySource.objects.get()
        path = f"{LIST}{source.pk}/edit/"
        for more in ({}, {"test": "1"}):
            _, text = page(client, path, **ldap_data(server, password="", **changed), **more)
            assert "请重新输入" in text
        source.refresh_from_db()
        assert source.settings == server.settings
        assert server.binds == 0


@pytest.mark.parametrize("host", ["ldap://dc1", "dc1/x", "dc1:389", "a b"])
def test_a_host_is_a_name_and_no_address(host, client, admin):
    with LdapServer() as server:
        _, text = page(client, f"{LIST}add/ldap/", **ldap_data(server, host=host))
    assert "只填主机名" in text


def test_the_check_of_a_saved_directory(client, admin, source, works):
    _, text = page(client, f"{LIST}{source.pk}/check/", go="1")
    assert "凭证有效" in text
    works.secret_is_right = False
    _, text = page(client, f"{LIST}{source.pk}/check/", go="1")
    assert "Secret 不对" in text


def dry_run(client, source):
    response, _ = page(client, f"{LIST}{source.pk}/run/", mode="dry")
    run_pending_jobs()
    job = Job.objects.get(pk=response.url.split("/")[2])
    return job, client.get(job.result["next_url"]).content.decode()


def test_a_dry_run_shows_everything_and_saves_nothing_then_exactly_that_is_applied(
    client, admin, source, works
):
    job, text = dry_run(client, source)
    assert not Employee.objects.exists()
    for words in ("张三", "总厂/一车间/甲班", "将新建", "确认同步", "停用"):
        assert words in text
    fingerprint = job.result["summary"]["fingerprint"]
    page(client, f"{LIST}{source.pk}/run/", mode="apply", fingerprint=fingerprint)
    run_pending_jobs()
    assert Employee.objects.count() == 3
    _, text = page(client, f"{LIST}{source.pk}/")
    assert "已同步" in text
    _, text = dry_run(client, source)
    assert "没有要改的" in text


def test_a_dry_run_shows_faults_and_the_brake(client, admin, source, works, clock):
    source.full_roster = True
    source.save()
    works.people += crowd(10)
    page(client, f"{LIST}{source.pk}/run/", mode="apply")
    run_pending_jobs()
    works.people = list(PEOPLE)
    works.people[3] = PEOPLE[3].__class__("neu", "没工号", "", ("11",))
    clock.shift(dt.timedelta(days=1))
    client.force_login(admin)
    _, text = dry_run(client, source)
    assert "没工号" in text
    assert "要办理离职 11 人" in text


def test_a_dry_run_that_fails_says_why(client, admin, source, works):
    works.refuse = {"department": (60003, "department not found")}
    _, text = dry_run(client, source)
    assert "起始部门不存在" in text


def test_a_dry_run_belongs_to_its_asker_and_its_directory(client, admin, source, works):
    job, _ = dry_run(client, source)
    other = DirectorySourceFactory(root_unit=source.root_unit)
    assert client.get(f"{LIST}{other.pk}/preview/{job.pk}/").status_code == 404
    client.force_login(with_role("administrator", "总厂"))
    assert client.get(f"{LIST}{source.pk}/preview/{job.pk}/").status_code == 404


def test_deleting_leaves_people_alone(client, admin, source):
    DirectoryLinkFactory(source=source)
    assert "1 人" in page(client, f"{LIST}{source.pk}/delete/")[1]
    page(client, f"{LIST}{source.pk}/delete/", go="1")
    assert not DirectorySource.objects.exists()
    assert Employee.objects.count() == 1
