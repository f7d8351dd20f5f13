"""The four gates: each with its evidence, and no case closed while somebody concerned is not educated."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from people.models import Role
from tests.factories.people import EmployeeFactory, RoleGrantFactory, org_path
from tests.factories.training import at, make_case, post_with, push_to_all
from training.actions.gates import Evidence, open_case_file, record_gate
from training.actions.pushes import end_push
from training.errors import GateRefused
from training.models import CaseFile, Gate, GateEntry, Obligation, ObligationState
from training.queries.gates import case_files_for, gates_of, uneducated

pytestmark = pytest.mark.django_db
NOW = at("2026-06-01", "10:00")
PDF = Evidence("调查报告.pdf", b"%PDF-1.7 report")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def worker(unit):
    post = post_with("机械伤害试验", name="冲压工")
    return EmployeeFactory(name="李秀英", assigned__unit=unit, assigned__post=post)


@pytest.fixture
def case():
    return make_case(["机械伤害试验"], title="手被卷入")


@pytest.fixture
def case_file(case, unit):
    return open_case_file(lesson=case, unit=unit, acting_user=None, now=NOW)


def step(case_file, gate, act="close", text="见材料", **changes):
    return record_gate(
        **{
            "case_file": case_file, "gate": gate, "act": act, "text": text, "acting_user": None, "now": NOW,
            "evidence": PDF if gate and act == "close" else None, **changes,
        }
    )  # fmt: skip


def educate():
    Obligation.objects.filter(state="open").update(state=ObligationState.DONE, closed_at=NOW)


def test_each_gate_is_closed_on_its_own_and_the_case_after_all_four(case_file, case, worker):
    step(case_file, Gate.CAUSE, evidence=PDF)
    with pytest.raises(GateRefused, match="还不能关闭：责任人员未处理不放过、整改措施未落实不放过、有关人员"):
        step(case_file, "")
    step(case_file, Gate.RESPONSIBILITY, "note", "谈话")
    step(case_file, Gate.RESPONSIBILITY)
    step(case_file, Gate.MEASURES)
    with pytest.raises(GateRefused, match="还没有向有关人员推送"):
        step(case_file, Gate.EDUCATION)
    push_to_all(case, now=NOW)
    with pytest.raises(GateRefused, match=r"还有 1 名有关人员未受到教育.*李秀英"):
        step(case_file, Gate.EDUCATION)
    educate()
    step(case_file, Gate.EDUCATION)
    step(case_file, "", text="结案")
    gates, whole = gates_of(case_file)
    assert whole.is_closed
    assert all(gate.is_closed for gate in gates)
    entry = gates[0].entries[0]
    with entry.file.open("rb") as stored:
        assert (entry.file_name, stored.read()) == (PDF.name, PDF.data)
    assert [item.act for item in gates[1].entries] == ["note", "close"]


@pytest.mark.parametrize("gate", [Gate.CAUSE, Gate.RESPONSIBILITY, Gate.MEASURES])
def test_words_alone_close_no_gate(case_file, gate):
    with pytest.raises(GateRefused, match=f"{gate.label}.*还没有材料"):
        step(case_file, gate, evidence=None)
    step(case_file, gate, "note", evidence=None)
    with pytest.raises(GateRefused, match="还没有材料"):
        step(case_file, gate, evidence=None)
    step(case_file, gate, "note", evidence=PDF)
    assert step(case_file, gate, evidence=None).act == "close"


def test_who_came_after_the_gate_was_closed_still_stops_the_case(case_file, case, worker, unit):
    push_to_all(case, now=NOW)
    educate()
    for gate in Gate.values:
        step(case_file, gate)
    late = EmployeeFactory(assigned__unit=unit, assigned__post=worker.assignments.get().post)
    with pytest.raises(GateRefused, match=late.employee_no):
        step(case_file, "")


def test_pushing_to_a_few_is_no_way_round_the_others(case_file, case, worker, unit):
    other = EmployeeFactory(
        assigned__unit=org_path("总厂/一车间/乙班"), assigned__post=worker.assignments.get().post
    )
    push_to_all(case, now=NOW, units=[org_path("总厂/一车间/乙班")])
    educate()
    assert list(uneducated(case_file, NOW.date())) == [worker]
    assert other not in uneducated(case_file, NOW.date())


def test_a_withdrawn_push_educates_nobody(case_file, case, worker):
    push = push_to_all(case, now=NOW)
    educate()
    assert not uneducated(case_file, NOW.date()).exists()
    end_push(push=push, reason="推错了", withdraw=True, acting_user=None, now=NOW)
    assert list(uneducated(case_file, NOW.date())) == [worker]
    with pytest.raises(GateRefused, match="还没有向有关人员推送"):
        step(case_file, Gate.EDUCATION)


def test_people_of_other_units_do_not_count(case_file, case, worker):
    far = EmployeeFactory(
        assigned__unit=org_path("总厂/二车间"), assigned__post=worker.assignments.get().post
    )
    push_to_all(case, now=NOW)
    assert list(uneducated(case_file, NOW.date())) == [worker]
    assert Obligation.objects.filter(employee=far).exists()


def test_who_moved_away_still_owing_counts_and_who_was_there_long_ago_does_not(case_file, case, worker, unit):
    post, elsewhere = worker.assignments.get().post, org_path("总厂/二车间")
    before = EmployeeFactory(assigned__unit=elsewhere, assigned__post=post)
    worker.assignments.model.objects.create(
        employee=before, unit=unit, post=post, starts_on=dt.date(2025, 1, 1), ends_before=before.hired_on
    )
    push_to_all(case, now=NOW)
    worker.assignments.update(ends_before=dt.date(2026, 6, 3))
    worker.assignments.create(unit=elsewhere, post=post, starts_on=dt.date(2026, 6, 3))
    assert list(uneducated(case_file, dt.date(2026, 6, 4))) == [worker]


def test_the_second_call_is_told_that_the_page_is_old(case_file):
    step(case_file, Gate.CAUSE)
    with pytest.raises(GateRefused, match="刷新"):
        step(case_file, Gate.CAUSE)
    with pytest.raises(GateRefused, match="刷新"):
        step(case_file, Gate.MEASURES, "reopen")


def test_reopening_a_gate_reopens_the_case(case_file, case, worker):
    push_to_all(case, now=NOW)
    educate()
    for gate in [*Gate.values, ""]:
        step(case_file, gate)
    with pytest.raises(GateRefused, match="已经关闭"):
        step(case_file, Gate.CAUSE, "note")
    step(case_file, Gate.CAUSE, "reopen", "发现新证据")
    gates, whole = gates_of(case_file)
    assert not gates[0].is_closed
    assert not whole.is_closed


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        (Evidence("a.exe", b"MZ"), "不是 PDF"),
        (Evidence("a.pdf", b"MZ"), "不是 PDF"),
        (Evidence("a.html.png", b"<html>"), "不是 PDF"),
        (Evidence("a.pdf", b"%PDF-" + b"x" * (20 * 1024 * 1024)), "超过 20 MB"),
    ],
)
def test_material_is_what_its_name_says(case_file, evidence, message):
    with pytest.raises(GateRefused, match=message):
        step(case_file, Gate.CAUSE, evidence=evidence)
    assert not GateEntry.objects.exists()


def test_nothing_is_closed_without_words(case_file):
    with pytest.raises(GateRefused, match="请写明情况"):
        step(case_file, Gate.CAUSE, text="  ")


def test_entries_are_only_added(case_file):
    step(case_file, Gate.CAUSE)
    for rows in (GateEntry.objects.all(), CaseFile.objects.all()):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()


def test_opening_twice_is_one_file(case, case_file, unit):
    assert open_case_file(lesson=case, unit=unit, acting_user=None, now=NOW) == case_file


@pytest.mark.parametrize(
    ("role", "path", "may"),
    [
        (Role.SAFETY_OFFICER, "总厂", True),
        (Role.SAFETY_OFFICER, "总厂/一车间", True),
        (Role.SAFETY_OFFICER, "总厂/二车间", False),
        (Role.EDITOR, "总厂", False),
        (Role.TRAINER, "总厂", False),
        (Role.AUDITOR, "总厂", False),
    ],
)
def test_who_handles_a_case(case, case_file, unit, role, path, may):
    user = RoleGrantFactory(role=role, unit=org_path(path)).user
    if may:
        step(case_file, Gate.CAUSE, acting_user=user)
        assert list(case_files_for(user)) == [case_file]
        return
    with pytest.raises(PermissionDenied):
        step(case_file, Gate.CAUSE, acting_user=user)
    with pytest.raises(PermissionDenied):
        open_case_file(lesson=case, unit=unit, acting_user=user, now=NOW)
    assert (case_file in case_files_for(user)) is (path == "总厂" and role != Role.EDITOR)
