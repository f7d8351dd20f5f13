"""On-the-spot tests: who sits down how, what is asked, and the gap to the records."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from certificates.models import Certificate
from exams.actions.exams import RowDraft
from exams.actions.scores import keep_topic_scores
from exams.actions.spot_checks import (
    CODE_LIVES,
    SEAT_LIVES,
    answer_spot,
    close_round,
    confirm_seat,
    start_round,
    take_seat,
)
from exams.errors import SpotCheckRefused
from exams.models import Attempt, AttemptMark, PracticeState, SpotCheck, SpotSeat, SpotWay
from exams.queries.practice_spots import (
    checks_for,
    code_of,
    gaps_by_unit,
    recorded_result,
    round_of_code,
    spot_weaknesses,
)
from people.models import Role
from tests.exams.practising import practice_bank
from tests.factories.exams import (
    NOW,
    TopicFactory,
    make_attempt,
    make_exam,
    right_response,
    sit,
    submit,
    wrong_response,
)
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path
from training.models import Obligation, TrainingRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant():
    return org_path("东方公司/一厂")


@pytest.fixture
def inspector(plant):
    return RoleGrantFactory(user=UserFactory(name="安全员老李"), role=Role.SAFETY_OFFICER, unit=plant).user


@pytest.fixture
def worker(plant):
    return EmployeeFactory(
        name="张三", assigned__unit=org_path("东方公司/一厂/甲班"), assigned__post=PostFactory()
    )


@pytest.fixture
def bank():
    return practice_bank(6)


@pytest.fixture
def round_(bank, plant, inspector):
    return start_round(unit=plant, place="2 号釜", acting_user=inspector, now=NOW)


def answers(seat, right):
    """Responses to the questions of a seat, slot by slot right or wrong."""
    seat.refresh_from_db()
    return {
        slot: (right_response if good else wrong_response)(seat, slot)
        for slot, good in enumerate(right, start=1)
    }


def seated(round_, worker, way=SpotWay.ACCOUNT):
    return take_seat(round_=round_, employee=worker, way=way, now=NOW).seat


def recorded_exam(bank, worker):
    """The worker passed an exam with everything right."""
    exam = make_exam(bank, rows=[row(3)])
    return sit(exam, worker, right=True, now=NOW - dt.timedelta(days=90))


def row(count):
    return RowDraft(kind="single_choice", count=count, points=Decimal(10))


def test_recorded_95_today_33(bank, round_, worker, inspector):
    recorded_exam(bank, worker)
    seat = seated(round_, worker)
    check = answer_spot(seat=seat, responses=answers(seat, [True, False, False]), now=NOW)
    assert (check.score_pct, check.recorded_topic_pct, check.gap_pct) == (
        Decimal("33.33"),
        Decimal(100),
        Decimal("66.67"),
    )
    assert check.recorded_attempt.exam.title == "岗前安全考试"
    assert (check.unit.name, check.checked_by) == ("甲班", inspector)
    # Again: the first result stands.
    assert answer_spot(seat=seat, responses=answers(seat, [True] * 3), now=NOW).pk == check.pk
    assert PracticeState.objects.filter(employee=worker, in_wrong_book=True).count() == 2
    (gap,) = gaps_by_unit(checks_for(inspector))
    assert (gap.unit_name, gap.people, gap.gap_pct, gap.is_wide) == ("甲班", 1, Decimal("66.7"), True)
    (figure,) = spot_weaknesses(inspector)
    assert (figure.answered, figure.right) == (3, 1)


def test_the_page_of_weaknesses_sets_the_spot_beside_the_exams(bank, round_, worker, inspector, time_machine):
    time_machine.move_to(NOW, tick=False)
    sit(make_exam(bank, rows=[row(3)]), worker, right=True, now=NOW - dt.timedelta(hours=1))
    keep_topic_scores()
    seat = seated(round_, worker)
    check = answer_spot(seat=seat, responses=answers(seat, [True, False, False]), now=NOW)
    client = Client()
    client.force_login(inspector)
    address = reverse("exams_office:weakness")
    page = client.get(address)
    (shown,) = page.context["spots"]
    assert (shown.answered, shown.right, shown.exam["pct"]) == (3, 1, 100)
    assert "现场抽考答对率" in page.text
    assert client.get(address, {"unit": check.unit.pk}).context["spots"] == [shown]
    for narrowed in ({"until": "2026-05-01"}, {"post": PostFactory().pk}):
        assert client.get(address, narrowed).context["spots"] == []
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("exams_office:weakness-workbook")).content))
    assert [value[1:3] for value in book["现场抽考"].values if value[1] == 3] == [(3, 1)]


def test_the_record_is_of_the_same_topics(bank, worker):
    topic = bank.questions.first().topic_id
    assert recorded_result(worker.pk, {topic}) is None
    recorded_exam(bank, worker)
    assert recorded_result(worker.pk, {TopicFactory().pk}) is None
    assert recorded_result(worker.pk, {topic}).topic_pct == 100


def test_no_record_no_gap_and_no_training(bank, round_, worker):
    watched = (Attempt, AttemptMark, TrainingRecord, Obligation, Certificate)
    before = [model.objects.count() for model in watched]
    seat = seated(round_, worker)
    check = answer_spot(seat=seat, responses=answers(seat, [True] * 3), now=NOW)
    assert (check.score_pct, check.gap_pct, check.recorded_attempt) == (100, None, None)
    assert [model.objects.count() for model in watched] == before


def test_must_know_questions_of_the_post_come_first(bank, plant, inspector, worker):
    post = worker.assignments.get().post
    chosen = list(bank.questions.order_by("pk")[3:6])
    for asked in chosen:
        asked.posts.add(post)
        asked.must_know = True
        asked.save()
    seat = seated(start_round(unit=plant, acting_user=inspector, now=NOW), worker)
    assert {slot["version_id"] for slot in seat.paper["slots"]} == {
        asked.current_version_id for asked in chosen
    }


def test_a_code_is_long_short_lived_and_made_anew(round_):
    code = code_of(round_)
    assert len(code) == 40
    assert int(code, 16).bit_length() > 120
    assert round_of_code(code) == round_
    assert code not in round_.code_digest
    assert round_.expires_at - NOW == CODE_LIVES <= dt.timedelta(minutes=15)


def test_who_may_not_sit_down(round_, worker, plant):
    stranger = EmployeeFactory(assigned__unit=org_path("东方公司/二厂"))
    with pytest.raises(SpotCheckRefused, match="不在这次抽考的范围"):
        seated(round_, stranger)
    with pytest.raises(SpotCheckRefused, match="过期"):
        take_seat(round_=round_, employee=worker, way=SpotWay.ACCOUNT, now=NOW + CODE_LIVES)
    close_round(round_=round_, now=NOW)
    round_.refresh_from_db()
    with pytest.raises(SpotCheckRefused, match="过期"):
        seated(round_, worker)
    assert not SpotSeat.objects.exists()


def test_a_badge_waits_for_the_inspector(round_, worker):
    seat = seated(round_, worker, SpotWay.BADGE)
    assert seat.paper is None
    with pytest.raises(SpotCheckRefused, match="没有核对"):
        answer_spot(seat=seat, responses={}, now=NOW)
    confirmed = confirm_seat(seat_id=seat.pk, round_=round_, now=NOW)
    paper = confirmed.paper
    assert confirm_seat(seat_id=seat.pk, round_=round_, now=NOW).paper == paper
    # Whoever types the number of somebody who is answering does not take the place.
    with pytest.raises(SpotCheckRefused, match="已经在"):
        seated(round_, worker, SpotWay.BADGE)
    # The own account does: the address before it is dead.
    taken = take_seat(round_=round_, employee=worker, way=SpotWay.ACCOUNT, now=NOW)
    assert taken.seat.token_digest != confirmed.token_digest
    assert taken.seat.paper == paper
    with pytest.raises(SpotCheckRefused, match="作答时间已过"):
        answer_spot(seat=taken.seat, responses={}, now=NOW + SEAT_LIVES + dt.timedelta(seconds=1))
    answer_spot(seat=taken.seat, responses={}, now=NOW)
    with pytest.raises(SpotCheckRefused, match="只答一回"):
        seated(round_, worker)


def test_live_questions_are_not_asked(bank, plant, inspector, worker, round_):
    seat = seated(round_, worker)
    exam = make_exam(bank, rows=[row(4)])
    attempt = make_attempt(exam, now=NOW)
    with pytest.raises(SpotCheckRefused, match="只有 2 道"):
        start_round(unit=plant, acting_user=inspector, now=NOW)
    with pytest.raises(SpotCheckRefused, match="不计"):
        answer_spot(seat=seat, responses={}, now=NOW)
    submit(attempt, now=NOW)
    assert answer_spot(seat=seat, responses={}, now=NOW).score_pct == 0


def test_only_who_may_starts_one(bank, plant, inspector):
    with pytest.raises(PermissionDenied):
        start_round(unit=org_path("东方公司/二厂"), acting_user=inspector, now=NOW)
    leader = RoleGrantFactory(role=Role.HR_OFFICER, unit=plant, user=UserFactory()).user
    with pytest.raises(PermissionDenied):
        start_round(unit=plant, acting_user=leader, now=NOW)


# The pages


def seat_page(answer):
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


@time_machine.travel(NOW, tick=False)
def test_a_worker_without_account_on_the_own_phone(client, inspector, plant, bank):
    worker = EmployeeFactory(name="临 时工", user=None, assigned__unit=plant)
    client.force_login(inspector)
    started = client.post(
        reverse("exams_office:spot-start"), {"unit": plant.pk, "place": "门口", "question_count": 3}
    )
    round_page = seat_page(started)
    code = client.get(round_page).context["address"].rsplit("/", 2)[1]
    phone = Client()
    door = reverse("exams:spot", args=[code])
    assert "工号" in phone.get(door).content.decode()
    wrong = phone.post(door, {"number": worker.employee_no, "name": "别人"})
    assert wrong.status_code == 422
    assert "对不上" in wrong.content.decode()
    seat = seat_page(phone.post(door, {"number": worker.employee_no, "name": "临时工"}))
    waiting = phone.get(seat)
    number = waiting.context["seat"].check_number
    assert "请把工牌给检查人看" in waiting.content.decode()
    listed = client.get(round_page, headers={"X-Fragment": "1"}).content.decode()
    assert f"数 {number}" in listed
    waiting_seat = SpotSeat.objects.get()
    public_id = waiting_seat.round.public_id
    client.post(reverse("exams_office:spot-confirm", args=[public_id, waiting_seat.pk]))
    page = phone.get(seat)
    assert len(page.context["questions"]) == 3
    waiting_seat.refresh_from_db()
    given = answers(waiting_seat, [True, True, False])
    result = phone.post(seat, {f"q{slot}": tokens for slot, tokens in given.items()}, follow=True)
    assert ">67<" in result.content.decode()
    assert "没有考过这些知识点" in result.content.decode()
    assert "先通风，再检测，后作业" not in result.content.decode()  # the next one may be asked the same
    assert result["Cache-Control"] == "no-store, private"


@time_machine.travel(NOW, tick=False)
def test_on_the_inspectors_phone_and_the_workbook(client, inspector, worker, round_, bank):
    recorded_exam(bank, worker)
    client.force_login(inspector)
    person = reverse("exams_office:spot-person", args=[round_.public_id])
    missing = client.post(person, {"number": "nobody"}, follow=True)
    assert "没有工号“nobody”" in missing.content.decode()
    seat = seat_page(client.post(person, {"number": worker.employee_no}))
    given = answers(SpotSeat.objects.get(), [False] * 3)
    result = client.post(seat, {f"q{slot}": tokens for slot, tokens in given.items()}, follow=True)
    assert "低 100 分" in result.content.decode()
    assert SpotCheck.objects.get().way == SpotWay.INSPECTOR
    assert "甲班" in client.get(reverse("exams_office:spot-checks")).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("exams_office:spot-workbook")).content))
    results, gaps = (list(sheet.values) for sheet in book.worksheets)
    assert results[1][2] == "张三"
    assert results[1][14] == 100
    assert gaps[1][:2] == ("甲班", 1)


@time_machine.travel(NOW, tick=False)
def test_an_own_account_is_known_at_once_and_guesses_lead_nowhere(client, worker, round_):
    client.force_login(worker.user)
    door = reverse("exams:spot", args=[code_of(round_)])
    assert "张三" in client.get(door).content.decode()
    page = client.post(door, {"own": "1"}, follow=True)
    assert len(page.context["questions"]) == 3
    assert client.get(reverse("exams:spot", args=["0" * 40])).status_code == 404
    assert client.get(reverse("exams:spot-seat", args=["x" * 27])).status_code == 404
    with time_machine.travel(NOW + CODE_LIVES, tick=False):
        gone = client.get(door)
        assert gone.status_code == 410
        assert "过期" in gone.content.decode()
