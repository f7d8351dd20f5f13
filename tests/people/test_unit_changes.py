"""Adding, renaming, moving, closing and opening units, and asking what lay below what on a day."""

import datetime as dt
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisCase
from wagtail.models import ModelLogEntry

from people.actions.organisation import ensure_unit_path
from people.actions.unit_changes import (
    add_unit,
    close_unit,
    move_unit,
    plan_move,
    reopen_unit,
    save_unit,
    set_leader,
)
from people.errors import UnitRefused
from people.models import BEGINNING, OrgUnit, UnitEvent, UnitPlacement
from people.permissions import Capability, Scope, scope_for
from people.queries import (
    assignments_on,
    employees_for,
    leaders_of,
    people_under,
    span_on,
    standings_of,
    tree_on,
    unit_directory,
    unit_lines,
)
from people.signals import units_changed
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
MAY_1, MARCH_31 = dt.date(2026, 5, 1), dt.date(2026, 3, 31)
EVERYTHING = Scope(everything=True)


def unit_at(path):
    ensure_unit_path(path=path, acting_user=None, now=NOW)
    return org_path(path)


def move(unit, parent, day=MAY_1, user=None, **more):
    return move_unit(unit=unit, parent=parent, effective_on=day, acting_user=user, now=NOW, **more)


def full_name(unit):
    return unit_directory()[unit.pk].full_name


@pytest.fixture
def heard():
    events = []

    def listen(*, event, **_):
        events.append(event)

    units_changed.connect(listen)
    yield events
    units_changed.disconnect(listen)


def test_a_new_unit_has_an_event_and_hangs_there_from_the_beginning():
    plant = add_unit(name="总厂", parent=None, kind="plant", acting_user=None, now=NOW)
    shop = add_unit(name="一车间", parent=plant, kind="workshop", code="W1", acting_user=None, now=NOW)
    assert full_name(shop) == "总厂/一车间"
    placement = UnitPlacement.objects.get(unit=shop)
    assert (placement.parent, placement.starts_on, placement.ends_before) == (plant, BEGINNING, None)
    event = UnitEvent.objects.get(unit=shop)
    assert (event.kind, event.to_name, event.to_parent, event.effective_on) == (
        "created", "一车间", plant, TODAY,
    )  # fmt: skip
    with pytest.raises(UnitRefused, match="“总厂”下已有“一车间”"):
        add_unit(name="一车间", parent=plant, acting_user=None, now=NOW)
    with pytest.raises(UnitRefused, match="编码 W1 已是“一车间”"):
        add_unit(name="二车间", parent=plant, code="W1", acting_user=None, now=NOW)


def test_units_of_an_import_have_events_and_placements_too():
    team = unit_at("总厂/一车间/甲班")
    assert UnitEvent.objects.count() == UnitPlacement.objects.count() == 3
    unit_at("总厂/一车间/甲班")
    assert UnitEvent.objects.count() == 3
    assert UnitPlacement.objects.get(unit=team).parent == org_path("总厂/一车间")


def test_events_cannot_be_changed():
    unit_at("总厂")
    with pytest.raises(DatabaseError), transaction.atomic():
        UnitEvent.objects.update(note="x")


def test_who_was_in_workshop_3_stays_true_after_a_team_has_moved(heard):
    shop, other, team = unit_at("总厂/三车间"), unit_at("总厂/二车间"), unit_at("总厂/三车间/甲班")
    person = EmployeeFactory(assigned__unit=team)
    event = move(team, other, note="并入二车间")
    assert (event.from_parent, event.to_parent, event.effective_on, event.note) == (
        shop, other, MAY_1, "并入二车间",
    )  # fmt: skip
    assert full_name(team) == "总厂/二车间/甲班"
    shop.refresh_from_db()
    other.refresh_from_db()
    for day, where in ((MARCH_31, shop), (dt.date(2026, 4, 30), shop), (MAY_1, other), (TODAY, other)):
        elsewhere = other if where == shop else shop
        assert [stay.employee for stay in assignments_on(where, day)] == [person], day
        assert not assignments_on(elsewhere, day).exists()
        assert (people_under(where, day), people_under(elsewhere, day)) == (1, 0)
    assert [(change.kind, change.unit_ids, change.effective_on) for change in heard] == [
        ("moved", (team.pk,), MAY_1)
    ]
    assert ModelLogEntry.objects.filter(action="people.unit.move", object_id=str(team.pk)).exists()


