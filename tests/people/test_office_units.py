"""The pages of the organisation: tree, unit, add, edit, move, close, levels, export; and the posts."""

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from people.actions.roles import grant_role
from people.actions.unit_changes import add_unit, close_unit, move_unit, set_leader
from people.models import Hazard, LevelName, OrgUnit, Post, UnitEvent
from people.queries.posts import posts_with_people
from tests.factories.people import AssignmentFactory, EmployeeFactory, PostFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
MAY_1 = dt.date(2026, 5, 1)
UNITS = "/admin/people/units/"


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
def boss(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    return user


def read(client, url, data=None, status=200):
    response = client.get(url, data or {})
    assert response.status_code == status, response.status_code
    return response.content.decode()


def test_tree_shows_the_scope_with_head_counts_and_hides_what_is_closed(client, hr):
    team = org_path("总厂/一车间/甲班")
    org_path("别厂")
    old = org_path("总厂/旧车间")
    close_unit(unit=old, closed_on=TODAY, acting_user=None, now=NOW)
    EmployeeFactory(assigned__unit=team)
    page = read(client, UNITS)
    for text in ("甲班", "1 人", "共 3 个单位", "另有 1 个已撤销"):
        assert text in page
    assert "别厂" not in page
    assert "旧车间" not in page
    assert "旧车间" in read(client, UNITS, {"closed": "on"})


def test_tree_is_searched_by_name_and_code(client, hr):
    org_path("总厂/一车间/甲班")
    org_path("总厂/二车间/乙班")
    OrgUnit.objects.filter(name="乙班").update(code="T-02")
    page = read(client, UNITS, {"q": "t-02"})
    assert "乙班" in page
    assert "二车间" in page
    assert "一车间" not in page
    assert "找到 1 个单位" in page
    assert "没有符合条件的单位" in read(client, UNITS, {"q": "没有"})


def test_tree_of_a_past_day_shows_the_old_place(client, hr):
    team = org_path("总厂/一车间/甲班")
    EmployeeFactory(assigned__unit=team)
    move_unit(unit=team, parent=org_path("总厂/二车间"), effective_on=MAY_1, acting_user=None, now=NOW)
    now, then = (" ".join(read(client, UNITS, {"on": day}).split()) for day in ("", "2026-04-30"))
    assert now.index("二车间</a>") < now.index("甲班</a>")
    assert then.index("一车间</a>") < then.index("甲班</a>") < then.index("二车间</a>")
    assert 'value="2026-11-20"' in read(client, UNITS, {"on": "2030-01-01"})
    assert 'value="2026-11-20"' in read(client, UNITS, {"on": "2026-02-31"})


def test_queries_of_the_tree_do_not_grow(client, hr):
    counts = []
    for number in range(3):
        team = org_path(f"总厂/{number}车间/甲班")
        leader = EmployeeFactory(assigned__unit=team)
        set_leader(unit=team, leader=leader, acting_user=None, now=NOW)
        read(client, UNITS)
        with CaptureQueriesContext(connection) as queries:
            read(client, UNITS)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]


def test_a_team_leader_sees_the_tree_but_changes_nothing(client):
    team = org_path("总厂/一车间")
    client.force_login(with_role("team_leader"))
    assert "一车间" in read(client, UNITS)
    page = read(client, f"{UNITS}{team.pk}/")
    assert "调整上级" not in page
    for view in ("edit/", "leader/", "move/", "close/"):
        assert client.get(f"{UNITS}{team.pk}/{view}").status_code == 404
        assert client.post(f"{UNITS}{team.pk}/{view}").status_code == 404
    assert client.post(f"{UNITS}{team.pk}/reopen/").status_code == 404
    assert client.get(f"{UNITS}add/", {"parent": team.pk}).status_code == 404
    for url in (f"{UNITS}add/", f"{UNITS}levels/"):
        assert client.get(url).status_code in (302, 403)


