"""Correcting one person's own data: by the rule of lists, out of one page, without losing what was typed."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from wagtail.models import ModelLogEntry

from common.signing import decrypt_text, encrypt_text
from people.actions.employment import hire, id_number_digest, leave, second, transfer
from people.actions.particulars import change_particulars, correct_from_directory
from people.actions.roles import grant_role
from people.errors import EmploymentRefused, StaleParticulars
from people.models import Employee, EmploymentEvent, ImportBatch, ScimUser, UnitKind
from people.queries import writers_of
from people.queries.accounts import account_named
from people.queries.identity import particulars_mark
from tests.factories.directories import DirectoryLinkFactory, DirectorySourceFactory
from tests.factories.people import (
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)
from tests.factories.training import EmploymentEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
ID = "11010519491231002X"
OTHER_ID = "110101199003070070"
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role="hr_officer", unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def hr(client):
    user = with_role()
    client.force_login(user)
    return user


@pytest.fixture
def employee():
    return EmployeeFactory(
        name="张三",
        phone="13800000001",
        id_number_encrypted=encrypt_text(ID),
        id_number_digest=id_number_digest(ID),
        assigned__unit=org_path("总厂/一车间"),
    )


def address(employee):
    return f"/admin/people/{employee.public_id}/particulars/"


def send(client, employee, **typed):
    """Send the form as the page filled it in, with what is typed over it."""
    form = client.get(address(employee)).context["form"]
    return client.post(address(employee), {**form.initial, "id_number": "", **typed})


def noted():
    return list(
        ModelLogEntry.objects.filter(action="people.employee.particulars").values_list("user_id", "data")
    )


def test_hr_corrects_all_three_from_the_employee_page(client, employee, hr):
    before = employee.changed_at
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert f'href="{address(employee)}"' in page
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        answer = send(
            client, employee, name=" 张 叁　", phone="+86 １３９-0000 0009", id_number=OTHER_ID.lower()
        )
    assert answer.headers["Location"] == f"/admin/people/{employee.public_id}/"
    person = Employee.objects.get(pk=employee.pk)
    assert (person.name, person.phone, person.user.name) == ("张叁", "13900000009", "张叁")
    assert account_named("13900000009") == person.user, "people sign in by it"
    assert decrypt_text(person.id_number_encrypted) == OTHER_ID
    assert person.id_number_digest == id_number_digest(OTHER_ID)
    assert person.changed_at > before, "other systems ask for what changed"
    assert noted() == [(hr.pk, {"after": {"changed": ["name", "phone", "id_number"]}})]
    assert not EmploymentEvent.objects.exists(), "a correction is nothing that happened to an employment"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "“张叁”的姓名、手机号、身份证号已更正。" in page


@pytest.mark.usefixtures("hr")
def test_the_stored_identity_number_is_never_shown(client, employee):
    answer = client.get(address(employee))
    assert "no-store" in answer.headers["Cache-Control"]
    assert "现在登记的是 110105********002X" in answer.content.decode()
    assert ID not in answer.content.decode()
    assert ID not in send(client, employee, phone="1380000").content.decode()


@pytest.mark.usefixtures("hr")
def test_an_empty_identity_number_stays_and_an_empty_phone_goes(client, employee):
    send(client, employee, phone="")
    person = Employee.objects.get(pk=employee.pk)
    assert (person.phone, decrypt_text(person.id_number_encrypted)) == ("", ID)
    assert noted()[0][1] == {"after": {"changed": ["phone"]}}


@pytest.mark.usefixtures("hr")
def test_nothing_new_writes_nothing(client, employee):
    answer = send(client, employee, id_number=ID)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "本来就是这样，没有需要更正的。" in page
    assert noted() == []


@pytest.mark.usefixtures("hr")
@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("name", " 　", "请填写姓名。"),
        ("name", "\u200b", "请填写姓名。"),
        ("name", "李" * 61, "60"),
        ("phone", "1380000", "电话号码格式不对：手机号是 11 位数字，座机写成 0532-88886666。"),
        ("phone", "#清空", "电话号码格式不对"),
        ("id_number", "1101051949", "身份证号应为 18 位：17 位数字加一位数字或 X。"),
        ("id_number", "110105194913310025", "身份证号里的出生日期不存在，请核对。"),
        ("id_number", "110105194912310021", "身份证号校验位不对，有数字写错了，请核对。"),
        ("id_number", OTHER_ID, "这个身份证号已登记在工号 000777 名下"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(client, employee, field, typed, message):
    EmployeeFactory(employee_no="000777", id_number_digest=id_number_digest(OTHER_ID))
    filled = {"name": "张叁", "phone": "13900000009", "id_number": ID, field: typed}
    answer = send(client, employee, **filled)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert message in str(form.errors[field][0])
    assert {name: form[name].value() for name in filled} == filled
    person = Employee.objects.get(pk=employee.pk)
    assert (person.name, person.phone) == ("张三", "13800000001")
    assert noted() == []


@pytest.mark.usefixtures("hr")
def test_a_second_click_and_somebody_elses_change(client, employee):
    page = client.get(address(employee)).context["form"].initial
    mine = {**page, "id_number": "", "phone": "13900000009"}
    assert client.post(address(employee), mine).status_code == 302
    assert client.post(address(employee), mine).status_code == 302, "it is all so already"
    assert len(noted()) == 1
    other = {**page, "id_number": "", "name": "张山"}
    answer = client.post(address(employee), other)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "姓名“张三”，手机号 13900000009，身份证号 110105********002X" in text
    assert 'value="张山"' in text
    assert Employee.objects.get(pk=employee.pk).name == "张三"
    again = {**other, "seen": answer.context["form"]["seen"].value()}
    assert client.post(address(employee), again).status_code == 302
    person = Employee.objects.get(pk=employee.pk)
    assert (person.name, person.phone) == ("张山", "13800000001"), "what was sent knowingly counts"


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [
        ("hr_officer", "总厂/一车间", 200),
        ("hr_officer", "总厂/二车间", 404),
        ("team_leader", "总厂", 404),
        ("trainer", "总厂", 404),
        ("safety_officer", "总厂", 404),
        ("auditor", "总厂", 404),
        ("administrator", "总厂", 404),
        ("editor", "总厂", 404),
    ],
)
def test_who_may(client, employee, role, unit, status):
    user = with_role(role, unit)
    client.force_login(user)
    assert client.get(address(employee)).status_code == status
    sent = client.post(address(employee), {"name": "张山"})
    assert sent.status_code == (422 if status == 200 else 404), "without the mark it is refused as stale"
    page = client.get(f"/admin/people/{employee.public_id}/")
    assert (address(employee) in page.content.decode()) == (status == 200)
    if status == 404:
        with pytest.raises(PermissionDenied):
            change_particulars(employee=employee, name="张山", phone="", acting_user=user, now=NOW)
    assert Employee.objects.get(pk=employee.pk).name == "张三"


def test_a_host_does_not_and_a_firm_does(client):
    firm = OrgUnitFactory(name="远航派遣", kind=UnitKind.DISPATCH_FIRM)
    person = hire(
        employee_no="000123", name="李四", unit=org_path("总厂/一车间"), post=PostFactory(),
        hired_on=TODAY, employment_type="dispatched", employer=firm, **SYSTEM,
    )  # fmt: skip
    second(employee=person, unit=org_path("总厂/二车间"), post=PostFactory(), starts_on=TODAY,
           ends_before=dt.date(2026, 12, 1), **SYSTEM)  # fmt: skip
    client.force_login(with_role(unit="总厂/二车间"))
    assert client.get(address(person)).status_code == 404
    client.force_login(RoleGrantFactory(role="hr_officer", unit=firm).user)
    assert send(client, person, phone="13900000009").status_code == 302


def test_nobody_not_signed_in(client, employee):
    assert client.get(address(employee)).status_code == 302


@pytest.mark.usefixtures("hr")
def test_who_has_left_stays_as_they_were(client, employee):
    filled = {**client.get(address(employee)).context["form"].initial, "phone": "13900000009"}
    leave(employee=employee, left_on=TODAY, **SYSTEM)
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert address(employee) not in page
    text = client.get(address(employee)).content.decode()
    assert "此人已于 2026-11-20 离职，资料保持当时的样子：要更正，请先登记再入职" in text
    assert f"/admin/people/{employee.public_id}/change/rehire/" in text
    assert "<form" not in text.partition("hr-refusal")[2].partition("</main>")[0]
    answer = client.post(address(employee), filled)
    assert answer.status_code == 422
    assert "请先登记再入职" in answer.context["form"].non_field_errors()[0]
    assert answer.context["form"]["phone"].value() == "13900000009"
    assert Employee.objects.get(pk=employee.pk).phone == "13800000001"


def test_the_action_refuses_by_itself(employee):
    mark = particulars_mark(employee)
    EmployeeFactory(employee_no="000777", id_number_digest=id_number_digest(OTHER_ID))
    with pytest.raises(EmploymentRefused) as refused:
        change_particulars(employee=employee, name="张三", phone="", id_number=OTHER_ID, **SYSTEM)
    assert refused.value.problem.code == "id_number_taken"
    change_particulars(employee=employee, name="张山", phone="13800000001", expected_mark=mark, **SYSTEM)
    with pytest.raises(StaleParticulars):
        change_particulars(employee=employee, name="张叁", phone="", expected_mark=mark, **SYSTEM)
    assert Employee.objects.get(pk=employee.pk).name == "张山"


def test_people_away_or_moving_later_keep_their_place(employee):
    transfer(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(name="电工"),
             effective_on=dt.date(2026, 12, 1), **SYSTEM)  # fmt: skip
    stays = list(employee.assignments.values_list("unit_id", "post_id", "starts_on", "ends_before"))
    assert change_particulars(employee=employee, name="张山", phone="", **SYSTEM) == ["name", "phone"]
    assert list(employee.assignments.values_list("unit_id", "post_id", "starts_on", "ends_before")) == stays
    assert employee.events.count() == 1


def test_a_directory_goes_through_the_same_door_and_corrects_leavers_too(employee):
    leave(employee=employee, left_on=TODAY, **SYSTEM)
    employee.refresh_from_db()
    writer = UserFactory()
    said = {"employee": employee, "acting_user": writer, "now": NOW}
    assert correct_from_directory(name="张山", phone="", **said) == ["name"]
    person = Employee.objects.get(pk=employee.pk)
    assert (person.name, person.user.name, person.phone) == ("张山", "张山", "13800000001")
    assert decrypt_text(person.id_number_encrypted) == ID
    assert noted() == [(writer.pk, {"after": {"changed": ["name"]}})]
    assert correct_from_directory(**{**said, "employee": person}, name="张山", phone="13800000001") == []
    assert len(noted()) == 1


@pytest.mark.usefixtures("hr")
def test_what_writes_the_person_again_is_named(client, employee):
    assert "别的系统" not in client.get(address(employee)).content.decode()
    DirectoryLinkFactory(employee=employee, source=DirectorySourceFactory(name="通讯录"))
    gone = DirectorySourceFactory(name="旧通讯录")
    DirectoryLinkFactory(employee=employee, source=gone, missing_since=TODAY)
    scim = ScimUser.objects.create(
        employee=employee, user_name="zhangsan", user_name_key="zhangsan", created_at=NOW
    )
    batch = ImportBatch.objects.create(source="api", file_name="人事系统", applied_at=NOW)
    EmploymentEventFactory(employee=employee, batch=batch)
    text = client.get(address(employee)).content.decode()
    assert "人员目录“通讯录”（企业微信）下次同步时" in text
    assert "旧通讯录" not in text, "it does not know the person any more"
    assert "SCIM 目录下次写入此人时" in text
    assert "“人事系统”经接口写入过此人" in text
    ScimUser.objects.filter(pk=scim.pk).update(deleted_at=NOW)
    later = ImportBatch.objects.create(source="file", file_name="十一月.xlsx", applied_at=NOW)
    EmploymentEventFactory(employee=employee, batch=later, recorded_at=NOW + dt.timedelta(minutes=1))
    found = writers_of(employee)
    assert ([one.name for one in found.directories], found.is_in_scim, found.api_source) == (
        ["通讯录"],
        False,
        "",
    )
