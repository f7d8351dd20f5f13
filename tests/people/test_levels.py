"""What levels are called, and what a name in an HR list tells of a unit's level."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from wagtail.models import ModelLogEntry

from people.actions.levels import manages_all, save_level_names
from people.actions.organisation import ensure_unit_path
from people.levels import KINDS, PRESETS, guess_kind
from people.models import LevelName, UnitKind
from people.queries import level_names
from tests.factories.people import OrgUnitFactory, RoleGrantFactory, UserFactory, org_path

NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)


def save(names, preset="", user=None):
    save_level_names(names=names, preset=preset, acting_user=user, now=NOW)


def test_kinds_are_those_of_the_model():
    assert set(KINDS) == set(UnitKind.values)
    for preset in PRESETS.values():
        assert set(preset.names) == set(KINDS)
        assert {kind for _, kind in preset.endings} <= set(KINDS)


@pytest.mark.parametrize(
    ("preset", "path"),
    [
        ("construction", [("中建集团", "group"), ("华东公司", "company"), ("苏州分公司", "plant"),
                          ("高铁项目部", "workshop"), ("三标段", "workshop"), ("钢筋班组", "team"),
                          ("木工作业队", "team")]),
        ("mining", [("云山集团", "group"), ("北矿公司", "company"), ("二号煤矿", "plant"),
                    ("采煤一队", "workshop"), ("通风工区", "workshop"), ("甲班", "team")]),
        ("city", [("云山市", "group"), ("东湖区", "company"), ("应急管理局", "company"),
                  ("新港街道", "plant"), ("滨河社区", "workshop"), ("第三网格", "team")]),
        ("manufacturing", [("总厂", "plant"), ("一车间", "workshop"), ("甲班", "team")]),
        ("", [("采煤一队", "team"), ("总厂", "plant"), ("无名", "company")]),
    ],
)  # fmt: skip
def test_names_are_read_as_the_branch_means_them(preset, path):
    names = PRESETS[preset].names if preset else None
    assert [guess_kind(name, 1, names, preset) for name, _ in path] == [kind for _, kind in path]


@pytest.mark.django_db
def test_own_names_are_shown_and_decide_about_new_units(django_assert_num_queries):
    assert level_names()["workshop"] == "车间"
    save({"workshop": "事业部", "team": "小分队"}, "construction")
    with django_assert_num_queries(1):
        names = level_names()
    assert (names["workshop"], names["team"], names["plant"]) == ("事业部", "小分队", "工厂")
    unit = ensure_unit_path(path="华东公司/桥梁事业部/突击小分队", acting_user=None, now=NOW)
    assert [above.kind for above in unit.get_ancestors()] == ["company", "workshop"]
    assert unit.kind == "team"
    save({"workshop": "事业部", "team": "小分队"}, "construction")
    assert ModelLogEntry.objects.filter(action="people.levels.save").count() == 2
    save({})
    assert level_names()["workshop"] == "车间"


@pytest.mark.django_db
def test_who_may_name_levels():
    main, _ = org_path("总厂"), OrgUnitFactory(name="远航劳务", kind="dispatch_firm")
    whole = RoleGrantFactory(unit=main).user
    assert manages_all(whole)
    assert manages_all(UserFactory(superuser=True))
    save({"team": "班"}, user=whole)
    org_path("分厂")
    assert not manages_all(whole)
    for user in (whole, UserFactory(), RoleGrantFactory(unit=main, role="auditor").user):
        with pytest.raises(PermissionDenied):
            save({"team": "组"}, user=user)
    for names, preset in (({"x": "y"}, ""), ({}, "x")):
        with pytest.raises(ValueError, match="unknown"):
            save(names, preset)
    assert LevelName.objects.get().name == "班"
