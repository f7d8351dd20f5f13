"""Programmes and rules: saved once, never changed behind what was already owed."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from people.models import Role
from tests.factories.people import OrgUnitFactory, PostFactory, RoleGrantFactory
from tests.factories.training import ExamFactory, ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.programmes import ComponentSpec, save_programme
from training.actions.rules import end_rule, save_rule
from training.actions.templates import load_templates
from training.errors import ProgrammeRefused, RuleRefused
from training.models import Component, ComponentKind, Programme, ProgrammeKind, TrainingRule, Trigger

pytestmark = pytest.mark.django_db
NOW = at("2026-03-02")
FACTORY = ComponentSpec(ComponentKind.ON_SITE, "厂级", Decimal(8), "factory")
TEAM = ComponentSpec(ComponentKind.ON_SITE, "班组级", Decimal(8), "team")


def programme(**changes):
    arguments = {
        "code": "p",
        "title": "三级教育",
        "kind": ProgrammeKind.PRE_JOB,
        "components": [FACTORY, TEAM],
        "acting_user": None,
        "now": NOW,
        **changes,
    }
    return save_programme(**arguments)


def rule(**changes):
    arguments = {
        "code": "r",
        "title": "岗前",
        "trigger": Trigger.HIRED,
        "legal_basis": "令3",
        "effective_from": dt.date(2026, 1, 1),
        "acting_user": None,
        "now": NOW,
        **changes,
    }
    if "programme" not in arguments:
        arguments["programme"] = Programme.objects.first() or ProgrammeFactory()
    return save_rule(**arguments)


def test_programme_is_saved_with_its_components_in_order():
    exam = ExamFactory()
    saved = programme(components=[ComponentSpec(ComponentKind.EXAM, "考试", exam=exam), FACTORY])

    assert list(saved.components.values_list("position", "kind", "level", "hours", "exam")) == [
        (1, "exam", "", Decimal(0), exam.pk),
        (2, "on_site", "factory", Decimal(8), None),
    ]


def test_saving_the_same_again_changes_nothing():
    saved = programme()
    before = list(Component.objects.values_list("pk", flat=True))

    assert programme() == saved
    assert list(Component.objects.values_list("pk", flat=True)) == before


def test_programme_nobody_owes_may_change_and_one_owed_only_its_words():
    saved = programme()
    programme(components=[FACTORY])
    assert saved.components.count() == 1

    ObligationFactory(rule__programme=saved)
    programme(components=[FACTORY], title="新名称")
    with pytest.raises(ProgrammeRefused, match="新编码"):
        programme(components=[FACTORY, TEAM])
    saved.refresh_from_db()
    assert (saved.title, saved.components.count()) == ("新名称", 1)


def test_programme_without_components_is_refused():
    with pytest.raises(ProgrammeRefused, match="没有环节"):
        programme(components=[])
    assert Programme.objects.count() == 0


def test_programme_is_for_those_who_manage_training():
    with pytest.raises(PermissionDenied):
        programme(acting_user=RoleGrantFactory(role=Role.TRAINER).user)
    assert programme(acting_user=RoleGrantFactory(role=Role.SAFETY_OFFICER).user)


def test_new_version_of_a_rule_ends_the_one_before():
    old = rule()
    new = rule(effective_from=dt.date(2026, 7, 1), due_days=3)
    between = rule(effective_from=dt.date(2026, 4, 1), due_days=5)

    spans = list(TrainingRule.objects.order_by("effective_from").values_list("pk", "effective_before"))
    assert spans == [(old.pk, dt.date(2026, 4, 1)), (between.pk, dt.date(2026, 7, 1)), (new.pk, None)]


def test_rule_saved_again_is_the_same_row():
    post = PostFactory()
    first = rule(posts=[post], employment_types=["intern", "dispatched"])

    assert rule(posts=[post], employment_types=["dispatched", "intern"]) == first
    assert rule(posts=[post], employment_types=["dispatched", "intern"], due_days=3) == first
    assert TrainingRule.objects.get().due_days == 3
    assert list(first.posts.all()) == [post]


def test_rule_that_made_someone_owe_needs_a_new_version():
    saved = rule()
    ObligationFactory(rule=saved)
    assert rule() == saved
    with pytest.raises(RuleRefused, match="施行日期更晚的版本"):
        rule(due_days=1)
    with pytest.raises(RuleRefused):
        rule(posts=[PostFactory()])
    assert rule(due_days=1, effective_from=dt.date(2026, 5, 1)).pk != saved.pk


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"legal_basis": " "}, "没有依据"),
        ({"effective_before": dt.date(2026, 1, 1)}, "失效日期须晚于"),
    ],
)
def test_rule_that_cannot_be_is_refused(changes, message):
    with pytest.raises(RuleRefused, match=message):
        rule(**changes)


def test_rule_over_everyone_needs_everyone():
    works, other = OrgUnitFactory(), OrgUnitFactory()
    workshop = OrgUnitFactory(parent=works)
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=works).user

    with pytest.raises(PermissionDenied):
        rule(acting_user=officer)
    with pytest.raises(PermissionDenied):
        rule(acting_user=officer, unit=other)
    assert rule(acting_user=officer, unit=workshop)
    # Nor by a version for the own unit that would end the rule of all.
    everybody = rule(code="everybody")
    for day in (everybody.effective_from, dt.date(2026, 7, 1)):
        with pytest.raises(PermissionDenied):
            rule(acting_user=officer, code="everybody", unit=workshop, effective_from=day)
    everybody.refresh_from_db()
    assert (everybody.unit, everybody.effective_before) == (None, None)
    RoleGrantFactory(user=officer, role=Role.SAFETY_OFFICER, unit=other)
    assert rule(acting_user=officer, code="all")


def test_a_programme_others_are_asked_for_is_not_changed_by_who_manages_a_part():
    works, workshop = OrgUnitFactory(), OrgUnitFactory()
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=workshop).user
    saved = programme()
    assert programme(acting_user=officer, title="没有规则用它").title == "没有规则用它"
    TrainingRuleFactory(programme=saved, unit=workshop)
    assert programme(acting_user=officer, title="只有本单位的规则用它")
    for unit, said in ((works, works.name), (None, "全公司")):
        others = TrainingRuleFactory(programme=saved, unit=unit)
        for change in ({"is_active": False}, {"components": [TEAM]}):
            with pytest.raises(ProgrammeRefused, match=said):
                programme(acting_user=officer, title="只有本单位的规则用它", **change)
        others.delete()
    TrainingRuleFactory(programme=saved)
    saved.refresh_from_db()
    assert (saved.is_active, saved.components.count()) == (True, 2)
    assert programme(acting_user=officer, title="只有本单位的规则用它") == saved  # nothing changes


def test_rule_can_be_ended():
    saved = TrainingRuleFactory(effective_from=dt.date(2026, 1, 1))
    with pytest.raises(RuleRefused):
        end_rule(rule=saved, effective_before=dt.date(2026, 1, 1), acting_user=None, now=NOW)
    ended = end_rule(rule=saved, effective_before=dt.date(2026, 8, 1), acting_user=None, now=NOW)

    assert ended.effective_before == dt.date(2026, 8, 1)


def test_templates_load_once_and_leave_what_exists():
    programme(code="three-level-24", title="本厂三级教育")
    loaded = load_templates(acting_user=None, now=NOW)

    assert len(loaded.programmes) == Programme.objects.count() - 1
    assert len(loaded.rules) == TrainingRule.objects.values("code").distinct().count() > 10
    assert Programme.objects.get(code="three-level-24").title == "本厂三级教育"
    again = load_templates(acting_user=None, now=NOW)
    assert (again.programmes, again.rules) == ((), ())


def test_templates_hold_the_hours_of_order_three():
    load_templates(acting_user=None, now=NOW)

    def hours(code):
        return sum(component.hours for component in Programme.objects.get(code=code).components.all())

    assert [hours(code) for code in ("three-level-24", "three-level-72", "principal-initial-48")] == [
        24,
        72,
        48,
    ]
    levels = Programme.objects.get(code="two-level-job-change").components.values_list("level", flat=True)
    assert list(levels) == ["workshop", "team"]
    verified = set(TrainingRule.objects.filter(basis_verified=True).values_list("legal_basis", flat=True))
    # What was read in the law itself (docs of the domain): everything else says that it awaits comparison.
    law = "《中华人民共和国安全生产法》第"
    articles = ("二十八条第一款", "二十八条第二款", "二十八条第三款", "二十九条", "一百零七条")
    assert verified == {law + article for article in articles}