@pytest.mark.parametrize("teams", [1, 3])
def test_days_after_the_last_move_cost_nothing_more(django_assert_num_queries, teams):
    shop, other = unit_at("总厂/三车间"), unit_at("总厂/二车间")
    for number in range(teams):
        team = unit_at(f"总厂/三车间/{number}班")
        EmployeeFactory(assigned__unit=team)
        move(team, other)
    other.refresh_from_db()
    shop.refresh_from_db()
    for unit, day, queries in ((other, MAY_1, 1), (shop, MARCH_31, 3), (org_path("总厂"), MAY_1, 1)):
        with django_assert_num_queries(queries):
            list(assignments_on(unit, day))
    with django_assert_num_queries(1):
        tree_on(EVERYTHING, MAY_1)
    with django_assert_num_queries(2):
        tree_on(EVERYTHING, MARCH_31)
    with django_assert_num_queries(0):
        span_on(Scope(paths=(other.path,)), dt.date(2030, 1, 1))


def test_moving_to_the_top_and_back_below():
    shop, team = unit_at("总厂/一车间"), unit_at("总厂/一车间/甲班")
    move(shop, None)
    assert full_name(team) == "一车间/甲班"
    shop.refresh_from_db()
    move(shop, org_path("总厂"), dt.date(2026, 6, 1))
    assert full_name(team) == "总厂/一车间/甲班"
    names = {unit.name: unit.depth for unit in tree_on(EVERYTHING, MAY_1).units}
    assert names == {"总厂": 1, "一车间": 1, "甲班": 2}
    assert OrgUnit.find_problems() == ([], [], [], [], [])


def test_two_moves_on_one_day_leave_one_placement():
    first, second, team = unit_at("总厂/一车间"), unit_at("总厂/二车间"), unit_at("总厂/三车间/甲班")
    move(team, first)
    move(team, second)
    rows = UnitPlacement.objects.filter(unit=team).values_list("parent__name", "starts_on", "ends_before")
    assert list(rows) == [("三车间", BEGINNING, MAY_1), ("二车间", MAY_1, None)]
    assert UnitEvent.objects.filter(unit=team, kind="moved").count() == 2


def test_a_unit_known_before_its_history_can_be_moved():
    team = OrgUnitFactory(name="甲班", parent=org_path("总厂/一车间"))
    move(team, org_path("总厂/二车间"))
    rows = UnitPlacement.objects.filter(unit=team).values_list("parent__name", "ends_before")
    assert list(rows) == [("一车间", MAY_1), ("二车间", None)]


def refused_moves():
    return [
        ("自己", lambda unit: (unit, unit, MAY_1), "自己或它的下级"),
        ("下级", lambda unit: (unit, org_path("总厂/一车间/甲班"), MAY_1), "自己或它的下级"),
        ("原处", lambda unit: (unit, org_path("总厂"), MAY_1), "现在就在"),
        ("将来", lambda unit: (unit, org_path("别厂"), TODAY + dt.timedelta(1)), "还没有到"),
        ("同名", lambda unit: (unit, org_path("同名厂"), MAY_1), "同名厂”下已有“一车间"),
        ("已撤销", lambda unit: (unit, org_path("旧厂"), MAY_1), "“旧厂”已撤销"),
        ("已撤销的下级", lambda unit: (unit, org_path("旧厂/班"), MAY_1), "“旧厂”已撤销"),
    ]


@pytest.mark.parametrize(("name", "make", "message"), refused_moves(), ids=lambda value: str(value)[:6])
def test_moves_that_cannot_be(name, make, message):
    for path in ("总厂/一车间/甲班", "别厂", "同名厂/一车间", "旧厂/班"):
        unit_at(path)
    OrgUnit.objects.filter(name="旧厂").update(closed_on=MAY_1)
    unit, parent, day = make(org_path("总厂/一车间"))
    before = UnitEvent.objects.count()
    with pytest.raises(UnitRefused, match=message):
        move(unit, parent, day)
    assert UnitEvent.objects.count() == before


def test_a_late_note_may_not_contradict_what_came_after():
    first, second = unit_at("一公司"), unit_at("二公司")
    move(second, first, dt.date(2026, 6, 1))
    first.refresh_from_db()
    second.refresh_from_db()
    with pytest.raises(UnitRefused, match=r"从 2026-06-01 起才挂在"):
        move(second, None, MAY_1)
    with pytest.raises(UnitRefused, match="2026-06-01 是"):
        move(first, second, MAY_1)


