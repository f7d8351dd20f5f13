"""What every directory must do alike, against local servers that behave as the products' documents say."""

import pytest

from people.directories import DirectoryError, check_directory, open_directory
from tests.people.directories.ldap_server import LdapServer
from tests.people.directories.vendors import DingTalk, Feishu, WeCom
from tests.people.directories.world import DEPARTMENTS, PEOPLE, brief, crowd, expected

VENDORS = [WeCom, DingTalk, Feishu]


@pytest.fixture(params=[*VENDORS, LdapServer], ids=lambda kind: kind.kind)
def server(request, httpserver, settings):
    if request.param is LdapServer:
        with LdapServer() as server:
            yield server
        return
    server = request.param(httpserver)
    settings.DIRECTORY_HOSTS = server.hosts
    yield server


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def directory(server, pauses):
    found = open_directory(server.access, pause=pauses.append)
    yield found
    found.close()


def ids(server, directory):
    """Return the members by the id the world gives them."""
    found = list(directory.members())
    names = {one.name: one.id for one in server.script.people}
    assert len({member.external_id for member in found}) == len(found)
    return {names[member.name]: member for member in found}


def test_departments_come_as_a_tree(server, directory):
    found = list(directory.departments())
    assert len({unit.external_id for unit in found}) == len(found)
    root = server.unit_id("root")
    assert [unit.parent_id for unit in found if unit.external_id == root] == [""]
    tree = {unit.external_id: (unit.name, unit.parent_id) for unit in found if unit.external_id != root}
    assert tree == {
        server.unit_id(own): (name, server.unit_id(above))
        for own, (name, above) in DEPARTMENTS.items()
        if own != "root"
    }


def test_each_member_comes_once_with_what_the_directory_knows(server, directory):
    found = ids(server, directory)
    assert {own: brief(member) for own, member in found.items()} == {
        one.id: expected(one, has_disabled=server.has_disabled) for one in PEOPLE
    }
    assert {member.attributes[server.number_field] for member in found.values()} == {
        one.number for one in PEOPLE
    }
    assert all(member.external_id for member in found.values())


def test_a_member_of_two_departments_names_the_main_one_where_the_product_does(server, directory):
    member = ids(server, directory)["lisi"]
    assert server.unit_id("20") in member.unit_ids
    assert member.main_unit_id == (server.unit_id("20") if server.names_main_unit else "")


def test_many_members_come_over_several_pages(server, directory):
    server.script.people += crowd(320)
    assert len(ids(server, directory)) == 320 + len(PEOPLE)


def test_an_empty_works_is_no_error(server, directory):
    server.script.people.clear()
    server.script.departments = {"root": DEPARTMENTS["root"]}
    assert [unit.external_id for unit in directory.departments()] == [server.unit_id("root")]
    assert list(directory.members()) == []


def test_a_wrong_secret_names_the_cure_and_not_the_secret(server, pauses):
    server.script.secret_is_right = False
    directory = open_directory(server.access, pause=pauses.append)
    with pytest.raises(DirectoryError) as caught:
        directory.sign_on()
    assert "不对" in str(caught.value)
    assert not any(secret in repr(caught.value) for secret in server.secrets.values())
    assert not any(secret in repr(server.access) for secret in server.secrets.values())
    assert caught.value.__cause__ is None
    assert pauses == []
    directory.close()


def test_an_answer_that_makes_no_sense_is_an_error_with_a_name(server, directory):
    server.script.garbage = dict.fromkeys(("list", "search", "children"), b"<html>proxy</html>")
    with pytest.raises(DirectoryError):
        list(directory.departments())


def test_the_check_says_what_works(server, directory):
    lines = check_directory(directory, server.number_field)
    assert [line.works for line in lines] == [True] * 4
    lines = check_directory(directory, "没有的字段")
    assert lines[-1].works is False


def test_the_check_stops_where_it_fails(server, pauses):
    server.script.secret_is_right = False
    (line,) = check_directory(open_directory(server.access, pause=pauses.append), server.number_field)
    assert line.works is False
    assert line.message


def test_the_check_names_people_without_a_number_and_a_works_without_people(server, directory):
    server.script.people[0] = PEOPLE[0].__class__("zhangsan", "张三", "", ("11",))
    assert check_directory(directory, server.number_field)[-1].works is None
    server.script.people.clear()
    assert check_directory(directory, server.number_field)[-1].works is False
