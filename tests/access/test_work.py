"""The badges to print on HR's page of the day: whose, why, for whom, and that printing settles them."""

from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from access.actions.badge_sheets import badge_sheet
from access.actions.badges import end_badge, issue_badges
from access.models import Badge
from jobs.queue import run_pending_jobs
from people.models import EmploymentStatus, Role
from tests.factories.access import NOW
from tests.factories.people import EmployeeFactory, OrgUnitFactory, org_path
from tests.training.test_worklist import officer
from training.queries.worklist import work_section

pytestmark = pytest.mark.django_db
SHEETS = "/admin/access/badges/print/"


@pytest.fixture(autouse=True)
def _moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def hr(unit):
    return officer(Role.HR_OFFICER, unit)


def section(user):
    return work_section(user, "badges", NOW, NOW.date())


def print_for(user, *people):
    badge_sheet(employee_ids=[each.pk for each in people], with_photo=False, acting_user=user, now=NOW)


def test_who_has_no_badge_on_paper_is_listed_until_it_is_printed(client, unit, hr):
    new, lost, renewed, printed = (
        EmployeeFactory(name=name, assigned__unit=unit) for name in ("新来的", "丢了的", "换发的", "有牌的")
    )
    EmployeeFactory(assigned__unit=unit, status=EmploymentStatus.LEFT, left_on=NOW.date())
    EmployeeFactory(assigned__unit=OrgUnitFactory())
    print_for(hr, lost, renewed, printed)
    end_badge(employee=lost, reason="lost", replace=False, acting_user=hr, now=NOW)
    end_badge(employee=renewed, reason="replaced", replace=True, acting_user=hr, now=NOW)
    lines = {line.who: line for line in section(hr)[:]}
    assert list(lines)[-1] == str(new)  # whoever had one stands at the gate
    assert {who: line.texts[-1] for who, line in lines.items()} == {
        str(new): "还没有胸牌",
        str(lost): "胸牌 2026-11-22 作废（遗失），没有新的",
        str(renewed): "旧胸牌 2026-11-22 作废（换发），新的还没有打印",
    }
    (act,) = lines[str(new)].acts
    assert (act.label, act.link, act.fields) == ("打印胸牌", SHEETS, (("employee", str(new.pk)),))
    assert len(section(hr)) == 3

    client.force_login(hr)
    assert "打印本页 3 人的胸牌" in client.get("/admin/training/today/badges/").content.decode()
    client.post(act.link, dict(act.fields))
    assert run_pending_jobs() == 1
    assert {line.who for line in section(hr)[:]} == {str(lost), str(renewed)}
    shown = client.get("/admin/access/badges/?state=unprinted").content.decode()
    assert "已换发，未打印" in shown
    assert str(printed.employee_no) not in shown
    client.post(SHEETS, {"all": "1", "state": "unprinted"})
    run_pending_jobs()
    assert len(section(hr)) == 0
    assert "要打印的胸牌" not in client.get("/admin/training/today/").content.decode()


def test_a_second_print_changes_nothing_but_the_log(unit, hr):
    person = EmployeeFactory(assigned__unit=unit)
    issue_badges(people=[person], acting_user=hr, now=NOW)
    assert section(hr)[0].texts[-1] == "胸牌已发，还没有打印"
    print_for(hr, person)
    first = Badge.objects.get()
    with time_machine.travel(NOW.replace(hour=23), tick=False):
        print_for(hr, person)
    assert Badge.objects.get().printed_at == first.printed_at == NOW


def test_badges_from_before_count_as_printed_unless_they_replaced_another(unit, hr):
    made, replaced = EmployeeFactory(assigned__unit=unit), EmployeeFactory(assigned__unit=unit)
    issue_badges(people=[made, replaced], acting_user=hr, now=NOW)
    later = NOW.replace(hour=23)
    end_badge(employee=replaced, reason="lost", replace=True, acting_user=hr, now=later)
    import_module("access.migrations.0002_badge_printed_at").fill(apps, None)
    assert Badge.objects.get(employee=made).printed_at == NOW
    assert Badge.objects.get(employee=replaced, ended_at=None).printed_at is None


def test_badges_are_for_those_who_hand_them_out(client, unit):
    EmployeeFactory(assigned__unit=unit)
    trainer, stranger = officer(Role.TRAINER, unit), officer(Role.HR_OFFICER, OrgUnitFactory())
    assert section(trainer) is None
    assert len(section(stranger)) == 0
    client.force_login(trainer)
    assert client.get(reverse("training_office:worklist-section", args=["badges"])).status_code == 404
    assert len(section(officer(Role.SAFETY_OFFICER, unit))) == 1


def test_the_statements_do_not_grow_with_the_badges(unit, hr, django_assert_max_num_queries):
    def add():
        person = EmployeeFactory(assigned__unit=unit)
        issue_badges(people=[person], acting_user=None, now=NOW)

    add()
    with django_assert_max_num_queries(10) as few:
        list(section(hr)[:])
    add()
    add()
    with django_assert_max_num_queries(len(few)):
        assert len(section(hr)[:]) == 3