def test_a_closed_unit_does_not_move():
    unit_at("总厂")
    team = unit_at("别厂/甲班")
    close_unit(unit=team, closed_on=TODAY, acting_user=None, now=NOW)
    with pytest.raises(UnitRefused, match="已撤销，不能再调整上级"):
        move(team, org_path("总厂"), TODAY)


def test_moving_needs_both_ends_in_scope():
    shop, other, away = unit_at("总厂/一车间"), unit_at("总厂/二车间"), unit_at("别厂")
    team = unit_at("总厂/一车间/甲班")
    of_shop = RoleGrantFactory(unit=shop).user
    of_team = RoleGrantFactory(unit=team).user
    of_plant = RoleGrantFactory(unit=org_path("总厂")).user
    leader = RoleGrantFactory(unit=org_path("总厂"), role="team_leader").user
    for user, parent in (
        (of_shop, other), (of_team, other), (of_plant, away), (of_plant, None), (leader, other),
        (UserFactory(), other),
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            move(team, parent, user=user)
    move(team, other, user=of_plant)
    assert UnitEvent.objects.get(kind="moved").recorded_by == of_plant


def test_scopes_of_roles_follow_the_branch():
    shop, other, team = unit_at("总厂/一车间"), unit_at("总厂/二车间"), unit_at("总厂/一车间/甲班")
    person = EmployeeFactory(assigned__unit=team)
    users = [RoleGrantFactory(unit=unit).user for unit in (shop, other, team)]

    def seeing():
        return [employees_for(user).filter(pk=person.pk).exists() for user in users]

    plan = plan_move(unit=team, parent=other, effective_on=MAY_1, acting_user=None, on=TODAY)
    assert (plan.effect.people, plan.effect.units, plan.effect.losing, plan.effect.gaining) == (1, 1, 1, 1)
    assert seeing() == [True, False, True]
    move(team, other)
    assert seeing() == [False, True, True]


def test_rename_is_kept_and_the_same_again_is_nothing(heard):
    team = unit_at("总厂/甲班")
    unit_at("总厂/乙班")
    team.name = "甲班组"
    save_unit(unit=team, acting_user=None, now=NOW)
    event = UnitEvent.objects.get(kind="renamed")
    assert (event.from_name, event.to_name, event.effective_on) == ("甲班", "甲班组", TODAY)
    save_unit(unit=team, acting_user=None, now=NOW)
    assert UnitEvent.objects.filter(kind="renamed").count() == 1
    team.name = "乙班"
    with pytest.raises(UnitRefused, match="已有“乙班”"):
        save_unit(unit=team, acting_user=None, now=NOW)
    team.refresh_from_db()
    assert heard == []
    team.is_high_risk_for_hours = True
    save_unit(unit=team, acting_user=None, now=NOW)
    assert [event.kind for event in heard] == ["standing"]
    team.name = "丙班"
    with pytest.raises(PermissionDenied):
        save_unit(unit=team, acting_user=RoleGrantFactory(unit=org_path("别厂")).user, now=NOW)


def test_closing_names_what_stands_against_it_and_the_cure():
    shop, team = unit_at("总厂/一车间"), unit_at("总厂/一车间/甲班")
    stay = AssignmentFactory(employee=EmployeeFactory(name="王建国", employee_no="W-123"), unit=shop)
    away = EmployeeFactory(status="away", name="李梅", employee_no="W-124")
    AssignmentFactory(employee=away, unit=shop, ends_before=MAY_1)

    def close(unit=shop, day=TODAY, user=None):
        return close_unit(unit=unit, closed_on=day, acting_user=user, now=NOW)

    with pytest.raises(UnitRefused) as refused:
        close()
    for part in ("王建国 W-123", "李梅 W-124", "甲班", "请先办理转岗或离职", "请先撤销它们"):
        assert part in str(refused.value)
    with pytest.raises(UnitRefused, match="还没有到"):
        close(team, TODAY + dt.timedelta(1))
    with pytest.raises(PermissionDenied):
        close(team, user=RoleGrantFactory(unit=org_path("别厂")).user)
    assert close(team).kind == "closed"
    assert close(team) is None
    stay.ends_before = TODAY
    stay.save()
    away.status, away.left_on = "left", TODAY
    away.save()
    with pytest.raises(UnitRefused, match="2026-11-19 起还有 1 人"):
        close(day=TODAY - dt.timedelta(1))
    close()
    shop.refresh_from_db()
    assert shop.closed_on == TODAY


def test_a_firm_with_people_elsewhere_is_not_closed():
    firm = unit_at("远航劳务")
    EmployeeFactory(employer=firm, assigned__unit=unit_at("总厂/甲班"))
    with pytest.raises(UnitRefused, match="还有 1 人"):
        close_unit(unit=firm, closed_on=TODAY, acting_user=None, now=NOW)


def test_reopen_needs_an_open_place_and_keeps_names_apart():
    shop, team = unit_at("总厂/一车间"), unit_at("总厂/一车间/甲班")
    for unit in (team, shop):
        close_unit(unit=unit, closed_on=TODAY, acting_user=None, now=NOW)
    with pytest.raises(UnitRefused, match="“一车间”已撤销"):
        reopen_unit(unit=team, acting_user=None, now=NOW)
    with pytest.raises(UnitRefused, match="撤销了的“一车间”：请恢复它"):
        add_unit(name="一车间", parent=org_path("总厂"), acting_user=None, now=NOW)
    with pytest.raises(PermissionDenied):
        reopen_unit(unit=shop, acting_user=UserFactory(), now=NOW)
    assert reopen_unit(unit=shop, acting_user=None, now=NOW).kind == "reopened"
    assert reopen_unit(unit=shop, acting_user=None, now=NOW) is None
    reopen_unit(unit=team, acting_user=None, now=NOW)
    assert not OrgUnit.objects.exclude(closed_on=None).exists()


def leader_of(unit):
    unit = OrgUnit.objects.select_related("leader").get(pk=unit.pk)
    return leaders_of([unit], TODAY)[unit.pk]


def test_a_leader_who_leaves_or_moves_away_is_shown_as_vacant():
    shop, team = unit_at("总厂/一车间"), unit_at("总厂/一车间/甲班")
    leader = EmployeeFactory(assigned__unit=team)
    stranger = EmployeeFactory(assigned__unit=unit_at("别厂"))

    def name(unit, person, user=None):
        set_leader(unit=unit, leader=person, acting_user=user, now=NOW)

    with pytest.raises(UnitRefused, match="不在“一车间”及其上下级任职"):
        name(shop, stranger)
    with pytest.raises(PermissionDenied):
        name(shop, leader, UserFactory())
    name(shop, leader)
    name(team, leader)
    name(team, leader)
    assert ModelLogEntry.objects.filter(action="people.unit.leader").count() == 2
    assert (leader_of(shop).employee, leader_of(shop).is_vacant) == (leader, False)
    leader.assignments.update(unit=stranger.assignments.get().unit)
    assert leader_of(shop).is_vacant
    leader.assignments.update(unit=team)
    leader.status, leader.left_on = "left", TODAY
    leader.save()
    assert leader_of(team).is_vacant
    name(team, None)
    assert leaders_of(OrgUnit.objects.filter(pk=team.pk), TODAY) == {}


def test_standing_before_the_law_is_inherited_and_says_from_where():
    team = unit_at("总厂/一车间/甲班")
    OrgUnit.objects.filter(name="总厂").update(is_high_risk_for_hours=True)
    OrgUnit.objects.filter(name="一车间").update(is_listed_sector=True)
    found = {unit.name: standings_of(OrgUnit.objects.all())[unit.pk] for unit in OrgUnit.objects.all()}
    assert (found["甲班"].high_risk_from, found["甲班"].listed_from) == ("总厂", "一车间")
    assert (found["一车间"].is_listed, found["一车间"].listed_from) == (True, "")
    assert (found["总厂"].is_high_risk, found["总厂"].is_listed) == (True, False)
    assert standings_of([team])[team.pk].is_high_risk


@pytest.mark.parametrize("count", [1, 3])
def test_people_of_a_firm_count_under_it_and_under_the_host(django_assert_num_queries, count):
    team, firm = unit_at("集团/总厂/甲班"), unit_at("集团/远航劳务")
    sent = [EmployeeFactory(employer=firm, assigned__unit=team) for _ in range(count)]
    own = EmployeeFactory(assigned__unit=team)
    office = EmployeeFactory(employer=firm, assigned__unit=firm)
    set_leader(unit=team, leader=sent[0], acting_user=None, now=NOW)
    user = RoleGrantFactory(unit=org_path("集团"), role="auditor").user
    with django_assert_num_queries(6):
        lines = {line.unit.name: line.people for line in unit_lines(user, TODAY)}
    assert lines == {"集团": count + 2, "总厂": count + 1, "甲班": count + 1, "远航劳务": count + 1}
    assert {stay.employee for stay in assignments_on(firm, TODAY)} == {*sent, office}
    assert {stay.employee for stay in assignments_on(team, TODAY)} == {*sent, own}
    assert assignments_on(org_path("集团"), TODAY).count() == count + 2
    of_firm = RoleGrantFactory(unit=firm).user
    assert set(employees_for(of_firm)) == {*sent, office}
    assert set(employees_for(RoleGrantFactory(unit=team).user)) == {*sent, own}
    assert scope_for(of_firm, Capability.MANAGE_PEOPLE).includes(team) is False


DAYS = [dt.date(2026, month, 1) for month in range(1, 7)]
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "move", "close", "reopen"]),
        st.integers(0, 6),
        st.integers(-1, 6),
        st.sampled_from(DAYS),
    ),
    max_size=14,
)


