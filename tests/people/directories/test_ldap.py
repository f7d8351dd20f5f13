"""LDAP: certificates, StartTLS, refusals, OUs and attributes; a real socket, and ldap3's recorded server."""

import pytest

from people.directories import DirectoryError, MemberState, open_directory
from people.directories.ldap import LdapDirectory, ldap3
from tests.people.directories.ldap_server import (
    BASE,
    PASSWORD,
    READER,
    LdapServer,
    external_id,
    make_certificate,
)
from tests.people.directories.world import PEOPLE

UUIDS = [f"5f3c1d2e-0000-4000-8000-00000000000{number}" for number in range(4)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def ask():
    """Return a function that opens the directory of a server, closed at the end."""
    found = []

    def open_server(server):
        found.append(open_directory(server.access))
        return found[-1]

    yield open_server
    for directory in found:
        directory.close()


def refused(ask, server):
    with pytest.raises(DirectoryError) as caught:
        ask(server).sign_on()
    assert PASSWORD not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("ldaps", [True, False], ids=["ldaps", "starttls"])
def test_encrypted_with_a_trusted_certificate(ldaps, certificate, ask):
    with LdapServer(certificate=certificate, ldaps=ldaps) as server:
        assert len(list(ask(server).members())) == len(PEOPLE)


@pytest.mark.parametrize("ldaps", [True, False], ids=["ldaps", "starttls"])
def test_an_unknown_certificate_is_refused_unless_the_check_is_switched_off(ldaps, certificate, ask):
    with LdapServer(certificate=certificate, ldaps=ldaps) as server:
        server.changes = {"ca_certificate": ""}
        assert refused(ask, server).code == "certificate"
        server.changes = {"ca_certificate": "", "verify_certificate": False}
        ask(server).sign_on()


@pytest.mark.parametrize("ldaps", [True, False], ids=["ldaps", "starttls"])
def test_a_certificate_of_another_host_is_refused(ldaps, tmp_path, ask):
    files = make_certificate(tmp_path, "ldap.example.com")
    with LdapServer(certificate=files, ldaps=ldaps) as server:
        assert refused(ask, server).code == "certificate"


def test_an_unreadable_ca_certificate_is_named(certificate, ask):
    with LdapServer(certificate=certificate, ldaps=True) as server:
        server.changes = {"ca_certificate": "nonsense"}
        assert refused(ask, server).code == "certificate"


def test_a_server_without_starttls_is_not_given_the_password(ask):
    with LdapServer() as server:
        server.changes = {"security": "starttls"}
        assert refused(ask, server).code in {"starttls", "tls"}
        assert server.binds == 0


def test_a_plain_port_asked_for_ldaps_is_named(ask):
    with LdapServer() as server:
        server.changes = {"security": "ldaps"}
        assert refused(ask, server).code in {"tls", "unreachable"}


def test_nobody_there(ask):
    with LdapServer() as server:
        server.changes = {"port": 9}
        assert "9 端口" in str(refused(ask, server))


@pytest.mark.parametrize(
    ("data", "reason"), [("533", "停用"), ("775", "锁定"), ("532", "过期"), ("52e", "不对")]
)
def test_active_directory_says_why_the_account_may_not_sign_in(data, reason, ask):
    with LdapServer() as server:
        server.refuse_bind_with = (
            f"80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext, data {data}, v2580"
        )
        assert reason in str(refused(ask, server))


def test_a_wrong_base_is_named(ask):
    with LdapServer() as server:
        server.changes = {"base_dn": "DC=nobody"}
        with pytest.raises(DirectoryError, match="DC=nobody"):
            list(ask(server).departments())


def test_a_wrong_filter_is_named(ask):
    with LdapServer() as server:
        server.changes = {"user_filter": "(objectClass=person"}
        with pytest.raises(DirectoryError, match="筛选条件"):
            list(ask(server).members())


def test_departments_may_stand_in_an_attribute(ask):
    with LdapServer() as server:
        server.changes = {"unit_attribute": "department"}
        directory = ask(server)
        units = {unit.external_id: unit.parent_id for unit in directory.departments()}
        assert units["甲班"] == server.root
        member = next(one for one in directory.members() if one.name == "李四")
        assert member.main_unit_id == "机修/电工车间"


def test_a_person_keeps_the_identity_and_disabled_is_read_from_active_directory(ask):
    with LdapServer() as server:
        found = {one.name: one for one in ask(server).members()}
        assert found["张三"].external_id == external_id("zhangsan")
        assert found["王五"].state is MemberState.DISABLED


def test_a_unit_with_a_comma_in_its_name(ask):
    with LdapServer() as server:
        server.script.departments["11"] = ("甲班, 早班", "10")
        names = {unit.external_id: unit.name for unit in ask(server).departments()}
        assert names[external_id("unit 11")] == "甲班, 早班"
        member = next(one for one in ask(server).members() if one.name == "张三")
        assert member.main_unit_id == external_id("unit 11")


def test_nothing_lasting_to_know_people_by_is_an_error(ask, monkeypatch):
    monkeypatch.setattr("tests.people.directories.ldap_server.guid", lambda text: b"")
    with LdapServer() as server, pytest.raises(DirectoryError, match="objectGUID"):
        list(ask(server).members())


def test_openldap_recorded_in_ldap3_itself():
    """The same client on ldap3's own recorded server, with entryUUID as OpenLDAP gives it."""
    with LdapServer() as shape:
        settings = shape.settings
    server = ldap3.Server("recorded", get_info=ldap3.NONE)
    directory = LdapDirectory(
        settings
        | {"base_dn": BASE, "user_filter": "(objectClass=inetOrgPerson)", "name_attribute": "displayName"},
        {"password": PASSWORD},
        number_attribute="employeeNumber",
        strategy=ldap3.MOCK_SYNC,
        server=server,
    )
    recorder = ldap3.Connection(server, client_strategy=ldap3.MOCK_SYNC)
    add = recorder.strategy.add_entry
    add(READER, {"userPassword": PASSWORD, "sn": "reader", "objectClass": ["person"]})
    add(f"OU=一车间,{BASE}", {"objectClass": ["organizationalUnit"], "entryUUID": UUIDS[3]})
    for number in range(3):
        add(
            f"UID=u{number},OU=一车间,{BASE}",
            {
                "objectClass": ["inetOrgPerson"],
                "displayName": f"员工{number}",
                "employeeNumber": f"100{number}",
                "entryUUID": UUIDS[number],
            },
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ldap3, "Connection", lambda *_args, **_more: recorder)
        recorder.user, recorder.password, recorder.authentication = READER, PASSWORD, ldap3.SIMPLE
        found = {member.external_id: member for member in directory.members()}
    assert sorted(found) == UUIDS[:3]
    assert {member.main_unit_id for member in found.values()} == {UUIDS[3]}
    directory.close()