@pytest.mark.parametrize("view", ["", "edit/", "leader/", "move/", "close/"])
def test_units_out_of_scope_are_not_found(client, hr, view):
    assert client.get(f"{UNITS}{org_path('别厂').pk}/{view}").status_code == 404
    assert client.get(f"{UNITS}999999/{view}").status_code == 404


def test_unit_page_shows_people_leader_standing_and_history(client, hr):
    shop, team = org_path("总厂/一车间"), org_path("总厂/一车间/甲班")
    OrgUnit.objects.filter(name="总厂").update(is_high_risk_for_hours=True)
    leader = EmployeeFactory(name="张工", assigned__unit=team)
    set_leader(unit=team, leader=leader, acting_user=None, now=NOW)
    move_unit(unit=team, parent=org_path("总厂/二车间"), effective_on=MAY_1, note="优化班组",
              acting_user=hr, now=NOW)  # fmt: skip
    page = read(client, f"{UNITS}{team.pk}/")
    for text in ("总厂/二车间/甲班", "1 人", "张工", "是（随上级 总厂）", "一车间 → 二车间", "优化班组"):
        assert text in page
    assert "新建下级单位" in read(client, f"{UNITS}{shop.pk}/")
    leader.status, leader.left_on = "left", TODAY
    leader.save()
    assert "空缺（原 张工" in read(client, f"{UNITS}{team.pk}/")


def unit_data(**more):
    return {"name": "丙班", "code": "", "kind": "team"} | more


def test_add_and_edit(client, hr):
    shop = org_path("总厂/一车间")
    url = f"{UNITS}add/?parent={shop.pk}"
    assert "在“一车间”下新建单位" in read(client, url)
    assert client.post(url, unit_data()).status_code == 302
    team = OrgUnit.objects.get(name="丙班")
    assert (team.get_parent(), team.code) == (shop, None)
    twice = client.post(url, unit_data())
    assert twice.status_code == 422
    assert "已有“丙班”" in twice.content.decode()
    edit = f"{UNITS}{team.pk}/edit/"
    assert client.post(edit, unit_data(name="")).status_code == 422
    assert client.post(edit, unit_data(name="丁班", code="T4", is_listed_sector="on")).status_code == 302
    team.refresh_from_db()
    assert (team.name, team.code, team.is_listed_sector) == ("丁班", "T4", True)
    taken = client.post(url, unit_data(name="戊班", code="T4"))
    assert "编码 T4 已是“丁班”的" in taken.content.decode()
    assert UnitEvent.objects.filter(unit=team).count() == 2
    for parent in ("x", "999999"):
        assert client.get(f"{UNITS}add/?parent={parent}").status_code == 404


def test_add_at_the_top_is_for_those_who_manage_everything(client, hr):
    assert client.get(f"{UNITS}add/").status_code in (302, 403)
    client.force_login(UserFactory(superuser=True))
    assert client.post(f"{UNITS}add/", unit_data(name="远航劳务", kind="dispatch_firm")).status_code == 302
    assert OrgUnit.objects.get(name="远航劳务").depth == 1


def test_leader_by_employee_number(client, hr):
    team = org_path("总厂/一车间")
    EmployeeFactory(employee_no="W-777", assigned__unit=team)
    EmployeeFactory(employee_no="W-778", assigned__unit=org_path("别厂"))
    url = f"{UNITS}{team.pk}/leader/"
    assert client.post(url, {"employee_no": " W-777 "}).status_code == 302
    assert OrgUnit.objects.get(pk=team.pk).leader.employee_no == "W-777"
    assert "W-777" in read(client, url)
    for number in ("W-778", "x"):
        assert "没有工号" in client.post(url, {"employee_no": number}).content.decode()
    assert client.post(url, {"employee_no": ""}).status_code == 302
    assert OrgUnit.objects.get(pk=team.pk).leader is None