class HistoryOfRandomChanges(HypothesisCase):
    """As-of answers equal a naive replay of the changes that were let through, in any order of noting them."""

    @given(steps=steps)
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def test_answers_equal_a_naive_replay(self, steps):
        moves = play(steps)
        assert OrgUnit.find_problems() == ([], [], [], [], [])
        for day in [dt.date(2025, 12, 31), *DAYS, TODAY]:
            parents = {}
            for starts_on, _number, unit, parent in sorted(moves, key=lambda move: move[:2]):
                if starts_on <= day:
                    parents[unit] = parent
            for unit in OrgUnit.objects.all():
                expected = {other for other in parents if unit.pk in naive_line(parents, other)}
                scope = Scope(paths=(unit.path,))
                found = OrgUnit.objects.filter(span_on(scope, day).q()).values_list("pk", flat=True)
                assert set(found) == expected
                assert {found.id for found in tree_on(scope, day).units} == expected
            everything = {unit.path: unit.id for unit in tree_on(EVERYTHING, day).units}
            assert {pk: everything.get(path[:-4]) for path, pk in everything.items()} == parents


def play(steps):
    """Make the changes and return those let through: day, number, unit, parent."""
    made, moves = [], []
    for number, (what, unit, place, day) in enumerate(steps):
        parent = made[place % len(made)] if made and place >= 0 else None
        chosen = made[unit % len(made)] if made else None
        try:
            if what == "add":
                new = add_unit(name=f"单位{number}", parent=fresh(parent), acting_user=None, now=NOW)
                made.append(new)
                moves.append((BEGINNING, number, new.pk, parent and parent.pk))
            elif chosen:
                change(what, fresh(chosen), fresh(parent), day)
                if what == "move":
                    moves.append((day, number, chosen.pk, parent and parent.pk))
        except UnitRefused:
            continue
    return moves


def change(what, unit, parent, day):
    if what == "move":
        move(unit, parent, day)
    elif what == "close":
        close_unit(unit=unit, closed_on=day, acting_user=None, now=NOW)
    else:
        reopen_unit(unit=unit, acting_user=None, now=NOW)


def fresh(unit):
    return OrgUnit.objects.get(pk=unit.pk) if unit else None


def naive_line(parents, unit):
    line = []
    while unit is not None:
        line.append(unit)
        unit = parents[unit]
    return line


def test_units_from_before_the_history_get_a_placement_from_their_beginning():
    team = OrgUnitFactory(name="甲班", parent=org_path("总厂/一车间"))
    import_module("people.migrations.0006_unit_placements").place(apps, None)
    rows = UnitPlacement.objects.order_by("unit__path").values_list("unit__name", "parent__name", "starts_on")
    assert list(rows) == [
        ("总厂", None, BEGINNING),
        ("一车间", "总厂", BEGINNING),
        ("甲班", "一车间", BEGINNING),
    ]
    move(team, org_path("总厂"))
    assert UnitPlacement.objects.get(unit=team, ends_before=None).parent.name == "总厂"
