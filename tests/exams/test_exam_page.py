"""The exam page in a real browser, at 390 px."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from exams.actions.exams import RowDraft
from exams.models import AnswerStep, Attempt, AttemptMark
from exams.queries import latest_steps
from tests.browser import browser, browser_context, browser_page, leaves_in_silence  # noqa: F401
from tests.factories.exams import make_attempt, make_bank, make_exam, right_response, wrong_response
from tests.factories.people import EmployeeFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SAVED = re.compile(r"已保存 \d\d:\d\d:\d\d")


@pytest.fixture
def attempt():
    rows = [
        RowDraft(kind="single_choice", count=2, points=Decimal(10)),
        RowDraft(kind="multiple_choice", count=1, points=Decimal(5)),
        RowDraft(kind="true_false", count=1, points=Decimal(5)),
    ]
    exam = make_exam(make_bank(), rows, attempts_allowed=2)
    return make_attempt(exam, employee=EmployeeFactory(), device="", now=timezone.now())


@pytest.fixture
def page(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(state(page)).to_contain_text("可以作答")
    return page


def state(page):
    return page.locator("#state")


def choose(page, slot, tokens):
    for token in tokens:
        page.locator(f"#q{slot} label.opt", has=page.locator(f"input[value='{token}']")).click()


def asks_nothing_by_itself(page):
    """Let a page learn how its attempt stands from what is done on it alone, not from asking now and then."""
    page.route("**/standing", lambda route: route.abort())


def test_sit_an_exam_to_the_end(page, attempt):
    expect(page.locator("#clock")).to_have_text(re.compile(r"^(30:00|29:\d\d)$"))
    for slot in range(1, 5):
        expect(page.locator(".question.now")).to_have_attribute("data-slot", str(slot))
        expect(page.locator("#place")).to_have_text(f"第 {slot} / 4 题")
        choose(page, slot, right_response(attempt, slot))
        if slot < 4:
            page.get_by_role("button", name="下一题").click()
    expect(state(page)).to_have_text(SAVED)
    assert {slot: set(kept) for slot, (_, kept) in latest_steps(attempt.pk).items()} == {
        slot: set(right_response(attempt, slot)) for slot in range(1, 5)
    }
    page.get_by_role("button", name="交卷", exact=True).click()
    expect(page.locator("#confirm")).to_contain_text("全部 4 题都已作答")
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")
    expect(page.get_by_role("heading", name="合格", exact=True)).to_be_visible()
    assert AttemptMark.objects.get().score_pct == 100
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('marks')).length") == 0


def test_no_network_in_the_middle(page, attempt):
    choose(page, 1, wrong_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    page.context.set_offline(True)
    choose(page, 1, right_response(attempt, 1))
    page.get_by_role("button", name="下一题").click()
    choose(page, 2, right_response(attempt, 2))
    expect(state(page)).to_contain_text("离线，未保存 2 题")
    assert latest_steps(attempt.pk).keys() == {1}
    page.get_by_role("button", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.locator("#notice")).to_contain_text("暂时交不了卷")
    page.context.set_offline(False)
    expect(state(page)).to_have_text(SAVED)
    kept = {slot: response for slot, (_, response) in latest_steps(attempt.pk).items()}
    assert kept == {1: right_response(attempt, 1), 2: right_response(attempt, 2)}
    # Not one answer was stored twice.
    assert AnswerStep.objects.filter(attempt=attempt).count() == 3


def test_a_reload_without_the_server_keeps_the_answers(page, attempt):
    """Saves fail, the page is reloaded: the answers come back from the device and are sent then."""
    page.route("**/save", lambda route: route.fulfill(status=503, body="busy"))
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_contain_text("未保存 1 题")
    leaves_in_silence(page)
    page.reload()
    expect(state(page)).to_contain_text("未保存 1 题")
    token = right_response(attempt, 1)[0]
    expect(page.locator(f"input[value='{token}']")).to_be_checked()
    assert not AnswerStep.objects.exists()
    page.unroute("**/save")
    expect(state(page)).to_have_text(SAVED)
    assert latest_steps(attempt.pk)[1][1] == [token]
    page.reload()
    expect(page.locator(f"input[value='{token}']")).to_be_checked()


def test_a_lost_receipt_is_asked_for_again_under_the_same_number(page, attempt):
    asked, held, seen = [], [], []

    def lose_the_first(route):
        asked.append(route)
        if len(asked) == 1:
            route.fetch()
            route.abort()
        elif seen:
            route.continue_()
        else:
            held.append(route)  # or what the page says meanwhile is gone before somebody looks

    page.route("**/save", lose_the_first)
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_contain_text("离线，未保存 1 题")
    seen.append("离线")
    for route in held:
        route.continue_()
    expect(state(page)).to_have_text(SAVED)
    assert AnswerStep.objects.filter(attempt=attempt).count() == 1


def test_by_keyboard_alone(page, attempt):
    def focused(selector):
        return page.evaluate("(selector) => document.activeElement.matches(selector)", selector)

    def tab_to(selector):
        for _ in range(40):
            page.keyboard.press("Tab")
            if focused(selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def go_on_to(slot):
        tab_to("#next")
        page.keyboard.press("Enter")
        expect(page.locator(".question.now")).to_have_attribute("data-slot", str(slot))
        assert focused(f"#q{slot} legend")

    tab_to("#q1 input")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q1 input").nth(1)).to_be_checked()
    go_on_to(2)
    tab_to("#q2 input")
    page.keyboard.press("ArrowUp")
    go_on_to(3)
    page.keyboard.press("ArrowLeft")  # the focus is on the question: arrows turn the page
    expect(page.locator(".question.now")).to_have_attribute("data-slot", "2")
    page.keyboard.press("ArrowRight")
    tab_to("#q3 input")
    page.keyboard.press("Space")
    tab_to("#q3 input")
    page.keyboard.press("Space")
    tab_to("#mark")
    page.keyboard.press("Enter")
    expect(page.locator("#sheet button").nth(2)).to_have_attribute("aria-label", "第 3 题，已答，已标记")
    tab_to("#hand-in")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm")).to_contain_text("还有 1 题没有作答")
    tab_to("#confirm-sheet button")
    page.keyboard.press("Enter")
    expect(page.locator(".question.now")).to_have_attribute("data-slot", "4")
    tab_to("#q4 input")
    page.keyboard.press("Space")
    expect(state(page)).to_have_text(SAVED)
    tab_to("#hand-in")
    page.keyboard.press("Enter")
    tab_to("#really")
    page.keyboard.press("Enter")
    page.wait_for_url("**/result")
    assert AttemptMark.objects.count() == 1
    assert len(latest_steps(attempt.pk)) == 4


def test_a_second_phone_takes_over_and_the_first_is_told(page, attempt, browser_page):  # noqa: F811
    asks_nothing_by_itself(page)
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    other = browser_page(user=attempt.employee.user)
    other.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(other.get_by_role("heading", name="这场考试正在另一台设备上作答")).to_be_visible()
    other.get_by_role("button", name="在这台设备上继续").click()
    expect(other.locator(f"input[value='{right_response(attempt, 1)[0]}']")).to_be_checked()
    choose(other, 1, wrong_response(attempt, 1))
    expect(state(other)).to_have_text(SAVED)
    page.locator("#next").click()
    choose(page, 2, right_response(attempt, 2))
    expect(page.get_by_role("heading", name="这场考试正在别处作答")).to_be_visible()
    expect(page.locator("#paper")).to_be_hidden()
    page.get_by_role("button", name="在这台设备上继续").click()
    # Back here: the newer answer of the other phone stands, the one that was never sent is sent now.
    expect(page.locator(f"input[value='{wrong_response(attempt, 1)[0]}']")).to_be_checked()
    expect(state(page)).to_have_text(SAVED)
    kept = {slot: response for slot, (_, response) in latest_steps(attempt.pk).items()}
    assert kept == {1: wrong_response(attempt, 1), 2: right_response(attempt, 2)}


def test_an_answer_given_before_the_script_arrived_is_saved(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    held = []

    def hold(route):
        held.append(route)

    page.route("**/js/exam.js", hold)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]), wait_until="commit")
    choose(page, 1, right_response(attempt, 1))
    expect(page.locator(f"input[value='{right_response(attempt, 1)[0]}']")).to_be_checked()
    assert not AnswerStep.objects.filter(attempt=attempt).exists()
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(state(page)).to_have_text(SAVED)
    assert latest_steps(attempt.pk) == {1: (1, right_response(attempt, 1))}


def test_a_script_that_comes_late_folds_the_paper_up_again(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.clock.install(time=0)
    page.clock.pause_at(1_000)  # or the eight seconds may be over before they are looked at
    held = []

    def hold(route):
        held.append(route)

    page.route("**/js/exam.js", hold)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]), wait_until="commit")
    page.wait_for_function("() => document.documentElement.classList.contains('exam-scripted')")
    page.clock.run_for(9_000)
    page.clock.resume()
    expect(page.locator("#plain")).to_be_visible()
    choose(page, 3, right_response(attempt, 3))
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(page.locator("#plain")).to_be_hidden()
    expect(page.locator(".question.now")).to_have_attribute("data-slot", "3")
    expect(page.get_by_role("button", name="交卷", exact=True)).to_have_count(1)
    expect(state(page)).to_have_text(SAVED)
    assert latest_steps(attempt.pk).keys() == {3}


def test_a_second_tab_makes_the_first_step_back(page, attempt):
    second = page.context.new_page()
    second.goto(reverse("exams:attempt", args=[attempt.public_id]))
    expect(page.get_by_role("heading", name="这场考试正在别处作答")).to_be_visible()
    choose(second, 1, right_response(attempt, 1))
    expect(state(second)).to_have_text(SAVED)


def test_two_tabs_never_use_one_number(page, attempt):
    """Even where the tabs do not hear of each other, both answers are stored under numbers of their own."""
    second = page.context.new_page()
    second.add_init_script("Storage.prototype.setItem = () => { throw new Error('no storage'); };")
    second.goto(reverse("exams:attempt", args=[attempt.public_id]))
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    choose(second, 1, wrong_response(attempt, 1))
    expect(state(second)).to_have_text(SAVED)
    steps = AnswerStep.objects.filter(attempt=attempt).order_by("seq").values_list("seq", "response")
    assert list(steps) == [(1, right_response(attempt, 1)), (2, wrong_response(attempt, 1))]


def test_when_the_time_is_up_the_server_has_the_last_word(page, attempt):
    asks_nothing_by_itself(page)
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    over = timezone.now() - dt.timedelta(seconds=6)
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=over - dt.timedelta(hours=1), deadline_at=over, next_check_at=over
    )
    page.locator("#next").click()
    choose(page, 2, right_response(attempt, 2))
    page.wait_for_url("**/result")
    expect(page.get_by_text("（到时自动交卷）")).to_be_visible()
    assert AttemptMark.objects.get().points == 10


def test_the_clock_runs_out_and_leads_to_the_result(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user)
    page.clock.install()
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    choose(page, 1, right_response(attempt, 1))
    expect(state(page)).to_have_text(SAVED)
    # The page's clock jumps to the end and stands still there; the server's follows.
    page.clock.pause_at(timezone.now() + dt.timedelta(minutes=31))
    expect(page.locator("#notice")).to_contain_text("时间到")
    expect(page.locator("#q1 input").first).to_be_disabled()
    over = timezone.now() - dt.timedelta(seconds=6)
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=over - dt.timedelta(minutes=30), deadline_at=over, next_check_at=over
    )
    page.clock.resume()
    page.wait_for_url("**/result")
    assert AttemptMark.objects.get().points == 10


def test_without_javascript_the_form_does_it_all(browser_page, attempt):  # noqa: F811
    page = browser_page(user=attempt.employee.user, java_script_enabled=False)
    page.goto(reverse("exams:attempt", args=[attempt.public_id]))
    for slot in range(1, 4):
        choose(page, slot, right_response(attempt, slot))
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()
    assert latest_steps(attempt.pk).keys() == {1, 2, 3}
    choose(page, 4, right_response(attempt, 4))
    page.get_by_role("button", name="交卷").click()
    page.wait_for_url("**/result")
    assert AttemptMark.objects.get().score_pct == 100


def test_nothing_overflows_the_phone_and_everything_can_be_hit(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, label.opt")]
            .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 44)
            .map((each) => each.textContent.trim())"""
    )
    assert small == []


def test_the_pages_pass_axe(page, attempt):
    """Paper, hand-in panel and result, in normal and large type."""
    axe = Axe()

    def problems():
        found = axe.run(page).response["violations"]
        return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]

    assert problems() == []
    page.evaluate("document.documentElement.dataset.size = 'large'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    choose(page, 1, right_response(attempt, 1))
    page.locator("#mark").click()
    page.get_by_role("button", name="交卷", exact=True).click()
    assert problems() == []
    page.get_by_role("button", name="确认交卷").click()
    page.wait_for_url("**/result")
    assert problems() == []