def test_move_is_searched_rehearsed_and_done(client, hr):
    team, other = org_path("总厂/一车间/甲班"), org_path("总厂/二车间")
    org_path("别厂")
    EmployeeFactory(assigned__unit=team)
    with_role("team_leader", "总厂/一车间")
    url = f"{UNITS}{team.pk}/move/"
    page = read(client, url, {"q": "二车"})
    assert "总厂/二车间" in page
    assert "别厂" not in read(client, url)
    assert 'value="top"' not in page
    page = read(client, url, {"parent": other.pk, "on": "2026-05-01", "note": "优化"})
    assert "“甲班”从 2026-05-01 起挂到“总厂/二车间”下面" in page
    for text in ("1 人、", "1 个单位", "1 个管理账号不再看到"):
        assert text in page
    assert not UnitEvent.objects.filter(kind="moved").exists()
    data = {"parent": other.pk, "on": "2026-05-01", "note": "优化"}
    assert client.post(url, data).status_code == 302
    assert UnitEvent.objects.get(kind="moved").note == "优化"
    again = client.post(url, data)
    assert again.status_code == 422
    assert "现在就在“二车间”下面" in again.content.decode()
    assert client.get(url, {"parent": other.pk, "on": "x"}).status_code == 422
    for parent in ("x", org_path("别厂").pk):
        assert client.get(url, {"parent": parent, "on": "2026-05-01"}).status_code == 404
    assert client.get(url, {"parent": "top", "on": "2026-05-01"}).status_code in (302, 403)


def test_close_names_the_obstacles_then_closes_and_reopens(client, hr):
    team = org_path("总厂/一车间/甲班")
    stay = AssignmentFactory(unit=team)
    url = f"{UNITS}{team.pk}/close/"
    assert "还有 1 人在这里任职" in read(client, url)
    refused = client.post(url, {"on": "2026-11-20"})
    assert refused.status_code == 422
    stay.ends_before = TODAY
    stay.save()
    assert "可以撤销" in read(client, url)
    assert client.post(url, {"on": "2026-11-21"}).status_code == 422
    assert client.post(url, {"on": "2026-11-20", "note": "合并"}).status_code == 302
    assert client.get(url).status_code == 302
    assert "起已撤销" in read(client, f"{UNITS}{team.pk}/")
    assert client.get(f"{UNITS}{team.pk}/reopen/").status_code == 405
    assert client.post(f"{UNITS}{team.pk}/reopen/").status_code == 302
    team.refresh_from_db()
    assert team.closed_on is None


def test_reopening_below_a_closed_unit_says_what_to_do(client, hr):
    shop, team = org_path("总厂/一车间"), org_path("总厂/一车间/甲班")
    for unit in (team, shop):
        close_unit(unit=unit, closed_on=TODAY, acting_user=None, now=NOW)
    page = client.post(f"{UNITS}{team.pk}/reopen/", follow=True).content.decode()
    assert "“一车间”已撤销" in page


def test_export_holds_the_tree_and_who_took_it(client, hr):
    team = org_path("总厂/一车间/甲班")
    OrgUnit.objects.filter(name="总厂").update(is_listed_sector=True)
    leader = EmployeeFactory(name="张工", employee_no="W-9", assigned__unit=team)
    set_leader(unit=team, leader=leader, acting_user=None, now=NOW)
    response = client.get(f"{UNITS}export.xlsx", {"on": "2026-11-20"})
    rows = list(load_workbook(io.BytesIO(response.content)).active.iter_rows(values_only=True))
    assert f"（{hr.username}） 导出于" in rows[-1][0]
    assert rows[-3][:6] == ("　　甲班", "总厂/一车间/甲班", "车间", None, 1, "张工（W-9）")
    assert rows[-3][6:8] == ("否", "是（随上级 总厂）")
    assert "no-store" in response.headers["Cache-Control"]


