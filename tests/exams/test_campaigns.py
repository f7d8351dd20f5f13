"""Campaigns: what counts, how units stand, who may see it."""

import datetime as dt
import io

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate

from exams.actions.campaigns import save_campaign
from exams.errors import BadCampaign
from exams.models import Campaign, PracticeAnswer, PracticeMode
from exams.queries.practice import campaigns_of, set_of
from exams.queries.practice_campaigns import campaigns_for, own_part, ranking
from people.models import Role
from tests.exams.practising import DAY, practice_bank, practise
from tests.factories.exams import NOW, BankFactory
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
TODAY = localdate(NOW)


@pytest.fixture
def works():
    plant = org_path("东方公司/一厂")
    return {"plant": plant, "a": org_path("东方公司/一厂/甲班"), "b": org_path("东方公司/一厂/乙班")}


@pytest.fixture
def campaign(works):
    return save_campaign(
        title="安全生产月答题",
        starts_on=TODAY,
        ends_on=TODAY + dt.timedelta(days=29),
        units=[works["a"], works["b"]],
        banks=[practice_bank(8)],
        daily_cap=2,
        acting_user=None,
        now=NOW,
    )


def play(employee, campaign, asked, **more):
    return practise(
        employee, asked, mode="campaign", campaign_id=campaign.pk, **{"right": True, "now": NOW, **more}
    )


def questions_of(campaign):
    return list(campaign.banks.get().questions.order_by("pk"))


def test_only_what_was_read_counts_and_no_more_than_the_cap(campaign, works):
    employee = EmployeeFactory(assigned__unit=works["a"])
    asked = questions_of(campaign)
    at = NOW
    wanted = [
        (asked[0], 0, False),
        (asked[0], 60, False),
        (asked[1], 60, True),
        (asked[2], 60, True),
        (asked[3], 60, False),
    ]
    for one, after_s, counted in wanted:
        at += dt.timedelta(minutes=5)
        # The same question twice a day does not count, nor what was answered unread, nor the third of two.
        assert play(employee, campaign, one, now=at, after_s=after_s).counted is counted
    part = own_part(campaign, employee.pk, TODAY)
    assert (part.answered, part.right, part.days, part.left_today) == (2, 2, 1, 0)
    assert set_of(employee, mode=PracticeMode.CAMPAIGN, now=at, campaign=campaign) == []
    tomorrow = set_of(employee, mode=PracticeMode.CAMPAIGN, now=NOW + DAY, campaign=campaign)
    assert len(tomorrow) == 2
    assert not play(employee, campaign, asked[5], now=NOW + 40 * DAY).counted  # it is over


def test_units_are_ranked_by_share_and_the_own_one_is_marked(campaign, works):
    people = [EmployeeFactory(assigned__unit=works["a"]) for _n in range(2)]
    people += [EmployeeFactory(assigned__unit=org_path("东方公司/一厂/乙班/夜班")) for _n in range(6)]
    asked = questions_of(campaign)
    for person in (*people[:2], people[2], people[3]):
        play(person, campaign, asked[0], right=person != people[3])
    found = ranking(campaign, TODAY, employee_id=people[0].pk)
    assert [(line.unit.name, line.ranked.place, line.is_own) for line in found.lines] == [
        ("甲班", 1, True),
        ("乙班", 2, False),
    ]
    first, second = found.lines
    assert (first.took_part_pct, first.correct_pct) == (100, 100)
    assert (round(second.took_part_pct), second.correct_pct) == (33, 50)
    assert (found.days, found.total_days) == (1, 30)
    with CaptureQueriesContext(connection) as few:
        ranking(campaign, TODAY)
    for person in people:
        play(person, campaign, asked[1])
    with CaptureQueriesContext(connection) as many:
        ranking(campaign, TODAY)
    assert len(few) == len(many) == 3


def test_who_is_in_a_campaign(campaign, works):
    inside = EmployeeFactory(assigned__unit=org_path("东方公司/一厂/甲班/一组"))
    outside = EmployeeFactory(assigned__unit=works["plant"])
    assert list(campaigns_of(inside, TODAY)) == [campaign]
    assert list(campaigns_of(outside, TODAY)) == []
    assert list(campaigns_of(inside, TODAY - dt.timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"units": []}, "参加单位"),
        ({"ends_on": TODAY - dt.timedelta(days=1)}, "结束日期"),
        ({"banks": []}, "至少选一个题库"),
    ],
)
def test_a_campaign_that_cannot_be(campaign, works, changes, said):
    fields = {
        "title": "x", "starts_on": TODAY, "ends_on": TODAY, "units": [works["a"]],
        "banks": list(campaign.banks.all()), "acting_user": None, "now": NOW,
    }  # fmt: skip
    with pytest.raises(BadCampaign, match=said):
        save_campaign(**{**fields, **changes})
    with pytest.raises(BadCampaign, match="没有开放练习"):
        save_campaign(**{**fields, "banks": [BankFactory(name="保密题库")]})
    assert Campaign.objects.count() == 1


def test_the_office_reaches_campaigns_of_its_units_alone(campaign, works, client):
    officer = RoleGrantFactory(user=UserFactory(), role=Role.SAFETY_OFFICER, unit=works["a"]).user
    above = RoleGrantFactory(user=UserFactory(), role=Role.SAFETY_OFFICER, unit=works["plant"]).user
    assert list(campaigns_for(officer)) == []
    assert list(campaigns_for(above)) == [campaign]
    with pytest.raises(PermissionDenied):
        save_campaign(
            title="x",
            starts_on=TODAY,
            ends_on=TODAY,
            units=[works["b"]],
            banks=[],
            acting_user=officer,
            now=NOW,
        )
    client.force_login(above)
    page = client.post(
        reverse("exams_office:campaign-add"),
        {
            "title": "一周一练", "starts_on": "2026-06-01", "ends_on": "2026-06-07", "units": [works["a"].pk],
            "banks": [campaign.banks.get().pk], "daily_cap": 3,
        },
    )  # fmt: skip
    made = Campaign.objects.get(title="一周一练")
    assert page.url == reverse("exams_office:campaign", args=[made.pk])
    assert made.created_by == above
    client.force_login(officer)
    assert client.get(reverse("exams_office:campaign", args=[campaign.pk])).status_code == 404


def test_the_workbook_holds_units_and_no_names(campaign, works, client):
    person = EmployeeFactory(name="欧阳不在", assigned__unit=works["a"])
    play(person, campaign, questions_of(campaign)[0])
    client.force_login(UserFactory(superuser=True))
    file = client.get(reverse("exams_office:campaign-workbook", args=[campaign.pk]))
    rows = list(openpyxl.load_workbook(io.BytesIO(file.content)).active.values)
    assert rows[1][1] == "甲班"
    page = client.get(reverse("exams_office:campaign", args=[campaign.pk])).content.decode()
    client.force_login(person.user)
    own = client.get(reverse("exams:practice-campaign", args=[campaign.pk])).content.decode()
    assert all("欧阳不在" not in str(text) for text in (rows, page, own))
    assert PracticeAnswer.objects.get().counted
