"""What training does when units and posts change below it."""

import datetime as dt

import pytest

from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.actions.organisation import ensure_unit_path
from people.actions.posts import save_post
from people.actions.unit_changes import close_unit, move_unit
from people.errors import UnitRefused
from tests.factories.people import EmployeeFactory, PostFactory
from tests.factories.training import LicenceTypeFactory, TrainingRuleFactory, at
from training.actions import affected
from training.actions.clearance import refresh_clearance
from training.models import ClearanceState

pytestmark = pytest.mark.django_db
NOW = at("2026-05-10")


def unit_at(path):
    return ensure_unit_path(path=path, acting_user=None, now=NOW)


def computed():
    return list(ClearanceState.objects.order_by("employee_id").values_list("computed_at", flat=True))


def test_a_moved_branch_is_cleared_anew():
    inside = EmployeeFactory(assigned__unit=unit_at("总厂/一车间/甲班"))
    outside = EmployeeFactory(assigned__unit=unit_at("总厂/二车间"))
    refresh_clearance(employee_ids=[inside.pk, outside.pk], now=at("2026-03-05"))
    move_unit(unit=unit_at("总厂/一车间"), parent=unit_at("总厂/二车间"), effective_on=dt.date(2026, 5, 1),
              acting_user=None, now=NOW)  # fmt: skip
    assert computed() == [NOW, at("2026-03-05")]


def test_new_demands_of_a_post_block_its_people():
    post = PostFactory(name="电工")
    person = EmployeeFactory(assigned=True, assigned__post=post)
    refresh_clearance(employee_ids=[person.pk], now=NOW)
    assert ClearanceState.objects.get().is_cleared
    save_post(name="电工", demanded_licences=[LicenceTypeFactory()], acting_user=None, now=NOW)
    assert not ClearanceState.objects.get().is_cleared
    save_post(name="电工", acting_user=None, now=NOW)
    assert ClearanceState.objects.get().is_cleared


@pytest.mark.parametrize("by", ["unit", "post"])
def test_many_people_are_left_to_a_job(monkeypatch, by):
    monkeypatch.setattr(affected, "CHUNK", 1)
    unit, post = unit_at("总厂/一车间"), PostFactory()
    for _ in range(2):
        EmployeeFactory(assigned__unit=unit, assigned__post=post)
    if by == "unit":
        found = affected.refresh_units(unit_ids=[unit.pk], now=NOW)
    else:
        found = affected.refresh_post(post_id=post.pk, now=NOW)
    assert (found, computed()) == (2, [])
    assert run_pending_jobs() == 1
    assert len(computed()) == 2
    job = Job.objects.get()
    assert (job.state, job.total) == ("done", 2)


def test_a_unit_named_by_a_rule_is_not_closed():
    unit = unit_at("总厂/一车间")
    rule = TrainingRuleFactory(unit=unit, programme__title="有限空间专项")
    with pytest.raises(UnitRefused, match="有限空间专项"):
        close_unit(unit=unit, closed_on=dt.date(2026, 5, 10), acting_user=None, now=NOW)
    rule.programme.is_active = False
    rule.programme.save()
    close_unit(unit=unit, closed_on=dt.date(2026, 5, 10), acting_user=None, now=NOW)