def test_level_names_come_from_a_preset_and_are_shown(client, hr):
    org_path("总厂/一车间")
    org_path("远航劳务").__class__.objects.filter(name="远航劳务").update(kind="dispatch_firm")
    url = f"{UNITS}levels/"
    assert "项目部" in read(client, url, {"preset": "construction"})
    assert not LevelName.objects.exists()
    data = {"preset": "construction", "workshop": "项目部", "team": "", "group": " 总公司 "}
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302
    assert set(LevelName.objects.values_list("kind", "name", "preset")) == {
        ("workshop", "项目部", "construction"), ("group", "总公司", "construction"),
    }  # fmt: skip
    assert "项目部</span>" in read(client, UNITS)
    assert "项目部" in read(client, f"{UNITS}{org_path('总厂/一车间').pk}/edit/")
    assert client.post(url, {"workshop": "长" * 21}).status_code == 422
    client.post(url, {"preset": ""})
    assert not LevelName.objects.exists()


def test_level_names_belong_to_who_manages_the_whole(client):
    org_path("分厂")
    client.force_login(with_role())
    assert client.get(f"{UNITS}levels/").status_code in (302, 403)
    assert "层级名称" not in read(client, UNITS)


def test_empty_organisation_says_what_to_do(client, boss):
    assert "导入人员名单时会按部门路径新建" in read(client, UNITS)


def test_post_form_groups_hazards_by_standard_and_says_what_is_verified(client, hr):
    page = read(client, "/admin/posts/new/")
    assert page.index("GB 6441-2025") < page.index("GB 6441-1986")
    assert "据二手资料，未与标准正文核对" in page
    assert "2026-07-01 起废止" in page
    hazards = Hazard.objects.filter(standard="GB 6441-2025", name__in=["触电", "坍塌"])
    data = {"name": "电工", "code": "", "hazards": [hazard.pk for hazard in hazards], "is_principal": "on"}
    assert client.post("/admin/posts/new/", data).status_code == 302
    post = Post.objects.get(name="电工")
    assert (set(post.hazards.all()), post.code, post.is_principal) == (set(hazards), None, True)
    assert client.post("/admin/posts/new/", data).status_code == 200
    assert Post.objects.count() == 1


def test_posts_are_counted_searched_archived_and_kept(client, boss):
    post = PostFactory(name="车工", code="P1")
    free = PostFactory(name="钳工")
    stay = AssignmentFactory(post=post)
    assert {found.name: found.people for found in posts_with_people(TODAY)} == {"车工": 1, "钳工": 0}
    assert "车工" in read(client, "/admin/posts/")
    assert "钳工" not in read(client, "/admin/posts/", {"q": "P1"})
    archive = f"/admin/people/posts/{post.pk}/archive/"
    assert "停用后" in read(client, archive)
    refused = client.post(archive)
    assert refused.status_code == 422
    assert "还有 1 人在岗位“车工”上" in refused.content.decode()
    stay.ends_before = TODAY
    stay.save()
    assert client.post(archive).status_code == 302
    assert Post.objects.get(pk=post.pk).archived_on == TODAY
    read(client, "/admin/posts/")
    assert "车工" not in read(client, "/admin/posts/", {"archived": "false"})
    assert "已停用" in read(client, "/admin/posts/", {"archived": "true"})
    assert client.post(archive).status_code == 302
    assert Post.objects.get(pk=post.pk).archived_on is None
    assert client.post(f"/admin/posts/delete/{post.pk}/").status_code in (302, 403)
    assert Post.objects.filter(pk=post.pk).exists()
    assert client.post(f"/admin/posts/delete/{free.pk}/").status_code == 302
    assert not Post.objects.filter(pk=free.pk).exists()


def test_archiving_a_post_needs_the_capability(client):
    org_path("总厂")
    client.force_login(with_role("team_leader"))
    assert client.post(f"/admin/people/posts/{PostFactory().pk}/archive/").status_code in (302, 403)


def test_a_large_tree_opens_one_level(client, boss):
    root = add_unit(name="集团", parent=None, kind="group", acting_user=None, now=NOW)
    for number in range(20):
        root.refresh_from_db()
        shop = root.add_child(name=f"{number}车间", kind="workshop")
        for team in range(15):
            shop.add_child(name=f"{number}-{team}班", kind="team")
    page = read(client, UNITS)
    assert "共 321 个单位" in page
    assert page.count("<details open>") + page.count("<details open >") == 1
