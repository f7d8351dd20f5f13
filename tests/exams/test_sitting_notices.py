"""What the people of a sitting hear: on the roster, moved, taken off, called off, and the day before."""

import datetime as dt

import pytest
from django.urls import reverse

from exams.actions.seats import add_people, remove_seat
from exams.actions.sitting_notices import remind_of_sittings
from exams.actions.sittings import SittingDraft, cancel_sitting, open_doors, save_sitting
from exams.queries.sittings import coming_seats
from notices.models import Notice
from tests.exams.saving import statements
from tests.factories.exams import NOW
from tests.factories.people import EmployeeFactory
from tests.factories.sittings import make_sitting, opened

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def titles(person):
    return list(Notice.objects.filter(recipient=person.user).order_by("pk").values_list("title", flat=True))


def change(sitting, *, now=NOW, **changes):
    fields = {
        name: getattr(sitting, name)
        for name in ("exam", "title", "unit", "place", "doors_at", "planned_at", "late_min", "bring")
    }
    draft = SittingDraft(**{**fields, **changes})
    return save_sitting(draft=draft, sitting_id=sitting.pk, acting_user=None, now=now)


def test_who_is_put_on_the_roster_hears_when_where_and_what_to_bring_once():
    person, other = EmployeeFactory(), EmployeeFactory()
    sitting = make_sitting(people=[person], bring="工牌，充好电的手机")
    add_people(sitting_id=sitting.pk, employee_ids=[person.pk, other.pk], acting_user=None, now=NOW)
    notice = Notice.objects.get(recipient=person.user)
    assert notice.title == f"考试安排：{sitting.exam.title}"
    assert "培训中心 301" in notice.body
    assert "请带：工牌，充好电的手机。" in notice.body
    assert notice.link == reverse("exams:lobby", args=[sitting.public_id])
    assert titles(other) == titles(person)


def test_another_time_or_place_is_told_and_another_rule_is_not():
    person = EmployeeFactory()
    sitting = make_sitting(people=[person])
    sitting = change(sitting, late_min=5, title="另一个名称")
    assert len(titles(person)) == 1
    sitting = change(sitting, place="培训中心 402")
    sitting = change(sitting, planned_at=sitting.planned_at + DAY)
    assert [title.split("：")[0] for title in titles(person)] == [
        "考试安排",
        "考试的时间或地点变了",
        "考试的时间或地点变了",
    ]
    assert "培训中心 402" in Notice.objects.filter(recipient=person.user).latest("pk").body


def test_who_is_taken_off_and_everybody_of_a_cancelled_sitting_hear_that_they_need_not_come():
    gone, stays = EmployeeFactory(), EmployeeFactory()
    sitting = make_sitting(people=[gone, stays])
    remove_seat(seat_id=sitting.seats.get(employee=gone).pk, acting_user=None, now=NOW)
    for _again in range(2):
        cancel_sitting(sitting_id=sitting.pk, reason="停电", acting_user=None, now=NOW)
    assert [title.split("：")[0] for title in titles(gone)] == ["考试安排", "不用参加"]
    assert [title.split("：")[0] for title in titles(stays)] == ["考试安排", "考试取消"]
    notice = Notice.objects.filter(recipient=stays.user).latest("pk")
    assert "停电" in notice.body
    assert not notice.link


def test_the_reminder_comes_the_day_before_once_and_again_when_the_sitting_moved():
    person, left = EmployeeFactory(), EmployeeFactory()
    sitting = make_sitting(people=[person, left], planned_at=NOW + DAY)
    left.user.is_active = False
    left.user.save(update_fields=["is_active"])
    assert remind_of_sittings(now=NOW - DAY) == 0
    assert remind_of_sittings(now=NOW) == 1
    remind_of_sittings(now=NOW + dt.timedelta(minutes=1))
    assert [title.split("：")[0] for title in titles(person)] == ["考试安排", "明天考试"]
    sitting = change(sitting, planned_at=NOW + 3 * DAY)
    assert remind_of_sittings(now=NOW) == 0
    remind_of_sittings(now=NOW + 2 * DAY)
    assert titles(person)[-1].startswith("明天考试")
    assert len(titles(person)) == 4
    cancel_sitting(sitting_id=sitting.pk, reason="停电", acting_user=None, now=NOW)
    assert remind_of_sittings(now=NOW + 2 * DAY) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_telling_costs_the_same_for_any_number(count):
    people = [EmployeeFactory() for _ in range(count)]
    sitting = make_sitting(people=0)
    ids = [person.pk for person in people]
    cost = statements(lambda: add_people(sitting_id=sitting.pk, employee_ids=ids, acting_user=None, now=NOW))
    assert cost == 9
    assert statements(lambda: change(sitting, place="别处")) <= 9


def test_the_home_page_shows_the_sittings_to_come(client):
    person = EmployeeFactory()
    sitting = make_sitting(people=[person], bring="工牌")
    make_sitting(people=[person], planned_at=NOW - DAY, doors_at=NOW - DAY)
    running = opened(make_sitting(people=[person]))
    cancelled = make_sitting(people=[person])
    cancel_sitting(sitting_id=cancelled.pk, reason="停电", acting_user=None, now=NOW)
    assert [seat.sitting for seat in coming_seats(person.pk, NOW)] == [sitting, running]
    assert coming_seats(person.pk, NOW + 2 * DAY) == [running.seats.get()]
    assert coming_seats(EmployeeFactory().pk, NOW) == []


def test_the_card_leads_to_the_lobby(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    person = EmployeeFactory()
    sitting = make_sitting(people=[person], bring="工牌")
    client.force_login(person.user)
    page = client.get(reverse("portal:home")).text
    lobby = reverse("exams:lobby", args=[sitting.public_id])
    assert lobby in page
    assert "请带：工牌" in page
    assert "培训中心 301，1 号座位" in page
    assert "看考试安排" in page
    open_doors(sitting_id=sitting.pk, acting_user=None, now=NOW)
    assert "进入候考页" in client.get(reverse("portal:home")).text
    assert "请带：工牌" in client.get(lobby).text
