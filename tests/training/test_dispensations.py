"""Waivers, extensions, recognised training; practical checks and letters; what stands in somebody's way."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile

from people.actions import employment
from people.models import Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
)
from tests.factories.training import (
    SIGNATURE,
    LicenceFactory,
    LicenceTypeFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
)
from training.actions.checks import record_practical_check, settle_licences, sign_letter
from training.actions.dispensations import ask_dispensation, decide_dispensation, end_waivers
from training.actions.exam_component import start_component_exam
from training.actions.programmes import (
    ComponentSpec,
    StageSpec,
    copy_programme,
    save_programme,
    specs_of,
)
from training.errors import CheckRefused, DispensationRefused, ProgrammeRefused
from training.models import (
    ClearanceState,
    Component,
    Dispensation,
    LetterSignature,
    Licence,
    Obligation,
    PracticalCheck,
    TrainingRecord,
)
from training.queries.coverage import owed_on
from training.queries.exceptions import Hindrance, exceptions_for

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 3)
NOW = at("2026-03-03")


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def owed(unit):
    employee = EmployeeFactory()
    AssignmentFactory(employee=employee, unit=unit, starts_on=dt.date(2020, 1, 1))
    return ObligationFactory(employee=employee, rule__programme=ProgrammeFactory(on_site=[8]))


def officer(unit):
    return RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user


def ask(owed, **fields):
    arguments = {
        "kind": "waiver",
        "reason": "住院",
        "until": dt.date(2026, 3, 31),
        "acting_user": None,
        "now": NOW,
        **fields,
    }
    return ask_dispensation(obligation=owed, **arguments)


def decide(request, **fields):
    arguments = {"is_approved": True, "acting_user": None, "now": NOW, **fields}
    return decide_dispensation(dispensation=request, **arguments)


def recognition(owed, **fields):
    return {
        "kind": "recognition",
        "component": owed.programme.components.first(),
        "hours": Decimal(8),
        "held_on": dt.date(2026, 1, 5),
        "evidence": ContentFile(b"%PDF-1.4", "record.pdf"),
        **fields,
    }


def test_waiver_takes_the_obligation_away_until_it_runs_out(owed, unit):
    one, other = officer(unit), officer(unit)
    request = ask(owed, acting_user=one)
    with pytest.raises(DispensationRefused, match="不能是同一人"):
        decide(request, acting_user=one)
    decide(request, acting_user=other)
    assert decide(request, acting_user=other).decided_by == other

    owed.refresh_from_db()
    assert (owed.state, owed.waived_before) == ("waived", dt.date(2026, 4, 1))
    assert ClearanceState.objects.get(employee=owed.employee).is_cleared
    assert not owed_on(dt.date(2026, 3, 3)).exists()
    assert end_waivers(now=at("2026-03-31")) == 0
    assert end_waivers(now=at("2026-04-01")) == 1
    owed.refresh_from_db()
    assert (owed.state, owed.closed_at) == ("open", None)
    # What the days of the waiver were like is not forgotten with its end.
    assert not owed_on(dt.date(2026, 3, 31)).exists()
    assert owed_on(dt.date(2026, 4, 1)).exists()
    assert not ClearanceState.objects.get(employee=owed.employee).is_cleared


def test_extension_moves_the_due_day_and_keeps_the_old_one(owed):
    request = ask(owed, kind="extension", until=dt.date(2026, 4, 30))
    assert Obligation.objects.get(pk=owed.pk).due_on == dt.date(2026, 3, 9)
    decide(request)

    assert Obligation.objects.get(pk=owed.pk).due_on == dt.date(2026, 4, 30)
    assert Dispensation.objects.get().due_before == dt.date(2026, 3, 9)


def test_recognition_settles_its_component_and_the_ledger_says_by_what(owed):
    request = ask(owed, **recognition(owed))
    decide(request)

    owed.refresh_from_db()
    assert owed.state == "done"
    assert request.evidence_sha256 in TrainingRecord.objects.get(obligation=owed).payload


def test_refusal_changes_nothing_and_needs_a_reason(owed):
    request = ask(owed)
    with pytest.raises(DispensationRefused, match="原因"):
        decide(request, is_approved=False)
    decide(request, is_approved=False, note="不属实")
    assert Obligation.objects.get(pk=owed.pk).state == "open"
    ask(owed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": " "}, "理由"),
        ({"until": dt.date(2026, 3, 2)}, "不能早于今天"),
        ({"until": dt.date(2028, 3, 2)}, "最长一年"),
        ({"kind": "extension", "until": dt.date(2026, 3, 5)}, "晚于原截止日"),
        ({"kind": "recognition", "component": None}, "选择要认定的环节"),
        ({"kind": "recognition", "hours": Decimal(4)}, "学时不足"),
        ({"kind": "recognition", "held_on": dt.date(2026, 3, 4)}, "培训日期"),
        ({"kind": "recognition", "evidence": None}, "证明材料"),
    ],
)
def test_requests_say_what_is_wrong(owed, fields, words):
    if fields.get("kind") == "recognition":
        fields = recognition(owed, **fields)
    with pytest.raises(DispensationRefused, match=words):
        ask(owed, **fields)
    assert not Dispensation.objects.exists()


def test_strangers_may_not_ask_or_decide_and_a_second_request_waits(owed):
    stranger = officer(OrgUnitFactory())
    with pytest.raises(PermissionDenied):
        ask(owed, acting_user=stranger)
    request = ask(owed)
    with pytest.raises(PermissionDenied):
        decide(request, acting_user=stranger)
    with pytest.raises(DispensationRefused, match="等待审批"):
        ask(owed)


# Stages, checks, letters, licences


def staged(*components, stages=(), **fields):
    return save_programme(
        code="staged",
        title="分阶段",
        kind="four_new",
        components=components,
        stages=stages,
        acting_user=None,
        now=NOW,
        **fields,
    )


TALK = ComponentSpec("session", "讲授", Decimal(2), stage="一")
CHECK = ComponentSpec("practical", "实操", stage="二", checklist=("戴好护具", "停机挂牌"))
LETTER = ComponentSpec("letter", "责任书", stage="三", body="遵守规程。")


def mentor(unit):
    employee = EmployeeFactory(assigned__unit=unit)
    RoleGrantFactory(role=Role.TRAINER, unit=unit, user=employee.user)
    return employee.user


def check(owed, component, results=(True, True), **fields):
    return record_practical_check(
        obligation=owed, component=component, results=results, signature=SIGNATURE, now=NOW, **fields
    )


def test_mentor_checks_until_everything_is_right(owed, unit):
    programme = staged(CHECK)
    owed = ObligationFactory(employee=owed.employee, rule__programme=programme)
    part, user = programme.components.get(), mentor(unit)

    with pytest.raises(PermissionDenied):
        check(owed, part, acting_user=UserFactory())
    with pytest.raises(CheckRefused, match="项目已变化"):
        check(owed, part, results=(True,), acting_user=user)
    with pytest.raises(CheckRefused, match="签名"):
        record_practical_check(
            obligation=owed, component=part, results=(True, True), signature="M1 1", acting_user=user, now=NOW
        )
    assert not check(owed, part, results=(True, False), acting_user=user).is_passed
    passed = check(owed, part, acting_user=user)
    assert passed.sha256 in TrainingRecord.objects.get(obligation=owed).payload
    assert PracticalCheck.objects.count() == 2
    with pytest.raises(CheckRefused, match="已经结束"):
        check(owed, part, acting_user=user)


def test_nobody_checks_themselves_and_a_stage_may_name_who_does(owed, unit):
    user = mentor(unit)
    own = ObligationFactory(employee=user.employee, rule__programme=staged(CHECK))
    with pytest.raises(CheckRefused, match="自己"):
        check(own, own.programme.components.get(), acting_user=user)
    strict = save_programme(
        code="strict",
        title="严",
        kind="four_new",
        components=[CHECK],
        stages=[StageSpec("二", assessor="unit_leader")],
        acting_user=None,
        now=NOW,
    )
    theirs = ObligationFactory(employee=owed.employee, rule__programme=strict)
    with pytest.raises(CheckRefused, match="单位负责人"):
        check(theirs, strict.components.get(), acting_user=user)
    unit.leader = user.employee
    unit.save()
    assert check(theirs, strict.components.get(), acting_user=user).is_passed


def test_letter_is_signed_once_and_in_its_turn(owed):
    programme = staged(TALK, LETTER)
    owed = ObligationFactory(employee=owed.employee, rule__programme=programme)
    talk, letter = programme.components.order_by("position")
    sign = {"obligation": owed, "employee": owed.employee, "signature": SIGNATURE, "device": "d", "now": NOW}
    with pytest.raises(CheckRefused, match="请先完成“讲授”"):
        sign_letter(component=letter, **sign)
    alone = save_programme(
        code="alone", title="责任书", kind="special", components=[LETTER], acting_user=None, now=NOW
    )
    owed = ObligationFactory(employee=owed.employee, rule__programme=alone)
    sign |= {"obligation": owed}
    with pytest.raises(Obligation.DoesNotExist):
        sign_letter(component=alone.components.get(), **{**sign, "employee": EmployeeFactory()})
    signed = sign_letter(component=alone.components.get(), **sign)
    assert sign_letter(component=alone.components.get(), **sign) == signed
    assert LetterSignature.objects.get().body == "遵守规程。"
    assert Obligation.objects.get(pk=owed.pk).state == "done"
    assert talk.position == 1


def test_days_lie_between_stages(owed):
    letter = ComponentSpec("letter", "复训", stage="二", body="再读一遍。")
    first = ComponentSpec("letter", "初训", stage="一", body="读。")
    programme = staged(first, letter, stages=[StageSpec("二", min_days_after=3)])
    owed = ObligationFactory(employee=owed.employee, rule__programme=programme)
    one, two = programme.components.order_by("position")
    sign = {"obligation": owed, "employee": owed.employee, "signature": SIGNATURE, "device": ""}
    sign_letter(component=one, now=NOW, **sign)

    with pytest.raises(CheckRefused, match="2026-03-06"):
        sign_letter(component=two, now=at("2026-03-05"), **sign)
    sign_letter(component=two, now=at("2026-03-06"), **sign)
    assert Obligation.objects.get(pk=owed.pk).state == "done"


def test_any_part_of_a_stage_is_enough_where_it_says_so(owed):
    letters = [ComponentSpec("letter", title, stage="一", body="读。") for title in ("甲", "乙")]
    programme = staged(*letters, stages=[StageSpec("一", pass_rule="any")])
    owed = ObligationFactory(employee=owed.employee, rule__programme=programme)
    sign_letter(
        obligation=owed,
        employee=owed.employee,
        component=programme.components.get(title="乙"),
        signature=SIGNATURE,
        device="",
        now=NOW,
    )
    assert Obligation.objects.get(pk=owed.pk).state == "done"


def test_licence_held_settles_what_asks_for_it(owed):
    kind = LicenceTypeFactory()
    programme = staged(ComponentSpec("licence", "持证", licence_type=kind))
    owed = ObligationFactory(employee=owed.employee, rule__programme=programme)
    assert settle_licences(employee_ids=[owed.employee_id], now=NOW) == []
    licence = LicenceFactory(employee=owed.employee, licence_type=kind, checked_outcome="unknown")
    assert (
        settle_licences(employee_ids=[owed.employee_id], now=NOW) == []
    )  # the official site has no such one
    Licence.objects.filter(pk=licence.pk).update(checked_outcome="", review_due_on=dt.date(2026, 3, 2))
    assert settle_licences(employee_ids=[owed.employee_id], now=NOW) == []  # its review is overdue
    Licence.objects.filter(pk=licence.pk).update(review_due_on=dt.date(2026, 3, 3))
    assert len(settle_licences(employee_ids=[owed.employee_id], now=NOW)) == 1
    assert settle_licences(employee_ids=[owed.employee_id], now=NOW) == []


def test_the_practical_check_of_a_return_ends_the_months_off_the_work(unit):
    kind, other = LicenceTypeFactory(off_post_months=6), LicenceTypeFactory(code="crane", off_post_months=6)
    post = PostFactory()
    post.demanded_licences.add(kind)
    TrainingRuleFactory(
        trigger="returned",
        min_days_away=180,
        licence_family=kind.family,
        programme=staged(CHECK),
    )
    by = {"acting_user": None}
    person = employment.hire(
        employee_no="001", name="张伟", unit=unit, post=post, hired_on=dt.date(2024, 3, 4),
        now=at("2024-03-04"), **by,
    )  # fmt: skip
    LicenceFactory(employee=person, licence_type=kind, valid_from=dt.date(2024, 3, 4))
    LicenceFactory(employee=person, licence_type=other, valid_from=dt.date(2024, 3, 4))
    employment.leave_post(employee=person, effective_on=dt.date(2025, 8, 1), now=at("2025-08-01"), **by)
    employment.return_to_post(employee=person, effective_on=dt.date(2026, 3, 3), now=NOW, **by)
    reasons = [reason["code"] for reason in ClearanceState.objects.get(employee=person).reasons]
    assert reasons == ["training_owed", "reassessment_due"]

    owed = person.obligations.get()
    assert check(owed, owed.programme.components.get(), acting_user=mentor(unit)).is_passed
    assert ClearanceState.objects.get(employee=person).is_cleared
    days = person.licences.order_by("pk").values_list("reassessed_on", flat=True)
    assert list(days) == [dt.date(2026, 3, 3), None]  # the other work was not checked


# Programmes


def test_programme_in_use_keeps_its_parts_and_changes_by_a_version(owed):
    programme = staged(TALK, CHECK, stages=[StageSpec("二", min_days_after=1)])
    ObligationFactory(employee=owed.employee, rule__programme=programme)
    staged(TALK, CHECK, stages=[StageSpec("二", min_days_after=2)], daily_hours=Decimal(6))
    assert programme.stages.get(title="二").min_days_after == 2
    with pytest.raises(ProgrammeRefused, match="新编码"):
        staged(TALK, CHECK, stages=[StageSpec("二", assessor="mentor")])
    version = copy_programme(
        programme=programme, code="staged-2", title="二版", as_version=True, acting_user=None, now=NOW
    )
    assert (version.supersedes, version.daily_hours) == (programme, 6)
    assert specs_of(version) == specs_of(programme)
    with pytest.raises(ProgrammeRefused, match="已有下一版"):
        copy_programme(
            programme=programme, code="staged-3", title="三", as_version=True, acting_user=None, now=NOW
        )
    with pytest.raises(ProgrammeRefused, match="已被使用"):
        copy_programme(programme=programme, code="staged-2", title="二", acting_user=None, now=NOW)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ComponentSpec("session", "讲"), "请填写学时"),
        (ComponentSpec("letter", "信"), "正文"),
        (ComponentSpec("practical", "考"), "考核项目"),
        (ComponentSpec("course", "课"), "选择课程"),
        (ComponentSpec("exam", "试"), "选择考试"),
        (ComponentSpec("licence", "证"), "证件种类"),
    ],
)
def test_component_says_what_it_lacks(spec, words):
    with pytest.raises(ProgrammeRefused, match=words):
        staged(spec)
    assert not Component.objects.exists()


# What stands in the way


def test_exceptions_name_what_cannot_work(owed, unit):
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user
    late = ObligationFactory(employee=owed.employee, rule__programme=ProgrammeFactory(on_site=[24, 24, 24]))
    letter = save_programme(
        code="l", title="责任书", kind="special", components=[LETTER], acting_user=None, now=NOW
    )
    nobody = EmployeeFactory(user=None)
    AssignmentFactory(employee=nobody, unit=unit, starts_on=dt.date(2020, 1, 1))
    ObligationFactory(employee=nobody, rule__programme=letter)

    found = {(item.obligation.employee_id, item.kind): item for item in exceptions_for(leader, DAY)}
    assert set(found) == {
        (owed.employee_id, Hindrance.TOO_LATE),
        (owed.employee_id, Hindrance.NO_TRAINER),
        (nobody.pk, Hindrance.NO_ACCOUNT),
    }
    too_late = found[owed.employee_id, Hindrance.TOO_LATE]
    assert (too_late.obligation.pk, too_late.days_needed, too_late.days_left) == (late.pk, 9, 7)
    assert "72 学时" in too_late.text
    mentor(unit)
    assert all(item.kind != Hindrance.NO_TRAINER for item in exceptions_for(leader, DAY))
    stranger = RoleGrantFactory(role=Role.TEAM_LEADER).user
    assert exceptions_for(stranger, DAY) == []
    assert callable(start_component_exam)
