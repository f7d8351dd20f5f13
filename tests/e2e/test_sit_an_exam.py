"""Whole exams on a phone at 390 px when much goes wrong: no network for ten minutes, a killed tab, a busy server, a new phone."""

import re
import time
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from exams.actions.exams import RowDraft
from exams.models import AnswerStep, AttemptMark
from exams.queries import latest_steps
from tests.browser import browser, browser_context, browser_page  # noqa: F401
from tests.factories.exams import make_attempt, make_bank, make_exam, right_response, wrong_response
from tests.factories.people import EmployeeFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"已保存 \d\d:\d\d:\d\d")
TEN_MINUTES_S = 10 * 60


@pytest.fixture
def attempt():
    rows = [
        RowDraft(kind="single_choice", count=2, points=Decimal(10)),
        RowDraft(kind="multiple_choice", count=1, points=Decimal(5)),
        RowDraft(kind="true_false", count=1, points=Decimal(5)),
    ]
    exam = make_exam(make_bank(), rows, attempts_allowed=2)
    return make_attempt(exam, employee=EmployeeFactory(), device="", now=timezone.now())


def paper_of(attempt):
    return reverse("exams:attempt", args=[attempt.public_id])


def state(page):
    return page.locator("#state")


def choose(page, slot, tokens):
    for token in tokens:
        page.locator(f"#q{slot} label.opt", has=page.locator(f"input[value='{token}']")).click()


def turn(page, slot):
    page.get_by_role("button", name="下一题").click()
    expect(page.locator(".question.now")).to_have_attribute("data-slot", str(slot))


def hand_in(page):
    page.get_by_role("button", name="交卷", exact=True).click()
    expect(page.locator("#confirm")).to_contain_text("全部 4 题都已作答")
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")


def kept(attempt):
    return {slot: sorted(response) for slot, (_seq, response) in latest_steps(attempt.pk).items()}


def all_right(attempt):
    return {slot: sorted(right_response(attempt, slot)) for slot in range(1, 5)}


def test_ten_minutes_without_network_in_the_middle(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.clock.install()
    begun = time.monotonic()
    page.goto(paper_of(attempt))
    expect(state(page)).to_contain_text("可以作答")
    choose(page, 1, wrong_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_contain_text("离线，未保存 1 题")
    for minute in range(10):
        page.clock.run_for(60_000)
        if minute in {2, 5, 8}:
            slot = (minute + 1) // 3 + 1
            turn(page, slot)
            choose(page, slot, right_response(attempt, slot))
            expect(state(page)).to_contain_text(f"离线，未保存 {slot} 题")
    minutes, seconds = page.locator("#clock").inner_text().split(":")
    # Of thirty minutes ten have passed for the page alone, and what this test has taken.
    assert 20 * 60 - (time.monotonic() - begun) - 2 <= int(minutes) * 60 + int(seconds) <= 20 * 60
    assert kept(attempt) == {1: wrong_response(attempt, 1)}, "nothing got through"
    assert len(asked) < TEN_MINUTES_S / 2, "a phone without network asks seldom"
    page.context.set_offline(False)
    page.clock.run_for(60_000)
    expect(state(page)).to_have_text(SAVED)
    assert kept(attempt) == all_right(attempt)
    assert AnswerStep.objects.filter(attempt=attempt).count() == 5, "each answer is stored once"
    hand_in(page)
    expect(page.get_by_role("heading", name="合格", exact=True)).to_be_visible()
    assert AttemptMark.objects.get().score_pct == 100


def test_a_killed_tab_a_busy_server_and_a_new_phone(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.goto(paper_of(attempt))
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)

    # The server is busy: 503. Nothing is called saved, and a new tab still has the answer. The page itself is given
    # that reply: what a closing tab sends outlives the tab, and with it every route and network setting of the browser.
    phone = page.context
    page.evaluate("window.fetch = async () => new Response('busy', { status: 503 })")
    turn(page, 2)
    choose(page, 2, right_response(attempt, 2))
    expect(state(page)).to_contain_text("未保存 1 题")
    page.close(run_before_unload=False)
    assert kept(attempt).keys() == {1}
    page = phone.new_page()
    page.goto(paper_of(attempt))
    expect(state(page)).to_have_text(SAVED)
    for slot in (1, 2):
        expect(page.locator(f"input[value='{right_response(attempt, slot)[0]}']")).to_be_checked()
    assert kept(attempt) == {slot: all_right(attempt)[slot] for slot in (1, 2)}

    # The phone is gone with all it stored; another one is told, takes over, and has what the server had.
    phone.close()
    page = browser_page(user=attempt.employee.user)
    page.goto(paper_of(attempt))
    page.get_by_role("button", name="在这台设备上继续").click()
    for slot in (1, 2):
        expect(page.locator(f"input[value='{right_response(attempt, slot)[0]}']")).to_be_checked()
    turn(page, 2)
    turn(page, 3)
    choose(page, 3, right_response(attempt, 3))
    turn(page, 4)
    choose(page, 4, right_response(attempt, 4))
    expect(state(page)).to_have_text(SAVED)
    hand_in(page)
    assert kept(attempt) == all_right(attempt)
    assert AttemptMark.objects.get().score_pct == 100
