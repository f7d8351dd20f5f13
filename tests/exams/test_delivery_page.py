"""An invigilator and two candidates in real browsers: a one-way paper, a pause, more time, another phone."""

import re
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from exams.actions.exams import RowDraft
from exams.models import Attempt, AttemptMark
from exams.queries import latest_steps
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.exams import make_attempt, make_bank, make_exam, right_response
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"已保存 \d\d:\d\d:\d\d")
DESK = {"width": 1280, "height": 900}


def choose(page, slot, tokens):
    for token in tokens:
        page.locator(f"#q{slot} label.opt", has=page.locator(f"input[value='{token}']")).click()


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def ask_now(page):
    """Let the page ask how its attempt stands, as it does by itself after a while."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.slow
def test_a_one_way_exam_with_a_pause_and_more_time(browser_page):  # noqa: F811
    rows = [RowDraft(kind="single_choice", count=3, points=Decimal(10))]
    exam = make_exam(make_bank(), rows, navigation="one_way", take_over="released", password="安全第1")
    person = EmployeeFactory()
    phone = browser_page(user=person.user)
    phone.goto(reverse("exams:start", args=[exam.code]))
    assert violations(phone) == []
    phone.get_by_label("考试口令").fill("安全第1")
    phone.get_by_role("button", name="开始考试").click()
    expect(phone.locator("#state")).to_contain_text("可以作答")
    attempt = Attempt.objects.get()
    assert phone.locator(".question").count() == 1
    assert violations(phone) == []

    # Leaving a question without an answer takes a second tap; with one, a single one.
    phone.locator("#next").click()
    expect(phone.locator("#notice")).to_contain_text("这题还没有作答")
    choose(phone, 1, right_response(attempt, 1))
    expect(phone.locator("#state")).to_have_text(SAVED)
    phone.locator("#next").click()
    expect(phone.locator("#place")).to_have_text("第 2 / 3 题")
    expect(phone.locator("#state")).to_contain_text("可以作答")

    # The network goes: the answer waits on the phone, and the next question with it.
    phone.context.set_offline(True)
    choose(phone, 2, right_response(attempt, 2))
    phone.locator("#next").click()
    expect(phone.locator("#notice")).to_contain_text("还到不了下一题")
    assert latest_steps(attempt.pk).keys() == {1}
    phone.context.set_offline(False)
    expect(phone.locator("#state")).to_have_text(SAVED)
    phone.locator("#next").click()
    expect(phone.locator("#place")).to_have_text("第 3 / 3 题")
    expect(phone.locator("#state")).to_contain_text("可以作答")

    # The invigilator pauses: the paper is gone from the page and comes back with the time it had.
    desk = browser_page(user=UserFactory(superuser=True), viewport=DESK)
    desk.goto(reverse("exams_office:exam-running", args=[exam.pk]))
    expect(desk.locator(".exam-running")).to_contain_text("2 / 3")
    desk.get_by_label(person.name).check()
    desk.get_by_label("事由").fill("停电")
    desk.get_by_role("button", name="暂停").click()
    expect(desk.get_by_text("暂停了 1 人的考试")).to_be_visible()
    ask_now(phone)
    expect(phone.get_by_role("heading", name="考试已暂停")).to_be_visible()
    expect(phone.locator("#paper")).to_be_hidden()
    assert violations(phone) == []
    desk.get_by_label("对这场考试里我监考的所有人").check()
    desk.get_by_label("事由").fill("来电")
    desk.get_by_role("button", name="继续").click()
    expect(desk.get_by_text("1 人继续考试")).to_be_visible()
    expect(phone.locator("#place")).to_have_text("第 3 / 3 题")
    expect(phone.locator("#state")).to_contain_text("可以作答")

    # More time is told with the next word from the server.
    desk.get_by_label(person.name).check()
    desk.get_by_label("事由").fill("补停电的时间")
    desk.get_by_label("延长几分钟").fill("10")
    desk.get_by_role("button", name="延长时间").click()
    expect(desk.get_by_text("给 1 人延长了时间")).to_be_visible()
    choose(phone, 3, right_response(attempt, 3))
    expect(phone.locator("#told")).to_contain_text("延长了 10 分钟")
    expect(phone.locator("#clock")).to_have_text(re.compile(r"^3\d:\d\d$|^40:\d\d$"))

    # Another phone waits until the first is let go.
    other = browser_page(user=person.user)
    other.goto(reverse("exams:attempt", args=[attempt.public_id]))
    with other.expect_navigation():
        other.get_by_role("button", name="在这台设备上继续").click()
    expect(other.get_by_text("请举手告诉监考人员").first).to_be_visible()
    desk.get_by_label(person.name).check()
    desk.get_by_label("事由").fill("手机没电")
    desk.get_by_role("button", name="放行换设备").click()
    expect(desk.get_by_text("放行了 1 人的设备")).to_be_visible()
    other.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(other.locator("#place")).to_have_text("第 3 / 3 题")
    expect(other.locator("#state")).to_contain_text("可以作答")
    other.get_by_role("button", name="交卷", exact=True).click()
    other.get_by_role("button", name="确认交卷").click()
    other.wait_for_url("**/result")
    assert AttemptMark.objects.get().score_pct == 100


def test_an_answer_given_while_paused_waits_and_is_sent_when_it_goes_on(browser_page):  # noqa: F811
    attempt = make_attempt(make_exam(), employee=EmployeeFactory(), device="", now=timezone.now())
    phone = browser_page(user=attempt.employee.user)
    phone.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(phone.locator("#state")).to_contain_text("可以作答")
    Attempt.objects.update(paused_at=timezone.now())
    choose(phone, 1, right_response(attempt, 1))
    expect(phone.get_by_role("heading", name="考试已暂停")).to_be_visible()
    assert latest_steps(attempt.pk) == {}
    # A reload, or a killed tab: still paused, still kept.
    phone.reload()
    expect(phone.get_by_role("heading", name="考试已暂停")).to_be_visible()
    Attempt.objects.update(paused_at=None)
    expect(phone.locator("#state")).to_have_text(SAVED)
    assert latest_steps(attempt.pk)[1][1] == right_response(attempt, 1)
