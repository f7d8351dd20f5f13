"""HR's page of the day: what is on it for whom, and that every line ends in what settles it."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from people.models import Role, User
from people.permissions import Capability
from tests.factories.courses import CourseFactory
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import (
    EmploymentEventFactory,
    LicenceFactory,
    LicenceTypeFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
)
from training.actions.clearance import refresh_clearance
from training.actions.dispensations import ask_dispensation
from training.actions.on_site import record_on_site_training
from training.models import Licence
from training.queries.turns import officers_with
from training.queries.worklist import work_section, work_sections

pytestmark = pytest.mark.django_db
NOW = at("2026-03-05", "09:00")
TODAY = dt.date(2026, 3, 5)
LATE = {"owed_from": dt.date(2026, 1, 5), "due_on": dt.date(2026, 1, 12)}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


def officer(role, unit, name="某某"):
    user = UserFactory(name=name)
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    RoleGrantFactory(user=user, role=role, unit=unit)
    return user


def owing(unit, name="张伟", owed_from=dt.date(2026, 3, 3), due_on=dt.date(2026, 3, 10), **programme):
    item = ObligationFactory(
        rule=TrainingRuleFactory(programme=ProgrammeFactory(**(programme or {"on_site": [8]}))),
        employee=EmployeeFactory(name=name, assigned__unit=unit),
        owed_from=owed_from,
        due_on=due_on,
    )
    refresh_clearance(employee_ids=[item.employee_id], now=NOW)
    return item


def sections(user):
    return {section.name: section for section in work_sections(user, NOW, TODAY)}


def only_line(section):
    (line,) = section[:]
    return line


def labels(line):
    return [act.label for act in line.acts]


def teach(item):
    record_on_site_training(
        obligations=[item],
        component=item.programme.components.get(),
        held_from=at("2026-03-04", "08:00"),
        held_to=at("2026-03-04", "16:00"),
        hours=Decimal(8),
        place="一车间培训室",
        trainer_name="周师傅",
        acting_user=None,
        now=NOW,
    )


def test_each_line_ends_in_what_settles_it(unit):
    new = owing(unit)
    late = owing(unit, "李娜", **LATE)
    found = sections(officer(Role.SAFETY_OFFICER, unit, "郭志强"))
    line = only_line(found["new"])
    assert (line.who, line.note) == (str(new.employee), "截止 2026-03-10，还有 5 天")
    assert line.texts[0].startswith(f"{new.programme.title} · 轮到教员：")
    assert "（郭志强）" in line.texts[0]
    record = reverse("training_office:on-site-record", args=[new.programme.components.get().pk])
    assert [act.link for act in line.acts] == [
        f"{record}?people={new.public_id}",
        reverse("training_office:obligation", args=[new.public_id]),
    ]
    line = only_line(found["late"])
    assert line.is_late
    assert line.note == "截止 2026-01-12，已过 52 天"
    ask = reverse("training_office:dispensation-ask", args=[late.public_id])
    assert ask in [act.link for act in line.acts if act.settles]
    assert {line.who for line in found["blocked"][:]} == {str(new.employee), str(late.employee)}
    assert "stuck" not in found  # what is late is among the late


def test_hr_prints_slips_asks_for_extensions_and_sees_whom_to_ring(unit):
    officer(Role.TRAINER, unit, "许文海")
    hr = officer(Role.HR_OFFICER, unit)
    late = owing(unit, **LATE)
    online = owing(unit, "李娜", course=CourseFactory())
    User.objects.filter(employee__in=[late.employee, online.employee]).update(password="!none")
    found = sections(hr)
    line = only_line(found["late"])
    assert labels(line) == ["申请延期或豁免", "看任务"]
    assert "许文海" in line.texts[0]
    line = only_line(found["new"])
    assert labels(line) == ["打印登录凭条", "看任务"]
    assert "还没有登录凭条" in line.texts[0]
    assert line.acts[0].fields == (("employee", str(online.employee.public_id)),)


def test_a_slip_that_was_printed_is_not_offered_again(client, unit):
    hr = officer(Role.HR_OFFICER, unit)
    online = owing(unit, "李娜", course=CourseFactory())
    User.objects.filter(employee=online.employee).update(password="!none")
    client.force_login(hr)
    act = only_line(sections(hr)["new"]).acts[0]
    assert client.post(act.link, dict(act.fields)).status_code == 200
    line = only_line(sections(hr)["new"])
    assert labels(line) == ["看任务"]
    assert "凭条已发" in line.texts[0]


def test_one_line_stands_for_a_person_and_the_section_page_lists_what_is_counted(client, unit):
    first = owing(unit)
    rule = TrainingRuleFactory(programme=ProgrammeFactory(on_site=[4]))
    ObligationFactory(rule=rule, employee=first.employee, owed_from=first.owed_from, due_on=first.due_on)
    user = officer(Role.HR_OFFICER, unit)
    section = sections(user)["new"]
    assert len(section) == 1
    assert len(only_line(section).texts) == 2
    client.force_login(user)
    text = client.get(reverse("training_office:worklist-section", args=["new"])).content.decode()
    assert text.count('class="work-line') == 1
    assert "共 1 条" in text
    assert client.get(reverse("training_office:worklist-section", args=["sign"])).status_code == 404
    assert (
        "这一类都办完了"
        in client.get(reverse("training_office:worklist-section", args=["late"])).content.decode()
    )


def test_what_was_held_is_to_be_signed_and_printed_and_vanishes(client, unit):
    item = owing(unit)
    teach(item)
    trainer = officer(Role.TRAINER, unit)
    found = sections(trainer)
    line = only_line(found["sign"])
    assert line.texts[1] == "未签：受教育人 1、教育人 1、教育负责人 1"
    (act,) = only_line(found["print"]).acts
    assert "new" not in found
    client.force_login(trainer)
    assert client.get(act.link).status_code == 200
    assert "print" not in sections(trainer)


def test_a_decision_is_offered_to_those_who_did_not_ask(unit):
    item = owing(unit, **LATE)
    hr, safety = officer(Role.HR_OFFICER, unit), officer(Role.SAFETY_OFFICER, unit, "郭志强")
    ask_dispensation(
        obligation=item, kind="extension", reason="病假", until=dt.date(2026, 4, 1), acting_user=hr, now=NOW
    )
    line = only_line(sections(hr)["decide"])
    assert (labels(line), line.acts[0].settles) == (["看申请"], False)
    assert "等 郭志强 审批" in line.texts
    assert labels(only_line(sections(safety)["decide"])) == ["去审批"]


def test_a_missing_licence_names_who_registers_it(unit):
    person = EmployeeFactory(assigned__unit=unit)
    person.assignments.get().post.demanded_licences.add(LicenceTypeFactory())
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    safety, hr = officer(Role.SAFETY_OFFICER, unit, "郭志强"), officer(Role.HR_OFFICER, unit)
    assert labels(only_line(sections(safety)["blocked"])) == ["登记证件", "看这个人"]
    line = only_line(sections(hr)["blocked"])
    assert line.texts[0].endswith("取证后由 郭志强 登记")


def test_who_is_taken_in_by_other_terms_is_new(unit):
    item = owing(unit)
    hr = officer(Role.HR_OFFICER, unit)
    item.event = EmploymentEventFactory(employee=item.employee, kind="terms_changed")
    item.save(update_fields=["event"])
    assert only_line(sections(hr)["new"]).who == str(item.employee)


def test_whoever_was_off_the_work_too_long_has_a_line_that_can_be_settled(client, unit):
    person = EmployeeFactory(assigned__unit=unit)
    kind = LicenceTypeFactory(off_post_months=6)
    person.assignments.get().post.demanded_licences.add(kind)
    licence = LicenceFactory(employee=person, licence_type=kind, last_worked_on=dt.date(2025, 1, 31))
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    safety, hr = officer(Role.SAFETY_OFFICER, unit, "郭志强"), officer(Role.HR_OFFICER, unit)

    line = only_line(sections(safety)["blocked"])
    assert labels(line) == ["登记实操考核", "看这个人"]
    client.force_login(safety)
    page = client.get(line.acts[0].link).content.decode()
    assert reverse("training_office:licence", args=[licence.pk]) in page
    assert only_line(sections(hr)["blocked"]).texts[0].endswith("考核后由 郭志强 登记")


def test_a_licence_that_runs_out_is_there(unit):
    licence = LicenceFactory(
        employee=EmployeeFactory(assigned__unit=unit),
        valid_from=dt.date(2025, 1, 1),
        valid_until=dt.date(2026, 3, 20),
    )
    line = only_line(sections(officer(Role.SAFETY_OFFICER, unit))["licences"])
    assert line.acts[0].link == reverse("training_office:licence", args=[licence.pk])
    assert line.note == "截止 2026-03-20，还有 15 天"
    assert line.texts == (str(licence.licence_type),)

    # A review comes before the end, and lapses as well.
    Licence.objects.update(valid_until=dt.date(2029, 3, 20), review_due_on=dt.date(2026, 3, 18))
    line = only_line(sections(officer(Role.SAFETY_OFFICER, unit))["licences"])
    assert line.note == "截止 2026-03-18，还有 13 天"
    assert line.texts == (str(licence.licence_type), "须在 2026-03-18 前复审")

    # Renewed by another one: the old one is left to run out.
    LicenceFactory(
        employee=licence.employee, licence_type=licence.licence_type, valid_until=dt.date(2032, 3, 20)
    )
    assert "licences" not in sections(officer(Role.SAFETY_OFFICER, unit))


def test_those_nearest_to_the_unit_are_named_first():
    plant = OrgUnitFactory(name="总厂")
    shop = OrgUnitFactory(name="一车间", parent=plant)
    officer(Role.TRAINER, plant, "远")
    officer(Role.TRAINER, shop, "近")
    found = officers_with(Capability.RECORD_TRAINING, TODAY)
    assert found.over(shop.path) == ("近", "远")
    assert found.over(plant.path) == ("远",)
    assert found.over("") == ()


def test_others_people_are_not_there(client, unit):
    owing(unit)
    stranger = officer(Role.SAFETY_OFFICER, OrgUnitFactory())
    assert work_sections(stranger, NOW, TODAY) == []
    assert work_section(stranger, "nothing", NOW, TODAY) is None
    client.force_login(stranger)
    assert "没有等你办的事" in client.get(reverse("training_office:worklist")).content.decode()


def test_the_statements_do_not_grow_with_the_people(client, unit, django_assert_max_num_queries):
    client.force_login(officer(Role.HR_OFFICER, unit))
    page = reverse("training_office:worklist")
    owing(unit, "一")
    owing(unit, "二", **LATE)
    client.get(page)
    with django_assert_max_num_queries(110) as few:
        client.get(page)
    owing(unit, "三")
    owing(unit, "四", **LATE)
    with django_assert_max_num_queries(len(few) + 2):  # each new programme has a held component of its own
        text = client.get(page).content.decode()
    assert "三" in text
