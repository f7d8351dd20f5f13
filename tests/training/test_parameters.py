"""Numbers of the rules: changed by versions from a day to come, shown with basis, use and history."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from people.models import Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    RoleGrantFactory,
    UserFactory,
)
from tests.factories.training import ObligationFactory, ProgrammeFactory, at
from training.actions.on_site import record_on_site_training
from training.actions.parameters import save_parameter
from training.actions.templates import load_templates
from training.errors import OnSiteRefused, ParameterRefused
from training.models import Component, Obligation, TrainingParameter
from training.parameters import USES
from training.queries.figures import load_figures, shipped_parameters
from training.queries.parameters import parameter_rows

pytestmark = pytest.mark.django_db


def officer_of_one_unit():
    """Return a safety officer of one of two works: what holds for all is not theirs to change."""
    OrgUnitFactory(name="别的厂")
    return RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=OrgUnitFactory(name="一厂")).user


NOW = at("2026-03-05")
TODAY, JULY = dt.date(2026, 3, 5), dt.date(2026, 7, 1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def change(code="credit_hour_minutes", value=Decimal(50), user=None, **fields):
    given = {"legal_basis": "企业制度", "reason": "省里的新口径", "effective_from": JULY, **fields}
    return save_parameter(code=code, value=value, acting_user=user, now=NOW, **given)


def url(name, *args):
    return reverse(f"training_office:{name}", args=args)


def sign_in(client, user):
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)


def test_every_number_that_ships_has_a_use_and_a_basis_and_is_not_called_verified():
    shipped = shipped_parameters()

    assert {row["code"] for row in shipped} == set(USES)
    assert all(row["legal_basis"] for row in shipped)
    assert not any(row.get("basis_verified") for row in shipped)


def test_a_change_is_a_version_from_a_day_to_come_and_the_days_before_keep_theirs():
    user = UserFactory(is_superuser=True)
    saved = change(user=user)

    versions = TrainingParameter.objects.filter(code="credit_hour_minutes")
    assert [(item.value, item.effective_from, item.effective_before) for item in versions] == [
        (45, dt.date(2006, 3, 1), JULY),
        (50, JULY, None),
    ]
    assert (saved.reason, saved.recorded_by) == ("省里的新口径", user)
    figures = load_figures()
    assert [figures.hour_minutes(day) for day in (TODAY, JULY - dt.timedelta(days=1), JULY)] == [45, 45, 50]
    assert ModelLogEntry.objects.filter(action="training.parameter.save").count() == 1
    assert change(user=user) == saved
    assert ModelLogEntry.objects.filter(action="training.parameter.save").count() == 1


def test_a_version_to_come_may_be_changed_and_one_in_between_ends_with_the_next():
    change()
    change(value=Decimal(48))
    change(value=Decimal(46), effective_from=dt.date(2026, 5, 1))

    versions = TrainingParameter.objects.filter(code="credit_hour_minutes")
    assert [(item.value, item.effective_before) for item in versions] == [
        (45, dt.date(2026, 5, 1)),
        (46, JULY),
        (48, None),
    ]


def test_loading_what_ships_leaves_a_house_its_own_and_does_nothing_the_second_time():
    change()
    loaded = load_templates(acting_user=None, now=NOW)

    assert "credit_hour_minutes" not in loaded.parameters
    assert "counts_towards_annual" in loaded.parameters
    assert load_templates(acting_user=None, now=NOW).parameters == ()
    assert load_figures().hour_minutes(JULY) == 50


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"effective_from": TODAY}, "须晚于今天"),
        ({"legal_basis": " "}, "没有依据"),
        ({"reason": " "}, "没有写修改原因"),
        ({"value": Decimal(0)}, "20 到 120"),
        ({"value": None}, "20 到 120"),
        ({"code": "nothing"}, "没有编码为"),
        ({"code": "counts_towards_annual", "kinds": []}, "至少选择一种"),
        ({"code": "counts_towards_annual", "kinds": ["unknown"]}, "至少选择一种"),
    ],
)
def test_a_change_is_refused_with_its_fault(fields, message):
    with pytest.raises(ParameterRefused, match=message):
        change(**fields)
    assert not TrainingParameter.objects.exists()


def test_who_manages_one_unit_may_not_change_what_holds_for_all():
    officer = officer_of_one_unit()
    with pytest.raises(PermissionDenied):
        change(user=officer)


def test_a_session_needs_the_minutes_its_day_asks_for():
    change(effective_from=TODAY + dt.timedelta(days=1))
    employee = EmployeeFactory()
    AssignmentFactory(employee=employee, starts_on=dt.date(2020, 1, 1))
    programme = ProgrammeFactory(kind="special", on_site=[8])
    owed = ObligationFactory(employee=employee, rule__programme=programme)

    def teach(day):
        record_on_site_training(
            obligations=[owed],
            component=programme.components.get(),
            held_from=at(day, "08:00"),
            held_to=at(day, "09:30"),
            hours=Decimal(2),
            place="教育室",
            trainer_name="周师傅",
            acting_user=None,
            now=at(day, "20:00"),
        )

    teach("2026-03-05")
    with pytest.raises(OnSiteRefused, match="2 学时需要 100 分钟"):
        teach("2026-03-06")


def test_the_list_shows_basis_use_and_what_is_to_come_to_whoever_sees_coverage(client):
    change()
    sign_in(client, officer_of_one_unit())
    page = client.get(url("parameters")).content.decode()

    for text in ("45 分钟", "2026-07-01 起：50 分钟", "惯例（令3 没有定义学时）", "条文待核对原文"):
        assert text in page
    for text in ("年度再培训、专项培训", "累计学时：线上学时最多占多少"):
        assert text in page
    history = client.get(url("parameter", "credit_hour_minutes")).content.decode()
    assert "省里的新口径" in history
    assert "平台内置" in history
    assert "尚未施行" in history
    assert url("parameter-change", "credit_hour_minutes") not in history
    assert client.get(url("parameter-change", "credit_hour_minutes")).status_code in (302, 403)
    assert client.get(url("parameter", "nothing")).status_code == 404


def test_the_statements_of_the_list_do_not_grow():
    counts = []
    for day in (1, 2, 3):
        change(effective_from=JULY + dt.timedelta(days=day))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            parameter_rows(TODAY)
        counts.append(len(queries))
    assert counts == [1, 1, 1]


def test_the_form_says_what_a_change_would_mean_and_saves_it_on_the_second_press(client):
    sign_in(client, UserFactory(is_superuser=True))
    programme = ProgrammeFactory(kind="annual", on_site=[])
    Component.objects.create(programme=programme, position=1, kind="hours", title="全年", hours=8)
    ObligationFactory(rule__programme=programme, due_on=dt.date(2026, 12, 31))
    address = url("parameter-change", "counts_towards_annual")
    data = {
        "kinds": ["annual", "special", "violation"],
        "effective_from": "2026-07-01",
        "legal_basis": "企业制度第 8 条",
        "reason": "安委会决定",
    }

    page = client.post(address, data).content.decode()
    assert "2026-07-01 前的学时按原来的数值计算，不变。" in page
    assert "新计入：再教育。" in page
    assert "不再计入：案例学习、四新培训、特种作业复审培训、专题学习。" in page
    assert "1 人有这一天或以后到期、还没凑满的累计学时。" in page
    assert not TrainingParameter.objects.exists()

    reply = client.post(address, {**data, "save": "1"}, follow=True)
    assert "企业制度第 8 条" in reply.content.decode()
    assert TrainingParameter.objects.get(effective_from=JULY).kinds == ["annual", "special", "violation"]
    past = client.post(address, {**data, "effective_from": "2026-03-05", "save": "1"})
    assert past.status_code == 422
    assert Obligation.objects.count() == 1


def test_minutes_and_ceiling_say_what_they_would_mean(client):
    sign_in(client, UserFactory(is_superuser=True))
    ProgrammeFactory(title="慢方案", daily_hours=Decimal(8))
    common = {"effective_from": "2026-07-01", "legal_basis": "企业制度", "reason": "试行"}

    minutes = client.post(url("parameter-change", "credit_hour_minutes"), {**common, "value": "50"})
    assert "时段至少要 400 分钟（现在 360 分钟）" in minutes.content.decode()
    ceiling = client.post(url("parameter-change", "daily_hours"), {**common, "value": "6"})
    assert "“慢方案”自己的每日上限高于这个数值" in ceiling.content.decode()
    marks = client.post(url("parameter-change", "exam_resits"), {**common, "value": "2"})
    assert "供查阅，改动不影响已有的任务" in marks.content.decode()


def test_no_help_of_a_field_says_how_long_an_hour_of_training_is():
    """Its minutes are data with dates: a number in a text would be wrong from the day they change."""
    said = {
        f"{model.__name__}.{field.name}": str(field.help_text)
        for model in apps.get_models()
        for field in model._meta.fields
    }
    assert [name for name, text in said.items() if re.search(r"学时\D*\d+\s*分钟", text)] == []
